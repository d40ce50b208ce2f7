// The continue token of a paged list: the snapshot's revision and the key that the next page starts behind.
// Mirrors: staging/src/k8s.io/apiserver/pkg/storage/continue.go (the same encoding). Pure.
import { badRequest } from '../../apimachinery/status.ts';

export interface Continue {
  /** -1: from now on any newer state will do (after a 410). */
  revision: number;
  /** Key relative to the resource's prefix; the page starts behind it. */
  after: string;
}

export const encodeContinue = (c: Continue): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: c.revision, start: `${c.after}\0` })).toString('base64url');

export function decodeContinue(text: string): Continue {
  let token: any;
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw badRequest('continue key is not valid: encoding/json: invalid token');
  }
  if (token?.v !== 'meta.k8s.io/v1')
    throw badRequest('continue key is not valid: server does not recognize this encoded version');
  if (typeof token.rv !== 'number' || token.rv === 0)
    throw badRequest('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof token.start !== 'string' || token.start === '' || token.start.split('/').includes('..')) {
    throw badRequest('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  }
  return { revision: token.rv, after: token.start.replace(/\0$/, '') };
}
