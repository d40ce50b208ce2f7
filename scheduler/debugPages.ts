// The scheduler's last attempts on its own port, for those whom the API server lets read that path:
// kubectl get --raw /debug/attempts --server https://<scheduler>:10259 --token …
// Reads: why.ts. Writes: tokenreviews, subjectaccessreviews. Mirrors: delegated authentication of k8s.io/apiserver. Used by: main.ts.
import type { IncomingMessage } from 'node:http';
import { subjectAccessReviews, tokenReviews } from '../apimachinery/resources.ts';
import { forbidden, unauthorized } from '../apimachinery/status.ts';
import type { Client } from '../client/client.ts';
import type { Why } from './why.ts';

/** Pages by path. They throw a StatusError for those who may not read them. */
export function debugPages(why: Why, client: Client): Record<string, (request: IncomingMessage) => Promise<object>> {
  const guarded = (path: string, page: () => object) => async (request: IncomingMessage) => {
    await authorize(request, path, client);
    return page();
  };
  const path = '/debug/attempts';
  return { [path]: guarded(path, () => ({ attempts: why.attempts() })) };
}

async function authorize({ headers }: IncomingMessage, path: string, client: Client): Promise<void> {
  const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (!token) throw unauthorized();
  const review = await client.create(tokenReviews, { metadata: {}, spec: { token } } as any);
  const { authenticated, user } = review.status ?? {};
  if (!authenticated || !user) throw unauthorized();
  const { username, groups, uid, extra } = user;
  const spec = { user: username, groups, uid, extra, nonResourceAttributes: { path, verb: 'get' } };
  const access = await client.create(subjectAccessReviews, { metadata: {}, spec } as any);
  if (!access.status?.allowed)
    throw forbidden({ group: '', plural: '' }, '', `User "${username}" cannot get path "${path}"`);
}
