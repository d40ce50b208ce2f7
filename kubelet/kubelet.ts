// One node: puts the parts together, feeds pods from the sources to their workers, and keeps house.
// Reads: the API server, static pod files, the runtime. Writes: through the parts.
// Mirrors: pkg/kubelet/kubelet.go (NewMainKubelet, syncLoopIteration, HandlePodCleanups). Next: podWorkers.ts, podSync.ts.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cause } from '../apimachinery/cause.ts';
import type { Clock } from '../apimachinery/clock.ts';
import type { Resource } from '../apimachinery/resources.ts';
import type { KubeObject, Pod } from '../apimachinery/types.ts';
import { sleep } from '../client/backoff.ts';
import { withCauses } from '../client/causes.ts';
import { createEventRecorder } from '../client/eventRecorder.ts';
import type { EventRecorder } from '../client/events.ts';
import { configFromFlag } from '../client/kubeconfig.ts';
import { createClient } from '../client/transport.ts';
import { UsageError } from '../component-base/flags.ts';
import type { Logger } from '../component-base/logger.ts';
import { connectRuntime, type RuntimeConnection } from '../cri/client.ts';
import { CriError } from '../cri/error.ts';
import { admit } from './admission.ts';
import { createBackOff } from './backOff.ts';
import type { KubeletConfig } from './config.ts';
import type { PodOutline } from './container/inspect.ts';
import { killPod } from './container/killContainer.ts';
import type { KubeletContext, ReportSpan } from './context.ts';
import { containerEnv } from './env/containerEnv.ts';
import { serviceEnv, servicesSeenBy } from './env/serviceEnv.ts';
import { collectGarbage } from './garbage.ts';
import { collectImages } from './images/imageGarbage.ts';
import { createImageManager } from './images/imageManager.ts';
import { rotateLogs } from './logRotation.ts';
import { podDialer } from './network/podDialer.ts';
import { renewLease } from './node/lease.ts';
import type { Machine } from './node/machine.ts';
import { createNodeManager } from './node/nodeManager.ts';
import { hostIPs } from './node/nodeStatus.ts';
import { watchRuntime } from './pleg.ts';
import { createPodManager } from './podManager.ts';
import { createPodSync } from './podSync.ts';
import { createPodWorkers } from './podWorkers.ts';
import { createProbeManager } from './probes/probeManager.ts';
import { createReferencedObjects } from './referencedObjects.ts';
import { createRuntimeCache } from './runtimeCache.ts';
import { startServers } from './server/server.ts';
import { servingCert } from './server/servingCert.ts';
import { type ApiSource, objectCause, watchApi } from './sources/apiPods.ts';
import { watchManifests } from './sources/files.ts';
import { deleteMirror } from './sources/mirrorPods.ts';
import { isMirror, isStatic } from './sources/staticPods.ts';
import { createStatusManager } from './status/statusManager.ts';
import { podsDir } from './volumes/paths.ts';
import { createTokenManager } from './volumes/tokens.ts';
import { createVolumeManager } from './volumes/volumeManager.ts';

export interface KubeletDeps {
  clock: Clock;
  random(): number;
  log: Logger;
  reportSpan: ReportSpan;
  machine: Machine;
  /** Called once the node serves; for tests and supervisors. */
  started?(info: { nodeName: string; port: number }): void;
}

const noEvents: EventRecorder = { event() {}, flush: async () => {} };
/** How long the runtime may take to come up before the kubelet gives up. */
const runtimePatience = 10_000;

/** Runs one node until the signal aborts; containers go on after it. Throws UsageError when it cannot begin. */
export async function runKubelet(config: KubeletConfig, deps: KubeletDeps, signal: AbortSignal): Promise<void> {
  const cri = connect(config);
  try {
    await runtimeAnswers(cri, deps.clock, signal);
    if (!signal.aborted) await runNode(await makeContext(config, deps, cri, signal), deps, signal);
  } finally {
    cri.close();
  }
}

