// The row of aggregation: an extension API server of its own process, which trusts the front proxy and asks who may.
// It sits on an address of this machine behind a Service without selector. See ../row.ts for how to read a row.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadKubeconfig } from '../../../client/kubeconfig.ts';
import { createClient } from '../../../client/transport.ts';
import type { TestApiServer } from '../../kit/apiServer.ts';
import { type ExtensionServer, leadTo, startExtensionServer } from '../../kit/extensionServer.ts';
import { grew, holds, names } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';

const group = 'wardle.example.com';
const version = 'v1alpha1';
const name = `${version}.${group}`;
const path = `/apis/${group}/${version}/namespaces/default/flunders`;
const api = 'apiregistration.k8s.io/v1';

export const aggregatorRows: Row[] = [
  row(
    'api.aggregator.sample-apiserver',
    async (c) => {
      const namespace = await c.namespace();
      const extension = await sampleServer(c, namespace);
      const r = c.of(api, 'APIService');
      const made = c.mine(
        r,
        await r.create({
          metadata: { name },
          spec: {
            service: { namespace, name: 'sample-api', port: 7443 },
            group,
            version,
            caBundle: extension.caBundle,
            groupPriorityMinimum: 2000,
            versionPriority: 200,
          },
        }),
      );
      await c.poll(100, 60_000, 'flunders are served', () => served(c));
      await rawFlunder(c);
      await discoveredFlunders(c);
      await dynFlunder(c);

      const read = await c.dyn(api, 'APIService').get(name, 'status');
      assert.equal(read.status.conditions[0].message, 'all checks passed');
      holds(read.status.conditions[0], { type: 'Available', status: 'True', reason: 'Passed' });
      const patched = await r.patch(name, 'merge', { spec: { versionPriority: 400 } });
      assert.equal(patched.spec.versionPriority, 400);
      grew(made, patched);
      assert.ok(names((await r.list()).items).includes(name));
      const label = c.unique('patched-');
      const labelled = await r.patch(name, 'strategic', { metadata: { labels: { apiservice: label } } });
      assert.equal(labelled.metadata.labels.apiservice, label);
      await conditions(c);
      const updated = await r.change(name, (object) => {
        object.metadata.labels.apiservice = `${label}-updated`;
      });
      assert.equal(updated.metadata.labels.apiservice, `${label}-updated`);
      const labelSelector = `apiservice=${label}-updated`;
      assert.deepEqual(names((await r.list({ labelSelector })).items), [name]);
      await r.deleteCollection({ labelSelector });
      await c.poll(1000, 120_000, 'it leaves the list', async () => !(await r.list({ labelSelector })).items.length);
      await c.poll(1000, 60_000, 'its group leaves us', async () => (await c.raw(`/apis/${group}`)).code === 404);
    },
    { serial: true },
  ),
];

/** Behind the Service, as the namespace's default account with the roles that extension servers are given. */
async function sampleServer(c: Context, namespace: string): Promise<ExtensionServer> {
  const rbac = 'rbac.authorization.k8s.io/v1';
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace }];
  const bindings = c.of(rbac, 'ClusterRoleBinding');
  const delegator = {
    metadata: { name: `wardler:${namespace}:auth-delegator` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:auth-delegator' },
    subjects,
  };
  c.mine(bindings, await bindings.create(delegator));
  const readers = c.of(rbac, 'RoleBinding', 'kube-system');
  // The suite leaves the group of the role empty: it is defaulted.
  const roleRef = { apiGroup: '', kind: 'Role', name: 'extension-apiserver-authentication-reader' };
  const reader = await readers.create({ metadata: { name: `wardler-${namespace}-auth-reader` }, roleRef, subjects });
  c.mine(readers, reader);
  assert.equal(reader.roleRef.apiGroup, 'rbac.authorization.k8s.io');
  const folder = mkdtempSync(join(tmpdir(), 'mini-k8s-conformance-'));
  c.after(() => rmSync(folder, { recursive: true, force: true }));
  const kubeconfig = await kubeconfigOf(c, namespace, folder);
  const extension = await startExtensionServer({ folder, kubeconfig } as TestApiServer, `sample-api.${namespace}`);
  c.after(() => extension.kill());
  const client = createClient(await loadKubeconfig(c.kubeconfig));
  await leadTo(client, namespace, extension.port);
  client.close();
  return extension;
}

