// What happens to one pod in one turn: looked at, reported, given its volumes, brought towards its spec, reported again.
// Reads: pod, runtime, probes. Writes: through container/, volumes/, status/. The four hooks of podWorkers.ts.
// Mirrors: pkg/kubelet/kubelet.go (SyncPod, SyncTerminatingPod, SyncTerminatedPod).
import { mkdir, readFile, rm } from 'node:fs/promises';
import { persistentVolumeClaims, persistentVolumes } from '../apimachinery/resources.ts';
import type { Pod, PodStatus, Secret } from '../apimachinery/types.ts';
import { killPod } from './container/killContainer.ts';
import { activeSandbox, hasRunningContainers, type PodRecord } from './container/records.ts';
import { podLogDirectory } from './container/sandboxConfig.ts';
import type { StartServices } from './container/startContainer.ts';
import { type SyncOutcome, syncContainers } from './container/syncContainers.ts';
import type { KubeletContext } from './context.ts';
import type { PodFacts } from './env/downwardValue.ts';
import { podDns } from './network/podDns.ts';
import type { NodeFacts } from './node/nodeFacts.ts';
import type { KillRequest, PodHooks, SyncResult } from './podWorkers.ts';
import type { ProbeManager } from './probes/probeManager.ts';
import type { ReferencedObjects } from './referencedObjects.ts';
import type { RuntimeCache } from './runtimeCache.ts';
import { ensureMirror } from './sources/mirrorPods.ts';
import { isStatic } from './sources/staticPods.ts';
import { ownConditions } from './status/conditions.ts';
import type { WaitingReason } from './status/containerStatuses.ts';
import { podStatus, unsupportedMessage } from './status/podStatus.ts';
import type { StatusManager } from './status/statusManager.ts';
import { unsupportedFields } from './unsupportedFields.ts';
import { podDir } from './volumes/paths.ts';
import type { TokenManager } from './volumes/tokens.ts';
import { type MountedVolumes, VolumeError, type VolumeManager } from './volumes/volumeManager.ts';

export interface PodSyncParts {
  runtime: RuntimeCache;
  status: StatusManager;
  probes: ProbeManager;
  volumes: VolumeManager;
  tokens: TokenManager | undefined;
  objects: ReferencedObjects | undefined;
  start: StartServices;
  node: NodeFacts;
}

/** How long after a failure that is not a back-off's. */
const retryAfter = 10_000;
const networkRetryAfter = 1000;

