// Who may decide on, sign for or vouch for a signer is asked of the authorizer, by the signer's own name, or by its domain: `example.com/*`.
// Reads: the authorizer. Mirrors: pkg/certauthorization. Used by: ../podCertificateRequest.ts, ../../admission/signers.ts.
import type { Context } from '../kind.ts';

export async function maySign({ authorization, user }: Context, verb: string, signer: string): Promise<boolean> {
  for (const name of [signer, `${signer.split('/', 1)[0]}/*`]) {
    const group = 'certificates.k8s.io';
    const resource = { group, version: '*', plural: 'signers', subresource: '', namespace: '', name };
    if ((await authorization.authorize({ user, verb, resource })).allowed) return true;
  }
  return false;
}
