// The aggregation layer: APIServices of our own and of an extension server in a process of its own, through a real server.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../../../client/client.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { aggregatorFlags, type ExtensionServer, leadTo, startExtensionServer } from '../../kit/extensionServer.ts';
import { type Http, httpTo, watchOf } from '../../kit/http.ts';
import { kubectls } from '../../kit/kubectls.ts';

const all = '/apis/apiregistration.k8s.io/v1/apiservices';
const wardle = '/apis/wardle.example.com/v1alpha1';
const flunders = `${wardle}/namespaces/default/flunders`;
const name = 'v1alpha1.wardle.example.com';
const newest = kubectls().at(-1);
let server: TestApiServer;
let client: Client;
let http: Http & { close(): void };

beforeAll(async () => {
  // The folder of the keys is known only inside; the server reads its files after they are made.
  server = await startTestApiServer({ flagsFor: aggregatorFlags });
  client = await server.client();
  http = httpTo(server);
});
afterAll(async () => {
  http?.close();
  client?.close();
  await server?.stop();
});

const available = async (of = name) => {
  const { json } = await http(`${all}/${of}`);
  return json.status?.conditions?.find((c: any) => c.type === 'Available');
};
const groups = async () => (await http('/apis')).json.groups.map((g: any) => g.name);

test('each group version of our own has an APIService, and gets it back', async () => {
  const { json } = await http(`${all}/v1.apps`);
  expect(json).toMatchObject({
    metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
    spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 },
    status: { conditions: [{ type: 'Available', status: 'True', reason: 'Local' }] },
  });
  expect(json.status.conditions[0].message).toBe('Local APIServices are always available');
  expect((await http(`${all}/v1.`)).json.spec).toMatchObject({ version: 'v1', groupPriorityMinimum: 18_000 });
  expect((await http(`${all}/v1.apiregistration.k8s.io`)).code).toBe(404);
  await http(`${all}/v1.apps`, { method: 'DELETE' });
  await until(async () => (await http(`${all}/v1.apps`)).code === 200);
  const first = ['apiregistration.k8s.io', 'apps', 'events.k8s.io'];
  await until(async () => (await groups()).slice(0, 3).join() === first.join(), 60_000, first.join());
});

test('we believe a front proxy of our own, and nobody else who says to be one', async () => {
  const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const headers = { 'x-remote-user': 'jane', 'x-remote-group': 'a', 'x-remote-extra-acme%2fid': '7' };
  const proxy = httpTo(server, 'front-proxy-client');
  const { userInfo } = (await proxy(reviews, { body: {}, headers })).json.status;
  expect(userInfo).toEqual({
    username: 'jane',
    groups: ['a', 'system:authenticated'],
    extra: { 'acme/id': ['7'] },
  });
  expect((await proxy(reviews, { body: {} })).code).toBe(401);
  proxy.close();
  expect((await http(reviews, { body: {}, headers })).json.status.userInfo.username).toBe('kubernetes-admin');
});

