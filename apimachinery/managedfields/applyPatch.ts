// Server-side apply: merges a manager's configuration into the live object, and keeps account of who owns which field.
// Reads: live object, configuration, the kind's SchemaNode. Writes: the new object and its managedFields, or a 409 that names the owners.
// Mirrors: FieldManager.Apply (apimachinery/pkg/util/managedfields/internal) and Updater.Apply (structured-merge-diff's merge/update.go).
// Next: apiserver defaults, validates and stores the object.
import { deepEqual } from '../deepEqual.ts';
import type { SchemaNode } from '../schema.ts';
import { badRequest, StatusError } from '../status.ts';
import type { ManagedFieldsEntry } from '../types.ts';
import { conflictError } from './conflicts.ts';
import { difference, type Fields, isEmpty, noFields, union } from './fields.ts';
import { claimedFields, withoutMetadata } from './fieldsOf.ts';
import { fieldsOfLastApplied, withLastApplied } from './lastApplied.ts';
import { TypedError } from './listElements.ts';
import { recordUpdate } from './managedFieldsForUpdate.ts';
import {
  decodeManagers,
  encodeManagers,
  identityOf,
  type Manager,
  type Managers,
  resetFields,
  untrackedFields,
} from './managers.ts';
import { mergeApplied } from './merge.ts';
import { prune, type Versioned } from './prune.ts';
import { reconcileFields } from './reconcile.ts';
import { withoutNulls } from './removeFields.ts';
import type { JSONObject } from './shapes.ts';
import { type Convert, comparisons, giveUp, takenFields } from './takeFields.ts';
import { shapeErrors } from './validate.ts';

export interface Apply {
  /** Absent when the object is created by this apply. */
  live?: any;
  /** The configuration as the client sent it, apiVersion, kind and name included, without managedFields. */
  patch: any;
  node: SchemaNode;
  manager: string;
  apiVersion: string;
  subresource?: string;
  /** Take fields from their owners instead of answering 409. */
  force?: boolean;
  /** RFC 3339, seconds. */
  time: string | undefined;
  /** Dotted paths that this endpoint cannot set. */
  resets?: readonly string[];
  convert?: Convert;
}
export interface Applied {
  object: any;
  managedFields: ManagedFieldsEntry[];
}

const fail = (message: string) => new StatusError({ code: 500, reason: '', message });

/** What a client put where text belongs counts as none, until its shape is judged. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function describe(object: any): string {
  const { namespace, name } = object.metadata ?? {};
  const apiVersion = textOf(object.apiVersion);
  const cut = apiVersion.lastIndexOf('/');
  const group = cut < 0 ? '' : apiVersion.slice(0, cut);
  return `${textOf(namespace)}/${textOf(name)}; ${group}/${apiVersion.slice(cut + 1)}, Kind=${textOf(object.kind)}`;
}

/** Throws the 500 of a configuration that has not the shape which the schema declares. */
export function checkShape(patch: any, node: SchemaNode): void {
  const errors = shapeErrors(patch, node);
  if (errors) throw fail(`failed to create typed patch object (${describe(patch)}): ${errors}`);
}

