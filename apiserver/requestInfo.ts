// What a path and method ask for: verb, group, version, namespace, resource, name, subresource. Pure.
// Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go.
// Read by the authorizer, admission and dispatch.ts.
import { queryBool } from './query.ts';

export interface RequestInfo {
  /** False for paths such as /healthz or /apis. */
  isResource: boolean;
  /** Kubernetes' verb (`list`, `deletecollection`) for resources, else the method in lower case. */
  verb: string;
  group: string;
  version: string;
  namespace: string;
  resource: string;
  subresource: string;
  name: string;
  /** What follows the subresource: the target path of a proxy request. */
  rest: string;
}

const longSubresources = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

/** Watches and what is streamed or passed on: neither timed nor counted as in flight. Upstream's longRunningFunc. */
export const isLongRunning = (info: RequestInfo): boolean =>
  info.verb === 'watch' || longSubresources.has(info.subresource);

const writeVerbs: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
/** Subresources of namespaces are not resources in them. */
const namespaceSubresources = new Set(['status', 'finalize']);

/** `path` without query; throws URIError when an escape is broken. */
export function requestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const parts = path.split('/').slice(1);
  if (parts.at(-1) === '') parts.pop();
  const core = parts[0] === 'api';
  const other = {
    isResource: false,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    rest: '',
  };
  if (!(core ? parts.length >= 3 : parts[0] === 'apis' && parts.length >= 4)) {
    if (parts[0] === 'apis' && parts.length === 3) return { ...other, group: parts[1]!, version: parts[2]! };
    if (core && parts.length === 2) return { ...other, version: parts[1]! };
    return other;
  }
  const info = {
    ...other,
    isResource: true,
    verb: writeVerbs[method] ?? (method === 'GET' || method === 'HEAD' ? 'get' : ''),
    group: core ? '' : parts[1]!,
    version: parts[core ? 1 : 2]!,
  };
  let rest = parts.slice(core ? 2 : 3);
  const oldWatch = rest[0] === 'watch';
  if (rest[0] === 'watch' || rest[0] === 'proxy') {
    if (rest.length < 2) return other;
    rest = rest.slice(1);
  }
  readResource(info, rest);
  info.verb = collectionVerb(info, method, oldWatch, query);
  return info;
}

function readResource(info: RequestInfo, rest: string[]): void {
  if (rest[0] === 'namespaces') {
    if (rest.length > 1) info.namespace = decodeURIComponent(rest[1]!);
    if (rest.length > 2 && !namespaceSubresources.has(rest[2]!)) rest = rest.slice(2);
  }
  info.resource = rest[0] ?? '';
  info.name = rest[1] === undefined ? '' : decodeURIComponent(rest[1]);
  info.subresource = rest[2] ?? '';
  info.rest = rest.slice(3).join('/');
}

function collectionVerb(info: RequestInfo, method: string, oldWatch: boolean, query: URLSearchParams): string {
  const reading = method === 'GET' || method === 'HEAD';
  if (reading && oldWatch) return 'watch';
  if (reading && !info.subresource) {
    const watching = queryBool(query, 'watch') ?? false;
    if (!info.name) {
      info.name = singleName(query);
      return watching ? 'watch' : 'list';
    }
    return 'get';
  }
  return method === 'DELETE' && !info.name ? 'deletecollection' : info.verb;
}

/** A list by `metadata.name=x` is authorized as one of that name. */
function singleName(query: URLSearchParams): string {
  const m = /(?:^|,)metadata\.name==?([^,=!]+)(?:,|$)/.exec(query.get('fieldSelector') ?? '');
  return m ? m[1]! : '';
}
