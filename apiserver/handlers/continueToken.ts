// The continue token of a paged list: the snapshot's revision and the key that the next page starts behind.
// Mirrors: staging/src/k8s.io/apiserver/pkg/storage/continue.go (the same encoding). Pure.
import { badRequest } from '../../apimachinery/status.ts';
import { parseJson } from '../jsonText.ts';

export interface Continue {
  /** -1: from now on any newer state will do (after a 410). */
  revision: number;
  /** Key relative to the resource's prefix; the page starts behind it. */
  after: string;
}

export const encodeContinue = (c: Continue): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: c.revision, start: `${c.after}\0` })).toString('base64url');

/** Throws 400 with upstream's words. */
export function decodeContinue(text: string): Continue {
  const token = parse(text);
  if (token?.v !== 'meta.k8s.io/v1')
    throw invalidToken(`: server does not recognize this encoded version ${token?.v ?? ''}`);
  if (!Number.isInteger(token.rv) || token.rv === 0)
    throw invalidToken(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof token.start !== 'string' || token.start === '')
    throw invalidToken(': encoded start key empty (version meta.k8s.io/v1)');
  // A key that leads out of its resource would list another one.
  if (!isClean(token.start)) throw invalidToken(`: ${token.start}`);
  return { revision: token.rv, after: token.start.replace(/^\//, '').replace(/\0$/, '') };
}

const invalidToken = (why: string) => badRequest(`invalid continue token: continue key is not valid${why}`);

function parse(text: string): any {
  const illegal = /[^A-Za-z0-9_-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length : -1);
  if (illegal >= 0) throw invalidToken(`: illegal base64 data at input byte ${illegal}`);
  try {
    return parseJson(Buffer.from(text, 'base64url').toString('utf8'));
  } catch (error) {
    throw invalidToken(`: ${(error as Error).message}`);
  }
}

const isClean = (key: string) =>
  key
    .replace(/^\//, '')
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..');
