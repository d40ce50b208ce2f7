// The container half of the RuntimeService: create, start, stop, remove, show. Nothing is executed: starting sets a state and timers.
// Reads and writes: node.ts; life.ts does what happens by itself. Mirrors: containerd internal/cri/server/container_*.go.
// Next: exec.ts, stats.ts, events.ts, which runtimeService.ts adds to these.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CriError } from '../cri/error.ts';
import type { ServiceImplementation } from '../cri/messages.ts';
import type { ContainerConfig, LinuxContainerConfig, RuntimeServiceMethods } from '../cri/types.ts';
import { containerBehaviour } from './behaviour.ts';
import { findImage } from './images.ts';
import type { Life } from './life.ts';
import { appendLog } from './logs.ts';
import { newId, type SimulatedNode } from './node.ts';
import { type ContainerRecord, plain, type SandboxRecord } from './records.ts';
import { containerItem, containerStatus, matches, stateOf, verboseInfo } from './status.ts';

/** The RuntimeService's methods about containers. */
export function containerMethods(node: SimulatedNode, life: Life): ServiceImplementation<RuntimeServiceMethods> {
  return {
    createContainer({ podSandboxId, config }) {
      if (!config?.metadata?.name)
        throw new CriError('InvalidArgument', 'container config must include metadata with a name');
      const container = create(node, node.sandbox(podSandboxId), config);
      node.saveContainer(container);
      node.emit(container, 'CONTAINER_CREATED_EVENT');
      return { containerId: container.id };
    },

    async startContainer({ containerId }) {
      const c = node.container(containerId);
      const { startDelay, startError } = life.behaviourOf(c);
      expectCreated(c);
      if (startDelay) await sleep(startDelay);
      expectCreated(node.container(c.id));
      if (!node.sandboxes.get(c.sandboxId)?.ready) {
        throw new CriError('Unknown', `sandbox container "${c.sandboxId}" is not running`);
      }
      if (startError !== undefined) failStart(node, c, startError);
      life.begin(c);
      return {};
    },

    async stopContainer({ containerId, timeout }, signal) {
      const c = node.findContainer(containerId);
      if (c) await life.stop(c, Number(timeout), signal);
      return {};
    },

    removeContainer({ containerId }) {
      const c = node.findContainer(containerId);
      if (!c) return {};
      life.end(c, 137);
      node.dropContainer(c);
      node.emit(c, 'CONTAINER_DELETED_EVENT');
      return {};
    },

    listContainers({ filter }) {
      return {
        containers: select(node, filter?.id, filter?.podSandboxId)
          .filter((c) => !filter?.state || stateOf(c) === filter.state.state)
          .filter((c) => matches(c.labels, filter?.labelSelector))
          .map(containerItem),
      };
    },

    containerStatus({ containerId, verbose }) {
      const c = node.container(containerId);
      return {
        status: containerStatus(c),
        info: verboseInfo(verbose, 'info', { sandboxID: c.sandboxId, removing: false, config: c }),
      };
    },

    updateContainerResources({ containerId, linux }) {
      const c = node.container(containerId);
      if (c.state === 'exited') {
        throw new CriError('Unknown', `failed to update resources: container "${c.id}" is in ${stateOf(c)} state`);
      }
      c.resources = linux ? { ...c.resources, ...changed(plain(linux)) } : c.resources;
      node.saveContainer(c);
      return {};
    },

    /** The file has been moved away: count what is in the old one no more, and start a new one. */
    reopenContainerLog({ containerId }) {
      const c = node.container(containerId);
      if (c.state !== 'running') throw new CriError('Unknown', `container "${c.id}" is not running`);
      const { logEvery } = life.behaviourOf(c);
      if (logEvery !== undefined) {
        c.loggedLines = Math.floor((node.host.clock.now() - c.startedAt) / (logEvery * 1000));
        node.saveContainer(c);
      }
      if (c.logPath) appendLog(c.logPath, '');
      return {};
    },
  };
}

/** The containers with this id or of this sandbox, or all. */
export function select(node: SimulatedNode, id = '', sandboxId = ''): ContainerRecord[] {
  if (id)
    return [node.findContainer(id)].filter((c) => c !== undefined).filter((c) => c.sandboxId.startsWith(sandboxId));
  if (!sandboxId) return [...node.containers.values()];
  const sandbox = node.findSandbox(sandboxId);
  return sandbox ? node.containersOf(sandbox.id) : [];
}

function create(node: SimulatedNode, sandbox: SandboxRecord, config: ContainerConfig): ContainerRecord {
  const { name, attempt } = config.metadata!;
  if (!sandbox.ready) throw new CriError('Unknown', `failed to create container: sandbox "${sandbox.id}" is not ready`);
  const twin = node.containersOf(sandbox.id).find((c) => c.name === name && c.attempt === attempt);
  if (twin) {
    throw new CriError('Unknown', `failed to reserve container name "${name}": it is reserved for "${twin.id}"`);
  }
  const behaviour = containerBehaviour(name, attempt, sandbox.annotations, config.annotations);
  if (behaviour.createError !== undefined) throw new CriError('Unknown', behaviour.createError);
  const wanted = config.image?.image ?? '';
  const image = findImage(node, wanted);
  if (!image) throw new CriError('NotFound', `failed to resolve image "${wanted}": not found`);
  return {
    id: newId(),
    sandboxId: sandbox.id,
    name,
    attempt,
    image: config.image!.userSpecifiedImage || wanted,
    imageId: image.id,
    imageRef: image.digests[0] ?? image.id,
    state: 'created',
    createdAt: node.host.clock.now(),
    startedAt: 0,
    finishedAt: 0,
    exitCode: 0,
    reason: '',
    message: '',
    labels: config.labels,
    annotations: config.annotations,
    mounts: plain(config.mounts),
    resources: config.linux?.resources ? plain(config.linux.resources) : null,
    user: userOf(config.linux),
    stopSignal: config.stopSignal,
    logPath: sandbox.logDirectory && config.logPath ? join(sandbox.logDirectory, config.logPath) : '',
    loggedLines: 0,
    envs: config.envs.map(({ key, value }) => `${key}=${value}`),
    command: [...config.command, ...config.args],
    stdin: config.stdin,
    tty: config.tty,
  };
}

function userOf(linux: LinuxContainerConfig | null): object | null {
  const security = linux?.securityContext;
  if (!security) return null;
  const uid = Number(security.runAsUser?.value ?? 0);
  const gid = Number(security.runAsGroup?.value ?? 0);
  return { uid, gid, supplementalGroups: [gid, ...security.supplementalGroups.map(Number)] };
}

function expectCreated(c: ContainerRecord): void {
  if (c.state !== 'created') throw new CriError('Unknown', `container "${c.id}" is in ${stateOf(c)} state`);
}

function failStart(node: SimulatedNode, c: ContainerRecord, message: string): never {
  Object.assign(c, {
    state: 'exited',
    exitCode: 128,
    reason: 'StartError',
    message,
    finishedAt: node.host.clock.now(),
  });
  node.saveContainer(c);
  node.emit(c, 'CONTAINER_STOPPED_EVENT');
  throw new CriError('Unknown', message);
}

/** An update changes what it names: zeros and empty texts are "as before". */
const changed = (resources: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(resources).filter(([, v]) => v !== 0 && v !== '' && !isEmpty(v)));
const isEmpty = (v: unknown) => typeof v === 'object' && v !== null && Object.keys(v).length === 0;
