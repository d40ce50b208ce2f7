// Ends containers in grace: preStop hook, then the runtime's stop with what is left of the grace period; sidecars last.
// Reads: pod, records. Writes: events Killing and FailedPreStopHook, CRI StopContainer and StopPodSandbox.
// Mirrors: pkg/kubelet/kuberuntime/kuberuntime_container.go (killContainer, killContainersWithSyncResult).
// Next: podSync.ts.
import type { Container, Pod } from '../../apimachinery/types.ts';
import { isNotFound } from '../../cri/error.ts';
import { type KubeletContext, spanned } from '../context.ts';
import { runHook } from '../hooks.ts';
import type { KillPlan } from './killReasons.ts';
import type { ContainerRecord, PodRecord } from './records.ts';
import { containerReference } from './reference.ts';
import { restartableInit } from './restartPolicy.ts';

/** Seconds that a container gets at least between SIGTERM and SIGKILL, whatever a hook has used up. */
const minimumGrace = 2;

export interface KillOptions {
  /** Seconds, instead of the pod's. */
  grace?: number;
  signal: AbortSignal;
}

/** Seconds: the deletion's, else (for a probe) the probe's own, else the pod's. */
export function gracePeriod(pod: Pod, container: Container | undefined, reason: KillPlan['reason']): number {
  if (pod.metadata.deletionGracePeriodSeconds != null) return pod.metadata.deletionGracePeriodSeconds;
  const own =
    reason === 'livenessProbe'
      ? container?.livenessProbe
      : reason === 'startupProbe'
        ? container?.startupProbe
        : undefined;
  return own?.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? minimumGrace;
}

export interface KillTarget {
  pod: Pod;
  /** Absent for a container whose pod is no longer known. */
  container?: Container;
  record: ContainerRecord;
  podIP: string;
  reason: KillPlan['reason'];
  /** The text of the Killing event; absent: `Stopping container <name>`. */
  message?: string;
}

export async function killContainer(k: KubeletContext, t: KillTarget, o: KillOptions): Promise<void> {
  const { pod, container, record } = t;
  const about = containerReference(pod, container ?? ({ name: record.name } as Container));
  let grace = o.grace ?? gracePeriod(pod, container, t.reason);
  k.events.event(about, 'Normal', 'Killing', t.message ?? `Stopping container ${record.name}`);
  if (container?.lifecycle?.preStop && grace > 0) grace -= await preStop(k, t, grace, o.signal);
  const timeout = Math.max(grace, minimumGrace);
  await spanned(k, pod, 'StopContainer', record.name, () =>
    k.cri.runtime.stopContainer({ containerId: record.id, timeout }, { signal: o.signal }).catch((error) => {
      if (!isNotFound(error)) throw error;
      return {};
    }),
  );
}

/** Runs the hook for at most the grace period; answers with the whole seconds that it took. */
async function preStop(k: KubeletContext, t: KillTarget, grace: number, signal: AbortSignal): Promise<number> {
  const begun = k.clock.now();
  const until = AbortSignal.any([signal, AbortSignal.timeout(grace * 1000)]);
  const target = { pod: t.pod, container: t.container!, containerId: t.record.id, podIP: t.podIP, signal: until };
  const over = new Promise<void>((resolve) => until.addEventListener('abort', () => resolve(), { once: true }));
  const hook = runHook(k, t.container!.lifecycle!.preStop!, target).catch((error: Error) => {
    k.log.info({ pod: t.pod.metadata.name, error: error.message }, 'preStop hook failed');
    k.events.event(containerReference(t.pod, t.container!), 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
  });
  await Promise.race([hook, over]);
  return Math.floor((k.clock.now() - begun) / 1000);
}

/** Ends all that runs of the pod, then its sandboxes. Rejects when anything could not be ended. */
export async function killPod(k: KubeletContext, pod: Pod, record: PodRecord, o: KillOptions): Promise<void> {
  const spec = pod.spec;
  const all = [
    ...(spec?.containers ?? []),
    ...(spec?.initContainers ?? []),
    ...((spec?.ephemeralContainers ?? []) as Container[]),
  ];
  const running = record.containers.filter((c) => c.state === 'running' || c.state === 'unknown');
  const specOf = (c: ContainerRecord) => all.find((x) => x.name === c.name);
  const podIP = record.sandboxes.find((s) => s.ready)?.ips[0] ?? '';
  const sidecars = (spec?.initContainers ?? []).filter(restartableInit).map((c) => c.name);
  const kill = (c: ContainerRecord, grace?: number) =>
    killContainer(k, { pod, container: specOf(c), record: c, podIP, reason: 'podKilled' }, { ...o, grace });
  const begun = k.clock.now();
  await settled(running.filter((c) => !sidecars.includes(c.name)).map((c) => kill(c, o.grace)));
  for (const name of sidecars.toReversed()) {
    const total = o.grace ?? gracePeriod(pod, undefined, 'podKilled');
    const left = Math.max(0, total - Math.floor((k.clock.now() - begun) / 1000));
    await settled(running.filter((c) => c.name === name).map((c) => kill(c, left)));
  }
  await settled(record.sandboxes.map((s) => stopSandbox(k, pod, s.id)));
}

async function stopSandbox(k: KubeletContext, pod: Pod, id: string): Promise<void> {
  try {
    await spanned(k, pod, 'StopPodSandbox', '', () => k.cri.runtime.stopPodSandbox({ podSandboxId: id }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** All are tried; the first failure is thrown afterwards. */
async function settled(work: Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}
