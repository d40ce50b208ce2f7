// The set controllers with an API server that fails every tenth write: 409, 429, 500, and 500 after the write was stored. They converge,
// and nothing is there twice.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realClock } from '../../apimachinery/clock.ts';
import {
  controllerRevisions,
  daemonSets,
  namespaces,
  nodes,
  persistentVolumeClaims,
  pods,
  replicationControllers,
  serviceAccounts,
  statefulSets,
} from '../../apimachinery/resources.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { createEventRecorder } from '../../client/eventRecorder.ts';
import { createInformerFactory } from '../../client/informerFactory.ts';
import { runControllers } from '../../client/runner.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { daemonSetController } from '../../controllers/daemonSet/daemonSet.ts';
import { disruptionController } from '../../controllers/disruption/disruption.ts';
import { replicationControllerController } from '../../controllers/replicaSet/replicaSet.ts';
import { serviceAccountController } from '../../controllers/serviceAccount.ts';
import { statefulSetController } from '../../controllers/statefulSet/statefulSet.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { runPods } from './manager.ts';

let server: TestApiServer;
let client: Client;
let agents: { stop(): void };
const ending = new AbortController();
let running: Promise<void>;
const faults: string[] = [];

const refusal = (code: number, reason: string) =>
  new StatusError({ code, reason, message: `made to fail: ${reason}` } as never);

/** Every tenth write fails, in each of the four ways by turns. */
function faulty(real: Client): Client {
  let count = 0;
  const write = async <T>(work: () => Promise<T>): Promise<T> => {
    if (++count % 10) return work();
    const way = (count / 10) % 4;
    faults.push(['stored', 'conflict', 'busy', 'lost'][way]!);
    if (way === 1) throw refusal(409, 'Conflict');
    if (way === 2) throw refusal(429, 'TooManyRequests');
    if (way === 0) await work();
    throw refusal(500, 'InternalError');
  };
  const wrapped =
    (name: keyof Client) =>
    (...args: any[]) =>
      write(() => (real[name] as any)(...args));
  const names = ['create', 'update', 'updateStatus', 'patch', 'delete'] as const;
  return { ...real, ...Object.fromEntries(names.map((name) => [name, wrapped(name)])) } as Client;
}

beforeAll(async () => {
  server = await startTestApiServer();
  client = await server.client();
  const log = silentLogger;
  const informers = createInformerFactory({ client, clock: realClock, random: Math.random, log });
  const common = { clock: realClock, random: Math.random, log };
  const controllers = [
    serviceAccountController,
    daemonSetController(),
    statefulSetController({ workers: 5, maxUnavailable: true }),
    replicationControllerController(),
    disruptionController(),
  ];
  const contextFor = ({ name }: { name: string }) => ({
    ...common,
    client: faulty(client),
    informers,
    events: createEventRecorder({ ...common, client, component: name }),
  });
  running = runControllers(controllers, { contextFor, signal: ending.signal });
  agents = runPods(client);
  for (const name of ['node-1', 'node-2', 'node-3']) {
    await client.create(nodes, { metadata: { name } } as never);
    await client.patch(nodes, name, undefined, 'merge', { spec: { taints: null } });
  }
  await client.create(namespaces, { metadata: { name: 'work' } });
  await until(async () => Boolean(await client.get(serviceAccounts, 'default', 'work').catch(() => undefined)));
});
afterAll(async () => {
  agents.stop();
  ending.abort();
  await running;
  client.close();
  await server.stop();
});

it('converge, and nothing is there twice', async () => {
  const namespace = 'work';
  const spec = (app: string, image: string) => ({
    selector: { matchLabels: { app } },
    template: {
      metadata: { labels: { app } },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image }] },
    },
  });
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  await client.create(daemonSets, { metadata: { name: 'ds', namespace }, spec: spec('ds', 'v1') } as never);
  await client.create(statefulSets, {
    metadata: { name: 'web', namespace },
    spec: { ...spec('web', 'v1'), replicas: 4, serviceName: 'web', volumeClaimTemplates: [claim] },
  } as never);
  const { template } = spec('rc', 'v1');
  await client.create(replicationControllers, {
    metadata: { name: 'rc', namespace },
    spec: { replicas: 12, template },
  } as never);
  const there = async (app: string) =>
    (await client.list(pods, { namespace, labelSelector: `app=${app}` })).items as Pod[];
  const isReady = (p: Pod) => p.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
  const settled = (image: string, rc: number) =>
    until(
      async () => {
        const [ds, web, plain] = await Promise.all(['ds', 'web', 'rc'].map(there));
        return (
          [ds!.length, web!.length, plain!.length].join() === `3,4,${rc}` &&
          new Set(ds!.map((p) => p.spec?.nodeName)).size === 3 &&
          [...ds!, ...web!].every((p) => p.spec?.containers[0]?.image === image && isReady(p)) &&
          [...ds!, ...web!, ...plain!].every((p) => !p.metadata.deletionTimestamp)
        );
      },
      30_000,
      `all of ${image}`,
    );
  await settled('v1', 12);
  for (const [turn, image] of ['v2', 'v3', 'v1'].entries()) {
    const patch = { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } };
    await client.patch(daemonSets, 'ds', namespace, 'strategic', patch);
    await client.patch(statefulSets, 'web', namespace, 'strategic', patch);
    await client.patch(replicationControllers, 'rc', namespace, 'merge', { spec: { replicas: 4 + turn * 3 } });
    await settled(image, 4 + turn * 3);
  }
  const revisions = (await client.list(controllerRevisions, { namespace })).items;
  const numbers = (kind: string) =>
    revisions
      .filter((r) => r.metadata.ownerReferences?.[0]?.kind === kind)
      .map((r) => r.revision)
      .sort();
  expect([numbers('DaemonSet'), numbers('StatefulSet')]).toEqual([
    [2, 3, 4],
    [2, 3, 4],
  ]);
  const claims = (await client.list(persistentVolumeClaims, { namespace })).items.map((c) => c.metadata.name);
  expect(claims.sort()).toEqual([0, 1, 2, 3].map((n) => `data-web-${n}`));
  await until(async () => {
    const [ds, web] = [await client.get(daemonSets, 'ds', namespace), await client.get(statefulSets, 'web', namespace)];
    return ds.status?.updatedNumberScheduled === 3 && web.status?.currentRevision === web.status?.updateRevision;
  });
  expect(new Set(faults).size).toBe(4);
});
