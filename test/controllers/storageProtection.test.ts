import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type Resource,
  serviceAccounts,
  volumeAttributesClasses,
} from '../../apimachinery/resources.ts';
import type { Client } from '../../client/client.ts';
import { planFinalizers, uses } from '../../controllers/storageProtection.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type RunningManager, startManager } from './manager.ts';

const ours = 'kubernetes.io/pvc-protection';
it.each<[string[] | undefined, boolean, boolean, string[] | undefined]>([
  [undefined, false, true, [ours]],
  [['a/b'], false, false, ['a/b', ours]],
  [[ours], false, false, undefined],
  [['a/b', ours], true, true, undefined],
  [['a/b', ours], true, false, ['a/b']],
  [['a/b'], true, false, undefined],
])('finalizers %j, deleted: %s, used: %s', (finalizers, deleted, used, expected) => {
  const metadata = { name: 'x', finalizers, ...(deleted ? { deletionTimestamp: 'now' } : {}) };
  expect(planFinalizers({ metadata } as never, ours, () => used)).toEqual(expected);
});

const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }, { name: 'e', ephemeral: {} }, { name: 'x' }];
const pod = (more: object = {}, status: object = {}) =>
  ({ metadata: { name: 'p', namespace: 'a' }, spec: { nodeName: 'n', volumes, ...more }, status }) as never;
it('a pod uses the claims that it names and those that are made for it, once it has a node and until it ends', () => {
  const claim = (name: string, namespace = 'a') => ({ metadata: { name, namespace } }) as never;
  expect(uses(pod(), claim('p-e'))).toBe(true);
  expect(uses(pod(), claim('c', 'b'))).toBe(false);
  expect(uses(pod({ nodeName: undefined }), claim('c'))).toBe(false);
  expect(uses(pod({}, { phase: 'Succeeded' }), claim('c'))).toBe(false);
});

describe('in a cluster', () => {
  let server: TestApiServer;
  let client: Client;
  let manager: RunningManager;
  beforeAll(async () => {
    server = await startTestApiServer({ process: true });
    client = await server.client();
    manager = startManager(server);
    await until(async () => Boolean(await client.get(serviceAccounts, 'default', 'default').catch(() => undefined)));
  });
  afterAll(async () => {
    await manager?.stop();
    client?.close();
    await server?.stop();
  });
  const resources = { requests: { storage: '1Gi' } };
  const claim = (name: string, more: object = {}) =>
    client.create(persistentVolumeClaims, {
      metadata: { name, namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources, ...more },
    } as never);
  const there = (r: Resource<any>, name: string, namespace?: string) =>
    client.get(r, name, namespace).catch(() => undefined);
  const gone = (r: Resource<any>, name: string, namespace?: string) =>
    until(async () => !(await there(r, name, namespace)), 30_000, `the end of ${name}`);

  it('a claim goes with its last pod', async () => {
    await claim('c');
    await client.create(pods, {
      metadata: { name: 'p', namespace: 'default' },
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }], volumes: volumes.slice(0, 1) },
    } as never);
    await client.delete(persistentVolumeClaims, 'c', 'default');
    await claim('free');
    await client.delete(persistentVolumeClaims, 'free', 'default');
    // What came later has been looked at by then.
    await gone(persistentVolumeClaims, 'free', 'default');
    expect((await there(persistentVolumeClaims, 'c', 'default')).metadata.finalizers).toEqual([ours]);
    await client.delete(pods, 'p', 'default', { gracePeriodSeconds: 0 });
    await gone(persistentVolumeClaims, 'c', 'default');
  });

  it('a volume goes when it is not bound, a class when no claim has it', async () => {
    await client.create(persistentVolumes, {
      metadata: { name: 'v' },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/d' } },
    } as never);
    await client.delete(persistentVolumes, 'v');
    await gone(persistentVolumes, 'v');
    await client.create(volumeAttributesClasses, {
      metadata: { name: 'gold' },
      driverName: 'a.io',
      parameters: { a: 'b' },
    } as never);
    await claim('golden', { volumeAttributesClassName: 'gold' });
    await client.delete(volumeAttributesClasses, 'gold');
    expect(await there(volumeAttributesClasses, 'gold')).toBeDefined();
    await client.delete(persistentVolumeClaims, 'golden', 'default');
    await gone(volumeAttributesClasses, 'gold');
  });
});
