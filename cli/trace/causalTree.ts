// From the journal's records to the tree of what followed from one object's writes. Pure: the recorded causes decide, nothing is guessed.
// Read by commands/trace.ts; printed by printTree.ts.
import { parseCause } from '../../apimachinery/cause.ts';
import type { WriteRecord } from '../../apimachinery/trace.ts';

export interface Hop {
  record: WriteRecord;
  /** What is printed under it: hops that name it first among their causes. */
  children: Hop[];
  /** Further causes, besides the hop that it stands under. */
  alsoBecauseOf: string[];
  /** Why it stands where it stands: `event`, a word (`timer`), or `none` when no cause was recorded. */
  because: { kind: 'event'; text: string } | { kind: 'word'; text: string } | { kind: 'none' };
}

export interface Target {
  /** `plural.group`. */
  resource: string;
  namespace: string;
  name: string;
}

const objectId = (r: { resource: string; namespace?: string; name: string }) =>
  `${r.resource}/${r.namespace ?? ''}/${r.name}`;
/** How a cause names the state that a write left behind. */
export const stateId = (r: WriteRecord) => `${objectId(r)}@${r.metadata.resourceVersion}`;

/**
 * The hops that begin at writes of `target`, in the order of the journal, and every write of what was created on the way. A hop stands
 * under the one that it names as its cause; one that names none of them, or no cause at all, is a root.
 */
export function causalTree(records: readonly WriteRecord[], target: Target): Hop[] {
  const ordered = [...records].sort(byRevision);
  const hops = new Map<string, Hop>();
  const roots: Hop[] = [];
  const objects = new Set([objectId(target)]);
  for (const record of ordered) {
    const causes = record.causes ?? [];
    const parents = causes.filter((text) => hops.has(text));
    const object = objectId(record);
    if (!parents.length && !objects.has(object)) continue;
    const hop = hopOf(record, causes, parents[0]);
    if (parents.length) hops.get(parents[0]!)!.children.push(hop);
    else roots.push(hop);
    if (record.span) continue;
    hops.set(stateId(record), hop);
    if (record.verb === 'create' && !record.subresource && !isEvent(record)) objects.add(object);
  }
  return roots;
}

/** Events tell of the journey and are no part of it: that someone cleans them up is none of its hops. */
const isEvent = (r: WriteRecord) => r.resource === 'events' || r.resource === 'events.events.k8s.io';

function hopOf(record: WriteRecord, causes: string[], parent: string | undefined): Hop {
  const alsoBecauseOf = causes.filter((c) => c !== parent);
  if (parent) return { record, children: [], alsoBecauseOf, because: { kind: 'event', text: parent } };
  const first = causes[0];
  if (first === undefined) return { record, children: [], alsoBecauseOf: [], because: { kind: 'none' } };
  const parsed = parseCause(first);
  const kind = parsed && 'word' in parsed ? 'word' : 'event';
  return { record, children: [], alsoBecauseOf: causes.slice(1), because: { kind, text: first } };
}

function byRevision(a: WriteRecord, b: WriteRecord): number {
  return (
    Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}
