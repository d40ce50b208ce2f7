// managedFields after a create, update or patch other than apply: what changed now belongs to the writer.
// Reads: the object before and after. Writes: the new list of entries; never changes the objects. Runs on every write.
// Mirrors: FieldManager.Update and the managers it wraps (apimachinery/pkg/util/managedfields/internal).
// Next: apiserver stores the list with the object.
import type { SchemaNode } from '../schema.ts';
import type { ManagedFieldsEntry } from '../types.ts';
import { isEmpty, union } from './fields.ts';
import { TypedError } from './listElements.ts';
import { capUpdaters, decodeManagers, encodeManagers, identityOf, type Managers, untrackedFields } from './managers.ts';
import { type Convert, comparisons, giveUp, takenFields } from './takeFields.ts';

export interface UpdateWrite {
  /** Absent on create. */
  old?: any;
  /** The object as it will be stored, defaulted; its managedFields are what the client sent. */
  new: any;
  node: SchemaNode;
  /** The client's fieldManager; empty counts as `unknown`. */
  manager: string;
  apiVersion: string;
  subresource?: string;
  /** RFC 3339, seconds; absent: a new entry has none. */
  time: string | undefined;
  /** Dotted paths that this endpoint cannot set, such as `status`. */
  resets?: readonly string[];
  /** For kinds of several versions: how entries of another version see the object. */
  convert?: Convert;
}

/** A client clears ownership with an empty list or a list of one empty entry. */
const isReset = (entries: readonly ManagedFieldsEntry[] | undefined | null): boolean =>
  Array.isArray(entries) && (entries.length === 0 || (entries.length === 1 && Object.keys(entries[0]!).length === 0));

/** The entries to go on from: the client's if they are sound, else the stored ones; a subresource cannot set them. */
function managersBefore({ old, new: now, subresource }: UpdateWrite): Managers {
  const stored = (): Managers => {
    const managers = decodeManagers(old?.metadata?.managedFields);
    return typeof managers === 'string' ? new Map() : managers;
  };
  if (subresource || !now.metadata) return stored();
  if (isReset(now.metadata.managedFields)) return new Map();
  const sent = decodeManagers(now.metadata.managedFields);
  return typeof sent === 'string' || sent.size === 0 ? stored() : sent;
}

/** Gives the changed fields to the writer's entry; its time moves only then. */
export function recordUpdate(managers: Managers, write: UpdateWrite): void {
  const { apiVersion, subresource, node, time, convert } = write;
  const entry: ManagedFieldsEntry = {
    manager: write.manager || 'unknown',
    operation: 'Update',
    apiVersion,
    ...(time && { time }),
    fieldsType: 'FieldsV1',
    ...(subresource && { subresource }),
  };
  const skip = untrackedFields(write.resets);
  const changeAt = comparisons({ old: write.old ?? {}, now: write.new, node, apiVersion, skip, convert });
  giveUp(managers, '', takenFields(managers, '', changeAt), changeAt);
  const { changed } = changeAt(apiVersion)!;
  if (!isEmpty(changed)) {
    const id = identityOf(entry);
    managers.set(id, { entry, set: union(changed, managers.get(id)?.set ?? {}) });
  }
  capUpdaters(managers);
}

/**
 * The new list of entries; empty when nothing is tracked, which is so after a reset until the next apply.
 * An object that breaks its own list keys gets an empty list as well: its validation says why.
 */
export function managedFieldsForUpdate(write: UpdateWrite): ManagedFieldsEntry[] {
  const managers = managersBefore(write);
  if (managers.size === 0 && write.old?.metadata?.uid) return [];
  try {
    recordUpdate(managers, write);
  } catch (error) {
    if (error instanceof TypedError) return [];
    throw error;
  }
  return encodeManagers(managers);
}
