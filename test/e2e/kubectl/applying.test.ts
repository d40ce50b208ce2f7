// kubectl apply in the ways that go wrong half way: pruning, several objects of which one fails, fields that are fixed, versions that are
// old, kinds that come with the same file, and the way from client-side to server-side apply. An API server alone; the newest kubectl.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { kubectlMissing, kubectls } from '../../kit/kubectls.ts';
import { kubectlIn, type Ran } from '../../kit/upCluster.ts';

const kubectl = kubectls().at(-1);
const folder = mkdtempSync(join(tmpdir(), 'mk8s-'));
let server: TestApiServer;
let k: (args: string, input?: string) => Promise<Ran>;
beforeAll(async () => {
  if (!kubectl) return;
  server = await startTestApiServer({ flags: ['--disable-admission-plugins=ServiceAccount'] });
  k = kubectlIn(kubectl.path, server.kubeconfig, 'a');
  await ok('create namespace a');
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function ok(args: string, input?: string): Promise<string> {
  const ran = await k(args, input);
  expect(ran.code, `kubectl ${args}\n${ran.stdout}${ran.stderr}`).toBe(0);
  return ran.stdout;
}
async function refused(args: string, input?: string): Promise<string> {
  const ran = await k(args, input);
  expect(ran.code, `kubectl ${args}\n${ran.stdout}`).not.toBe(0);
  return ran.stderr;
}
const test = kubectl ? it : (name: string, _: () => Promise<void>) => it(name, (c) => c.skip(kubectlMissing));

const file = (name: string, ...objects: object[]) => {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, objects.map((o) => JSON.stringify(o)).join('\n---\n'));
  return `-f ${path}`;
};
const pod = (name: string, labels: object = {}, namespace?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels, namespace },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});
const map = (name: string, data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
const names = (what: string) => ok(`get ${what} -o jsonpath={.items[*].metadata.name}`);
const field = (what: string, jsonpath: string) => ok(`get ${what} -o jsonpath={${jsonpath}}`);

test('prunes what was applied and is no longer there, by label, by kind, and only when told to', async () => {
  const label = { set: 'p' };
  const [one, two] = [file('one', pod('one', label)), file('two', pod('two', label))];
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'three', labels: label },
    spec: { ports: [{ port: 1 }] },
  };
  await ok(`apply -l set=p ${one}`);
  expect(await ok(`apply --prune -l set=p ${two}`)).toContain('pod/one pruned');
  expect(await names('pods')).toBe('two');
  await ok(`apply --prune -l set=p ${file('three', service)} --prune-allowlist=core/v1/Service`);
  expect(await names('pods')).toBe('two');
  await ok(`apply --prune -l set=p ${file('three', service)}`);
  expect(await names('pods')).toBe('');
  expect(await refused(`apply --prune ${one}`)).toContain('without explicitly passing --all');
});

test('goes on past the object that fails', async () => {
  const late = file('late', pod('inside', {}, 'late'), {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'late' },
  });
  const anywhere = kubectlIn(kubectl!.path, server.kubeconfig, '');
  expect((await anywhere(`apply ${late}`)).stderr).toContain('namespaces "late" not found');
  expect((await anywhere(`apply ${late}`)).stdout).toContain('pod/inside created');
  const bogus = file('bogus', map('kept', {}), {
    apiVersion: 'x.example.com/v1',
    kind: 'Bogus',
    metadata: { name: 'b' },
  });
  expect(await refused(`apply ${bogus}`)).toContain('no matches for kind "Bogus" in version "x.example.com/v1"');
  await ok('get configmap kept');
  expect(await refused(`apply ${file('middle', pod('m-a'), pod('M-B'), pod('m-c'))}`)).toContain(
    'The Pod "M-B" is invalid',
  );
  expect(await names('pods')).toBe('m-a m-c');
});

