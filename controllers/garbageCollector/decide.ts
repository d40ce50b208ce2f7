// What to do with an object, once the server has said how its owners are. Pure.
// Mirrors: attemptToDeleteItem in pkg/controller/garbagecollector/garbagecollector.go. Used by: garbageCollector.ts.
import type { KubeObject, OwnerReference } from '../../apimachinery/types.ts';
import { blockingDependents, foregroundFinalizer, type GraphNode, orphanFinalizer } from './graph.ts';

/** `solid`: there and staying; `dangling`: gone; `waiting`: being deleted in the foreground, waits for this object. */
export type OwnerState = 'solid' | 'dangling' | 'waiting';

export type Propagation = 'Background' | 'Foreground' | 'Orphan';

export type Decision =
  | { do: 'nothing' }
  | { do: 'dropOwners'; uids: string[] }
  | { do: 'delete'; propagation: Propagation; unblock: boolean };

export function decide(
  latest: KubeObject,
  states: readonly { ref: OwnerReference; state: OwnerState }[],
  node: GraphNode,
): Decision {
  const uids = (state: OwnerState) => states.filter((s) => s.state === state).map((s) => s.ref.uid);
  if (uids('solid').length) {
    const drop = [...uids('dangling'), ...uids('waiting')];
    return drop.length ? { do: 'dropOwners', uids: drop } : { do: 'nothing' };
  }
  if (uids('waiting').length && node.dependents.size) {
    // In a circle each would wait for the next: so this one no longer holds its owners back.
    const unblock = [...node.dependents].some((d) => d.deletingDependents);
    return { do: 'delete', propagation: 'Foreground', unblock };
  }
  return { do: 'delete', propagation: own(latest), unblock: false };
}

/** What an earlier deletion has asked for stays. */
function own(latest: KubeObject): Propagation {
  if (latest.metadata.finalizers?.includes(orphanFinalizer)) return 'Orphan';
  return latest.metadata.finalizers?.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}

/**
 * For one that is being deleted in the foreground: may it go, or whom does it wait for? Those that are deleted in the foreground too and
 * wait for this very object, however many are in between, would wait for ever: for them it does not.
 */
export function decideForeground(node: GraphNode): { finish: true } | { finish: false; waitFor: GraphNode[] } {
  const blocking = blockingDependents(node);
  if (blocking.every((d) => d.deletingDependents && waitsFor(d, node))) return { finish: true };
  return { finish: false, waitFor: blocking.filter((d) => !d.deletingDependents) };
}

function waitsFor(node: GraphNode, wanted: GraphNode): boolean {
  const seen = new Set<GraphNode>();
  const ahead = [node];
  for (let next = ahead.pop(); next; next = ahead.pop()) {
    if (next === wanted) return true;
    if (seen.has(next) || !next.deletingDependents) continue;
    seen.add(next);
    ahead.push(...blockingDependents(next));
  }
  return false;
}
