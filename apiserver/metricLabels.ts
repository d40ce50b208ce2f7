// By which words a request is counted. Clients choose them in part, so each has few values.
// Reads a request; called by metrics.ts.
// Mirrors: CanonicalVerb, CleanVerb, CleanScope and cleanDryRun in staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go.
import type { ApiRequest } from './request.ts';

/** Under which a client reaches into a pod, service or node, whatever the method. */
const connected = new Set(['attach', 'exec', 'portforward', 'proxy']);
/** Methods stand for the verbs that are one to one with them; the others are themselves. */
const methods: Record<string, string> = { create: 'POST', update: 'PUT' };
const applied = /^application\/apply-patch\+/;

type Counted = Pick<ApiRequest, 'headers' | 'query' | 'info'>;

export function requestLabels(req: Counted) {
  const { group, version, resource, subresource } = req.info;
  const component = 'apiserver';
  const dry_run = dryRunOf(req.query);
  return { component, verb: verbOf(req), group, version, resource, subresource, scope: scopeOf(req.info), dry_run };
}

function verbOf({ info, headers }: Counted): string {
  if (connected.has(info.subresource)) return 'CONNECT';
  if (info.verb === 'patch' && applied.test(headers['content-type'] ?? '')) return 'APPLY';
  return methods[info.verb] ?? info.verb.toUpperCase();
}

/** A creation is about one object, though its path names none. */
function scopeOf({ name, verb, namespace, isResource }: Counted['info']): string {
  if (name || verb === 'create') return 'resource';
  if (namespace) return 'namespace';
  return isResource ? 'cluster' : '';
}

function dryRunOf(query: URLSearchParams): string {
  const values = query.getAll('dryRun');
  if (!values.length) return '';
  return values.every((value) => value === 'All') ? 'All' : 'invalid';
}