test('knows a kind from the second time on, when it came with its definition', async () => {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'gears.shop.example.com' },
    spec: {
      group: 'shop.example.com',
      scope: 'Namespaced',
      names: { plural: 'gears', singular: 'gear', kind: 'Gear' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
  const gear = { apiVersion: 'shop.example.com/v1', kind: 'Gear', metadata: { name: 'g' }, teeth: 9 };
  const both = file('gears', gear, definition);
  expect(await refused(`apply ${both}`)).toContain('no matches for kind "Gear" in version "shop.example.com/v1"');
  // A new definition is served a moment after it is there.
  await until(async () => (await refused('get gears g')).includes('gears.shop.example.com "g" not found'));
  expect(await ok(`apply --dry-run=server ${both}`)).toContain('gear.shop.example.com/g created (server dry run)');
  expect(await refused('get gear g')).toContain('not found');
  await ok(`apply ${both}`);
  expect(await ok(`apply ${both}`)).toContain('gear.shop.example.com/g unchanged');
  expect(await field('gear/g', '.teeth')).toBe('9');
  await ok(`apply ${file('toothless', { ...gear, teeth: undefined, size: 1 })}`);
  expect(await field('gear/g', '.teeth')).toBe('');
  await ok('delete crd gears.shop.example.com');
});

test('--force makes anew what may not change', async () => {
  const service = (clusterIP: string) =>
    file('fixed', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'fixed' },
      spec: { clusterIP, ports: [{ port: 1 }] },
    });
  await ok(`apply ${service('10.96.9.1')}`);
  expect(await refused(`apply ${service('10.96.9.2')}`)).toContain('may not change once set');
  await ok(`apply --force ${service('10.96.9.2')}`);
  expect(await field('service/fixed', '.spec.clusterIP')).toBe('10.96.9.2');
});

const deployment = (selected: string, more: object = {}, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...more },
  spec: {
    selector: { matchLabels: { app: selected } },
    template: {
      metadata: { labels: { app: selected } },
      spec: { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v' }] },
    },
    ...spec,
  },
});

// kubectl tries an old version five times, a second apart.
test('--force past an old version deletes, and restores when the new object is invalid', async () => {
  const old = { resourceVersion: '1' };
  await ok(`apply ${file('web1', deployment('a'))}`);
  const broken = deployment('c', old, { selector: { matchLabels: { app: 'other' } } });
  expect(await refused(`apply ${file('web3', broken)} --force`)).toContain('Invalid value');
  expect(await field('deployment/web', '.spec.template.metadata.labels.app')).toBe('a');
  await ok('delete deployment web');
});

test('clears the defaults that do not go with what is chosen now', async () => {
  await ok(`apply ${file('web4', deployment('a'))}`);
  expect(await field('deployment/web', '.spec.strategy.type')).toBe('RollingUpdate');
  const chosen = deployment('a', {}, { strategy: { type: 'Recreate' } });
  (chosen.spec.template.spec.volumes[0] as any).hostPath = { path: '/v' };
  await ok(`apply ${file('web5', chosen)}`);
  expect(JSON.parse(await field('deployment/web', '.spec.strategy'))).toEqual({ type: 'Recreate' });
  const [volume] = JSON.parse(await field('deployment/web', '.spec.template.spec.volumes'));
  expect(volume).toEqual({ name: 'v', hostPath: { path: '/v', type: '' } });
});

test('from client-side to server-side and back', async () => {
  const [full, part] = [file('full', map('m', { key: 'v', legacy: 'x' })), file('part', map('m', { key: 'v' }))];
  const other = file('other', map('m', { key: 'w' }));
  await ok(`apply ${full}`);
  expect(await refused(`apply --server-side --field-manager=stranger ${other}`)).toContain(
    'conflict with "kubectl-client-side-apply"',
  );
  await ok(`apply --server-side ${full}`);
  await ok(`apply --server-side ${part}`);
  expect(await field('configmap/m', '.data')).toBe('{"key":"v"}');
  expect(await ok('apply view-last-applied configmap/m -o json')).not.toContain('legacy');
  await ok(`apply ${other}`);
  expect(await field('configmap/m', '.data')).toBe('{"key":"w"}');
  await ok(`apply set-last-applied ${part}`);
  expect(await ok('apply view-last-applied configmap/m -o json')).toContain('"key": "v"');
});
