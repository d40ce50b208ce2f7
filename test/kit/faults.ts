// What fault tests share: load whose every answer is remembered, watchers that look for doubled things at any moment, and processes to kill.
// Doubled is: more objects than specified after convergence, or at any moment two bindings of one pod, two running containers for one
// pod container, or two leaders that both had a write accepted.
import { connect } from 'node:net';
import { expect } from 'vitest';
import { deployments, pods, type Resource, replicaSets } from '../../apimachinery/resources.ts';
import { isReason, StatusError } from '../../apimachinery/status.ts';
import { type WriteRecord, writes } from '../../apimachinery/trace.ts';
import type { Pod, ReplicaSet } from '../../apimachinery/types.ts';
import { dataDir } from '../../cli/up/dataDir.ts';
import { readState } from '../../cli/up/state.ts';
import { type Client, ConnectionError } from '../../client/client.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { createClient } from '../../client/transport.ts';
import { connectRuntime } from '../../cri/client.ts';
import { until } from './apiServer.ts';
import type { UpCluster } from './upCluster.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** No answer, or one that asks to come again: the write may have happened or not. */
const isPassing = (error: unknown) =>
  error instanceof ConnectionError || (error instanceof StatusError && (error.code >= 500 || error.code === 429));

/** Repeats a request until the server answers it. */
export async function insist<T>(work: () => Promise<T>, ms = 120_000): Promise<T> {
  for (const end = Date.now() + ms; ; await pause(100)) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || Date.now() > end) throw error;
    }
  }
}

export const clientOf = async (kubeconfig: string): Promise<Client> =>
  createClient(await loadKubeconfig(kubeconfig), { component: 'load' });

export function component(cluster: UpCluster, name: string) {
  const found = readState(dataDir(cluster.dataDir).state)?.components.find((c) => c.name === name);
  if (!found) throw new Error(`no component ${name}`);
  return found;
}

/** SIGKILL; resolves when the process is gone. The supervisor starts it again. */
export function killComponent(cluster: UpCluster, name: string): void {
  process.kill(component(cluster, name).process!.pid, 'SIGKILL');
}

/** By the name of each pod whose creation was answered: its uid. */
export type Acknowledged = Map<string, string>;

/** Creates `count` pods from 16 connections' worth of callers; `at` is called as so many have been acknowledged. */
export async function createPods(
  client: Client,
  namespace: string,
  count: number,
  at: Record<number, () => unknown> = {},
): Promise<Acknowledged> {
  const acknowledged: Acknowledged = new Map();
  const pending: unknown[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const name = `p-${next++}`;
      const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'busybox' }] };
      const create = () => client.create(pods, { metadata: { name, namespace }, spec } as never);
      // That it is there already is the answer to a try whose own answer was lost.
      const pod = await insist(create).catch((error) => {
        if (isReason(error, 'AlreadyExists')) return undefined;
        throw error;
      });
      if (pod) acknowledged.set(name, pod.metadata.uid!);
      const then = at[acknowledged.size];
      delete at[acknowledged.size];
      if (then) pending.push(then());
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  await Promise.all(pending);
  return acknowledged;
}

const items = async <T>(client: Client, r: Resource<any>, namespace: string): Promise<T[]> =>
  (await insist(() => client.list(r, { namespace }))).items as T[];
const isReady = (pod: Pod) =>
  pod.status?.phase === 'Running' && pod.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');

/** All pods of the namespace run, as many as there should be, and those whose creation was acknowledged are the very same. */
export async function expectPods(
  client: Client,
  namespace: string,
  count: number,
  acknowledged: Acknowledged,
  ms = 240_000,
): Promise<void> {
  const all = () => items<Pod>(client, pods, namespace);
  // Each look is a list of all pods: looking all the time would cost more than the pods themselves.
  const areThere = async () => (await all()).filter(isReady).length >= count;
  await until(areThere, ms, `${count} running pods`, 500).catch(async (error) => {
    const left = (await all()).filter((p) => !isReady(p)).slice(0, 3);
    throw new Error(
      `${error.message}: ${left.map((p) => JSON.stringify([p.metadata.name, p.spec?.nodeName, p.status]))}`,
    );
  });
  const now = await all();
  expect(now).toHaveLength(count);
  const uids = new Map(now.map((p) => [p.metadata.name, p.metadata.uid!]));
  expect([...acknowledged].filter(([name, uid]) => uids.get(name) !== uid)).toEqual([]);
  expect(now.flatMap((p) => p.status?.containerStatuses?.filter((c) => c.restartCount) ?? [])).toEqual([]);
}

export async function createRollout(client: Client, namespace: string, replicas: number): Promise<void> {
  const labels = { app: 'roll' };
  await insist(() =>
    client.create(deployments, {
      metadata: { name: 'roll', namespace },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'c', image: 'v0' }] },
        },
      },
    } as never),
  );
  await expectRollout(client, namespace, replicas, 'v0');
}

export const rollTo = (client: Client, namespace: string, image: string) =>
  insist(() =>
    client.patch(deployments, 'roll', namespace, 'strategic', {
      spec: { template: { spec: { containers: [{ name: 'c', image }] } } },
    }),
  );

