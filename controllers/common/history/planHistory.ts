// Which of a workload's revisions is its present template, which are old, and what number the present one must have.
// Pure. Mirrors: constructHistory in pkg/controller/daemon/update.go, getStatefulSetRevisions in statefulset/stateful_set_control.go,
// truncateHistory there. Used by: revisions.ts.
import type { ControllerRevision } from '../../../apimachinery/types.ts';
import { goBytes } from './templatePatch.ts';

export interface HistoryPlan {
  /** Those that hold the present template, the newest first; none: it must be made. */
  equal: ControllerRevision[];
  /** The others, from the oldest on. */
  old: ControllerRevision[];
  /** What the present one's number must be at least: it is the latest. */
  number: number;
}

const numberOf = (r: ControllerRevision): number => Number(r.revision ?? 0);

/** By number; those made at the same time by name. */
export const byRevision = (a: ControllerRevision, b: ControllerRevision): number =>
  numberOf(a) - numberOf(b) ||
  compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
  compare(a.metadata.name, b.metadata.name);

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export function planHistory(all: readonly ControllerRevision[], data: unknown): HistoryPlan {
  const wanted = goBytes(data);
  const ordered = [...all].sort(byRevision);
  const equal = ordered.filter((r) => goBytes(r.data) === wanted).reverse();
  const old = ordered.filter((r) => goBytes(r.data) !== wanted);
  return { equal, old, number: Math.max(0, ...old.map(numberOf)) + 1 };
}

/** The revisions to forget: beyond the limit, the oldest first, and none that is in use. A negative limit keeps all. */
export function planTruncate(
  candidates: readonly ControllerRevision[],
  limit: number | undefined,
  isLive: (revision: ControllerRevision) => boolean,
  /** Does a live one take a place of the limit too? It does for a DaemonSet. */
  liveCount: boolean,
): ControllerRevision[] {
  if (limit === undefined || limit < 0) return [];
  const dead = [...candidates].sort(byRevision).filter((r) => !isLive(r));
  const surplus = (liveCount ? candidates.length : dead.length) - limit;
  return surplus > 0 ? dead.slice(0, surplus) : [];
}
