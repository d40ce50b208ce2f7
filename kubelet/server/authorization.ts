// May the caller: the API server is asked by SubjectAccessReview for the node's subresource that a path stands for.
// Reads: the request. Writes: POST subjectaccessreviews (answers are kept). Mirrors: pkg/kubelet/server/auth.go.
// Next: server.ts.
import type { Clock } from '../../apimachinery/clock.ts';
import { subjectAccessReviews } from '../../apimachinery/resources.ts';
import type { SubjectAccessReview, UserInfo } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import type { KubeletConfig } from '../config.ts';
import { createTtlCache } from './ttlCache.ts';

/** undefined: allowed. Else the text of the 403. Rejects when the API server cannot be asked. */
export type Authorize = (user: UserInfo, method: string, path: string) => Promise<string | undefined>;

const verbs: Record<string, string> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** The subresources of `nodes` of which one must be allowed, in the order they are tried. Pure. */
export function subresourcesOf(path: string): string[] {
  const under = (prefix: string) => path === prefix || path.startsWith(`${prefix}/`);
  if (under('/stats')) return ['stats'];
  if (under('/metrics')) return ['metrics'];
  if (under('/logs')) return ['log'];
  if (under('/checkpoint')) return ['checkpoint'];
  if (under('/healthz')) return ['healthz', 'proxy'];
  if (under('/configz')) return ['configz', 'proxy'];
  if (under('/pods') || under('/runningpods')) return ['pods', 'proxy'];
  return ['proxy'];
}

export function createAuthorizer(config: KubeletConfig, client: Client | undefined, clock: Clock): Authorize {
  if (config['authorization-mode'] === 'AlwaysAllow') return async () => undefined;
  const answers = createTtlCache<boolean>(clock);

  async function allowed(user: UserInfo, verb: string, subresource: string): Promise<boolean> {
    if (!client) return false;
    const resourceAttributes = { verb, version: 'v1', resource: 'nodes', subresource, name: config.nodeName };
    const spec = { user: user.username, uid: user.uid, groups: user.groups, extra: user.extra, resourceAttributes };
    return answers.get(JSON.stringify(spec), async () => {
      const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {}, spec };
      const answer = await client.create(subjectAccessReviews, body as unknown as SubjectAccessReview);
      const value = answer.status?.allowed === true;
      return { value, ttl: config[`authorization-webhook-cache-${value ? '' : 'un'}authorized-ttl`] };
    });
  }

  return async (user, method, path) => {
    const verb = verbs[method] ?? '';
    const subresources = subresourcesOf(path);
    for (const subresource of subresources) if (await allowed(user, verb, subresource)) return undefined;
    return `Forbidden (user=${user.username}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}])\n`;
  };
}