function check({ patch, node, apiVersion }: Apply): void {
  if (patch.apiVersion !== apiVersion) {
    const [got, expected] = [textOf(patch.apiVersion), apiVersion];
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${got}, expected: ${expected}`,
    );
  }
  if (patch.metadata?.managedFields !== undefined && patch.metadata.managedFields !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }
  checkShape(patch, node);
}

/** An object in the version that an entry is of; undefined when that version is gone. */
function at({ apiVersion, node, convert }: Apply, object: JSONObject, wanted: string): Versioned | undefined {
  const same = !convert || (wanted === apiVersion && object['apiVersion'] === wanted);
  return same ? { object, node } : convert(object, wanted);
}

/** The managers of the live object. What it holds without anyone's entry is put down to `before-first-apply`. */
function managersOf(apply: Apply): Managers {
  const managers = decodeManagers(apply.live?.metadata?.managedFields);
  if (typeof managers === 'string') throw fail(`failed to decode managed fields: ${managers}`);
  if (managers.size === 0 && apply.live) {
    recordUpdate(managers, { ...apply, old: undefined, new: apply.live, manager: 'before-first-apply' });
  }
  for (const manager of managers.values()) {
    const live = at(apply, apply.live, manager.entry.apiVersion!);
    if (live) manager.set = reconcileFields(manager.set, live.node);
  }
  return managers;
}

/** Everything that anyone owns now, by version; `first` leads. */
function ownedByVersion(managers: Managers, first: string, convert: Convert | undefined): Map<string, Fields> {
  const owned = new Map<string, Fields>([[first, noFields]]);
  for (const { entry, set } of managers.values()) {
    const version = convert ? entry.apiVersion! : first;
    owned.set(version, union(owned.get(version) ?? noFields, set));
  }
  return owned;
}

function pruned(apply: Apply, merged: JSONObject, last: Manager, managers: Managers): JSONObject {
  const version = last.entry.apiVersion!;
  const owned = ownedByVersion(managers, version, apply.convert);
  const object = prune(merged, last.set, version, owned, (o, wanted) => at(apply, o, wanted));
  return at(apply, object, apply.apiVersion)?.object ?? merged;
}

interface Attempt {
  object: JSONObject;
  managers: Managers;
  /** What would be taken from others, by manager identity. */
  taken: Map<string, Fields>;
  finish(): Applied;
}

/** One try: merges, prunes and finds the conflicts. Nothing is decided before `finish`. */
function attempt(apply: Apply): Attempt {
  const { node, apiVersion, subresource, time, convert } = apply;
  const managers = managersOf(apply);
  const live: JSONObject = apply.live ?? {};
  const skip = untrackedFields(apply.resets);
  const entry: ManagedFieldsEntry = {
    manager: apply.manager || 'unknown',
    operation: 'Apply',
    apiVersion,
    fieldsType: 'FieldsV1',
    ...(subresource && { subresource }),
  };
  const self = identityOf(entry);
  const last = managers.get(self);
  const own: Manager = {
    entry: { ...entry, ...(last?.entry.time && { time: last.entry.time }) },
    set: claimedFields(apply.patch, node, resetFields(apply.resets)),
  };
  managers.set(self, own);
  const merged = mergeApplied(live, apply.patch, node);
  const object = last ? pruned(apply, merged, last, managers) : merged;
  const changeAt = comparisons({ old: live, now: object, node, apiVersion, skip, convert });
  const taken = takenFields(managers, self, changeAt);
  const finish = (): Applied => {
    own.set = withoutMetadata(claimedFields(apply.patch, node, skip));
    giveUp(managers, self, taken, changeAt);
    if (!deepEqual(live, object)) own.entry = { ...own.entry, ...(time && { time }) };
    const plain = node.type === 'struct' && node.native ? withoutNulls(object, node) : object;
    const result = apply.manager === 'kubectl' ? withLastApplied(plain, apply.patch) : plain;
    return { object: result, managedFields: encodeManagers(managers) };
  };
  return { object, managers, taken, finish };
}

/** Of the conflicts, those that kubectl's own client-side annotation does not account for. */
function foreignConflicts(apply: Apply, taken: Map<string, Fields>): Map<string, Fields> {
  const allowed =
    apply.manager === 'kubectl' ? fieldsOfLastApplied(apply.live, apply.node, apply.apiVersion) : undefined;
  if (!allowed) return taken;
  const foreign = new Map<string, Fields>();
  for (const [id, fields] of taken) {
    const rest = difference(fields, allowed);
    if (!isEmpty(rest)) foreign.set(id, rest);
  }
  return foreign;
}

/**
 * The object after the apply, and its managedFields. Throws a StatusError: 409 with the owners' names, 400 for a wrong
 * version, 500 with upstream's text when the configuration has not the shape that the schema declares.
 */
export function applyPatch(apply: Apply): Applied {
  check(apply);
  try {
    const tried = attempt(apply);
    if (!apply.force && tried.taken.size) {
      const conflicts = foreignConflicts(apply, tried.taken);
      if (conflicts.size) throw conflictError(tried.managers, conflicts);
    }
    return tried.finish();
  } catch (error) {
    if (error instanceof TypedError)
      throw fail(`failed to create typed live object (${describe(apply.live)}): ${error.message}`);
    throw error;
  }
}