/** The rollout is complete: so many pods with this image and no others, under one ReplicaSet; none was made twice. */
export async function expectRollout(client: Client, namespace: string, replicas: number, image: string): Promise<void> {
  const complete = async () => {
    const { metadata, status: s = {} } = await insist(() => client.get(deployments, 'roll', namespace));
    return (
      s.observedGeneration === metadata.generation &&
      s.updatedReplicas === replicas &&
      s.replicas === replicas &&
      s.availableReplicas === replicas
    );
  };
  await until(complete, 240_000, `the rollout to ${image}`, 200);
  const selected = async () =>
    (await items<Pod>(client, pods, namespace)).filter((p) => p.metadata.labels?.['app'] === 'roll');
  // Pods of before may still be on their way out.
  await until(async () => (await selected()).length === replicas, 60_000, 'the end of the old pods');
  expect((await selected()).map((p) => p.spec!.containers[0]!.image)).toEqual(Array(replicas).fill(image));
  const sets = await items<ReplicaSet>(client, replicaSets, namespace);
  const images = sets.map((rs) => rs.spec!.template!.spec!.containers[0]!.image);
  expect(new Set(images).size).toBe(images.length);
  expect(sets.map((rs) => rs.spec!.replicas).filter(Boolean)).toEqual([replicas]);
}

export interface Watcher {
  /** What it has seen that must not be. */
  problems: string[];
  stop(): Promise<void>;
}

/** Follows the journal of accepted writes across all cuts, as a reflector does; `see` is called once for each new one. */
export function followWrites(client: Client, see: (record: WriteRecord) => void): Watcher {
  const ending = new AbortController();
  const problems: string[] = [];
  const known = new Set<string>();
  let first = true;
  const take = (record: WriteRecord) => {
    if (known.has(record.metadata.name)) return;
    known.add(record.metadata.name);
    if (!first) see(record);
  };
  const follow = async () => {
    while (!ending.signal.aborted) {
      try {
        const list = await insist(() => client.list(writes));
        for (const record of list.items) take(record);
        first = false;
        let resourceVersion: string | undefined = list.metadata.resourceVersion;
        while (resourceVersion && !ending.signal.aborted) resourceVersion = await watchFrom(resourceVersion);
      } catch (error) {
        if (!isPassing(error)) problems.push(`the journal cannot be followed: ${(error as Error).message}`);
      }
      if (!ending.signal.aborted) await pause(50);
    }
  };
  /** Resolves with where to go on; undefined: by a list. */
  const watchFrom = async (from: string): Promise<string | undefined> => {
    let resourceVersion = from;
    try {
      for await (const event of client.watch(writes, { resourceVersion }, ending.signal)) {
        // A server that has just started knows no older revisions.
        if (event.type === 'ERROR') return undefined;
        if (event.type === 'ADDED') take(event.object);
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
      }
    } catch (error) {
      if (!isPassing(error)) throw error;
      await pause(50);
    }
    return resourceVersion;
  };
  const done = follow();
  return {
    problems,
    async stop() {
      ending.abort();
      await done.catch(() => undefined);
    },
  };
}

/** Two bindings of one pod. */
export function watchBindings(client: Client): Watcher & { count(): number } {
  const bound = new Map<string, string>();
  const problems: string[] = [];
  const watcher = followWrites(client, (r) => {
    if (r.resource !== 'pods' || r.subresource !== 'binding') return;
    const key = r.uid ?? `${r.namespace}/${r.name}`;
    if (bound.has(key))
      problems.push(`${r.namespace}/${r.name} was bound twice: by ${bound.get(key)} and by ${r.user}`);
    bound.set(key, r.user);
  });
  return {
    problems,
    count: () => bound.size,
    async stop() {
      await watcher.stop();
      problems.push(...watcher.problems);
    },
  };
}

/** Two running containers for one container of a pod, or two ready sandboxes of one pod, as the runtime itself tells. */
export function watchContainers(cluster: UpCluster, nodes: readonly string[]): Watcher {
  const problems = new Set<string>();
  let stopped = false;
  const runtimes = nodes.map((node) => connectRuntime(`unix://${dataDir(cluster.dataDir).run}/${node}.sock`));
  const look = async ({ runtime }: (typeof runtimes)[number]) => {
    const { containers } = await runtime.listContainers({ filter: { state: { state: 'CONTAINER_RUNNING' } } });
    const { items: sandboxes } = await runtime.listPodSandbox({ filter: { state: { state: 'SANDBOX_READY' } } });
    const seen = new Set<string>();
    const things = [
      ...containers.map(
        (c) => `container ${c.labels['io.kubernetes.container.name']} of ${c.labels['io.kubernetes.pod.uid']}`,
      ),
      ...sandboxes.map((s) => `sandbox of ${s.labels['io.kubernetes.pod.uid']}`),
    ];
    for (const thing of things) {
      if (seen.has(thing)) problems.add(`two: ${thing}`);
      seen.add(thing);
    }
  };
  const loop = async () => {
    while (!stopped) {
      // A runtime that was killed does not answer for a moment.
      for (const runtime of runtimes) await look(runtime).catch(() => undefined);
      // Two would stay side by side for longer than that: until one of them is stopped.
      await pause(300);
    }
    for (const r of runtimes) r.close();
  };
  const done = loop();
  return {
    get problems() {
      return [...problems];
    },
    async stop() {
      stopped = true;
      await done;
    },
  };
}

/** Does anything listen there? */
export const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
