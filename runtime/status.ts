// The runtime's records as CRI messages.
// Pure. Used by: sandboxes.ts, containers.ts, events.ts.
import type { Sent } from '../cri/messages.ts';
import type { Container, ContainerState, ContainerStatus, PodSandbox, PodSandboxStatus } from '../cri/types.ts';
import { toNanos } from './clock.ts';
import type { ContainerRecord, SandboxRecord } from './records.ts';

/** The `info` map of verbose answers, which crictl prints as JSON. */
export const verboseInfo = (verbose: boolean, key: string, value: object): Record<string, string> =>
  verbose ? { [key]: JSON.stringify(value) } : {};

/** Does `labels` have all that the selector asks for? */
export const matches = (labels: Record<string, string>, selector: Record<string, string> = {}): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

export const sandboxItem = (s: SandboxRecord): Sent<PodSandbox> => ({
  id: s.id,
  metadata: s.metadata,
  state: s.ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
  createdAt: toNanos(s.createdAt),
  labels: s.labels,
  annotations: s.annotations,
  runtimeHandler: s.runtimeHandler,
});

export const sandboxStatus = (s: SandboxRecord): Sent<PodSandboxStatus> => ({
  ...sandboxItem(s),
  network: { ip: s.ips[0] ?? '', additionalIps: s.ips.slice(1).map((ip) => ({ ip })) },
  linux: { namespaces: { options: s.namespaces } },
});

const states: Record<ContainerRecord['state'], ContainerState> = {
  created: 'CONTAINER_CREATED',
  running: 'CONTAINER_RUNNING',
  exited: 'CONTAINER_EXITED',
};
export const stateOf = (c: ContainerRecord): ContainerState => states[c.state];

export const containerItem = (c: ContainerRecord): Sent<Container> => ({
  id: c.id,
  podSandboxId: c.sandboxId,
  metadata: { name: c.name, attempt: c.attempt },
  image: { image: c.image, userSpecifiedImage: c.image },
  imageId: c.imageId,
  imageRef: c.imageRef,
  state: stateOf(c),
  createdAt: toNanos(c.createdAt),
  labels: c.labels,
  annotations: c.annotations,
});

export const containerStatus = (c: ContainerRecord): Sent<ContainerStatus> => ({
  id: c.id,
  metadata: { name: c.name, attempt: c.attempt },
  state: stateOf(c),
  createdAt: toNanos(c.createdAt),
  startedAt: toNanos(c.startedAt),
  finishedAt: toNanos(c.finishedAt),
  exitCode: c.exitCode,
  reason: c.reason,
  message: c.message,
  image: { image: c.image, userSpecifiedImage: c.image },
  imageId: c.imageId,
  imageRef: c.imageRef,
  labels: c.labels,
  annotations: c.annotations,
  mounts: c.mounts,
  logPath: c.logPath,
  resources: c.resources ? { linux: c.resources } : null,
  user: c.user ? { linux: c.user } : null,
  stopSignal: c.stopSignal,
});
