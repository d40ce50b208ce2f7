// Carries out what computePodActions.ts decided: kill, make the sandbox, start init containers, then the others.
// Reads: the plan. Writes: CRI calls, events. Mirrors: pkg/kubelet/kuberuntime/kuberuntime_manager.go (SyncPod).
// Next: podSync.ts, which looks again afterwards.
import type { Container, Pod, Secret } from '../../apimachinery/types.ts';
import type { Sent } from '../../cri/messages.ts';
import type { PodSandboxConfig } from '../../cri/types.ts';
import { type KubeletContext, spanned } from '../context.ts';
import { computePodActions, type PodActions } from './computePodActions.ts';
import { killContainer, killPod } from './killContainer.ts';
import type { ProbeView } from './killReasons.ts';
import type { MountSettings } from './mounts.ts';
import type { PodRecord } from './records.ts';
import { type SandboxSettings, sandboxConfig } from './sandboxConfig.ts';
import { type StartServices, startContainer } from './startContainer.ts';
import { StartError } from './startError.ts';

export interface SyncInput {
  pod: Pod;
  record: PodRecord;
  probes: ProbeView;
  hostIPs: string[];
  secrets: readonly Secret[];
  sandbox: Omit<SandboxSettings, 'attempt'>;
  mounts: Omit<MountSettings, 'env' | 'podIPs'>;
  signal: AbortSignal;
}

export interface SyncOutcome {
  /** Did the plan hold anything to do? Then the pod should be looked at again. */
  acted: boolean;
  failures: { container: Container; error: StartError }[];
  started: Container[];
  /** What went wrong with the pod as a whole. */
  error?: Error;
}

export async function syncContainers(k: KubeletContext, s: StartServices, i: SyncInput): Promise<SyncOutcome> {
  const plan = computePodActions(i.pod, i.record, i.probes);
  const out: SyncOutcome = { acted: hasWork(plan), failures: [], started: [] };
  if (plan.createSandbox && i.record.sandboxes.length) {
    k.events.event(i.pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
  }
  try {
    if (plan.killPod) await killPod(k, i.pod, i.record, { signal: i.signal });
    else await killPlanned(k, i, plan);
  } catch (error) {
    k.events.event(i.pod, 'Warning', 'FailedKillPod', `error killing pod: ${(error as Error).message}`);
    return { ...out, error: error as Error };
  }
  if (plan.killPod && !plan.createSandbox) return out;
  const config = sandboxConfig(i.pod, { ...i.sandbox, attempt: plan.attempt });
  const place = plan.createSandbox ? await createSandbox(k, i, config, out) : existing(i.record, plan.sandboxId!);
  if (!place || i.signal.aborted) return out;
  for (const container of [...plan.startEphemeral, ...plan.startInit, ...plan.start]) {
    if (i.signal.aborted) break;
    await startOne(k, s, i, out, { ...place, config, container });
  }
  return out;
}

const hasWork = (p: PodActions): boolean =>
  p.killPod || p.createSandbox || p.kill.length + p.start.length + p.startInit.length + p.startEphemeral.length > 0;

interface Place {
  sandboxId: string;
  ips: string[];
}

const existing = (record: PodRecord, sandboxId: string): Place => ({
  sandboxId,
  ips: record.sandboxes.find((s) => s.id === sandboxId)?.ips ?? [],
});

async function killPlanned(k: KubeletContext, i: SyncInput, plan: PodActions): Promise<void> {
  const podIP = i.record.sandboxes[0]?.ips[0] ?? '';
  await Promise.all(
    plan.kill.map(({ record, container, reason, message }) =>
      killContainer(k, { pod: i.pod, container, record, podIP, reason, message }, { signal: i.signal }),
    ),
  );
}

async function createSandbox(
  k: KubeletContext,
  i: SyncInput,
  config: Sent<PodSandboxConfig>,
  out: SyncOutcome,
): Promise<Place | undefined> {
  try {
    const { podSandboxId } = await spanned(k, i.pod, 'RunPodSandbox', '', () =>
      k.cri.runtime.runPodSandbox({ config, runtimeHandler: '' }, { signal: i.signal }),
    );
    const { status } = await k.cri.runtime.podSandboxStatus({ podSandboxId });
    const ips = [status?.network?.ip ?? '', ...(status?.network?.additionalIps ?? []).map((a) => a.ip)].filter(Boolean);
    return { sandboxId: podSandboxId, ips };
  } catch (error) {
    // The pod is being taken away meanwhile: nobody needs to hear of it.
    if (i.signal.aborted) return undefined;
    const text = `Failed to create pod sandbox: ${(error as Error).message}`;
    k.events.event(i.pod, 'Warning', 'FailedCreatePodSandBox', text);
    out.error = error as Error;
    return undefined;
  }
}

async function startOne(
  k: KubeletContext,
  s: StartServices,
  i: SyncInput,
  out: SyncOutcome,
  o: Place & { config: Sent<PodSandboxConfig>; container: Container },
): Promise<void> {
  const podIPs = i.pod.spec?.hostNetwork ? i.hostIPs : o.ips;
  try {
    await startContainer(k, s, {
      ...i,
      container: o.container,
      sandboxId: o.sandboxId,
      sandboxConfig: o.config,
      podIPs,
    });
    out.started.push(o.container);
  } catch (error) {
    if (error instanceof StartError) out.failures.push({ container: o.container, error });
    else if (!i.signal.aborted) out.error = error as Error;
  }
}