function connect(config: KubeletConfig): RuntimeConnection {
  const o = { requestTimeout: config['runtime-request-timeout'] };
  try {
    const connection = connectRuntime(config['container-runtime-endpoint'], o);
    const images = config['image-service-endpoint'];
    return images ? { ...connection, image: connectRuntime(images, o).image } : connection;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function runtimeAnswers(cri: RuntimeConnection, clock: Clock, signal: AbortSignal): Promise<void> {
  const until = clock.now() + runtimePatience;
  while (!signal.aborted) {
    try {
      await cri.runtime.version({}, { timeout: 2000 });
      return;
    } catch (error) {
      if (clock.now() >= until) throw new UsageError(error instanceof CriError ? error.details : String(error));
      await sleep(clock, 200, signal);
    }
  }
}

async function makeContext(
  config: KubeletConfig,
  deps: KubeletDeps,
  cri: RuntimeConnection,
  signal: AbortSignal,
): Promise<KubeletContext> {
  const { clock, random } = deps;
  const log = deps.log.child({ node: config.nodeName });
  const client = config.kubeconfig
    ? createClient(await configFromFlag(config.kubeconfig), { component: 'kubelet', clock })
    : undefined;
  const events = client
    ? createEventRecorder({ client, clock, random, log, component: 'kubelet', host: config.nodeName, signal })
    : noEvents;
  return {
    config,
    client,
    events,
    cri,
    dialer: podDialer(config['pod-dialer']),
    clock,
    random,
    log,
    reportSpan: deps.reportSpan,
  };
}

async function runNode(k: KubeletContext, deps: KubeletDeps, signal: AbortSignal): Promise<void> {
  const { config, client, clock } = k;
  await makeDirectories(config);
  const manager = createPodManager();
  let port = 0;
  let sourcesReady = false;

  const wakeAll = (causes: readonly Cause[]) => {
    for (const uid of workers.uids()) workers.wake(uid, causes);
  };
  const nodeManager = createNodeManager(
    k,
    deps.machine,
    () => port,
    () => wakeAll([]),
  );
  const runtime = createRuntimeCache(k);
  const status = createStatusManager(k, (uid) => {
    const pod = manager.get(uid);
    return pod && isStatic(pod) ? manager.mirrorOf(pod) : pod;
  });
  const probes = createProbeManager(k, (uid) => workers.wake(uid, [{ word: 'timer' }]));
  const objects = client
    ? createReferencedObjects({ ...k, client }, signal, (uids, resource: Resource, object: KubeObject) => {
        for (const uid of uids) workers.wake(uid, [objectCause(resource, object)]);
      })
    : undefined;
  let api: ApiSource | undefined;
  const absent = () => Promise.reject(new Error('there is no API server to ask'));
  const start = {
    images: createImageManager(k),
    backOff: createBackOff(clock),
    memoryCapacity: deps.machine.memoryBytes,
    seccompFolder: join(config.rootDir, 'seccomp'),
    env: (pod: Pod, container: Parameters<typeof containerEnv>[1], podIPs: string[]) =>
      containerEnv(pod, container, {
        configMap: objects?.configMap ?? absent,
        secret: objects?.secret ?? absent,
        services: serviceEnv(
          servicesSeenBy(pod.metadata.namespace ?? '', pod.spec?.enableServiceLinks !== false, api?.services() ?? []),
        ),
        facts: { podIPs, hostIPs: nodeManager.hostIPs(), allocatable: nodeManager.allocatable() },
      }),
  };
  const hooks = createPodSync(k, {
    runtime,
    status,
    probes,
    volumes: createVolumeManager(config.rootDir),
    tokens: client ? createTokenManager(client, clock, k.random) : undefined,
    objects,
    start,
    node: nodeManager,
  });
  /** The picture of a static pod goes when the pod has gone, unless another of its name has come. */
  async function forget(pod: Pod): Promise<void> {
    await hooks.forget(pod);
    const mirror = isStatic(pod) ? manager.mirrorOf(pod) : undefined;
    if (mirror && !manager.named(pod.metadata.namespace ?? '', pod.metadata.name)) await deleteMirror(k, mirror);
  }
  const workers = createPodWorkers(
    { ...hooks, forget },
    { ...k, syncFrequency: config['sync-frequency'], retryAfter: 10_000 },
  );

  const servers = await startServers(
    k,
    {
      pods: () => manager.list().map((p) => ({ ...p, status: status.get(p.metadata.uid ?? '') ?? p.status })),
      subject(namespace, name) {
        const pod = manager.named(namespace, name);
        const known = pod && (status.get(pod.metadata.uid ?? '') ?? pod.status);
        return pod && known ? { pod, status: known } : undefined;
      },
      healthy() {},
    },
    await servingCert(config, hostIPs(config, deps.machine)),
  );
  port = servers.port;
  signal.addEventListener('abort', () => servers.close(), { once: true });

  // --- what the sources say -------------------------------------------------------------------------------------------

  function apiPod(pod: Pod, causes: readonly Cause[]): void {
    manager.set(pod);
    if (isMirror(pod)) {
      mirrorChanged(pod, causes);
      return;
    }
    const uid = pod.metadata.uid ?? '';
    const known = workers.state(uid) !== undefined;
    workers.update(pod, undefined, causes);
    if (!known) admitNew(pod, causes);
    withCauses(causes, () => status.observed(pod));
  }

  /** A pod that an earlier kubelet had let in (it has a start time) is not asked again. */
  function admitNew(pod: Pod, causes: readonly Cause[]): void {
    if (pod.status?.startTime || pod.metadata.deletionTimestamp) return;
    const others = manager
      .list()
      .filter((p) => p !== pod && !hasEnded(p) && workers.state(p.metadata.uid ?? '') !== 'terminated');
    const rejection = admit(pod, nodeManager.node(), others, config['allowed-unsafe-sysctls']);
    if (!rejection) return;
    withCauses(causes, () => k.events.event(pod, 'Warning', rejection.reason, rejection.message));
    workers.kill(pod.metadata.uid ?? '', { failed: rejection }, causes);
  }

  function mirrorChanged(mirror: Pod, causes: readonly Cause[]): void {
    const pod = manager.named(mirror.metadata.namespace ?? '', mirror.metadata.name);
    if (!pod || !isStatic(pod)) return;
    workers.update(pod, manager.mirrorOf(pod), causes);
    withCauses(causes, () => status.observed({ ...mirror, metadata: { ...mirror.metadata, uid: pod.metadata.uid } }));
  }

  function apiPodGone(pod: Pod, causes: readonly Cause[]): void {
    manager.remove(pod);
    if (isMirror(pod)) mirrorChanged(pod, causes);
    else workers.remove(pod.metadata.uid ?? '', causes);
  }

  function filePods(pods: Pod[]): void {
    const causes: Cause[] = [{ word: sourcesReady ? 'resync' : 'start-up' }];
    const wanted = new Set(pods.map((p) => p.metadata.uid));
    for (const p of manager.list().filter(isStatic)) {
      if (wanted.has(p.metadata.uid)) continue;
      manager.remove(p);
      workers.remove(p.metadata.uid ?? '', causes);
    }
    for (const p of pods) {
      manager.set(p);
      workers.update(p, manager.mirrorOf(p), causes);
    }
  }

  // --- housekeeping ---------------------------------------------------------------------------------------------------

  const ready = () => sourcesReady && (!client || api?.synced === true);

  /** Pods in the runtime that no source has: their objects went while this kubelet was away. */
  function endOrphans(pods: Map<string, PodOutline>): void {
    inRuntime = pods;
    if (!ready()) return;
    for (const outline of pods.values()) {
      if (!workers.state(outline.uid) && !ending.has(outline.uid)) void endOrphan(outline);
    }
    for (const mirror of manager.mirrors()) {
      const pod = manager.named(mirror.metadata.namespace ?? '', mirror.metadata.name);
      if (!pod || !isStatic(pod)) void withCauses([{ word: 'resync' }], () => deleteMirror(k, mirror)).catch(() => {});
    }
  }

  let inRuntime = new Map<string, PodOutline>();
  const ending = new Set<string>();
  async function endOrphan({ uid, name, namespace }: PodOutline): Promise<void> {
    ending.add(uid);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { uid, name, namespace },
      spec: { containers: [] },
    } as unknown as Pod;
    try {
      runtime.invalidate(uid);
      await killPod(k, pod, await runtime.get(pod), { grace: 1, signal });
      await hooks.terminated(pod);
      await hooks.forget(pod);
    } catch (error) {
      k.log.info({ pod: name, error: String(error) }, 'pod without an object not ended yet');
    } finally {
      ending.delete(uid);
    }
  }

  async function removeOldDirectories(): Promise<void> {
    const volumes = createVolumeManager(config.rootDir);
    for (const uid of await readdir(podsDir(config.rootDir)).catch(() => [])) {
      if (!workers.state(uid) && !manager.get(uid)) await volumes.remove(uid);
    }
  }

  // --- life -----------------------------------------------------------------------------------------------------------

  await nodeManager.refresh();
  if (config['pod-manifest-path']) await watchManifests(k, config['pod-manifest-path'], signal, filePods);
  sourcesReady = true;
  if (client) {
    const handler = {
      pod: apiPod,
      podGone: apiPodGone,
      node: nodeManager.observed,
      synced: () => endOrphans(inRuntime),
    };
    api = watchApi({ ...k, client }, config.nodeName, handler, signal);
  }
  const heartbeat = client
    ? [nodeManager.run(signal), renewLease(k, nodeManager.node, signal)]
    : [keepAsking(k, nodeManager.refresh, signal)];
  const pleg = watchRuntime(
    k,
    {
      changed(uid) {
        runtime.invalidate(uid);
        workers.wake(uid, []);
      },
      listed: endOrphans,
    },
    signal,
  );
  const chores = [
    collectGarbage(k, (uid) => workers.state(uid) !== undefined, signal),
    collectImages(k, signal),
    rotateLogs(k, signal),
    cleanUp(clock, () => (ready() ? removeOldDirectories() : Promise.resolve()), signal),
  ];
  deps.started?.({ nodeName: config.nodeName, port });
  k.log.info({ port }, 'kubelet runs');
  await Promise.all([...heartbeat, pleg, ...chores]);
  await workers.stop();
  client?.close();
}

const hasEnded = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

async function makeDirectories(config: KubeletConfig): Promise<void> {
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

async function cleanUp(clock: Clock, act: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (await sleep(clock, 10_000, signal); !signal.aborted; await sleep(clock, 60_000, signal))
    await act().catch(() => {});
}
