// metadata.managedFields as a map of managers: who they are, which set each owns, in which order the entries are written.
// Reads and writes: ManagedFieldsEntry lists. Entries that nothing changed are passed on as they are.
// Mirrors: apimachinery/pkg/util/managedfields/internal (managedfields.go, capmanagers.go, stripmeta.go).
// Next: managedFieldsForUpdate.ts and applyPatch.ts.
import { deepEqual } from '../deepEqual.ts';
import type { ManagedFieldsEntry } from '../types.ts';
import { isFields, sorted } from './fieldPaths.ts';
import { type Fields, noFields, union } from './fields.ts';
import type { Skip } from './fieldsOf.ts';

/** One entry while it is worked on. `set` is the fields it owns; `time` is absent when it was never set. */
export interface Manager {
  entry: ManagedFieldsEntry;
  set: Fields;
}
/** By identity, as `identityOf` gives it. */
export type Managers = Map<string, Manager>;

/** Operation and subresource tell managers of one name apart; appliers stay the same across versions. */
export function identityOf(entry: ManagedFieldsEntry): string {
  const { manager, operation, apiVersion, subresource } = entry;
  return JSON.stringify({
    ...(manager && { manager }),
    ...(operation && { operation }),
    ...(apiVersion && operation !== 'Apply' && { apiVersion }),
    ...(subresource && { subresource }),
  });
}

/** Why these entries cannot be used, in upstream's words; undefined when they can. */
function entryError(entry: ManagedFieldsEntry, i: number): string | undefined {
  if (entry.operation !== 'Apply' && entry.operation !== 'Update') return 'operation must be `Apply` or `Update`';
  if (!entry.apiVersion) return 'apiVersion must not be empty';
  if (!entry.fieldsType) return `missing fieldsType in managed fields entry ${i}`;
  if (entry.fieldsType !== 'FieldsV1') return `invalid fieldsType "${entry.fieldsType}" in managed fields entry ${i}`;
  return entry.fieldsV1 === undefined || isFields(entry.fieldsV1)
    ? undefined
    : 'error decoding set: unexpected fieldsV1';
}

/** The managers of stored entries; a text when one of them is malformed. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers | string {
  const managers: Managers = new Map();
  for (const [i, entry] of (entries ?? []).entries()) {
    const error = entryError(entry, i);
    if (error) return error;
    managers.set(identityOf(entry), { entry, set: (entry.fieldsV1 as Fields | undefined) ?? noFields });
  }
  return managers;
}

const seconds = (e: ManagedFieldsEntry): number => (e.time ? Math.floor(Date.parse(e.time) / 1000) : 0);
const compareText = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0);

function byOperationAndTime(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  return (
    compareText(a.operation, b.operation) ||
    seconds(a) - seconds(b) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

/** The list as it is stored: appliers before updaters, oldest first. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] {
  const entries = [...managers.values()].map(({ entry, set }) =>
    set === entry.fieldsV1 ? entry : { ...entry, fieldsType: 'FieldsV1', fieldsV1: sorted(set) },
  );
  return entries.length > 1 ? entries.sort(byOperationAndTime) : entries;
}

/** Are these the same entries but for their times? */
export const sameButTimes = (a: readonly ManagedFieldsEntry[], b: readonly ManagedFieldsEntry[]): boolean =>
  a.length === b.length && a.every((entry, i) => entry === b[i] || deepEqual({ ...entry, time: b[i]!.time }, b[i]));

const maxUpdaters = 10;

/** More than ten updaters: the oldest of each version are folded into one entry, `ancient-changes`. */
export function capUpdaters(managers: Managers): void {
  if (managers.size <= maxUpdaters) return;
  const updaters = [...managers].filter(([, m]) => m.entry.operation === 'Update');
  let count = updaters.length;
  if (count <= maxUpdaters) return;
  updaters.sort(([id, a], [otherId, b]) => seconds(a.entry) - seconds(b.entry) || compareText(id, otherId));
  const firstOfVersion = new Map<string, string>();
  for (const [id, { entry, set }] of updaters) {
    if (count <= maxUpdaters) return;
    const { apiVersion, time } = entry;
    const first = firstOfVersion.get(apiVersion!);
    if (first === undefined) {
      firstOfVersion.set(apiVersion!, id);
      continue;
    }
    const bucket: ManagedFieldsEntry = { manager: 'ancient-changes', operation: 'Update', apiVersion };
    const bucketId = identityOf(bucket);
    const old = managers.get(bucketId) ?? managers.get(first)!;
    if (!managers.has(bucketId)) managers.delete(first);
    managers.delete(id);
    managers.set(bucketId, { entry: { ...bucket, time }, set: union(set, old.set) });
    count--;
  }
}

/** What no one owns: the identity of the object and what the server itself keeps. */
const untracked = [
  'apiVersion',
  'kind',
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => `metadata.${name}`),
];

type MutableSkip = Map<string, MutableSkip | true>;
const resetSkips = new Map<string, Skip>();
const untrackedSkips = new Map<string, Skip>();

function skipOf(resets: readonly string[], others: readonly string[], kept: Map<string, Skip>): Skip {
  const key = resets.join(',');
  const known = kept.get(key);
  if (known) return known;
  const skip = makeSkip([...others, ...resets]);
  kept.set(key, skip);
  return skip;
}

/** The fields that a write here resets, by dotted names. */
export const resetFields = (resets: readonly string[] = []): Skip => skipOf(resets, [], resetSkips);
/** Those and the fields that no one owns: what walks pass over. */
export const untrackedFields = (resets: readonly string[] = []): Skip => skipOf(resets, untracked, untrackedSkips);

function makeSkip(paths: readonly string[]): Skip {
  const root: MutableSkip = new Map();
  for (const path of paths) {
    const names = path.split('.');
    const last = names.pop()!;
    let level = root;
    for (const name of names) {
      const next = level.get(name);
      if (next === true) break;
      const inner: MutableSkip = next ?? new Map();
      level.set(name, inner);
      level = inner;
    }
    level.set(last, true);
  }
  return root;
}
