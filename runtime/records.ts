// What the simulated runtime remembers of a sandbox, a container and an image: plain values that JSON holds.
// Written by sandboxes.ts, containers.ts and images.ts; kept by store.ts; shown by status.ts.
import type { Sent } from '../cri/messages.ts';
import type { ContainerConfig, NamespaceOption, PodSandboxMetadata } from '../cri/types.ts';
import type { Micros } from './clock.ts';

export interface SandboxRecord {
  id: string;
  metadata: PodSandboxMetadata;
  hostname: string;
  logDirectory: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  namespaces: Sent<NamespaceOption>;
  runtimeHandler: string;
  ready: boolean;
  createdAt: Micros;
  /** Empty for pods in the host's network, and after the stop. */
  ips: string[];
}

export interface ContainerRecord {
  id: string;
  sandboxId: string;
  name: string;
  attempt: number;
  /** The image as CreateContainer named it, and as the store knows it. */
  image: string;
  imageId: string;
  imageRef: string;
  state: 'created' | 'running' | 'exited';
  createdAt: Micros;
  startedAt: Micros;
  finishedAt: Micros;
  exitCode: number;
  reason: string;
  message: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  mounts: Sent<ContainerConfig['mounts']>;
  resources: object | null;
  user: object | null;
  stopSignal: ContainerConfig['stopSignal'];
  /** Absolute; empty when nothing is logged. */
  logPath: string;
  /** Of the simulated shell: `NAME=value`, command and arguments, and what attach may do. Absent in records of before. */
  envs?: string[];
  command?: string[];
  stdin?: boolean;
  tty?: boolean;
  /** It made the file of exit-if-file when it started: it does not exit by itself. */
  runsOn?: boolean;
  /** Repeated log lines written before the log was last reopened: where counting goes on after a restart. */
  loggedLines: number;
}

export interface ImageRecord {
  id: string;
  tags: string[];
  digests: string[];
  size: number;
  pulledAt: Micros;
}

/** A copy in which 64-bit integers are numbers: what a request's part becomes before it is kept. */
export const plain = <T>(value: T): any =>
  JSON.parse(JSON.stringify(value ?? null, (_, v) => (typeof v === 'bigint' ? Number(v) : v)));
