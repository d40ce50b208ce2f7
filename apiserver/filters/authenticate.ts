// Who is calling. Next: impersonate, which may exchange the user. Mirrors: apiserver/pkg/endpoints/filters/authentication.go.
import type { TLSSocket } from 'node:tls';
import { unauthorized } from '../../apimachinery/status.ts';
import { peerCertificate } from '../authentication/clientCertificate.ts';
import type { Filter } from '../filters.ts';

export const authenticate: Filter = async (api, req) => {
  const certificate = peerCertificate(req.raw.socket as TLSSocket);
  const user = await api.authenticator.authenticate({ certificate, authorization: req.headers.authorization });
  if (!user) throw unauthorized();
  req.user = user;
};
