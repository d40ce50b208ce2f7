// Deletes an object: preconditions, grace, finalizers by propagation policy; at once, or by marking it and letting others finish.
// Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go and registry/generic/registry/store.go (Delete).
// Called by handlers/delete.ts, handlers/deleteCollection.ts, pod eviction and localCluster.ts.

import { toTime } from '../../apimachinery/clock.ts';
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import * as status from '../../apimachinery/status.ts';
import type { DeleteOptions, KubeObject } from '../../apimachinery/types.ts';
import { servedObject } from '../codecs/codecs.ts';
import { keyOf } from '../kinds/registry.ts';
import type { Cached } from '../storage/cached.ts';
import { admitChanges, admitValidations, attributes } from './admit.ts';
import { persist, persistDelete } from './persist.ts';
import { currentObject, fromStored } from './readObject.ts';
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
  if (uid !== undefined && uid !== record.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${record.uid}). The object might have been deleted and then recreated`;
    throw status.conflict(w.served.kind, name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== record.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${record.resourceVersion}). The object might have been modified`;
    throw status.conflict(w.served.kind, name, why);
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
  if (plan === 'pending') return { object: old, bytes: current.bytes, gone: false };
  if (plan === 'mark') {
    const done = await persist(w, key, marked, current.revision);
    if ('conflict' in done) return { conflict: fromStored(w.served, done.conflict) };
    if (!w.dryRun) w.served.kind.afterWrite?.(marked, old, w);
    return { object: done.outcome.object, bytes: done.outcome.bytes, gone: false };
  }
  const done = await persistDelete(w, key, old.metadata, current.revision);
  if ('conflict' in done) return { conflict: fromStored(w.served, done.conflict) };
  if (!w.dryRun) {
    await w.served.kind.release?.(old, w);
    w.served.kind.afterWrite?.(marked, old, w);
  }
  return { object: old, bytes: current.bytes, gone: true };
}

/**
 * Decides, and changes `object` to what it becomes: `remove` it now, `mark` it as being deleted, or leave it (`pending`: it is already
 * on its way and this request cannot hasten it).
 */
export function planDeletion(w: WriteContext, object: any, options: DeleteOptions): 'remove' | 'mark' | 'pending' {
  const { kind } = w.served;
  const { deletionTimestamp: since, deletionGracePeriodSeconds: waiting } = object.metadata;
  const grace = graceful(w, object, options);
  const finalizersChanged = setPropagationFinalizers(object, options, kind.defaultPropagation);
  if (grace === 'pending' && !finalizersChanged) return 'pending';
  if (grace === 'mark') return 'mark';
  const held = object.metadata.finalizers?.length > 0 || kind.heldByFinalizers?.(object);
  if (!held) return grace === 'pending' ? 'mark' : 'remove';
  if (!since) markDeleted(w, object, 0);
  else if (grace !== 'pending') {
    if (waiting === 0 && !finalizersChanged) return 'pending';
    object.metadata.deletionGracePeriodSeconds = 0;
  }
  return 'mark';
}

function markDeleted(w: WriteContext, object: any, seconds: number): void {
  const m = object.metadata;
  m.deletionTimestamp = toTime(w.now() + seconds * 1000);
  m.deletionGracePeriodSeconds = seconds;
  if (m.generation > 0) m.generation++;
  w.served.kind.markDeleted?.(object);
}

/** What grace says: wait (`mark`), already waiting (`pending`), or no grace (`none`). */
function graceful(w: WriteContext, object: any, options: DeleteOptions): 'mark' | 'pending' | 'none' {
  const m = object.metadata;
  const wanted =
    options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds;
  if (m.deletionTimestamp) {
    if (!m.deletionGracePeriodSeconds) return 'none';
    if (wanted === undefined || wanted >= m.deletionGracePeriodSeconds) return 'pending';
    m.deletionTimestamp = toTime(Date.parse(m.deletionTimestamp) - (m.deletionGracePeriodSeconds - wanted) * 1000);
    m.deletionGracePeriodSeconds = wanted;
    return wanted > 0 ? 'mark' : 'none';
  }
  const seconds = w.served.kind.gracePeriod?.(object, { ...options, gracePeriodSeconds: wanted }, w);
  if (!seconds) return 'none';
  markDeleted(w, object, seconds);
  return 'mark';
}

/** Adds or removes the garbage collector's finalizers as the policy asks; true when that changed something. */
function setPropagationFinalizers(
  object: any,
  options: DeleteOptions,
  kindDefault: 'Orphan' | 'Background' | undefined,
): boolean {
  const m = object.metadata;
  const before: string[] = m.finalizers ?? [];
  const orphan = wants('Orphan', 'orphan', before, options, kindDefault);
  const foreground = wants('Foreground', 'foregroundDeletion', before, options, kindDefault);
  const after = before.filter((f) => f !== 'orphan' && f !== 'foregroundDeletion');
  if (orphan) after.push('orphan');
  if (foreground) after.push('foregroundDeletion');
  if (after.length === before.length && after.every((f) => before.includes(f))) return false;
  if (after.length) m.finalizers = after;
  else delete m.finalizers;
  return true;
}

function wants(
  policy: 'Orphan' | 'Foreground',
  finalizer: string,
  before: string[],
  options: DeleteOptions,
  kindDefault: string | undefined,
): boolean {
  if (options.orphanDependents !== undefined) return policy === 'Orphan' && options.orphanDependents;
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === policy;
  if (before.includes(finalizer)) return true;
  return kindDefault === policy;
}
