// Why a pod fits nowhere: what was said of each node, and the sentence that people read.
// Mirrors: FitError and Diagnosis in pkg/scheduler/framework/types.go.
// Written by schedule.ts; read by preemption, queue.ts (which plugins refused) and failure.ts (the sentence).
import type { Status } from './framework.ts';

export interface Diagnosis {
  nodeCount: number;
  /** Of each node that was looked at. */
  statuses: ReadonlyMap<string, Status>;
  /** Of all others. */
  absent?: Status;
  /** A PreFilter that refused the pod for all nodes. */
  preFilter?: Status;
  /** What the PostFilters said. */
  postFilterMessage?: string;
  /** Names of the plugins that refused. */
  plugins: Set<string>;
}

export const statusOf = (d: Diagnosis, node: string): Status | undefined => d.statuses.get(node) ?? d.absent;

/** `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. …` */
export function fitMessage(d: Diagnosis): string {
  const parts = [`0/${d.nodeCount} nodes are available:`];
  if (d.preFilter) parts.push(`${d.preFilter.reasons.join(', ')}.`);
  else {
    const reasons = histogram(d);
    if (reasons.length) parts.push(`${reasons.join(', ')}.`);
  }
  if (d.postFilterMessage) parts.push(d.postFilterMessage);
  return parts.join(' ');
}

function histogram(d: Diagnosis): string[] {
  const counts = new Map<string, number>();
  const count = (status: Status | undefined, n: number) => {
    for (const reason of status?.reasons ?? []) counts.set(reason, (counts.get(reason) ?? 0) + n);
  };
  for (const status of d.statuses.values()) count(status, 1);
  if (d.statuses.size < d.nodeCount) count(d.absent, d.nodeCount - d.statuses.size);
  return Array.from(counts, ([reason, n]) => `${n} ${reason}`).sort();
}