export function createPodSync(k: KubeletContext, p: PodSyncParts): PodHooks {
  const waiting = new Map<string, Map<string, WaitingReason>>();

  interface StatusOptions {
    ending?: boolean;
    ended?: boolean;
    failed?: KillRequest['failed'];
    unsupported?: string[];
  }

  function statusOf(pod: Pod, record: PodRecord, o: StatusOptions = {}): PodStatus {
    const uid = pod.metadata.uid ?? '';
    const old = p.status.get(uid) ?? pod.status ?? ({} as PodStatus);
    // Conditions of others (readiness gates) are only in the API's copy.
    const before = { ...old, conditions: mergeForeign(old, pod.status) };
    return podStatus(pod, record, before, {
      runtimeName: p.node.runtimeName(),
      waiting: (name) => waiting.get(uid)?.get(name),
      started: p.probes.started,
      ready: p.probes.ready,
      hostIPs: p.node.hostIPs(),
      now: k.clock.now(),
      ending: o.ending ?? false,
      ...o,
    });
  }

  function observe(pod: Pod, record: PodRecord): void {
    const ip = pod.spec?.hostNetwork ? p.node.hostIPs()[0] : activeSandbox(record)?.ips[0];
    p.probes.observe(record, ip ?? '');
  }

  const facts = (pod: Pod, record: PodRecord): PodFacts => ({
    podIPs: pod.spec?.hostNetwork ? p.node.hostIPs() : (activeSandbox(record)?.ips ?? []),
    hostIPs: p.node.hostIPs(),
    allocatable: p.node.allocatable(),
  });

  async function mountVolumes(pod: Pod, record: PodRecord): Promise<MountedVolumes> {
    const absent = (what: string) => () => Promise.reject(new Error(`no ${what} without an API server`));
    return p.volumes.mount(pod, {
      configMap: p.objects?.configMap ?? absent('ConfigMaps'),
      secret: p.objects?.secret ?? absent('Secrets'),
      token: p.tokens?.token ?? absent('tokens'),
      facts: facts(pod, record),
      claim: (namespace, name) => k.client?.get(persistentVolumeClaims, name, namespace) ?? absent('claims')(),
      persistentVolume: (name) => k.client?.get(persistentVolumes, name) ?? absent('volumes')(),
      node: p.node.node,
      started: record.containers.length > 0,
    });
  }

  async function pullSecrets(pod: Pod): Promise<Secret[]> {
    const names = (pod.spec?.imagePullSecrets ?? []).map((s) => s.name).filter((n) => n !== undefined);
    const found = await Promise.allSettled(names.map((n) => p.objects?.secret(pod.metadata.namespace ?? '', n)));
    return found.flatMap((f) => (f.status === 'fulfilled' && f.value ? [f.value] : []));
  }

  /** Notes why containers wait, for the status; a container that started waits no more. */
  function noteWaiting(uid: string, outcome: SyncOutcome): void {
    const reasons = waiting.get(uid) ?? new Map<string, WaitingReason>();
    for (const c of outcome.started) reasons.delete(c.name);
    for (const { container, error } of outcome.failures) {
      reasons.set(container.name, { reason: error.reason, message: error.message });
    }
    waiting.set(uid, reasons);
  }

  async function refuse(pod: Pod, record: PodRecord, fields: string[]): Promise<SyncResult> {
    const told = p.status.get(pod.metadata.uid ?? '')?.reason === 'UnsupportedField';
    p.status.set(pod, statusOf(pod, record, { unsupported: fields }));
    if (!told) k.events.event(pod, 'Warning', 'UnsupportedField', unsupportedMessage(fields));
    return {};
  }

  async function sync(pod: Pod, mirror: Pod | undefined, signal: AbortSignal): Promise<SyncResult> {
    const record = await p.runtime.get(pod);
    // Probes first: those of containers that run already carry over what an earlier kubelet had found.
    p.probes.add(pod);
    observe(pod, record);
    const status = statusOf(pod, record);
    if (status.phase === 'Succeeded' || status.phase === 'Failed') {
      p.status.set(pod, status);
      return { end: {} };
    }
    const deadline = activeDeadline(pod, status, k.clock.now());
    if (deadline !== undefined && deadline <= 0) {
      const message = 'Pod was active on the node longer than the specified deadline';
      k.events.event(pod, 'Normal', 'DeadlineExceeded', message);
      return { end: { failed: { reason: 'DeadlineExceeded', message } } };
    }
    const unsupported = unsupportedFields(pod);
    if (unsupported.length && !record.containers.length) return refuse(pod, record, unsupported);
    p.status.set(pod, status);
    if (isStatic(pod)) await ensureMirror(k, pod, mirror, p.node.node());

    const networkError = pod.spec?.hostNetwork ? undefined : p.node.networkError();
    if (networkError && !activeSandbox(record)) {
      k.events.event(pod, 'Warning', 'NetworkNotReady', `network is not ready: ${networkError}`);
      return { after: networkRetryAfter };
    }
    const result = await bringUp(pod, record, signal);
    return sooner(result, deadline);
  }

  /** Volumes, then containers, then a fresh look and report. */
  async function bringUp(pod: Pod, record: PodRecord, signal: AbortSignal): Promise<SyncResult> {
    const uid = pod.metadata.uid ?? '';
    p.objects?.register(pod);
    await mkdir(podDir(k.config.rootDir, uid), { recursive: true, mode: 0o750 });
    let volumes: MountedVolumes;
    try {
      volumes = await mountVolumes(pod, record);
    } catch (error) {
      if (!signal.aborted) k.events.event(pod, 'Warning', 'FailedMount', (error as Error).message);
      return { after: volumeRetry(uid, error) };
    }
    volumeFailures.delete(uid);
    const outcome = await syncContainers(k, p.start, {
      pod,
      record,
      probes: p.probes,
      hostIPs: p.node.hostIPs(),
      secrets: await pullSecrets(pod),
      sandbox: await sandboxSettings(pod),
      mounts: {
        rootDir: k.config.rootDir,
        clusterDomain: k.config['cluster-domain'],
        hostFile: await hostFile(),
        volumes,
      },
      signal,
    });
    noteWaiting(uid, outcome);
    if (!outcome.acted) return {};
    p.runtime.invalidate(uid);
    const after = await p.runtime.get(pod);
    observe(pod, after);
    const status = statusOf(pod, after);
    if (!signal.aborted) p.status.set(pod, status);
    if (status.phase === 'Succeeded' || status.phase === 'Failed') return { end: {} };
    return nextLook(outcome);
  }

  const volumeFailures = new Map<string, number>();
  /** 500 ms, doubling to about two minutes, as upstream's operation executor; claims are not watched, so sooner while one is made. */
  function volumeRetry(uid: string, error: unknown): number {
    const most = error instanceof VolumeError && error.waitsForClaim ? 4_000 : 122_000;
    const wait = Math.min((volumeFailures.get(uid) ?? 250) * 2, most);
    volumeFailures.set(uid, wait);
    return wait;
  }

  const sandboxSettings = async (pod: Pod) => {
    const { config } = k;
    const resolvConf = config['resolv-conf'] ? await readFile(config['resolv-conf'], 'utf8').catch(() => '') : '';
    const dnsSettings = { clusterDNS: config['cluster-dns'], clusterDomain: config['cluster-domain'], resolvConf };
    return {
      nodeName: config.nodeName,
      podLogsDir: config.podLogsDir,
      dns: podDns(pod, dnsSettings),
      clusterDomain: config['cluster-domain'],
      seccompFolder: p.start.seccompFolder,
      cgroupDriver: config['cgroup-driver'],
    };
  };

  return {
    sync,
    async terminate(pod, kill, signal) {
      const uid = pod.metadata.uid ?? '';
      p.runtime.invalidate(uid);
      const record = await p.runtime.get(pod);
      observe(pod, record);
      p.status.set(pod, statusOf(pod, record, { failed: kill.failed }));
      p.probes.stopRestarting(uid);
      try {
        await killPod(k, pod, record, { grace: kill.grace, signal });
      } catch (error) {
        if (!signal.aborted)
          k.events.event(pod, 'Warning', 'FailedKillPod', `error killing pod: ${(error as Error).message}`);
        throw error;
      }
      p.probes.remove(uid);
      p.runtime.invalidate(uid);
      const after = await p.runtime.get(pod);
      if (hasRunningContainers(after)) throw new Error('containers still run after they were stopped');
      p.status.set(pod, statusOf(pod, after, { ending: true, ended: true, failed: kill.failed }));
    },
    async terminated(pod) {
      const uid = pod.metadata.uid ?? '';
      await p.volumes.remove(uid);
      p.objects?.unregister(uid);
      p.tokens?.forget(uid);
      waiting.delete(uid);
      volumeFailures.delete(uid);
      p.start.backOff.forget(uid);
      p.start.images.forget(uid);
      p.status.finished(uid);
    },
    async forget(pod) {
      await p.runtime.remove(pod);
      await rm(podLogDirectory(k.config.podLogsDir, pod), { recursive: true, force: true });
      p.status.forget(pod.metadata.uid ?? '');
    },
  };
}

