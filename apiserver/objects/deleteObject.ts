// Deletes an object: preconditions, grace, finalizers by propagation policy; at once, or by marking it and letting others finish.
// Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go and registry/generic/registry/store.go (Delete).
// Called by handlers/delete.ts, handlers/deleteCollection.ts, pod eviction and localCluster.ts.

import { toTime } from '../../apimachinery/clock.ts';
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import * as status from '../../apimachinery/status.ts';
import type { DeleteOptions, KubeObject } from '../../apimachinery/types.ts';
import { servedObject } from '../codecs/codecs.ts';
import { keyOf } from '../kinds/registry.ts';
import { withRevision } from '../storage/bytes.ts';
import type { Cached } from '../storage/cached.ts';
import { admitChanges, admitValidations, attributes } from './admit.ts';
import { persist, persistDelete } from './persist.ts';
import { currentObject, fromStored, shownAs } from './readObject.ts';
import type { WriteContext } from './writeContext.ts';

/** `gone`: removed from the store; otherwise it stays, marked, until its grace or its finalizers end. */
export interface Deleted {
  object: KubeObject;
  bytes: Buffer;
  gone: boolean;
}

const maxTries = 50;

export async function deleteObject(w: WriteContext, name: string, options: DeleteOptions): Promise<Deleted> {
  let current = await currentObject(w.api, w.served, w.namespace, name);
  for (let tries = 0; tries < maxTries; tries++) {
    if (!current) throw status.notFound(w.served.kind, name);
    if (w.served.kind.stored) current = (await shownAs(w.api, w.served, current))!;
    const old = servedObject(w.served, current);
    checkPreconditions(w, name, old, options);
    if (tries === 0) await admit(w, name, old);
    const done = await deleteOnce(w, name, current, old, options);
    if (!('conflict' in done)) return done;
    current = done.conflict;
  }
  throw status.conflict(w.served.kind, name, status.modified);
}

async function admit(w: WriteContext, name: string, old: KubeObject): Promise<void> {
  const admission = attributes(w, 'DELETE', name, undefined, old);
  await admitChanges(w, admission);
  await admitValidations(w, admission);
}

function checkPreconditions(w: WriteContext, name: string, old: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const record = old.metadata;
  // Upstream names the kind here, not the resource.
  const what = { group: w.served.kind.group, plural: w.served.kind.kind };
  if (uid !== undefined && uid !== record.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${record.uid}). The object might have been deleted and then recreated`;
    throw status.conflict(what, name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== record.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${record.resourceVersion}). The object might have been modified`;
    throw status.conflict(what, name, why);
  }
}

async function deleteOnce(
  w: WriteContext,
  name: string,
  current: Cached,
  old: KubeObject,
  options: DeleteOptions,
): Promise<Deleted | { conflict: Cached | undefined }> {
  const key = keyOf(w.served, w.namespace, name);
  const marked = deepCopy(old);
  const plan = planDeletion(w, marked, options);
  const unchanged: Deleted = { object: old, bytes: current.bytes, gone: false };
  if (plan === 'pending' || (plan === 'mark' && deepEqual(marked, old))) return unchanged;
  if (plan === 'remove') return removeNow(w, key, unchanged, marked, current.revision);
  const done = await persist(w, key, marked, current.revision);
  if ('conflict' in done) return { conflict: fromStored(w.served, done.conflict) };
  if (!w.dryRun) w.served.kind.afterWrite?.(marked, old, w);
  const { object, bytes } = done.outcome;
  if (plan === 'mark' || w.dryRun) return { object, bytes, gone: plan !== 'mark' };
  const last = deepCopy(object);
  const removed = await removeNow(
    w,
    key,
    { object: last, bytes, gone: true },
    last,
    Number(last.metadata.resourceVersion),
  );
  // Whoever watches for the mark may have been quicker with the removal.
  return 'conflict' in removed && !removed.conflict ? { object: last, bytes, gone: true } : removed;
}

async function removeNow(
  w: WriteContext,
  key: string,
  last: Deleted,
  marked: KubeObject,
  revision: number,
): Promise<Deleted | { conflict: Cached | undefined }> {
  const done = await persistDelete(w, key, last.object.metadata, revision);
  if ('conflict' in done) return { conflict: fromStored(w.served, done.conflict) };
  if (!w.dryRun) {
    await w.served.kind.release?.(last.object, w);
    w.served.kind.afterWrite?.(marked, last.object, w);
  }
  return w.served.kind.deleteReturnsObject ? asRemoved(last, done.revision) : { ...last, gone: true };
}