test('kubectl sees where a group version is served', async () => {
  const { json } = await http(all, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' });
  expect(json.columnDefinitions.map((c: any) => c.name)).toEqual(['Name', 'Service', 'Available', 'Age']);
  expect(json.rows.find((r: any) => r.cells[0] === 'v1.apps').cells.slice(1, 3)).toEqual(['Local', 'True']);
});

const spec = (more: object = {}) => ({
  group: 'g.example.com',
  version: 'v1',
  groupPriorityMinimum: 100,
  versionPriority: 100,
  ...more,
});
const service = { namespace: 'default', name: 's' };
test.each<[string, string, object, string | undefined]>([
  ['a local one', 'v1.g.example.com', spec(), undefined],
  ['one of a service', 'v1.g.example.com', spec({ service, insecureSkipTLSVerify: true }), undefined],
  [
    'another name',
    'v2.g.example.com',
    spec(),
    'metadata.name: Invalid value: "v2.g.example.com": must be `spec.version+"."+spec.group`: "v1.g.example.com"',
  ],
  [
    'no group',
    'v2.',
    spec({ group: '', version: 'v2' }),
    'spec.group: Required value: only v1 may have an empty group and it better be legacy kube',
  ],
  ['a bad group', 'v1.G', spec({ group: 'G' }), 'spec.group: Invalid value: "G": a lowercase RFC 1123 subdomain'],
  ['a bad version', '1.a', spec({ group: 'a', version: '1' }), 'spec.version: Invalid value: "1": a DNS-1035 label'],
  [
    'no group priority',
    'v1.g.example.com',
    spec({ groupPriorityMinimum: 0 }),
    'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
  ],
  [
    'too high a version priority',
    'v1.g.example.com',
    spec({ versionPriority: 1001 }),
    'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
  ],
  [
    'a CA without a service',
    'v1.g.example.com',
    spec({ caBundle: 'aGFsbG8=' }),
    'spec.caBundle: Invalid value: "5 bytes": local APIServices may not have a caBundle',
  ],
  [
    'trust without a service',
    'v1.g.example.com',
    spec({ insecureSkipTLSVerify: true }),
    'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
  ],
  ['no namespace', 'v1.g.example.com', spec({ service: { name: 's' } }), 'spec.service.namespace: Required value'],
  ['no name', 'v1.g.example.com', spec({ service: { namespace: 's' } }), 'spec.service.name: Required value'],
  [
    'a port that is none',
    'v1.g.example.com',
    spec({ service: { ...service, port: 70000 } }),
    'spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive',
  ],
  [
    'a CA and no check',
    'v1.g.example.com',
    spec({ service, caBundle: 'aGFsbG8=', insecureSkipTLSVerify: true }),
    'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
  ],
])('%s', async (_what, objectName, objectSpec, refusal) => {
  const body = { metadata: { name: objectName }, spec: objectSpec };
  const made = await http(`${all}?dryRun=All`, { body });
  expect(made.code).toBe(refusal ? 422 : 201);
  if (refusal) expect(made.json.message).toContain(`is invalid: ${refusal}`);
});

test('each version of a CustomResourceDefinition has one too, for as long as it is served', async () => {
  const versions = ['v1', 'v1beta1'].map((version, i) => ({
    name: version,
    served: true,
    storage: i === 0,
    schema: { openAPIV3Schema: { type: 'object' } },
  }));
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const names = { plural: 'cogs', kind: 'Cog' };
  const crd = { group: 'gears.example.com', scope: 'Namespaced', names, versions };
  await http(crds, { body: { metadata: { name: 'cogs.gears.example.com' }, spec: crd } });
  const own = (version: string) => http(`${all}/${version}.gears.example.com`);
  await until(async () => (await own('v1beta1')).code === 200);
  expect((await own('v1')).json).toMatchObject({
    metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'true' } },
    spec: { groupPriorityMinimum: 1000, versionPriority: 100 },
    status: { conditions: [{ reason: 'Local' }] },
  });
  const merge = (path: string, body: object) =>
    http(path, { method: 'PATCH', type: 'application/merge-patch+json', body });
  await merge(`${all}/v1.gears.example.com`, { spec: { versionPriority: 7 } });
  await until(async () => (await own('v1')).json.spec.versionPriority === 100);
  await until(async () => (await http('/apis/gears.example.com')).code === 200);
  expect((await http('/apis/gears.example.com')).json.versions.map((v: any) => v.version)).toEqual(['v1', 'v1beta1']);
  const left = versions.map((v) => ({ ...v, served: v.storage }));
  await merge(`${crds}/cogs.gears.example.com`, { spec: { versions: left } });
  await until(async () => (await own('v1beta1')).code === 404);
  await http(`${crds}/cogs.gears.example.com`, { method: 'DELETE' });
  await until(async () => (await own('v1')).code === 404);
});

