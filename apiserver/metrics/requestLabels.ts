// By which words a request is counted. Clients choose them in part, so what is not served is not counted: nobody can make up series.
// Reads a request; called by requests.ts.
// Mirrors: CanonicalVerb, CleanVerb, CleanScope and cleanDryRun in staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go.
import type { Kind } from '../kinds/kind.ts';
import type { ApiRequest } from '../request.ts';

/** Under which a client reaches into a pod, service or node, whatever the method. */
const connected = new Set(['attach', 'exec', 'portforward', 'proxy']);
/** Methods stand for the verbs that are one to one with them; the others are themselves. */
const methods: Record<string, string> = { create: 'POST', update: 'PUT' };
const applied = /^application\/apply-patch\+/;
/** Health is the one thing beside resources that upstream tells apart, as if it were a subresource. */
const health = new Set(['/healthz', '/livez', '/readyz']);

type Counted = Pick<ApiRequest, 'headers' | 'query' | 'info' | 'path'>;
export type IsServed = (group: string, version: string, plural: string) => Pick<Kind, 'subresources'> | undefined;

export interface RequestLabels {
  /** verb, group, version, resource, subresource, scope, component. */
  labels: string[];
  dryRun: string;
}

/** Undefined: not to be counted. */
export function requestLabels(req: Counted, isServed: IsServed): RequestLabels | undefined {
  const { group, version, resource, subresource, isResource, verb } = req.info;
  const dryRun = dryRunOf(req.query);
  if (!isResource) {
    const probed = health.has(req.path);
    return { labels: [verbOf(req), '', '', '', probed ? req.path : '', '', probed ? '' : 'apiserver'], dryRun };
  }
  const kind = verb ? isServed(group, version, resource) : undefined;
  if (!kind || (subresource && !kind.subresources?.some(({ name }) => name === subresource))) return undefined;
  return { labels: [verbOf(req), group, version, resource, subresource, scopeOf(req.info), 'apiserver'], dryRun };
}

function verbOf({ info, headers }: Counted): string {
  if (connected.has(info.subresource)) return 'CONNECT';
  if (info.verb === 'patch' && applied.test(headers['content-type'] ?? '')) return 'APPLY';
  return methods[info.verb] ?? info.verb.toUpperCase();
}

/** A creation is about one object, though its path names none. */
function scopeOf({ name, verb, namespace }: Counted['info']): string {
  if (name || verb === 'create') return 'resource';
  return namespace ? 'namespace' : 'cluster';
}

function dryRunOf(query: URLSearchParams): string {
  const values = query.getAll('dryRun');
  if (!values.length) return '';
  return values.every((value) => value === 'All') ? 'All' : 'invalid';
}
