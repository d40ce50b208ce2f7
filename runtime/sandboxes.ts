// The pod half of the RuntimeService: run, stop, remove and show sandboxes. A sandbox here is a record and an address.
// Reads and writes: node.ts; life.ts ends what runs in a sandbox. Mirrors: containerd internal/cri/server/sandbox_*.go.
// Next: containers.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { CriError } from '../cri/error.ts';
import type { ServiceImplementation } from '../cri/messages.ts';
import type { PodSandboxConfig, PodSandboxMetadata, RuntimeServiceMethods } from '../cri/types.ts';
import { takeAddress } from './addresses.ts';
import { podBehaviour } from './behaviour.ts';
import { toNanos } from './clock.ts';
import type { Life } from './life.ts';
import { newId, type SimulatedNode } from './node.ts';
import { plain, type SandboxRecord } from './records.ts';
import { containerStatus, matches, sandboxItem, sandboxStatus, verboseInfo } from './status.ts';

export const runtimeHandlers = ['', 'simulated'];

/** The RuntimeService's methods about sandboxes. */
export function sandboxMethods(node: SimulatedNode, life: Life): ServiceImplementation<RuntimeServiceMethods> {
  return {
    async runPodSandbox({ config, runtimeHandler }) {
      const m = config?.metadata;
      if (!config || !m?.name)
        throw new CriError('InvalidArgument', 'sandbox config must include metadata with a name');
      if (!runtimeHandlers.includes(runtimeHandler)) {
        throw new CriError(
          'Unknown',
          `failed to get sandbox runtime: no runtime for "${runtimeHandler}" is configured`,
        );
      }
      const release = reserve(node, m);
      try {
        return { podSandboxId: (await run(node, life, config, runtimeHandler)).id };
      } finally {
        release();
      }
    },

    stopPodSandbox({ podSandboxId }) {
      const s = node.findSandbox(podSandboxId);
      if (s) life.stopSandbox(s);
      return {};
    },

    removePodSandbox({ podSandboxId }) {
      const s = node.findSandbox(podSandboxId);
      if (!s) return {};
      life.stopSandbox(s);
      for (const c of node.containersOf(s.id)) {
        node.dropContainer(c);
        node.emit(c, 'CONTAINER_DELETED_EVENT');
      }
      node.dropSandbox(s);
      return {};
    },

    podSandboxStatus({ podSandboxId, verbose }) {
      const s = node.sandbox(podSandboxId);
      return {
        status: sandboxStatus(s),
        containersStatuses: node.containersOf(s.id).map(containerStatus),
        timestamp: toNanos(node.host.clock.now()),
        info: verboseInfo(verbose, 'info', { sandboxID: s.id, node: node.name, config: s }),
      };
    },

    listPodSandbox({ filter }) {
      const all = filter?.id
        ? [node.findSandbox(filter.id)].filter((s) => s !== undefined)
        : [...node.sandboxes.values()];
      return {
        items: all
          .filter((s) => !filter?.state || (filter.state.state === 'SANDBOX_READY') === s.ready)
          .filter((s) => matches(s.labels, filter?.labelSelector))
          .map(sandboxItem),
      };
    },

    updatePodSandboxResources({ podSandboxId }) {
      node.sandbox(podSandboxId);
      return {};
    },
  };
}

async function run(
  node: SimulatedNode,
  life: Life,
  config: PodSandboxConfig,
  runtimeHandler: string,
): Promise<SandboxRecord> {
  const behaviour = podBehaviour(config.annotations);
  if (behaviour.sandboxDelay) await sleep(behaviour.sandboxDelay);
  if (behaviour.sandboxError !== undefined) throw new CriError('Unknown', behaviour.sandboxError);
  const namespaces = config.linux?.securityContext?.namespaceOptions;
  const sandbox: SandboxRecord = {
    id: newId(),
    metadata: plain(config.metadata),
    hostname: config.hostname || config.metadata!.name,
    logDirectory: config.logDirectory,
    labels: config.labels,
    annotations: config.annotations,
    namespaces: plain(namespaces) ?? {},
    runtimeHandler,
    ready: true,
    createdAt: node.host.clock.now(),
    ips: namespaces?.network === 'NODE' ? [] : takeAddresses(node),
  };
  node.saveSandbox(sandbox);
  life.watchSandbox(sandbox);
  return sandbox;
}

/** One address a family, free on this node and on those beside it. */
function takeAddresses(node: SimulatedNode): string[] {
  return node.ranges.map((range) => {
    const ip = takeAddress(range, (ip) => node.host.addresses.has(ip));
    if (ip !== undefined) return ip;
    throw new CriError(
      'Unknown',
      `failed to setup network for sandbox: no IP addresses available in ${node.podCidr || node.host.defaultPodCidr}`,
    );
  });
}

/** Refuses a pod whose name and attempt another sandbox has. Returns what gives the name free again. */
function reserve(node: SimulatedNode, m: PodSandboxMetadata): () => void {
  const name = `${m.name}_${m.namespace}_${m.uid}_${m.attempt}`;
  const same = (o: PodSandboxMetadata) =>
    o.uid === m.uid && o.attempt === m.attempt && o.name === m.name && o.namespace === m.namespace;
  const owner = node.sandboxes.values().find((s) => same(s.metadata));
  if (owner || node.reserved.has(name)) {
    const by = owner ? `"${owner.id}"` : 'a call that is under way';
    throw new CriError('Unknown', `failed to reserve sandbox name "${name}": name "${name}" is reserved for ${by}`);
  }
  node.reserved.add(name);
  return () => node.reserved.delete(name);
}