/** Who is answered with the object sees it as watchers do: at the version at which it went. */
function asRemoved({ object, bytes }: Deleted, revision: number): Deleted {
  const metadata = { ...object.metadata, resourceVersion: String(revision) };
  return { object: { ...object, metadata }, bytes: withRevision(bytes, revision), gone: true };
}

/**
 * Decides, and changes `object` to what it becomes: `remove` it now; `mark` it as being deleted; mark it and remove it at once
 * (`markAndRemove`, a grace of 0); or leave it (`pending`: it is already on its way and this request cannot hasten it).
 */
export function planDeletion(
  w: WriteContext,
  object: any,
  options: DeleteOptions,
): 'remove' | 'mark' | 'markAndRemove' | 'pending' {
  const { kind } = w.served;
  const grace = graceful(w, object, options);
  // A deletion that waits for its grace is beyond other propagation policies.
  if (grace === 'pending') return 'pending';
  setPropagationFinalizers(object, options, kind.defaultPropagation);
  const held = object.metadata.finalizers?.length > 0 || kind.heldByFinalizers?.(object);
  if (grace !== 'none') return grace > 0 || held ? 'mark' : 'markAndRemove';
  if (!held) return 'remove';
  markDeleted(w, object, 0);
  return 'mark';
}

function markDeleted(w: WriteContext, object: any, seconds: number): void {
  const m = object.metadata;
  const first = !m.deletionTimestamp;
  if (first || seconds > 0 || Date.parse(m.deletionTimestamp) > w.now())
    m.deletionTimestamp = timeAfter(w.now(), seconds);
  m.deletionGracePeriodSeconds = seconds;
  if (first && m.generation > 0) m.generation++;
  if (first) w.served.kind.markDeleted?.(object);
}

/** The last moment that RFC 3339 can write; nobody waits longer. */
const endOfTime = Date.UTC(9999, 11, 31, 23, 59, 59);
const timeAfter = (ms: number, seconds: number | bigint) => toTime(Math.min(ms + Number(seconds) * 1000, endOfTime));

/** When the deletion began; now where its end was cut. */
const startOf = (m: any, now: number) => {
  const end = Date.parse(m.deletionTimestamp);
  return end < endOfTime ? end - Number(m.deletionGracePeriodSeconds) * 1000 : now;
};

/** What grace says: the seconds to wait, already waiting (`pending`), or no grace (`none`). */
function graceful(w: WriteContext, object: any, options: DeleteOptions): number | 'pending' | 'none' {
  const m = object.metadata;
  const { gracePeriodSeconds } = options;
  const wanted = gracePeriodSeconds !== undefined && gracePeriodSeconds < 0 ? 1 : gracePeriodSeconds;
  const { gracePeriod } = w.served.kind;
  if (!gracePeriod) return 'none';
  if (m.deletionTimestamp) {
    if (!m.deletionGracePeriodSeconds) return 'none';
    if (wanted === undefined || wanted >= m.deletionGracePeriodSeconds) return 'pending';
    m.deletionTimestamp = timeAfter(startOf(m, w.now()), wanted);
    m.deletionGracePeriodSeconds = wanted;
    return wanted;
  }
  const seconds = gracePeriod(object, { ...options, gracePeriodSeconds: wanted }, w);
  if (seconds === undefined) return 'none';
  markDeleted(w, object, seconds);
  return seconds;
}

/** Adds or removes the garbage collector's finalizers as the policy asks. */
function setPropagationFinalizers(object: any, options: DeleteOptions, kindDefault: KindDefault): void {
  const m = object.metadata;
  const before: string[] = m.finalizers ?? [];
  const policy = policyOf(before, options, kindDefault);
  const wanted: string[] = policy === 'Orphan' ? ['orphan'] : policy === 'Foreground' ? ['foregroundDeletion'] : [];
  const ours = before.filter((f) => f === 'orphan' || f === 'foregroundDeletion') as string[];
  if (ours.length === wanted.length && ours.every((f) => wanted.includes(f))) return;
  const after = [...before.filter((f) => !ours.includes(f)), ...wanted];
  if (after.length) m.finalizers = after;
  else delete m.finalizers;
}

type KindDefault = WriteContext['served']['kind']['defaultPropagation'];

/** What the request says comes before what an earlier one has left on the object, and that before the kind's own habit. */
function policyOf(before: string[], options: DeleteOptions, kindDefault: KindDefault): string {
  if (kindDefault === 'Unsupported') return 'Background';
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background';
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  const left = before.find((f) => f === 'orphan' || f === 'foregroundDeletion');
  if (left) return left === 'orphan' ? 'Orphan' : 'Foreground';
  return kindDefault ?? 'Background';
}