const hostFile = (): Promise<string> => readFile('/etc/hosts', 'utf8').catch(() => '');

/** Milliseconds that the pod may still be active; undefined when it has no deadline. */
export function activeDeadline(pod: Pod, status: PodStatus, now: number): number | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  if (seconds == null || !status.startTime) return undefined;
  return Date.parse(status.startTime) + seconds * 1000 - now;
}

const sooner = (result: SyncResult, deadline: number | undefined): SyncResult =>
  deadline === undefined
    ? result
    : { ...result, after: Math.min(result.after ?? Number.POSITIVE_INFINITY, deadline + 50) };

/** At the end of the shortest back-off; after other failures in 10 s; else when something happens. */
function nextLook(outcome: SyncOutcome): SyncResult {
  const waits = outcome.failures.map((f) => f.error.after ?? retryAfter);
  if (outcome.error) waits.push(retryAfter);
  return waits.length ? { after: Math.max(100, Math.min(...waits)) } : {};
}

/** Conditions of this kubelet as it last computed them; those of others as the API server has them. */
const mergeForeign = (own: PodStatus, api: PodStatus | undefined) => {
  const ours = (c: { type: string }) => (ownConditions as readonly string[]).includes(c.type);
  return [...(own.conditions ?? []).filter(ours), ...(api?.conditions ?? []).filter((c) => !ours(c))];
};
