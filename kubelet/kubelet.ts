// One node: puts the parts together, lets the sources feed the workers, and runs until it is told to stop.
// Reads: the API server, static pod files, the runtime. Writes: through the parts.
// Mirrors: pkg/kubelet/kubelet.go (NewMainKubelet, Run). Next: podIntake.ts, podWorkers.ts, podSync.ts.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod } from '../apimachinery/types.ts';
import { sleep } from '../client/backoff.ts';
import { UsageError } from '../component-base/flags.ts';
import { createBackOff } from './backOff.ts';
import type { KubeletConfig } from './config.ts';
import type { StartServices } from './container/startContainer.ts';
import type { KubeletContext } from './context.ts';
import { containerEnv } from './env/containerEnv.ts';
import { serviceEnv, servicesSeenBy } from './env/serviceEnv.ts';
import { collectGarbage } from './garbage.ts';
import { createHousekeeping } from './housekeeping.ts';
import { collectImages } from './images/imageGarbage.ts';
import { createImageManager } from './images/imageManager.ts';
import { rotateLogs } from './logRotation.ts';
import { renewLease } from './node/lease.ts';
import type { Machine } from './node/machine.ts';
import type { NodeFacts } from './node/nodeFacts.ts';
import { createNodeManager } from './node/nodeManager.ts';
import { hostIPs } from './node/nodeStatus.ts';
import { type ContextDeps, connectRuntimeOf, makeContext, runtimeAnswers } from './nodeContext.ts';
import { watchRuntime } from './pleg.ts';
import { createPodIntake } from './podIntake.ts';
import { createPodManager, type PodManager } from './podManager.ts';
import { createPodSync } from './podSync.ts';
import { createPodWorkers, type PodHooks } from './podWorkers.ts';
import { createProbeManager } from './probes/probeManager.ts';
import { createReferencedObjects, type ReferencedObjects } from './referencedObjects.ts';
import { createRuntimeCache } from './runtimeCache.ts';
import { type ServerView, startServers } from './server/server.ts';
import { servingCert } from './server/servingCert.ts';
import { type ApiSource, objectCause, watchApi } from './sources/apiPods.ts';
import { watchManifests } from './sources/files.ts';
import { deleteMirror } from './sources/mirrorPods.ts';
import { isStatic } from './sources/staticPods.ts';
import { createStatusManager, type StatusManager } from './status/statusManager.ts';
import { podsDir } from './volumes/paths.ts';
import { createTokenManager } from './volumes/tokens.ts';
import { createVolumeManager } from './volumes/volumeManager.ts';

export interface KubeletDeps extends ContextDeps {
  machine: Machine;
  /** Called once the node serves; for tests and supervisors. */
  started?(info: { nodeName: string; port: number }): void;
}

/** How long after a failed turn of a pod it is tried again, in milliseconds. */
const retryAfter = 10_000;

/** Runs one node until the signal aborts; containers go on after it. Throws UsageError when it cannot begin. */
export async function runKubelet(config: KubeletConfig, deps: KubeletDeps, signal: AbortSignal): Promise<void> {
  const cri = connectRuntimeOf(config);
  try {
    await runtimeAnswers(cri, deps.clock, signal);
    if (!signal.aborted) await runNode(await makeContext(config, deps, cri, signal), deps, signal);
  } finally {
    cri.close();
  }
}

