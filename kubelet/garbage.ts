// What the runtime keeps and nobody needs: old instances of containers with their logs, old sandboxes.
// Reads: CRI lists. Writes: CRI RemoveContainer and RemovePodSandbox, log files.
// Mirrors: pkg/kubelet/kuberuntime/kuberuntime_gc.go. Next: kubelet.ts runs it every minute.
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sleep } from '../client/backoff.ts';
import type { Container, PodSandbox } from '../cri/types.ts';
import { containerLogPath } from './container/containerConfig.ts';
import { labelNames, readContainerAnnotations } from './container/labels.ts';
import type { KubeletContext } from './context.ts';

const every = 60_000;

/** `live`: is the pod still wanted by its source? What is not is removed by its worker. */
export async function collectGarbage(
  k: KubeletContext,
  live: (uid: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  for (await sleep(k.clock, every, signal); !signal.aborted; await sleep(k.clock, every, signal)) {
    await collectOnce(k, live).catch((error) => k.log.info({ error: String(error) }, 'garbage not collected'));
  }
}

export async function collectOnce(k: KubeletContext, live: (uid: string) => boolean): Promise<void> {
  const { containers } = await k.cri.runtime.listContainers({});
  const keep = k.config['maximum-dead-containers-per-container'];
  for (const c of deadContainers(
    containers.filter((x) => live(uidOf(x))),
    keep,
  )) {
    await k.cri.runtime.removeContainer({ containerId: c.id });
    await removeLogs(k.config.podLogsDir, c);
  }
  const { items } = await k.cri.runtime.listPodSandbox({});
  const used = new Set((await k.cri.runtime.listContainers({})).containers.map((c) => c.podSandboxId));
  for (const s of deadSandboxes(
    items.filter((x) => live(uidOf(x))),
    used,
  )) {
    await k.cri.runtime.removePodSandbox({ podSandboxId: s.id });
  }
}

const uidOf = (x: { labels: Record<string, string> }): string => x.labels[labelNames.podUid] ?? '';

/** All but the newest `keep` that ended, for each container of each pod. Pure. */
export function deadContainers(containers: Container[], keep: number): Container[] {
  const groups = new Map<string, Container[]>();
  for (const c of containers) {
    if (!uidOf(c) || c.state === 'CONTAINER_RUNNING' || c.state === 'CONTAINER_CREATED') continue;
    const key = `${uidOf(c)}/${c.labels[labelNames.containerName]}`;
    groups.set(key, [...(groups.get(key) ?? []), c]);
  }
  return [...groups.values()].flatMap((g) =>
    g.sort((a, b) => Number(b.createdAt - a.createdAt)).slice(Math.max(keep, 0)),
  );
}

/** Those that are down, hold no container and are not their pod's newest. Pure. */
export function deadSandboxes(sandboxes: PodSandbox[], used: ReadonlySet<string>): PodSandbox[] {
  const newest = new Map<string, PodSandbox>();
  for (const s of sandboxes) {
    const known = newest.get(uidOf(s));
    if (!known || s.createdAt > known.createdAt) newest.set(uidOf(s), s);
  }
  return sandboxes.filter((s) => {
    return uidOf(s) && s.state === 'SANDBOX_NOTREADY' && !used.has(s.id) && newest.get(uidOf(s)) !== s;
  });
}

/** The log of that instance, with what was rotated out of it. */
async function removeLogs(podLogsDir: string, c: Container): Promise<void> {
  const {
    [labelNames.podNamespace]: namespace,
    [labelNames.podName]: name,
    [labelNames.containerName]: container,
  } = c.labels;
  const attempt = readContainerAnnotations(c.annotations).restartCount;
  const file = join(podLogsDir, `${namespace}_${name}_${uidOf(c)}`, containerLogPath(container ?? '', attempt));
  for (const entry of await readdir(dirname(file)).catch(() => [])) {
    if (entry === `${attempt}.log` || entry.startsWith(`${attempt}.log.`))
      await rm(join(dirname(file), entry), { force: true });
  }
}
