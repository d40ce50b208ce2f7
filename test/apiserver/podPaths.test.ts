// The paths under pods and workloads over HTTP: what the handlers and the kinds make of them together.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
const pods = '/api/v1/namespaces/p/pods';
const node = '/api/v1/nodes';
const withoutAccount = { automountServiceAccountToken: false };

beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  expect((await http('/api/v1/namespaces', { body: { metadata: { name: 'p' } } })).code).toBe(201);
  await http('/api/v1/namespaces/p/serviceaccounts', { body: { metadata: { name: 'default' } } });
  await until(async () => (await http(pods, { body: pod('ready') })).code === 201);
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

const pod = (name: string, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { ...withoutAccount, containers: [{ name: 'c', image: 'busybox:1' }] },
});
async function create(name: string): Promise<any> {
  const answer = await http(pods, { body: pod(name) });
  expect(answer.code).toBe(201);
  return answer.json;
}
const bind = (name: string, target: string) =>
  http(`${pods}/${name}/binding`, { body: { metadata: { name }, target: { kind: 'Node', name: target } } });
const get = async (path: string) => (await http(path)).json;

test('a pod is bound once, whatever generation and status it was sent with', async () => {
  const sent = { ...pod('b', { generation: 100 }), status: { phase: 'Running' } };
  const made = await http(pods, { body: sent });
  expect(made.json).toMatchObject({
    metadata: { generation: 1 },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  });
  expect((await bind('b', 'n1')).code).toBe(201);
  const bound = await get(`${pods}/b`);
  expect(bound.spec.nodeName).toBe('n1');
  expect(bound.metadata.generation).toBe(1);
  expect(bound.status.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
  const again = await bind('b', 'n2');
  expect([again.code, again.json.message]).toEqual([
    409,
    'Operation cannot be fulfilled on pods/binding "b": pod b is already assigned to node "n1"',
  ]);
  expect((await bind('none', 'n1')).code).toBe(404);
});

test('two bindings that race: one wins, and the pod has the winner’s node', async () => {
  await create('race');
  const answers = await Promise.all(['n1', 'n2', 'n3'].map((n) => bind('race', n)));
  expect(answers.map((a) => a.code).sort()).toEqual([201, 409, 409]);
  expect((await get(`${pods}/race`)).spec.nodeName).toBe(`n${answers.findIndex((a) => a.code === 201) + 1}`);
});

test('a dry binding is answered and not made', async () => {
  await create('dry');
  const body = { metadata: { name: 'dry' }, target: { kind: 'Node', name: 'n1' } };
  expect((await http(`${pods}/dry/binding?dryRun=All`, { body })).code).toBe(201);
  expect((await get(`${pods}/dry`)).spec.nodeName).toBeUndefined();
});

test('a bound pod ends gracefully, an unbound one at once, and eviction says why', async () => {
  await create('slow');
  await bind('slow', 'n1');
  const marked = (await http(`${pods}/slow`, { method: 'DELETE' })).json;
  expect(marked).toMatchObject({ kind: 'Pod', metadata: { generation: 2, deletionGracePeriodSeconds: 30 } });
  await create('evicted');
  await bind('evicted', 'n1');
  expect((await http(`${pods}/evicted/eviction`, { body: { metadata: { name: 'evicted' } } })).code).toBe(201);
  const evicted = await get(`${pods}/evicted`);
  expect(evicted.metadata.deletionTimestamp).toBeDefined();
  expect(evicted.status.conditions.at(-1)).toMatchObject({ type: 'DisruptionTarget', reason: 'EvictionByEvictionAPI' });
  await create('quick');
  expect((await http(`${pods}/quick`, { method: 'DELETE' })).json.kind).toBe('Pod');
  expect((await http(`${pods}/quick`)).code).toBe(404);
});

test('an ephemeral container and a new size count as changes of spec', async () => {
  const made = await create('grown');
  made.spec.ephemeralContainers = [{ name: 'debug', image: 'busybox:1' }];
  const debugged = await http(`${pods}/grown/ephemeralcontainers`, { method: 'PUT', body: made });
  expect([debugged.code, debugged.json.metadata.generation]).toEqual([200, 2]);
  const read = await get(`${pods}/grown/ephemeralcontainers`);
  expect([read.kind, read.spec.ephemeralContainers.length]).toEqual(['Pod', 1]);
  read.spec.containers[0].resources = { requests: { cpu: '1' } };
  const resized = await http(`${pods}/grown/resize`, { method: 'PUT', body: read });
  expect([resized.code, resized.json.message]).toEqual([
    422,
    'Pod "grown" is invalid: spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing',
  ]);
});

test('scaling is a change of spec; status is not', async () => {
  const path = '/apis/apps/v1/namespaces/p/deployments';
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'busybox' }] } };
  const body = { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } };
  expect((await http(path, { body })).code).toBe(201);
  const scale = await get(`${path}/d/scale`);
  scale.spec.replicas = 5;
  const scaled = await http(`${path}/d/scale`, { method: 'PUT', body: scale });
  expect([scaled.code, scaled.json.kind, scaled.json.spec.replicas]).toEqual([200, 'Scale', 5]);
  const now = await get(`${path}/d`);
  expect([now.spec.replicas, now.metadata.generation]).toEqual([5, 2]);
  now.status.replicas = 3;
  const told = await http(`${path}/d/status`, { method: 'PUT', body: { ...now, spec: { selector: null } } });
  expect([told.code, told.json.metadata.generation, told.json.spec.replicas]).toEqual([200, 2, 5]);
});

test('a node comes with its status', async () => {
  const status = { capacity: { cpu: '2' }, nodeInfo: { kubeletVersion: 'v1.35.0' } };
  const made = await http(node, { body: { metadata: { name: 'n1' }, status } });
  expect([made.code, made.json.status.allocatable]).toEqual([201, { cpu: '2' }]);
  const table = await http(`${node}/n1`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
  expect(table.json.rows[0].cells.slice(0, 3)).toEqual(['n1', 'Unknown', '<none>']);
});

test.each(['policy/v1', 'policy/v1beta1', ''])('an eviction of %s is one', async (apiVersion) => {
  const name = `going${apiVersion.replace('/', '-')}`;
  await create(name);
  const type = apiVersion && { apiVersion, kind: 'Eviction' };
  const answer = await http(`${pods}/${name}/eviction`, { body: { ...type, metadata: { name } } });
  expect(answer.json).toMatchObject({ code: 201, status: 'Success' });
});

test('an eviction of another version is refused', async () => {
  await create('kept');
  const body = { apiVersion: 'policy/v2', kind: 'Eviction', metadata: { name: 'kept' } };
  const { code, json } = await http(`${pods}/kept/eviction`, { body });
  expect([code, json.message]).toEqual([
    400,
    'the API version in the data (policy/v2) does not match the expected API version (policy/v1)',
  ]);
});
