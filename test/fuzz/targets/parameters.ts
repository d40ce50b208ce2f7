// Paths, query parameters and headers: selectors, versions, continue tokens, watch and delete options, media types.
import { asked } from '../fuzzServer.ts';
import { mutateText, oddText } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../targets.ts';
import { pathOf, stored } from './collections.ts';

const good: Record<string, readonly string[]> = {
  labelSelector: ['app=web', 'app in (a,b),!x', 'a notin (b),c', 'x>1', 'app!=web'],
  fieldSelector: ['metadata.name=a', 'status.phase!=Running', 'spec.nodeName=,metadata.namespace=default'],
  resourceVersion: ['0', '1', '10', '999999999'],
  resourceVersionMatch: ['Exact', 'NotOlderThan'],
  continue: ['eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhXHUwMDAwIn0', 'e30'],
  limit: ['1', '500', '0'],
  watch: ['true', '0', '1'],
  timeoutSeconds: ['1', '0'],
  allowWatchBookmarks: ['true'],
  sendInitialEvents: ['true', 'false'],
  propagationPolicy: ['Orphan', 'Background', 'Foreground'],
  gracePeriodSeconds: ['0', '30'],
  dryRun: ['All'],
  fieldManager: ['x'],
  fieldValidation: ['Strict', 'Ignore', 'Warn'],
  timeout: ['1s', '100ms'],
  pretty: ['true'],
  hash: ['0', 'ABC'],
  includeObject: ['None', 'Metadata', 'Object'],
};
const accepts = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  'application/cbor',
  '*/*',
  'text/html',
  'application/json;q=0.1,*/*;q=x',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/vnd.kubernetes.protobuf;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
];
const others = [
  '/',
  '/api',
  '/apis',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/openapi/v3/apis/apps/v1',
  '/api/v1',
  '/apis/apps',
  '/apis/apps/v1',
  '/version',
  '/metrics',
  '/healthz',
  '/api/v1/watch/pods',
  '/apis/apps/v1/watch/deployments',
  '/api/v1/namespaces/default/pods/x/log',
  '/api/v1/componentstatuses',
  '/apis/trace.mini-k8s.io/v1/writes',
];

const mutated = (random: Random, text: string) =>
  random.chance(0.4) ? mutateText(random, text, 1 + random.below(4)) : text;

function query(random: Random): string {
  const names = Object.keys(good);
  const pairs = Array.from({ length: random.below(5) }, () => {
    const name = random.pick(names);
    const value = random.chance(0.2) ? oddText(random) : mutated(random, random.pick(good[name]!));
    return random.chance(0.9)
      ? `${name}=${encodeURIComponent(value.toWellFormed())}`
      : `${name}=${value.replace(/[^\x21-\x7e]/g, '%')}`;
  });
  // A watch has to end by itself for the case to end.
  return `?${['timeoutSeconds=1', ...pairs].join('&')}`;
}

function path(random: Random): string {
  const at = random.chance(0.3) ? random.pick(others) : pathOf(random.pick(stored));
  const name = random.chance(0.3)
    ? `/${random.pick(['a', '%00', '..', '.', 'a%2fb', '%', '%ff', 'é', 'a'.repeat(3000), 'a/status', 'a/b/c'])}`
    : '';
  return encodeURI(at + name).replace(/%25/g, '%');
}

export const parameters: Target = {
  name: 'parameters',
  run(random, { http }) {
    const method = random.chance(0.7) ? 'GET' : random.pick(['DELETE', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH']);
    const headers: Record<string, string> = {
      accept: mutated(random, random.pick(accepts)).replace(/[^\x20-\x7e]/g, '?'),
      'accept-encoding': random.pick(['gzip', 'identity', 'br', 'gzip;q=0', '']),
      'user-agent': random.pick(['kubectl/v1.33.0', '', 'x'.repeat(3000)]),
      traceparent: random.pick(['', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'x']),
    };
    const target = path(random);
    // A DELETE of a whole collection would take away what other cases stand on.
    const whole = method === 'DELETE' && !/\/a(\/|%|$)/.test(target) ? '&dryRun=All' : '';
    return asked(http, target + query(random) + whole, { method, headers });
  },
};
