// Registers this kubelet's Node and keeps its status true: sent when it changed, and at least every five minutes.
// Reads: the Node, the runtime, the machine. Writes: POST nodes, PATCH nodes and nodes/status, CRI UpdateRuntimeConfig.
// Mirrors: pkg/kubelet/kubelet_node_status.go. Next: lease.ts beside it; nodeFacts.ts is what others see.
import { nodes } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { Node, NodeStatus } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { withCauses } from '../../client/causes.ts';
import type { KubeletContext } from '../context.ts';
import { same } from '../status/statusPatch.ts';
import type { Machine } from './machine.ts';
import type { NodeFacts } from './nodeFacts.ts';
import {
  allocatable,
  capacity,
  hostIPs,
  newNode,
  nodeStatus,
  notReadyMessage,
  ownLabels,
  type RuntimeView,
} from './nodeStatus.ts';
import { viewRuntime } from './runtimeView.ts';

export interface NodeManager extends NodeFacts {
  /** Registers, then keeps reporting until the signal aborts. Resolves then. */
  run(signal: AbortSignal): Promise<void>;
  /** The API server's copy has changed. */
  observed(node: Node): void;
  /** Resolves when the runtime has answered for the first time. */
  refresh(): Promise<void>;
}

/** `port`: where the HTTPS server listens. `networkChanged`: pods that waited for the network may be looked at. */
export function createNodeManager(
  k: KubeletContext,
  machine: Machine,
  port: () => number,
  networkChanged: () => void,
): NodeManager {
  const { config } = k;
  let node: Node | undefined;
  let runtime: RuntimeView = {
    name: '',
    version: '',
    handlers: [],
    supplementalGroupsPolicy: false,
    error: 'container runtime status check may not have completed yet',
    networkError: 'the runtime has not been asked yet',
    images: [],
  };
  let toldCidr = '';
  let sentAt = 0;
  let wake = () => {};

  async function refresh(): Promise<void> {
    const before = runtime.networkError;
    runtime = await viewRuntime(k.cri, runtime.version ? runtime : undefined);
    if (before && !runtime.networkError) networkChanged();
  }

  /** The runtime learns the node's pod range when a controller has given it one. */
  async function tellPodCidr(): Promise<void> {
    const podCidr = (node?.spec?.podCIDRs ?? [node?.spec?.podCIDR]).filter(Boolean).join(',');
    if (!podCidr || podCidr === toldCidr || runtime.error) return;
    await k.cri.runtime.updateRuntimeConfig({ runtimeConfig: { networkConfig: { podCidr } } });
    toldCidr = podCidr;
    await refresh();
  }

  const compute = (old: NodeStatus | undefined): NodeStatus =>
    nodeStatus({ config, machine, runtime, port: port(), now: k.clock.now() }, old);

  async function register(): Promise<void> {
    const client = k.client!;
    try {
      node = await client.get(nodes, config.nodeName);
    } catch (error) {
      if (!isReason(error, 'NotFound') || !config['register-node']) throw error;
      const fresh = newNode(config, machine, compute(undefined));
      try {
        node = await client.create(nodes, fresh);
        sentAt = k.clock.now();
        k.events.event(nodeReference(config.nodeName), 'Normal', 'Starting', 'Starting kubelet.');
        return;
      } catch (again) {
        if (!isReason(again, 'AlreadyExists')) throw again;
        node = await client.get(nodes, config.nodeName);
      }
    }
    await reconcileLabels(node);
    k.events.event(nodeReference(config.nodeName), 'Normal', 'Starting', 'Starting kubelet.');
  }

  /** A Node that was there keeps its labels, but for those that only this kubelet can know. */
  async function reconcileLabels(found: Node): Promise<void> {
    const wanted = { ...config['node-labels'], ...ownLabels(config, machine) };
    const wrong = Object.entries(wanted).filter(([key, value]) => found.metadata.labels?.[key] !== value);
    if (!wrong.length) return;
    const labels = Object.fromEntries(wrong);
    node = await k.client!.patch(nodes, config.nodeName, undefined, 'strategic', { metadata: { labels } });
  }

  async function report(): Promise<void> {
    if (!node) return;
    await tellPodCidr();
    const old = node.status;
    const status = compute(old);
    const patch = nodeStatusPatch(old, status);
    const due = k.clock.now() - sentAt >= config['node-status-report-frequency'];
    if (!patch && !due) return;
    const conditions = status.conditions;
    const body = { status: { ...patch, conditions } };
    const before = old?.conditions?.find((c) => c.type === 'Ready')?.status;
    node = await k.client!.patch(nodes, config.nodeName, undefined, 'strategic', body, { subresource: 'status' });
    sentAt = k.clock.now();
    announce(before, conditions?.find((c) => c.type === 'Ready')?.status);
  }

  function announce(before: string | undefined, now: string | undefined): void {
    if (before === now || !now) return;
    const reason = now === 'True' ? 'NodeReady' : 'NodeNotReady';
    k.events.event(
      nodeReference(config.nodeName),
      'Normal',
      reason,
      `Node ${config.nodeName} status is now: ${reason}`,
    );
  }

  /** Ends early when `wake` is called. */
  async function pause(ms: number, signal: AbortSignal): Promise<void> {
    const early = new AbortController();
    wake = () => early.abort();
    await sleep(k.clock, ms, AbortSignal.any([signal, early.signal]));
    wake = () => {};
  }

  const ready = () => !!node && !notReadyMessage(runtime);

  return {
    node: () => node,
    hostIPs: () => hostIPs(config, machine),
    allocatable: () =>
      (node?.status?.allocatable as Record<string, string>) ?? allocatable(capacity(machine, config), config),
    runtimeName: () => runtime.name,
    networkError: () => runtime.networkError,
    refresh,
    observed(fresh) {
      const cidr = fresh.spec?.podCIDR !== node?.spec?.podCIDR;
      if (
        node &&
        Number(fresh.metadata.resourceVersion) < Number(node.metadata.resourceVersion) &&
        fresh.metadata.uid === node.metadata.uid
      )
        return;
      node = fresh;
      if (cidr) wake();
    },
    async run(signal) {
      const usual = config['node-status-update-frequency'];
      let wait = 0;
      while (!signal.aborted) {
        const first = !node;
        try {
          if (!first) await refresh();
          await withCauses([{ word: first ? 'start-up' : 'timer' }], async () => {
            if (!node) await register();
            else if (!toldCidr && runtime.networkError) node = await k.client!.get(nodes, config.nodeName);
            await report();
          });
          // Until the node is ready it looks often, so that it is ready soon; then less and less.
          wait = ready() ? usual : Math.min(usual, Math.max(wait * 1.3, 200));
        } catch (error) {
          if (isReason(error, 'NotFound')) node = undefined;
          k.log.info({ node: config.nodeName, error: (error as Error).message }, 'node status not written');
          wait = Math.min(Math.max(wait * 2, 200), 7000);
        }
        await pause(wait, signal);
      }
    },
  };
}

/** What differs, without heartbeats; undefined when nothing does. */
export function nodeStatusPatch(old: NodeStatus | undefined, now: NodeStatus): Record<string, unknown> | undefined {
  const still = (s: NodeStatus | undefined) =>
    (s?.conditions ?? [])
      .filter((c) => (now.conditions ?? []).some((n) => n.type === c.type))
      .map(({ lastHeartbeatTime: _, ...rest }) => rest)
      .sort((a, b) => (a.type < b.type ? -1 : 1));
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(now) as [keyof NodeStatus, unknown][]) {
    if (field === 'conditions' || same(old?.[field], value)) continue;
    patch[field] = field === 'addresses' ? [...(value as object[]), { $patch: 'replace' }] : value;
  }
  const changed = !same(still(old), still(now));
  return changed || Object.keys(patch).length ? patch : undefined;
}

export const nodeReference = (name: string) => ({ apiVersion: 'v1', kind: 'Node', name, uid: name });
