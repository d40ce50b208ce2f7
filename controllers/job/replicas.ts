// Which pods a running Job lacks and which are too many; never both in one look.
// Pure. Mirrors: manageJob in pkg/controller/job/job_controller.go, firstPendingIndexes in indexed_job_utils.go.
// Used by: job.ts. Next: newPod.ts.
import type { Pod } from '../../apimachinery/types.ts';
import { chooseVictims } from '../replicaSet/ranking.ts';
import { remaining, remainingFor } from './backoff.ts';
import { hasIndex, type Indexes } from './indexes.ts';
import type { View } from './observe.ts';
import { indexOf, isIndexed, isPerIndex, isSuspended, waitsForEnd } from './podFacts.ts';

/** At most so many creations or deletions in one go. */
const burst = 500;

export interface ReplicaPlan {
  /** One entry a pod to be made: its index, or undefined in a Job without indexes. */
  create: (number | undefined)[];
  remove: Pod[];
  /** Milliseconds until more may be made. */
  wait?: number;
}

const nothing: ReplicaPlan = { create: [], remove: [] };

export function planReplicas(view: View, now: number): ReplicaPlan {
  const { job, active } = view;
  if (isSuspended(job)) return { create: [], remove: [...active] };
  const wanted = wantedActive(view);
  const surplus = surplusPods(view, Math.max(0, active.length - wanted), now).slice(0, burst);
  if (surplus.length) return { create: [], remove: surplus };
  const missing = wanted - active.length - (waitsForEnd(job) ? view.terminating : 0);
  return missing > 0 ? planCreations(view, Math.min(missing, burst), now) : nothing;
}

function wantedActive({ job, active, succeeded }: View): number {
  const { completions, parallelism = 1 } = job.spec!;
  // Work from a queue: once one has found it empty no further pod is needed, and those that run may finish.
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
}

function planCreations(view: View, missing: number, now: number): ReplicaPlan {
  const perIndex = isPerIndex(view.job);
  const wait = perIndex ? 0 : remaining(view.backoff, now);
  if (wait > 0) return { ...nothing, wait };
  if (!isIndexed(view.job)) return { create: Array.from({ length: missing }, () => undefined), remove: [] };
  const pending = pendingIndexes(view, missing);
  if (!perIndex) return { create: pending, remove: [] };
  const waits = pending.map((i) => remainingFor(view.retained.get(i), now));
  const due = pending.filter((_, at) => waits[at] === 0);
  const next = Math.min(...waits.filter((ms) => ms > 0));
  return { create: due, remove: [], ...(Number.isFinite(next) ? { wait: next } : {}) };
}

/** The lowest indexes that are not done, not given up and not running; nor, where an end is waited for, ending. */
function pendingIndexes(view: View, count: number): number[] {
  const { job, completed, failedIndexes = [] as Indexes } = view;
  const holding = waitsForEnd(job)
    ? view.pods.filter((p) => p.status?.phase !== 'Succeeded' && p.status?.phase !== 'Failed')
    : view.active;
  const taken = new Set(holding.map((p) => indexOf(p, job)));
  const pending: number[] = [];
  for (let i = 0; i < (job.spec?.completions ?? 0) && pending.length < count; i++)
    if (!taken.has(i) && !hasIndex(completed, i) && !hasIndex(failedIndexes, i)) pending.push(i);
  return pending;
}

/** Pods of an index that another pod has, or that is none; then as many more as are too many. */
function surplusPods({ job, active }: View, atLeast: number, now: number): Pod[] {
  if (!isIndexed(job)) return atLeast ? chooseVictims(active, [], atLeast, now) : [];
  const byIndex = Map.groupBy(active, (p) => indexOf(p, job));
  const extra: Pod[] = [];
  const left: Pod[] = [];
  for (const [index, pods] of byIndex) {
    const victims = index === undefined ? pods : pods.length > 1 ? chooseVictims(pods, [], pods.length - 1, now) : [];
    extra.push(...victims);
    left.push(...pods.filter((p) => !victims.includes(p)));
  }
  return extra.length < atLeast ? [...extra, ...chooseVictims(left, [], atLeast - extra.length, now)] : extra;
}