async function runNode(k: KubeletContext, deps: KubeletDeps, signal: AbortSignal): Promise<void> {
  const { config, client } = k;
  await makeFolders(config);
  let port = 0;
  let api: ApiSource | undefined;
  const manager = createPodManager();
  const wake = (uids: string[], causes: Parameters<typeof workers.wake>[1]) => {
    for (const uid of uids) workers.wake(uid, causes);
  };

  const networkChanged = () => wake(workers.uids(), []);
  const node = createNodeManager(k, deps.machine, () => port, networkChanged);
  const runtime = createRuntimeCache(k);
  const status = createStatusManager(k, apiObjectOf(manager));
  const probes = createProbeManager(k, (uid) => wake([uid], [{ word: 'timer' }]));
  const objects =
    client &&
    createReferencedObjects({ ...k, client }, signal, (uids, resource, object) =>
      wake(uids, [objectCause(resource, object)]),
    );
  const hooks = createPodSync(k, {
    runtime,
    status,
    probes,
    volumes: createVolumeManager(config.rootDir),
    tokens: client && createTokenManager(client, k.clock, k.random),
    objects,
    start: startServices(k, deps.machine, node, objects, () => api),
    node,
  });
  const workers = createPodWorkers(withMirrors(k, hooks, manager), {
    ...k,
    syncFrequency: config['sync-frequency'],
    retryAfter,
  });
  const intake = createPodIntake(k, { manager, workers, status, node });
  const house = createHousekeeping(k, { runtime, workers, manager, hooks });

  const servers = await startServers(
    k,
    serverView(manager, status),
    await servingCert(config, hostIPs(config, deps.machine)),
  );
  port = servers.port;
  signal.addEventListener('abort', () => servers.close(), { once: true });

  await node.refresh();
  if (config['pod-manifest-path']) {
    await watchManifests(k, config['pod-manifest-path'], signal, (pods) =>
      intake.filePods(pods, [{ word: api ? 'resync' : 'start-up' }]),
    );
  }
  if (client) {
    const handler = { pod: intake.apiPod, podGone: intake.apiPodGone, node: node.observed, synced: house.sourcesKnown };
    api = watchApi({ ...k, client }, config.nodeName, handler, signal);
  } else house.sourcesKnown();

  const pleg = {
    changed(uid: string) {
      runtime.invalidate(uid);
      wake([uid], []);
    },
    listed: house.listed,
  };
  deps.started?.({ nodeName: config.nodeName, port });
  k.log.info({ port }, 'kubelet runs');
  await Promise.all([
    ...(client ? [node.run(signal), renewLease(k, node.node, signal)] : [keepAsking(k, node.refresh, signal)]),
    watchRuntime(k, pleg, signal),
    house.run(signal),
    collectGarbage(k, (uid) => workers.state(uid) !== undefined, signal),
    collectImages(k, signal),
    rotateLogs(k, signal),
  ]);
  await workers.stop();
  client?.close();
}

/** Where a pod's status is written to: the pod itself, or the mirror of a static pod. */
const apiObjectOf = (manager: PodManager) => (uid: string) => {
  const pod = manager.get(uid);
  return pod && isStatic(pod) ? manager.mirrorOf(pod) : pod;
};

/** The picture of a static pod goes when the pod has gone, unless another of its name has come. */
const withMirrors = (k: KubeletContext, hooks: PodHooks, manager: PodManager): PodHooks => ({
  ...hooks,
  async forget(pod) {
    await hooks.forget(pod);
    const mirror = isStatic(pod) ? manager.mirrorOf(pod) : undefined;
    if (mirror && !manager.named(pod.metadata.namespace ?? '', pod.metadata.name)) await deleteMirror(k, mirror);
  },
});

function startServices(
  k: KubeletContext,
  machine: Machine,
  node: NodeFacts,
  objects: ReferencedObjects | undefined,
  api: () => ApiSource | undefined,
): StartServices {
  const absent = () => Promise.reject(new Error('there is no API server to ask'));
  const env = (pod: Pod, container: Container, podIPs: string[]) => {
    const links = pod.spec?.enableServiceLinks !== false;
    return containerEnv(pod, container, {
      configMap: objects?.configMap ?? absent,
      secret: objects?.secret ?? absent,
      services: serviceEnv(servicesSeenBy(pod.metadata.namespace ?? '', links, api()?.services() ?? [])),
      facts: { podIPs, hostIPs: node.hostIPs(), allocatable: node.allocatable() },
    });
  };
  return {
    images: createImageManager(k),
    backOff: createBackOff(k.clock),
    memoryCapacity: machine.memoryBytes,
    seccompFolder: join(k.config.rootDir, 'seccomp'),
    env,
  };
}

const serverView = (manager: PodManager, status: StatusManager): ServerView => ({
  pods: () => manager.list().map((p) => ({ ...p, status: status.get(p.metadata.uid ?? '') ?? p.status })),
  subject(namespace, name) {
    const pod = manager.named(namespace, name);
    const known = pod && (status.get(pod.metadata.uid ?? '') ?? pod.status);
    return known && { pod, status: known };
  },
});

async function makeFolders(config: KubeletConfig): Promise<void> {
  for (const dir of [podsDir(config.rootDir), config.podLogsDir]) {
    await mkdir(dir, { recursive: true, mode: 0o750 }).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(
        `cannot write to ${dir} (${error.code}); choose another folder with --root-dir or --pod-logs-dir.`,
      );
    });
  }
}

/** Without an API server nobody else asks the runtime how it is. */
async function keepAsking(k: KubeletContext, refresh: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (; !signal.aborted; await sleep(k.clock, k.config['node-status-update-frequency'], signal)) await refresh();
}
