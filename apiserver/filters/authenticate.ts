// Who is calling. Next: impersonate, which may exchange the user. Mirrors: apiserver/pkg/endpoints/filters/authentication.go.
import { unauthorized } from '../../apimachinery/status.ts';
import type { UserInfo } from '../../apimachinery/types.ts';
import { peerCertificate } from '../authentication/clientCertificate.ts';
import { webSocketToken } from '../authentication/webSocketToken.ts';
import type { Filter } from '../filters.ts';
import type { ApiRequest } from '../request.ts';

export const authenticate: Filter = (api, req) => {
  const certificate = peerCertificate(req.raw);
  const authorization = authorizationOf(req);
  const user = api.authenticator.authenticate({ certificate, authorization, rawHeaders: req.raw.rawHeaders });
  if (user instanceof Promise) return user.then((known) => become(req, known));
  become(req, user);
};

/** The header, or what stands for it in a WebSocket's handshake. */
const authorizationOf = (req: ApiRequest): string | undefined =>
  req.headers.authorization ?? (req.upgrade ? webSocketToken(req.headers) : undefined);

function become(req: ApiRequest, user: UserInfo | undefined): void {
  if (!user) throw unauthorized();
  req.user = user;
}
