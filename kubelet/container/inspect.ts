// Asks the runtime what there is of a pod, or of all pods.
// Reads: CRI list and status calls, termination message files and logs. Writes: PodRecords.
// Mirrors: pkg/kubelet/kuberuntime/kuberuntime_manager.go (GetPodStatus, GetPods). Next: computePodActions.ts, pleg.ts.
import { open } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { RuntimeConnection } from '../../cri/client.ts';
import { isNotFound } from '../../cri/error.ts';
import type { Container, ContainerStatus, PodSandbox, PodSandboxStatus } from '../../cri/types.ts';
import { labelNames, readContainerAnnotations } from './labels.ts';
import type { ContainerRecord, ContainerRecordState, PodRecord, SandboxRecord } from './records.ts';

const states: Record<string, ContainerRecordState> = {
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
  CONTAINER_UNKNOWN: 'unknown',
};

const ms = (ns: bigint): number => Number(ns / 1_000_000n);

export interface PodName {
  uid: string;
  name: string;
  namespace: string;
}

/** Everything of one pod, in full. `logDirectory`: where its logs lie, for last words taken from a log. */
export async function inspectPod(cri: RuntimeConnection, pod: PodName, logDirectory: string): Promise<PodRecord> {
  const labelSelector = { [labelNames.podUid]: pod.uid };
  const [sandboxes, containers] = await Promise.all([
    cri.runtime.listPodSandbox({ filter: { labelSelector } }),
    cri.runtime.listContainers({ filter: { labelSelector } }),
  ]);
  const [sandboxRecords, containerRecords] = await Promise.all([
    Promise.all(sandboxes.items.map((s) => sandboxRecord(cri, s))),
    Promise.all(containers.containers.map((c) => containerRecord(cri, c, logDirectory))),
  ]);
  return {
    ...pod,
    sandboxes: sandboxRecords
      .filter((s) => s !== undefined)
      .sort((a, b) => b.createdAt - a.createdAt || b.attempt - a.attempt),
    containers: containerRecords
      .filter((c) => c !== undefined)
      .sort((a, b) => b.createdAt - a.createdAt || b.restartCount - a.restartCount),
  };
}

async function sandboxRecord(cri: RuntimeConnection, s: PodSandbox): Promise<SandboxRecord | undefined> {
  const status = await orGone(cri.runtime.podSandboxStatus({ podSandboxId: s.id }));
  return status?.status ? toSandboxRecord(status.status) : undefined;
}

function toSandboxRecord(s: PodSandboxStatus): SandboxRecord {
  const hostNetwork = s.linux?.namespaces?.options?.network === 'NODE';
  const ips = [s.network?.ip ?? '', ...(s.network?.additionalIps ?? []).map((a) => a.ip)].filter(Boolean);
  return {
    id: s.id,
    attempt: s.metadata?.attempt ?? 0,
    ready: s.state === 'SANDBOX_READY',
    createdAt: ms(s.createdAt),
    hostNetwork,
    ips,
  };
}

async function containerRecord(
  cri: RuntimeConnection,
  c: Container,
  logs: string,
): Promise<ContainerRecord | undefined> {
  const answer = await orGone(cri.runtime.containerStatus({ containerId: c.id }));
  const s = answer?.status;
  if (!s) return undefined;
  const noted = readContainerAnnotations(s.annotations);
  const user = s.user?.linux;
  return {
    id: s.id,
    name: c.labels[labelNames.containerName] ?? s.metadata?.name ?? '',
    sandboxId: c.podSandboxId,
    state: states[s.state] ?? 'unknown',
    createdAt: ms(s.createdAt),
    startedAt: ms(s.startedAt),
    finishedAt: ms(s.finishedAt),
    exitCode: s.exitCode,
    reason: s.reason,
    message: s.state === 'CONTAINER_EXITED' ? await lastWords(s, noted, logs) : '',
    image: s.image?.userSpecifiedImage || s.image?.image || '',
    imageId: s.imageRef,
    hash: noted.hash,
    restartCount: noted.restartCount,
    logPath: s.logPath,
    ...(user
      ? {
          user: {
            uid: Number(user.uid),
            gid: Number(user.gid),
            supplementalGroups: user.supplementalGroups.map(Number),
          },
        }
      : {}),
  };
}

/** What was listed may be gone when it is asked for. */
async function orGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const maxMessage = 4096;
const maxLogMessage = 2048;
const maxLogLines = 80;

/** The container's termination message: its file, else (if so asked, and it failed) the end of its log. */
async function lastWords(
  s: ContainerStatus,
  noted: ReturnType<typeof readContainerAnnotations>,
  logs: string,
): Promise<string> {
  const path = noted.terminationMessagePath;
  const mount = path ? s.mounts.find((m) => m.containerPath === path) : undefined;
  const text = mount ? await head(mount.hostPath, maxMessage) : '';
  if (text || noted.terminationMessagePolicy !== 'FallbackToLogsOnError' || s.exitCode === 0) return text || s.message;
  const log = isAbsolute(s.logPath) ? s.logPath : join(logs, s.logPath);
  return (await logTail(log)) || s.message;
}

/** At most `length` bytes from the file's start; empty when it cannot be read. */
async function head(path: string, length: number): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (!file) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  } finally {
    await file.close();
  }
}

/** The last lines of a CRI log, without their time, stream and tag. */
async function logTail(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, 64 * 1024);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer
      .toString('utf8')
      .split('\n')
      .slice(length < size ? 1 : 0);
    const texts = lines.filter(Boolean).slice(-maxLogLines).map(logText);
    return texts.join('').slice(-maxLogMessage);
  } finally {
    await file.close();
  }
}

/** `<time> <stream> <P|F> <text>`: the text, with its line end when the line is full. */
function logText(line: string): string {
  const m = /^\S+ \S+ (\S+) (.*)$/s.exec(line);
  if (!m) return '';
  return m[1]!.startsWith('P') ? m[2]! : `${m[2]}\n`;
}

/** The bare outline of all pods in the runtime: what PLEG compares. */
export interface PodOutline extends PodName {
  sandboxes: Map<string, string>;
  containers: Map<string, string>;
}

/** Only what a kubelet made: other sandboxes and containers carry no pod uid. */
export async function outlinePods(cri: RuntimeConnection): Promise<Map<string, PodOutline>> {
  const [sandboxes, containers] = await Promise.all([cri.runtime.listPodSandbox({}), cri.runtime.listContainers({})]);
  const pods = new Map<string, PodOutline>();
  const outline = (labels: Record<string, string>): PodOutline | undefined => {
    const uid = labels[labelNames.podUid];
    if (!uid) return undefined;
    let found = pods.get(uid);
    if (!found) {
      const name = labels[labelNames.podName] ?? '';
      const namespace = labels[labelNames.podNamespace] ?? '';
      found = { uid, name, namespace, sandboxes: new Map(), containers: new Map() };
      pods.set(uid, found);
    }
    return found;
  };
  for (const s of sandboxes.items) outline(s.labels)?.sandboxes.set(s.id, s.state);
  for (const c of containers.containers) outline(c.labels)?.containers.set(c.id, c.state);
  return pods;
}
