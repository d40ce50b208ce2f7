// What /metrics shows of a running server, in the words that dashboards and alerts read.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportedVersion } from '../../../component-base/version.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type Http, httpTo, watchOf } from '../../kit/http.ts';

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

type Labels = Record<string, string>;

/** The value of the one series of that name with these labels among its own; undefined: there is none. */
async function value(name: string, labels: Labels = {}, page = '/metrics'): Promise<number | undefined> {
  const lines = (await http(page)).text.split('\n').filter((line) => line.startsWith(`${name}{`));
  const found = lines.filter((line) => Object.entries(labels).every(([k, v]) => line.includes(`${k}="${v}"`)));
  expect(found.length, `${name} ${JSON.stringify(labels)}`).toBeLessThan(2);
  return found.length ? Number(found[0]!.split('} ')[1]) : undefined;
}

const maps = '/api/v1/namespaces/default/configmaps';
const core = { group: '', version: 'v1', resource: 'configmaps', subresource: '', component: 'apiserver' };

test('requests are counted, timed and measured under all their labels', async () => {
  await http(maps, { body: { metadata: { name: 'a' } } });
  await http(maps, { body: { metadata: { name: 'a' } } });
  await http(`${maps}/a`);
  const created = { ...core, verb: 'POST', scope: 'resource', dry_run: '' };
  expect(await value('apiserver_request_total', { ...created, code: '201' })).toBe(1);
  expect(await value('apiserver_request_total', { ...created, code: '409' })).toBe(1);
  expect(await value('apiserver_request_duration_seconds_count', created)).toBe(2);
  expect(await value('apiserver_request_duration_seconds_bucket', { ...created, le: '60' })).toBe(2);
  const got = { ...core, verb: 'GET', scope: 'resource' };
  expect(await value('apiserver_request_sli_duration_seconds_count', got)).toBe(1);
  expect(await value('apiserver_response_sizes_bucket', { ...got, le: '1000' })).toBe(1);
  expect(await value('apiserver_response_sizes_count', { ...core, verb: 'POST' })).toBeUndefined();
});

test('watches are counted while they are open, and what they are sent', async () => {
  const watched = { group: '', version: 'v1', resource: 'secrets' };
  const open = { ...watched, verb: 'WATCH', scope: 'namespace' };
  const watch = watchOf(server, '/api/v1/namespaces/default/secrets?watch=1');
  await until(async () => (await value('apiserver_longrunning_requests', open)) === 1);
  await http('/api/v1/namespaces/default/secrets', { body: { metadata: { name: 's' } } });
  await until(async () => (await value('apiserver_watch_events_total', watched)) === 1);
  expect(await value('apiserver_watch_events_sizes_count', watched)).toBe(1);
  watch.close();
  await until(async () => (await value('apiserver_longrunning_requests', open)) === 0);
  expect(await value('apiserver_request_sli_duration_seconds_count', open)).toBeUndefined();
});

test('the store, admission, requests at once, objects, the version', async () => {
  await http(maps, { body: { metadata: { name: 'b' } } });
  const of = { group: '', resource: 'configmaps' };
  expect(await value('etcd_requests_total', { ...of, operation: 'create' })).toBeGreaterThan(0);
  expect(await value('etcd_request_duration_seconds_count', { ...of, operation: 'create' })).toBeGreaterThan(0);
  await http(maps);
  expect(await value('apiserver_resource_objects', of)).toBe(
    await value('apiserver_storage_objects', { resource: 'configmaps' }),
  );
  const step = { type: 'admit', operation: 'CREATE', rejected: 'false' };
  expect(await value('apiserver_admission_step_admission_duration_seconds_count', step)).toBeGreaterThan(0);
  expect(
    await value('apiserver_admission_controller_admission_duration_seconds_count', {
      ...step,
      name: 'NamespaceLifecycle',
    }),
  ).toBeGreaterThan(0);
  expect(await value('apiserver_current_inflight_requests', { request_kind: 'readOnly' })).toBeGreaterThan(0);
  expect(await value('apiserver_current_inflight_requests', { request_kind: 'mutating' })).toBeDefined();
  expect(await value('kubernetes_build_info', { git_version: reportedVersion() })).toBe(1);
});

test('an admission plugin that refuses is counted so', async () => {
  await http('/api/v1/namespaces/nowhere/configmaps', { body: { metadata: { name: 'x' } } });
  const rejected = { type: 'admit', operation: 'CREATE', rejected: 'true' };
  expect(await value('apiserver_admission_step_admission_duration_seconds_count', rejected)).toBe(1);
  const by = { ...rejected, name: 'NamespaceLifecycle' };
  expect(await value('apiserver_admission_controller_admission_duration_seconds_count', by)).toBe(1);
});

test('what clients make up leaves nothing behind', async () => {
  const anonymous = httpTo(server, 'none');
  for (const path of [
    '/apis/made.up/v1/things',
    '/api/v1/nonsense/x',
    '/api/v1/namespaces/a/pods/x/nonsense',
    '/made/up',
  ])
    for (const ask of [http, anonymous]) await ask(path);
  anonymous.close();
  expect((await http('/metrics')).text).not.toMatch(/made|nonsense/);
});

test('a definition that goes takes its series along', async () => {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const schema = { openAPIV3Schema: { type: 'object' } };
  const names = { plural: 'gadgets', kind: 'Gadget' };
  const spec = {
    group: 'brief.example.com',
    scope: 'Namespaced',
    names,
    versions: [{ name: 'v1', served: true, storage: true, schema }],
  };
  await http(path, { body: { metadata: { name: 'gadgets.brief.example.com' }, spec } });
  const gadgets = '/apis/brief.example.com/v1/namespaces/default/gadgets';
  await until(async () => (await http(gadgets)).code === 200);
  const body = { apiVersion: 'brief.example.com/v1', kind: 'Gadget', metadata: { name: 'a' } };
  expect((await http(gadgets, { body })).code).toBe(201);
  const watch = watchOf(server, `${gadgets}?watch=1`);
  await until(() => watch.events.length > 0);
  expect((await http('/metrics')).text).toContain('brief.example.com');
  await http(`${path}/gadgets.brief.example.com`, { method: 'DELETE' });
  await watch.done;
  await until(async () => !/group="brief.example.com",.*resource="gadgets"/.test((await http('/metrics')).text));
});

test('/metrics/slis tells of the health checks, under their pages', async () => {
  await http('/livez');
  const of = { name: 'ping', type: 'livez' };
  expect(await value('kubernetes_healthcheck', of, '/metrics/slis')).toBe(1);
  const before = (await value('kubernetes_healthchecks_total', { ...of, status: 'success' }, '/metrics/slis'))!;
  await http('/livez?exclude=ping');
  await http('/livez');
  expect(await value('kubernetes_healthchecks_total', { ...of, status: 'success' }, '/metrics/slis')).toBe(before + 1);
  expect((await http('/metrics/other')).code).toBe(404);
});
