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
