import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  mandatoryLevels,
  mandatorySchemas,
  suggestedLevels,
  suggestedSchemas,
} from '../../../apiserver/kinds/flowControl/bootstrapObjects.ts';
import { classifier } from '../../../apiserver/kinds/flowControl/classify.ts';
import { requestInfo } from '../../../apiserver/requestInfo.ts';
import { startTestApiServer, type TestApiServer } from '../../kit/apiServer.ts';
import { type Http, httpTo } from '../../kit/http.ts';

const named = (objects: readonly any[]) =>
  objects.map((object) => ({ ...object, metadata: { ...object.metadata, uid: object.metadata.name } }));
const schemas = named([...mandatorySchemas, ...suggestedSchemas]);
const levels = named([...mandatoryLevels, ...suggestedLevels]);
const classify = classifier(schemas, levels);
const taking = (user: any, method: string, path: string, of = classify) =>
  of(user, requestInfo(method, path, new URLSearchParams()), path);

const everyone = 'system:authenticated';
const account = (namespace: string, name: string) => ({
  username: `system:serviceaccount:${namespace}:${name}`,
  groups: ['system:serviceaccounts', everyone],
});
const node = { username: 'system:node:n', groups: ['system:nodes', everyone] };
const manager = { username: 'system:kube-controller-manager', groups: [everyone] };
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x';
test.each<[string, any, string, string, string, string]>([
  [
    'an administrator',
    { username: 'a', groups: ['system:masters', everyone] },
    'GET',
    '/api/v1/pods',
    'exempt',
    'exempt',
  ],
  [
    'a probe',
    { username: 'system:anonymous', groups: ['system:unauthenticated'] },
    'GET',
    '/readyz',
    'probes',
    'exempt',
  ],
  ['a leader', manager, 'PUT', leases, 'system-leader-election', 'leader-election'],
  ['a workload’s leader', account('kube-system', 'x'), 'PUT', leases, 'system-leader-election', 'leader-election'],
  ['endpoints', manager, 'PUT', '/api/v1/namespaces/a/endpoints/b', 'endpoint-controller', 'workload-high'],
  ['a node’s health', node, 'PATCH', '/api/v1/nodes/n/status', 'system-node-high', 'node-high'],
  ['a node', node, 'GET', '/api/v1/namespaces/a/secrets/b', 'system-nodes', 'system'],
  ['a controller', manager, 'GET', '/api/v1/pods', 'kube-controller-manager', 'workload-high'],
  [
    'an account of the system',
    account('kube-system', 'x'),
    'GET',
    '/api/v1/pods',
    'kube-system-service-accounts',
    'workload-high',
  ],
  ['an account', account('default', 'x'), 'GET', '/api/v1/pods', 'service-accounts', 'workload-low'],
  ['a user', { username: 'jane', groups: [everyone] }, 'GET', '/apis', 'global-default', 'global-default'],
])('%s', (_what, user, method, path, schema, level) => {
  expect(taking(user, method, path)).toEqual({ schema, level });
});

test('rules in detail', () => {
  const schema = (matchingPrecedence: number, name: string, rule: any, level = 'system') => ({
    metadata: { name, uid: name },
    spec: { matchingPrecedence, priorityLevelConfiguration: { name: level }, rules: [rule] },
  });
  const subjects = [{ kind: 'User', user: { name: 'jane' } }];
  const all = { subjects, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/a/*', '/b'] }] };
  const inDefault = { verbs: ['*'], apiGroups: [''], resources: ['pods/log', 'pods'], namespaces: ['default'] };
  const of = classifier(
    [
      schema(5, 'late', all),
      schema(4, 'gone', all, 'nowhere'),
      schema(5, 'early', { subjects, resourceRules: [inDefault] }),
      schema(6, 'cluster', { subjects, resourceRules: [{ ...inDefault, namespaces: undefined, clusterScope: true }] }),
    ],
    levels,
  );
  const jane = { username: 'jane' };
  const schemaOf = (path: string, method = 'GET', user: any = jane) => taking(user, method, path, of)?.schema;
  expect(schemaOf('/a/b/c')).toBe('late');
  expect([schemaOf('/b/c'), schemaOf('/b', 'POST'), schemaOf('/b', 'GET', { username: 'joe' })]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(schemaOf('/api/v1/namespaces/default/pods/x/log')).toBe('early');
  expect(schemaOf('/api/v1/namespaces/other/pods')).toBeUndefined();
  expect(schemaOf('/api/v1/pods')).toBe('cluster');
});

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

test('metrics name each feature gate', async () => {
  const { text } = await http('/metrics');
  expect(text).toContain('kubernetes_feature_enabled{name="WatchList",stage="BETA"} 1');
  expect(text).toContain('kubernetes_feature_enabled{name="SidecarContainers",stage=""} 1');
  expect(text).toContain('kubernetes_feature_enabled{name="MemoryQoS",stage="ALPHA"} 0');
});

test('answers and refusals say which', async () => {
  const uidOf = async (plural: string, name: string) =>
    (await http(`/apis/flowcontrol.apiserver.k8s.io/v1/${plural}/${name}`)).json.metadata.uid;
  const [schema, level] = [await uidOf('flowschemas', 'exempt'), await uidOf('prioritylevelconfigurations', 'exempt')];
  for (const path of ['/api/v1/namespaces', '/api/v1/namespaces/none', '/version']) {
    const { headers } = await http(path);
    expect([headers['x-kubernetes-pf-flowschema-uid'], headers['x-kubernetes-pf-prioritylevel-uid']]).toEqual([
      schema,
      level,
    ]);
  }
  const stranger = httpTo(server, 'none');
  const refused = await stranger('/api/v1/secrets');
  stranger.close();
  expect([refused.code, refused.headers['x-kubernetes-pf-flowschema-uid']]).toEqual([
    403,
    await uidOf('flowschemas', 'global-default'),
  ]);
});
