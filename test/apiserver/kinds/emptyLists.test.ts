// Lists that Go writes out although nobody set them: clients in other languages read null there, never an absent field.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../../kit/apiServer.ts';
import { type Http, httpTo } from '../../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
});
afterAll(async () => {
  http.close();
  await server.stop();
});

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const ipv4 = { addressType: 'IPv4' };

test.each<[string, object, object]>([
  [`${rbac}/namespaces/default/roles`, {}, { rules: null }],
  [`${rbac}/clusterroles`, { rules: [] }, { rules: null }],
  [slices, ipv4, { ...ipv4, endpoints: null, ports: null }],
  ['/apis/storage.k8s.io/v1/csinodes', { spec: { drivers: [] } }, { spec: { drivers: null } }],
  ['/api/v1/namespaces/default/limitranges', {}, { spec: { limits: null } }],
])('%s %j is written as %j', async (path, sent, written) => {
  const made = await http(path, { body: { metadata: { name: 'empty' }, ...sent } });
  expect(made.code).toBe(201);
  const { metadata, kind: _k, apiVersion: _v, ...rest } = made.json;
  expect(rest).toEqual(written);
  // Nobody has set them, so nobody owns them.
  expect(JSON.stringify(metadata.managedFields ?? [])).not.toMatch(/f:(rules|endpoints|ports|drivers|limits)/);
  const again = await http(`${path}/empty`, { method: 'PUT', body: made.json });
  expect(again.json.metadata.resourceVersion).toBe(metadata.resourceVersion);
  const patch = { method: 'PATCH', type: 'application/merge-patch+json', body: { metadata: { labels: { a: 'b' } } } };
  expect((await http(`${path}/empty`, patch)).json).toMatchObject(written);
  const inProtobuf = await http(`${path}/empty`, { accept: 'application/vnd.kubernetes.protobuf' });
  expect(inProtobuf.code).toBe(200);
});

const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
const twin = { kind: 'PersistentVolumeClaim', name: 'b' };
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } };
const share = { secretName: 'a', shareName: 'b' };
const volume = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1' } };
const rule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true };
const container = { name: 'a', image: 'b' };
const job = (podFailurePolicy: object, template: object = {}) => ({
  schedule: '@yearly',
  jobTemplate: {
    spec: { podFailurePolicy, template: { spec: { restartPolicy: 'Never', containers: [container], ...template } } },
  },
});
const subjects = [{ kind: 'Group', group: { name: 'g' } }];
const schema = (r: object) => ({
  priorityLevelConfiguration: { name: 'x' },
  rules: [{ subjects, resourceRules: [r] }],
});

// Fields within what a client sets, which Go writes out too.
test.each<[string, object, object]>([
  [claims, { ...claim, dataSource: twin }, { dataSource: { ...twin, apiGroup: null } }],
  ['/api/v1/persistentvolumes', { ...volume, azureFile: share }, { azureFile: { ...share, secretNamespace: null } }],
  [
    '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
    { defaultBackend: { resource: { kind: 'A', name: 'a' } } },
    { defaultBackend: { resource: { apiGroup: null, kind: 'A', name: 'a' } } },
  ],
  [
    '/apis/storage.k8s.io/v1/csinodes',
    { drivers: [{ name: 'a.b', nodeID: 'c' }] },
    { drivers: [{ name: 'a.b', nodeID: 'c', topologyKeys: null }] },
  ],
  ['/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas', schema(rule), schema({ ...rule, namespaces: null })],
  ['/apis/resource.k8s.io/v1/namespaces/default/resourceclaims', {}, { devices: { requests: null } }],
  [
    '/apis/batch/v1/namespaces/default/cronjobs',
    job({}, { volumes: [{ name: 'a', projected: {} }] }),
    job({ rules: null }, { volumes: [{ name: 'a', projected: { sources: null, defaultMode: 420 } }] }),
  ],
])('the spec at %s of %j is written with %j', async (path, spec, written) => {
  const made = await http(path, { body: { metadata: { name: 'within' }, spec } });
  expect([made.code, made.json.spec]).toMatchObject([201, written]);
  const again = await http(`${path}/within`, { method: 'PUT', body: made.json });
  expect(again.json.metadata.resourceVersion).toBe(made.json.metadata.resourceVersion);
  const without = await http(`${path}/within`, { method: 'PUT', body: { metadata: made.json.metadata, spec } });
  expect([without.code, without.json.spec]).toMatchObject([200, written]);
  const inProtobuf = await http(`${path}/within`, { accept: 'application/vnd.kubernetes.protobuf' });
  const fromProtobuf = { method: 'PUT', type: 'application/vnd.kubernetes.protobuf', body: inProtobuf.bytes };
  expect((await http(`${path}/within`, fromProtobuf)).json.spec).toMatchObject(written);
});

test('empty bytes are left out', async () => {
  const clientConfig = { url: 'https://a', caBundle: '' };
  const hook = { name: 'a.b.c', clientConfig, sideEffects: 'None', admissionReviewVersions: ['v1'] };
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  const { json } = await http(path, { body: { metadata: { name: 'empty' }, webhooks: [hook] } });
  expect(json.webhooks[0].clientConfig).toEqual({ url: 'https://a' });
  expect(JSON.stringify(json.metadata.managedFields)).not.toContain('caBundle');
  const secret = { metadata: { name: 'empty' }, data: { a: '' } };
  expect((await http('/api/v1/namespaces/default/secrets', { body: secret })).json.data).toEqual({ a: '' });
});

test('a token bound to nothing says so', async () => {
  await http('/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'a' } } });
  const { json } = await http('/api/v1/namespaces/default/serviceaccounts/a/token', { body: { spec: {} } });
  expect(json.spec).toMatchObject({ boundObjectRef: null, expirationSeconds: 3600 });
});
