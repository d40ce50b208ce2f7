// What the runtime says about one pod, in the kubelet's own words: sandboxes and containers, newest first.
// Reads: nothing (types and look-ups). Written by: inspect.ts, from CRI messages.
// Mirrors: pkg/kubelet/container/runtime.go (PodStatus, Status). Next: computePodActions.ts and status/.

export type ContainerRecordState = 'created' | 'running' | 'exited' | 'unknown';

/** One container as it was created; times are milliseconds, 0 when not reached. */
export interface ContainerRecord {
  id: string;
  name: string;
  sandboxId: string;
  state: ContainerRecordState;
  createdAt: number;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  reason: string;
  message: string;
  image: string;
  imageId: string;
  /** Hash of the container's definition when it was created; empty for a container that is not the kubelet's. */
  hash: string;
  restartCount: number;
  /** File name inside the pod's log directory, or a full path. */
  logPath: string;
  user?: { uid: number; gid: number; supplementalGroups: number[] };
}

export interface SandboxRecord {
  id: string;
  attempt: number;
  ready: boolean;
  createdAt: number;
  hostNetwork: boolean;
  ips: string[];
}

export interface PodRecord {
  uid: string;
  name: string;
  namespace: string;
  sandboxes: SandboxRecord[];
  containers: ContainerRecord[];
}

export const emptyRecord = (uid: string, name: string, namespace: string): PodRecord => ({
  uid,
  name,
  namespace,
  sandboxes: [],
  containers: [],
});

/** The newest container of that name, from whatever sandbox. */
export const newestContainer = (record: PodRecord, name: string): ContainerRecord | undefined =>
  record.containers.find((c) => c.name === name);

/** The sandbox in which the pod lives now, if it is up. */
export const activeSandbox = (record: PodRecord): SandboxRecord | undefined => {
  const newest = record.sandboxes[0];
  return newest?.ready ? newest : undefined;
};

/** Does anything of the pod still run? */
export const hasRunningContainers = (record: PodRecord): boolean =>
  record.containers.some((c) => c.state === 'running');
