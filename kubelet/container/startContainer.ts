// Starts one container: back-off, image, configuration, create, start, postStart hook.
// Reads: pod, records, what env/, volumes/ and images/ make. Writes: CRI CreateContainer and StartContainer, events.
// Mirrors: pkg/kubelet/kuberuntime/kuberuntime_container.go (startContainer). Next: syncContainers.ts.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, ObjectReference, Pod, Secret } from '../../apimachinery/types.ts';
import { CriError } from '../../cri/error.ts';
import type { Sent } from '../../cri/messages.ts';
import type { ContainerConfig, PodSandboxConfig } from '../../cri/types.ts';
import type { BackOff } from '../backOff.ts';
import { type KubeletContext, podText, spanned } from '../context.ts';
import { runHook } from '../hooks.ts';
import type { ImageManager, ReadyImage } from '../images/imageManager.ts';
import { containerConfig } from './containerConfig.ts';
import { containerHash } from './containerHash.ts';
import { containerMounts, type MountSettings } from './mounts.ts';
import { type ContainerRecord, newestContainer, type PodRecord } from './records.ts';
import { containerReference } from './reference.ts';
import { podLogDirectory } from './sandboxConfig.ts';
import { rootRefusal } from './securityContext.ts';
import { StartError, type StartFailure } from './startError.ts';

/** What starting containers needs beyond the context; made once a node. */
export interface StartServices {
  images: ImageManager;
  backOff: BackOff;
  memoryCapacity: number;
  seccompFolder: string;
  env(pod: Pod, container: Container, podIPs: string[]): Promise<Map<string, string>>;
}

export interface StartOptions {
  pod: Pod;
  container: Container;
  record: PodRecord;
  sandboxId: string;
  sandboxConfig: Sent<PodSandboxConfig>;
  podIPs: string[];
  secrets: readonly Secret[];
  mounts: Omit<MountSettings, 'env' | 'podIPs'>;
  signal: AbortSignal;
}

/** Rejects with a StartError: the reason for which the container waits. */
export async function startContainer(k: KubeletContext, s: StartServices, o: StartOptions): Promise<void> {
  const about = containerReference(o.pod, o.container);
  checkBackOff(k, s, o, about);
  const image = await s.images.ensure({ ...o, about }).catch((error: unknown) => {
    if (error instanceof StartError) k.events.event(about, 'Warning', 'Failed', `Error: ${error.reason}`);
    throw error;
  });
  const config = await step(k, about, 'CreateContainerConfigError', () => configOf(k, s, o, image));
  const { containerId } = await step(k, about, 'CreateContainerError', async () => {
    const last = newestContainer(o.record, o.container.name);
    if (last?.state === 'created') await k.cri.runtime.removeContainer({ containerId: last.id });
    return spanned(k, o.pod, 'CreateContainer', o.container.name, () =>
      k.cri.runtime.createContainer({ podSandboxId: o.sandboxId, config, sandboxConfig: o.sandboxConfig }),
    );
  });
  k.events.event(about, 'Normal', 'Created', 'Container created');
  await step(k, about, 'RunContainerError', () =>
    spanned(k, o.pod, 'StartContainer', o.container.name, () => k.cri.runtime.startContainer({ containerId })),
  );
  k.events.event(about, 'Normal', 'Started', 'Container started');
  if (o.container.lifecycle?.postStart) await postStart(k, o, containerId, about);
}

/**
 * A container that ended lately waits: 10 s, doubling with each start. One that was killed in this very sync (a probe failed) is still
 * running in the record, so the end before that one counts.
 */
function checkBackOff(k: KubeletContext, s: StartServices, o: StartOptions, about: ObjectReference): void {
  const { pod, container } = o;
  const last = o.record.containers.find((c) => c.name === container.name && c.state === 'exited');
  if (!last) return;
  const key = `${pod.metadata.uid}_${container.name}_${containerHash(container)}`;
  const wait = s.backOff.remaining(key, last.finishedAt);
  if (wait > 0) {
    const text = `Back-off restarting failed container ${container.name} in pod ${podText(pod)}`;
    k.events.event(about, 'Warning', 'BackOff', text);
    const seconds = s.backOff.current(key) / 1000;
    const span = seconds >= 60 ? `${Math.floor(seconds / 60)}m${seconds % 60}s` : `${seconds}s`;
    throw new StartError(
      'CrashLoopBackOff',
      `back-off ${span} restarting failed container=${container.name} pod=${podText(pod)}`,
      wait,
    );
  }
  s.backOff.next(key, last.finishedAt);
}

async function configOf(
  k: KubeletContext,
  s: StartServices,
  o: StartOptions,
  image: ReadyImage,
): Promise<Sent<ContainerConfig>> {
  const { pod, container } = o;
  const refusal = rootRefusal(pod, container, image.image);
  if (refusal) throw new Error(refusal);
  const env = await s.env(pod, container, o.podIPs);
  const mounts = await containerMounts(pod, container, { ...o.mounts, env, podIPs: o.podIPs });
  const last = newestContainer(o.record, container.name);
  const logs = join(podLogDirectory(k.config.podLogsDir, pod), container.name);
  await mkdir(logs, { recursive: true });
  const target = (container as { targetContainerName?: string }).targetContainerName;
  return containerConfig(pod, container, {
    restartCount: await attemptNumber(last, logs),
    imageRef: image.ref,
    image: image.image,
    env,
    mounts,
    memoryCapacity: s.memoryCapacity,
    seccompFolder: s.seccompFolder,
    targetId: target ? newestContainer(o.record, target)?.id : undefined,
  });
}

/** One that was made but never ran (its kubelet died between the two calls) is no restart: its number is used again. */
async function attemptNumber(last: ContainerRecord | undefined, logs: string): Promise<number> {
  if (!last) return attemptsInLogs(logs);
  return last.state === 'created' ? last.restartCount : last.restartCount + 1;
}

/** When the runtime has forgotten a container, its logs still tell how often it was started. */
async function attemptsInLogs(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const attempts = names.map((n) => /^(\d+)\.log/.exec(n)?.[1]).filter((n) => n !== undefined);
  return attempts.length ? Math.max(...attempts.map(Number)) + 1 : 0;
}

/** Turns a failure into the event and the waiting reason of its step. */
async function step<T>(
  k: KubeletContext,
  about: ObjectReference,
  reason: StartFailure,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof CriError ? error.details : (error as Error).message;
    k.events.event(about, 'Warning', 'Failed', `Error: ${message}`);
    throw new StartError(reason, message);
  }
}

async function postStart(
  k: KubeletContext,
  o: StartOptions,
  containerId: string,
  about: ObjectReference,
): Promise<void> {
  const target = { ...o, containerId, podIP: o.podIPs[0] ?? '' };
  try {
    await runHook(k, o.container.lifecycle!.postStart!, target);
  } catch (error) {
    if (o.signal.aborted) return;
    k.log.info({ pod: o.pod.metadata.name, error: (error as Error).message }, 'postStart hook failed');
    k.events.event(about, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
    k.events.event(about, 'Normal', 'Killing', 'FailedPostStartHook');
    const timeout = o.pod.spec?.terminationGracePeriodSeconds ?? 2;
    await k.cri.runtime.stopContainer({ containerId, timeout }).catch(() => undefined);
    throw new StartError('PostStartHookError', (error as Error).message);
  }
}
