// Is a Node heard from? Its Lease and its conditions tell; after too long a silence its conditions become Unknown. Pure.
// Mirrors: tryUpdateNodeHealth in pkg/controller/nodelifecycle/node_lifecycle_controller.go. Used by: nodeLifecycle.ts.
import { toTime } from '../../apimachinery/clock.ts';
import type { Lease, Node, NodeCondition } from '../../apimachinery/types.ts';
import { timeOf } from '../common/pods.ts';

/** What was last seen, and when by our own clock: the Node's clock is not trusted. */
export interface Health {
  heartbeat: string | undefined;
  renewTime: string | undefined;
  heardAt: number;
}

export interface GracePeriods {
  /** Milliseconds. */
  monitor: number;
  startup: number;
}

export const readyOf = (node: Node): NodeCondition | undefined =>
  node.status?.conditions?.find((c) => c.type === 'Ready');

/** `before` is absent when the Node is seen for the first time. */
export function observeHealth(before: Health | undefined, node: Node, lease: Lease | undefined, now: number): Health {
  const ready = readyOf(node);
  const seen = { heartbeat: ready?.lastHeartbeatTime, renewTime: lease?.spec?.renewTime };
  if (!before) return { ...seen, heardAt: ready || lease ? now : timeOf(node.metadata.creationTimestamp) };
  const news = seen.heartbeat !== before.heartbeat || seen.renewTime !== before.renewTime;
  return { ...seen, heardAt: news ? now : before.heardAt };
}

const watched = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** The Node's conditions after this look; undefined when they stay. */
export function planConditions(
  node: Node,
  health: Health,
  grace: GracePeriods,
  now: number,
): NodeCondition[] | undefined {
  if (now <= health.heardAt + (readyOf(node) ? grace.monitor : grace.startup)) return undefined;
  const conditions = [...(node.status?.conditions ?? [])];
  let changed = false;
  for (const type of watched) {
    const i = conditions.findIndex((c) => c.type === type);
    const current = conditions[i];
    if (current?.status === 'Unknown') continue;
    changed = true;
    const lastTransitionTime = toTime(now);
    if (current)
      conditions[i] = {
        ...current,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime,
      };
    else
      conditions.push({
        type,
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
        lastHeartbeatTime: node.metadata.creationTimestamp,
        lastTransitionTime,
      });
  }
  return changed ? conditions : undefined;
}
