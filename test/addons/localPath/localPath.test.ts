// The provisioner against an API server, with the binder beside it and a test in the scheduler's place.
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { flags } from '../../../addons/localPath/flags.ts';
import { run } from '../../../addons/localPath/main.ts';
import {
  events,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  serviceAccounts,
  storageClasses,
} from '../../../apimachinery/resources.ts';
import { applyManifests, readManifests } from '../../../cli/up/applyManifests.ts';
import type { Client } from '../../../client/client.ts';
import { parseFlags } from '../../../component-base/flags.ts';
import { type RunningManager, startManager } from '../../controllers/manager.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';

let server: TestApiServer;
let client: Client;
let manager: RunningManager;
let base: string;
let running: { end: AbortController; done: Promise<void> } | undefined;
const namespace = 'default';

function start(): void {
  const end = new AbortController();
  const argv = [
    `--kubeconfig=${server.kubeconfigFor('nodes/n1/client')}`,
    '--service-account=local-path-provisioner',
    '--hostname-override=n1',
    `--base-path=${base}`,
  ];
  running = { end, done: run(parseFlags(flags, argv).config, end.signal) };
}
async function stop(): Promise<void> {
  running?.end.abort();
  await running?.done;
}

beforeAll(async () => {
  server = await startTestApiServer({ process: true, nodes: ['n1'] });
  client = await server.client();
  base = join(server.folder, 'volumes');
  manager = startManager(server, ['--pvclaimbinder-sync-period=500ms']);
  const manifests = readManifests(new URL('../../../manifests', import.meta.url).pathname, ['localPath.yaml']);
  await applyManifests(client, manifests, 'test');
  await until(async () => Boolean(await client.get(serviceAccounts, 'default', namespace).catch(() => undefined)));
  const labels = { 'kubernetes.io/hostname': 'host-of-n1' };
  for (const name of ['n1', 'n2']) await client.create(nodes, { metadata: { name, labels } } as never);
  start();
});
afterAll(async () => {
  await stop();
  await manager?.stop();
  client?.close();
  await server?.stop();
});

const getClaim = (name: string): Promise<any> => client.get(persistentVolumeClaims, name, namespace);
const getVolume = (name: string): Promise<any> => client.get(persistentVolumes, name);
/** A claim, and a node for it as the scheduler chooses one. */
async function claim(name: string, spec: object = {}, node = 'n1'): Promise<any> {
  await client.create(persistentVolumeClaims, {
    metadata: { name, namespace },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  } as never);
  const annotations = { 'volume.kubernetes.io/selected-node': node };
  return client.patch(persistentVolumeClaims, name, namespace, 'merge', { metadata: { annotations } });
}
const bound = async (name: string): Promise<any> => {
  await until(async () => (await getClaim(name)).status.phase === 'Bound', 30_000, `claim ${name} to be bound`);
  return getVolume((await getClaim(name)).spec.volumeName);
};
const gone = (name: string) =>
  until(async () => !(await getVolume(name).catch(() => undefined)), 30_000, `the end of volume ${name}`);
const told = async (about: string, reason: string): Promise<string> => {
  let text = '';
  const fieldSelector = `involvedObject.name=${about},reason=${reason}`;
  const look = async () => {
    text = (await client.list(events, { fieldSelector })).items[0]?.message ?? '';
    return text !== '';
  };
  await until(look, 30_000, `event ${reason} on ${about}`);
  return text;
};

it('the default class makes a folder on the chosen node and deletes it with the claim', async () => {
  await claim('data');
  const volume = await bound('data');
  expect((await getClaim('data')).spec.storageClassName).toBe('standard');
  const { path } = volume.spec.local;
  expect(path).toBe(join(base, 'n1', `${volume.metadata.name}_default_data`));
  expect(statSync(path).mode & 0o777).toBe(0o777);
  expect(JSON.stringify(volume.spec.nodeAffinity)).toContain('host-of-n1');
  expect(await told('data', 'ProvisioningSucceeded')).toBe(`Successfully provisioned volume ${volume.metadata.name}`);
  expect(await told('data', 'Provisioning')).toBe(
    'External provisioner is provisioning volume for claim "default/data"',
  );
  writeFileSync(join(path, 'file'), 'x');
  await client.delete(persistentVolumeClaims, 'data', namespace);
  await gone(volume.metadata.name);
  expect(existsSync(path)).toBe(false);
});

it('a volume that is deleted before its claim takes the folder along; one that is kept does not', async () => {
  await claim('first');
  const first = await bound('first');
  await client.delete(persistentVolumes, first.metadata.name);
  expect(existsSync(first.spec.local.path)).toBe(true);
  await client.delete(persistentVolumeClaims, 'first', namespace);
  await gone(first.metadata.name);
  expect(existsSync(first.spec.local.path)).toBe(false);

  await client.create(storageClasses, {
    metadata: { name: 'kept' },
    provisioner: 'mini-k8s.io/local-path',
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
  } as never);
  await claim('keep', { storageClassName: 'kept' });
  const kept = await bound('keep');
  await client.delete(persistentVolumeClaims, 'keep', namespace);
  await until(async () => (await getVolume(kept.metadata.name)).status.phase === 'Released');
  await client.delete(persistentVolumes, kept.metadata.name);
  await gone(kept.metadata.name);
  await claim('after');
  await bound('after');
  expect(existsSync(kept.spec.local.path)).toBe(true);
});

it('says what it cannot make, and leaves other nodes alone', async () => {
  await claim('many', { accessModes: ['ReadWriteMany'] });
  expect(await told('many', 'ProvisioningFailed')).toBe(
    'failed to provision volume with StorageClass "standard": access mode ReadWriteMany is not supported: the files are on one node',
  );
  await claim('far', {}, 'n2');
  await claim('near');
  await bound('near');
  expect((await getClaim('far')).status.phase).toBe('Pending');
  expect(readdirSync(base)).toEqual(['n1']);
});

it('after a stop it goes on: what was asked is made, what was left goes, and so do empty folders of nobody', async () => {
  await claim('old');
  const old = await bound('old');
  await stop();
  await client.delete(persistentVolumeClaims, 'old', namespace);
  const asked = await claim('new');
  // As if it had been killed between folder and volume.
  mkdirSync(join(base, 'n1', `pvc-${asked.metadata.uid}_default_new`));
  const [empty, used] = ['pvc-nobody_default_x', 'pvc-nobody_default_y'].map((f) => join(base, 'n1', f)) as [
    string,
    string,
  ];
  for (const folder of [empty, used]) mkdirSync(folder);
  writeFileSync(join(used, 'file'), 'x');
  start();
  await bound('new');
  await gone(old.metadata.name);
  await until(() => !existsSync(old.spec.local.path) && !existsSync(empty), 60_000, 'the end of the folders');
  expect(existsSync(used)).toBe(true);
});