/** As the ServiceAccount default/default, with the two bindings that an extension server needs and no more. */
async function delegated(): Promise<string> {
  const group = 'rbac.authorization.k8s.io';
  const metadata = { name: 'sample' };
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }];
  const delegator = { apiGroup: group, kind: 'ClusterRole', name: 'system:auth-delegator' };
  const reader = { apiGroup: group, kind: 'Role', name: 'extension-apiserver-authentication-reader' };
  await http(`/apis/${group}/v1/clusterrolebindings`, { body: { metadata, subjects, roleRef: delegator } });
  const bindings = `/apis/${group}/v1/namespaces/kube-system/rolebindings`;
  await http(bindings, { body: { metadata, subjects, roleRef: reader } });
  await http('/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'default' } } });
  const asked = await http('/api/v1/namespaces/default/serviceaccounts/default/token', { body: { spec: {} } });
  const ca = readFileSync(join(server.folder, 'pki/ca.crt')).toString('base64');
  const kubeconfig = {
    clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority-data': ca } }],
    users: [{ name: 'u', user: { token: asked.json.status.token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  const file = join(server.folder, 'kubeconfig-extension');
  writeFileSync(file, JSON.stringify(kubeconfig));
  return file;
}

describe('an extension server', () => {
  let extension: ExtensionServer;
  beforeAll(async () => {
    extension = await startExtensionServer(server, 'sample-api.default', await delegated());
  });
  afterAll(() => extension?.kill());

  test('is sought until it is there', async () => {
    const body = {
      metadata: { name },
      spec: {
        group: 'wardle.example.com',
        version: 'v1alpha1',
        groupPriorityMinimum: 2000,
        versionPriority: 200,
        service: { namespace: 'default', name: 'sample-api', port: 7443 },
        caBundle: extension.caBundle,
      },
    };
    expect((await http(all, { body })).code).toBe(201);
    await until(async () => (await available())?.reason === 'ServiceNotFound');
    expect((await available()).message).toBe('service/sample-api in "default" is not present');
    expect(await http(flunders)).toMatchObject({ code: 503, text: 'service unavailable\n' });
    expect(await groups()).toContain('wardle.example.com');
    await leadTo(client, 'default', extension.port);
    await until(async () => (await available())?.status === 'True', 30_000, 'the extension server to be available');
    expect(await available()).toMatchObject({ reason: 'Passed', message: 'all checks passed' });
  });

  test('serves its kinds through us, in JSON and protobuf', async () => {
    const flunder = { apiVersion: 'wardle.example.com/v1alpha1', kind: 'Flunder', metadata: { name: 'f' }, spec: {} };
    const watch = watchOf(server, `${flunders}?watch=1`);
    await watch.opened;
    expect(await http(flunders, { body: JSON.stringify(flunder), type: '' })).toMatchObject({ code: 201 });
    const list = await http(flunders);
    expect(list.json.items.map((o: any) => o.metadata.name)).toEqual(['f']);
    const binary = await http(`${flunders}/f`, { accept: 'application/vnd.kubernetes.protobuf,application/json' });
    expect(binary.headers['content-type']).toBe('application/vnd.kubernetes.protobuf');
    expect(binary.text.slice(0, 4)).toBe('k8s\0');
    const merged = await http(`${flunders}/f`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { metadata: { labels: { a: 'b' } } },
    });
    expect(merged.json.metadata.labels).toEqual({ a: 'b' });
    expect((await http(`${flunders}/none`)).json.message).toBe('flunders.wardle.example.com "none" not found');
    expect((await http(`${flunders}/f`, { method: 'DELETE' })).json.status).toBe('Success');
    await until(() => watch.events.length === 3);
    expect(watch.events.map((e) => e.type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    watch.close();
    expect((await http(flunders)).json.items).toEqual([]);
  });

  test('is in discovery, old and new, behind our own groups', async () => {
    const group = (await http('/apis/wardle.example.com')).json;
    expect(group).toMatchObject({
      kind: 'APIGroup',
      preferredVersion: { groupVersion: 'wardle.example.com/v1alpha1' },
    });
    expect((await http(wardle)).json.resources.map((r: any) => r.name)).toEqual(['fischers', 'flunders']);
    expect((await groups()).at(-1)).toBe('wardle.example.com');
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const found = async () =>
      (await http('/apis', { accept })).json.items.find((i: any) => i.metadata.name === 'wardle.example.com');
    await until(async () => (await found()).versions[0].freshness === 'Current');
    expect((await found()).versions[0].resources.map((r: any) => r.resource)).toEqual(['fischers', 'flunders']);
  });

  test('has its OpenAPI documents among ours', async () => {
    const key = wardle.slice(1);
    await until(async () => key in (await http('/openapi/v3')).json.paths);
    const { serverRelativeURL } = (await http('/openapi/v3')).json.paths[key];
    expect(serverRelativeURL).toBe(`/openapi/v3${wardle}?hash=ABC`);
    expect((await http(serverRelativeURL)).json.components.schemas).toHaveProperty(
      'com.example.wardle.v1alpha1.Flunder',
    );
  });

  test('is in our document of version 2, where rivals for a name are kept apart', async () => {
    const flunder = 'com.example.wardle.v1alpha1.Flunder';
    const listMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';
    const document = async () => (await http('/openapi/v2')).json;
    await until(async () => flunder in (await document()).definitions);
    const { paths, definitions } = await document();
    expect(Object.keys(paths)).toContain(`${wardle}/namespaces/{namespace}/flunders`);
    expect(definitions).not.toHaveProperty('Unused');
    expect(definitions[flunder].properties.rival).toEqual({ $ref: `#/definitions/${listMeta}_v2` });
    expect(definitions[`${listMeta}_v2`].properties).toEqual({ ofTheExtension: { type: 'string' } });
    expect(definitions[listMeta].properties).toHaveProperty('remainingItemCount');
    expect(paths['/healthz']).toBeUndefined();
  });

  test('knows the caller by what the front proxy says, and asks us what they may', async () => {
    const groupsHeader = { 'impersonate-user': 'jane', 'impersonate-group': 'fishers', 'impersonate-extra-a%2fb': 'c' };
    const asJane = (path: string) => http(path, { headers: groupsHeader });
    const rules = [{ apiGroups: ['wardle.example.com'], resources: ['flunders'], verbs: ['list'] }];
    expect((await asJane(flunders)).code).toBe(403);
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    await http(`${rbac}/clusterroles`, { body: { metadata: { name: 'fish' }, rules } });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'fish' };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'fishers' }];
    await http(`${rbac}/clusterrolebindings`, { body: { metadata: { name: 'fish' }, roleRef, subjects } });
    await until(async () => (await asJane(flunders)).code === 200);
    const masters = { ...groupsHeader, 'impersonate-group': 'system:masters' };
    const { user } = (await http(`${wardle}/whoami`, { headers: masters })).json;
    expect(user).toEqual({
      username: 'jane',
      groups: ['system:masters', 'system:authenticated', 'system:authenticated'],
      extra: { 'a/b': ['c'] },
    });
  });

  test('its APIService is read and written as any object, its status through its own door', async () => {
    const one = `${all}/${name}`;
    const write = (path: string, method: string, type: string, body: object) => http(path, { method, type, body });
    const merge = 'application/merge-patch+json';
    const json = 'application/json';
    const before = (await http(`${one}/status`)).json;
    const { json: patched } = await write(one, 'PATCH', merge, { spec: { versionPriority: 400 } });
    expect(patched.spec.versionPriority).toBe(400);
    expect(Number(patched.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion));
    expect((await http(all)).json.items.map((o: any) => o.metadata.name)).toContain(name);
    const labels = { metadata: { labels: { fish: 'yes' } } };
    const strategic = await write(one, 'PATCH', 'application/strategic-merge-patch+json', labels);
    expect(strategic.json.metadata.labels).toEqual({ fish: 'yes' });
    const said = { type: 'StatusUpdated', status: 'True', reason: 'E2E', message: 'Set by the test' };
    const live = strategic.json;
    live.status.conditions.push(said);
    const updated = await write(`${one}/status`, 'PUT', json, { ...live, spec: { ...live.spec, versionPriority: 1 } });
    expect(updated.json.status.conditions).toContainEqual(said);
    expect(updated.json.spec.versionPriority).toBe(400);
    const more = { status: { conditions: [...updated.json.status.conditions, { ...said, type: 'StatusPatched' }] } };
    expect((await write(`${one}/status`, 'PATCH', merge, more)).json.status.conditions).toHaveLength(3);
    const bad = { status: { conditions: [{ type: 'A', status: 'Maybe' }] } };
    expect((await write(`${one}/status`, 'PATCH', merge, bad)).json.message).toContain(
      'status.conditions[0].status: Unsupported value: "Maybe": supported values: "True", "False", "Unknown"',
    );
    const { resourceVersion: _, ...metadata } = live.metadata;
    const unnamed = await write(one, 'PUT', json, { ...live, metadata });
    expect(unnamed.json.message).toContain(
      'metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    );
  });

  test('may not send callers elsewhere', async () => {
    expect(await http(`${wardle}/elsewhere`)).toMatchObject({
      code: 502,
      text: 'the backend attempted to redirect this request, which is not permitted',
    });
  });

  test.skipIf(!newest)('is no different for kubectl', async () => {
    const kubectl = async (...args: string[]) =>
      (await promisify(execFile)(newest!.path, ['--kubeconfig', server.kubeconfig, ...args])).stdout;
    expect(await kubectl('get', 'apiservices', name)).toMatch(/default\/sample-api +True /);
    expect(await kubectl('api-resources', '--api-group=wardle.example.com')).toMatch(/flunders +fl +wardle/);
    const file = join(server.folder, 'flunder.json');
    const flunder = { apiVersion: 'wardle.example.com/v1alpha1', kind: 'Flunder', metadata: { name: 'k' } };
    writeFileSync(file, JSON.stringify(flunder));
    expect(await kubectl('create', '-f', file)).toBe('flunder.wardle.example.com/k created\n');
    expect(await kubectl('get', 'fl', '-o', 'name')).toBe('flunder.wardle.example.com/k\n');
    expect(await kubectl('delete', 'flunders', 'k')).toMatch(/"k" deleted/);
    expect(await kubectl('explain', 'flunders')).toContain('A fish that refers to another.');
  });

  test('takes upgrades', async () => {
    const text = await upgraded(`${flunders}/f/echo`);
    expect(text).toBe('kubernetes-admin:hello');
  });

  test('that does not answer is unavailable, and its documents are stale', async () => {
    await extension.kill();
    await http(`${all}/${name}`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { metadata: { annotations: { look: 'again' } } },
    });
    await until(async () => (await available())?.status === 'False', 30_000, 'unavailable');
    const { reason, message } = await available();
    expect(reason).toBe('FailedDiscoveryCheck');
    const url = `https://[0-9.]+:${extension.port}${wardle}`;
    expect(message).toMatch(
      new RegExp(`^failing or missing response from ${url}: Get "${url}": dial tcp .*: connect: connection refused$`),
    );
    expect((await http(flunders)).code).toBe(503);
    const metrics = (await http('/metrics')).text;
    expect(metrics).toContain(`aggregator_unavailable_apiservice{name="${name}"} 1`);
    expect(metrics).toContain('aggregator_unavailable_apiservice{name="v1.apps"} 0');
    expect(metrics).toContain(`aggregator_unavailable_apiservice_total{name="${name}",reason="${reason}"} 1`);
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    let stale: any;
    await until(async () => {
      const { items } = (await http('/apis', { accept })).json;
      stale = items.find((i: any) => i.metadata.name === 'wardle.example.com').versions[0];
      return stale.freshness === 'Stale';
    });
    expect(stale.resources).toHaveLength(2);
    const labelled = `${all}?labelSelector=fish%3Dyes`;
    expect((await http(labelled, { method: 'DELETE' })).code).toBe(200);
    expect((await http(labelled)).json.items).toEqual([]);
    expect((await http(flunders)).code).toBe(404);
    expect(await groups()).not.toContain('wardle.example.com');
  });
});

/** Sends `hello` over a connection that has turned into `echo`; what comes back. */
function upgraded(path: string): Promise<string> {
  const pki = join(server.folder, 'pki');
  const read = (file: string) => readFileSync(join(pki, file));
  return new Promise((resolve, reject) => {
    const asked = https.request(server.url + path, {
      ca: read('ca.crt'),
      cert: read('admin.crt'),
      key: read('admin.key'),
      headers: { connection: 'Upgrade', upgrade: 'echo' },
    });
    asked.on('upgrade', (_answer, socket, head) => {
      let text = head.toString();
      socket.write('hello');
      const look = () => {
        if (!text.endsWith('hello')) return;
        socket.destroy();
        resolve(text);
      };
      socket.on('data', (chunk: Buffer) => {
        text += chunk;
        look();
      });
      look();
    });
    asked.on('response', (answer) => reject(new Error(`answered with ${answer.statusCode}`)));
    asked.on('error', reject);
    asked.end();
  });
}
