// Fields that a write changed leave the sets of all other managers; fields that are gone leave every set.
// Reads: the managers, both objects. Writes: the managers; reports what an apply would take from whom.
// Mirrors: Updater.update in structured-merge-diff's merge/update.go. Next: conflicts.ts words the report.
import type { SchemaNode } from '../schema.ts';
import type { Change } from './compare.ts';
import { compareObjects } from './compare.ts';
import { difference, type Fields, intersection, isEmpty } from './fields.ts';
import type { Skip } from './fieldsOf.ts';
import type { Managers } from './managers.ts';
import type { JSONObject } from './shapes.ts';

/** An object in another version, with that version's node; undefined when the version is gone. */
export type Convert = (object: any, apiVersion: string) => { object: any; node: SchemaNode } | undefined;

/** The two sides of a write, in the version of the request. */
export interface Write {
  old: JSONObject;
  now: JSONObject;
  node: SchemaNode;
  apiVersion: string;
  skip: Skip;
  /** Absent: all entries are taken as of the request's version. */
  convert?: Convert;
}

/** Compares in the versions that entries are of, each once. */
export function comparisons(write: Write): (apiVersion: string) => Required<Change> | undefined {
  const known = new Map<string, Required<Change> | undefined>();
  const compare = (apiVersion: string) => {
    if (apiVersion === write.apiVersion || !write.convert) {
      return compareObjects(write.old, write.now, write.node, write.skip);
    }
    const old = write.convert(write.old, apiVersion);
    const now = write.convert(write.now, apiVersion);
    return old && now && compareObjects(old.object, now.object, now.node, write.skip);
  };
  return (apiVersion) => {
    const key = write.convert ? apiVersion : write.apiVersion;
    if (!known.has(key)) known.set(key, compare(key));
    return known.get(key);
  };
}

/** What others own of the changed fields: by manager identity. An entry of a version that is gone is dropped. */
export function takenFields(
  managers: Managers,
  self: string,
  changeAt: (apiVersion: string) => Required<Change> | undefined,
): Map<string, Fields> {
  const taken = new Map<string, Fields>();
  for (const [id, { entry, set }] of managers) {
    if (id === self) continue;
    const change = changeAt(entry.apiVersion!);
    if (!change) managers.delete(id);
    else {
      const conflict = intersection(set, change.changed);
      if (!isEmpty(conflict)) taken.set(id, conflict);
    }
  }
  return taken;
}

/** Takes changed and removed fields away from all but `self`; managers left with nothing go. */
export function giveUp(
  managers: Managers,
  self: string,
  taken: Map<string, Fields>,
  changeAt: (apiVersion: string) => Required<Change> | undefined,
): void {
  for (const [id, manager] of managers) {
    if (id !== self) {
      const rest = difference(manager.set, taken.get(id) ?? {});
      manager.set = difference(rest, changeAt(manager.entry.apiVersion!)!.removed);
    }
    if (isEmpty(manager.set)) managers.delete(id);
  }
}