/** A kubeconfig with a token of the namespace's default account. */
async function kubeconfigOf(c: Context, namespace: string, folder: string): Promise<string> {
  const accounts = c.of('v1', 'ServiceAccount', namespace);
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const { token } = (await c.raw(accounts.path('default', 'token'), { body })).json.status;
  const { server, ca, insecureSkipTlsVerify } = await loadKubeconfig(c.kubeconfig);
  const cluster = {
    server,
    ...(ca ? { 'certificate-authority-data': Buffer.from(ca).toString('base64') } : {}),
    ...(insecureSkipTlsVerify ? { 'insecure-skip-tls-verify': true } : {}),
  };
  const file = join(folder, 'kubeconfig');
  const text = JSON.stringify({
    'current-context': 'x',
    clusters: [{ name: 'x', cluster }],
    users: [{ name: 'x', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
  });
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** Until it works, only 403, 503 or a 404 that is no Status may come. */
async function served(c: Context): Promise<boolean> {
  const reply = await c.raw(path, { accept: 'application/json' });
  if (reply.code === 200) return reply.json.kind === 'FlunderList';
  const isStatus = reply.text.includes('"kind":"Status"');
  assert.ok([403, 503].includes(reply.code) || (reply.code === 404 && !isStatus), `${reply.code} ${reply.text}`);
  return false;
}

const flunder = (flunderName: string) => ({
  apiVersion: `${group}/${version}`,
  kind: 'Flunder',
  metadata: { name: flunderName, labels: { 'sample-label': 'true' } },
});
const inList = async (c: Context): Promise<string[]> => {
  const list = await c.json(`${path}?labelSelector=sample-label%3Dtrue`);
  assert.equal(list.kind, 'FlunderList');
  return names(list.items);
};

async function rawFlunder(c: Context): Promise<void> {
  const flunderName = c.unique('flunder-');
  const made = await c.raw(path, { body: Buffer.from(JSON.stringify(flunder(flunderName))), type: '' });
  assert.equal(made.code, 201, made.text);
  assert.equal(made.json.metadata.name, flunderName);
  assert.deepEqual(await inList(c), [flunderName]);
  const deleted = await c.raw(`${path}/${flunderName}`, { method: 'DELETE' });
  assert.equal(deleted.code, 200, deleted.text);
  assert.deepEqual(await inList(c), []);
}

async function dynFlunder(c: Context): Promise<void> {
  const r = c.dyn(`${group}/${version}`, 'Flunder', 'default');
  const flunderName = c.unique('dynamic-flunder-');
  const made = await r.create(flunder(flunderName));
  assert.ok(made.metadata.uid);
  assert.deepEqual(names((await r.list()).items), [flunderName]);
  await r.delete(flunderName);
  assert.deepEqual((await r.list()).items, []);
}

/** As a client finds the preferred namespaced resources: in the aggregated document and in the old one. */
async function discoveredFlunders(c: Context): Promise<void> {
  const aggregated = await c.json('/apis', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
  const found = aggregated.items.find((i: any) => i.metadata.name === group)?.versions[0];
  assert.equal(found?.version, version);
  holds(
    found.resources.find((x: any) => x.resource === 'flunders'),
    { scope: 'Namespaced' },
  );
  const own = await c.json(`/apis/${group}`);
  assert.equal(own.preferredVersion.groupVersion, `${group}/${version}`);
  const { resources } = await c.json(`/apis/${group}/${version}`);
  holds(
    resources.find((x: any) => x.name === 'flunders'),
    { namespaced: true, kind: 'Flunder' },
  );
}

async function conditions(c: Context): Promise<void> {
  const r = c.of(api, 'APIService');
  const condition = (type: string) => ({ type, status: 'True', reason: 'E2E', message: 'Set from e2e test' });
  const find = (object: any, type: string) => object.status.conditions.find((x: any) => x.type === type);
  const put = await r.change(
    name,
    (object) => void object.status.conditions.push(condition('StatusUpdated')),
    'status',
  );
  holds(find(put, 'StatusUpdated'), condition('StatusUpdated'));
  const all = [...put.status.conditions, condition('StatusPatched')];
  const patched = await r.patch(name, 'merge', { status: { conditions: all } }, 'status');
  holds(find(patched, 'StatusPatched'), condition('StatusPatched'));
  holds(find(patched, 'StatusUpdated'), condition('StatusUpdated'));
}
