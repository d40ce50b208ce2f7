// Changes an object: read, change, check versions, defaults, ownership, admission, preparation, validation, compare-and-swap; again on conflict.
// Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/update.go and registry/generic/registry/store.go (Update).
// Called by handlers/update.ts, handlers/patch.ts, subresource handlers and localCluster.ts.
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { invalidValue } from '../../apimachinery/fieldErrors.ts';
import { sameButTimes } from '../../apimachinery/managedfields/managers.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../apimachinery/objectMeta.ts';
import * as status from '../../apimachinery/status.ts';
import { forbiddenRequest } from '../authorization/forbiddenMessage.ts';
import { servedObject } from '../codecs/codecs.ts';
import type { Subresource } from '../kinds/kind.ts';
import { keyOf } from '../kinds/registry.ts';
import { contentsOf } from '../storage/bytes.ts';
import type { Cached } from '../storage/cached.ts';
import { admitChanges, admitValidations, attributes } from './admit.ts';
import { createObject, placeInNamespace } from './createObject.ts';
import { dedupOwners } from './dedupOwners.ts';
import { finalizerErrors, warnOfFinalizers } from './finalizerNames.ts';
import { trackFields } from './managed.ts';
import { persist, persistDelete } from './persist.ts';
import { cachedObject, currentObject, fromStored, shownAs } from './readObject.ts';
import { isSound } from './verdicts.ts';
import type { Outcome, WriteContext } from './writeContext.ts';

/** Makes the new object from the live one (a fresh copy, in the served version); undefined live: absent. Runs again after a conflict. */
export type Change = (live: any | undefined) => any | Promise<any>;

export interface UpdateOptions {
  subresource?: Subresource;
  /** Absent objects are created from what `change` gives for undefined. */
  mayCreate?: boolean;
  /** `change` makes the whole object anew and leaves the live one, which is then shared, as it is. */
  replaces?: boolean;
  /** The resourceVersion that the writer names, where it is known beforehand. */
  version?: string;
  /** The uid that the writer of a whole object names. */
  uid?: string;
  /** managedFields are already right (server-side apply). */
  tracked?: boolean;
  /** Naming no version is fine whatever the kind says: writes in process go again on conflict. */
  anyVersion?: boolean;
}

/** Upstream stops patches after five conflicts; a write without resourceVersion keeps trying for as long as others win. */
const maxTries = 50;

export async function updateObject(
  w: WriteContext,
  name: string,
  change: Change,
  options: UpdateOptions = {},
): Promise<Outcome> {
  const { api, served } = w;
  let current = await cachedObject(api, served, w.namespace, name);
  // The embedded store's revision is known without asking: often the cache already holds the newest state.
  let newest = api.store.known?.() === api.cache.revision;
  for (let tries = 0; tries < maxTries; tries++) {
    if (!current && !newest) {
      current = await currentObject(api, served, w.namespace, name);
      newest = true;
    }
    if (!current) {
      if (options.uid) throw status.uidConflict(served.kind, name, keyOf(served, w.namespace, name), options.uid, '');
      if (!options.mayCreate) throw status.notFound(served.kind, name);
      return createAbsent(w, name, change, options);
    }
    if (served.kind.stored) current = (await shownAs(api, served, current))!;
    let result: Outcome | { conflict: Cached | undefined };
    try {
      result = await updateOnce(w, name, current, change, options);
    } catch (error) {
      if (newest) throw error;
      // The cache may lag behind: whatever was refused is decided again on the newest state.
      const latest = await currentObject(api, served, w.namespace, name);
      newest = true;
      if (latest?.revision === current.revision) throw error;
      current = latest;
      continue;
    }
    if (!('conflict' in result)) return result;
    current = result.conflict;
    newest = true;
  }
  throw status.conflict(served.kind, name, status.modified);
}

async function createAbsent(w: WriteContext, name: string, change: Change, options: UpdateOptions): Promise<Outcome> {
  const object = await change(undefined);
  if (object.metadata?.name && object.metadata.name !== name) throw nameMismatch(object.metadata.name, name);
  if (object.metadata?.uid) {
    const why = `uid mismatch: the provided object specified uid ${object.metadata.uid}, and no existing object was found`;
    throw status.conflict(w.served.kind, name, why);
  }
  object.metadata = { ...object.metadata, name };
  delete object.metadata.resourceVersion;
  await authorizeCreate(w, name);
  return createObject(w, object, options.tracked);
}

/** Who may only update or patch must not create by it. */
async function authorizeCreate(w: WriteContext, name: string): Promise<void> {
  const { group, version, plural } = w.served.kind;
  const attributes = {
    user: w.user,
    verb: 'create',
    resource: { group, version, plural, subresource: '', namespace: w.namespace, name },
  };
  const decision = await w.authorization.authorize(attributes);
  if (!decision.allowed) throw forbiddenRequest(attributes, decision.reason);
}

const nameMismatch = (given: string, expected: string) =>
  status.badRequest(`the name of the object (${given}) does not match the name on the URL (${expected})`);

async function updateOnce(
  w: WriteContext,
  name: string,
  current: Cached,
  change: Change,
  options: UpdateOptions,
): Promise<Outcome | { conflict: Cached | undefined }> {
  const { kind } = w.served;
  // Most conflicts show before anything is parsed.
  if (options.version && options.version !== '0' && options.version !== String(current.revision)) {
    throw status.conflict(kind, name, status.modified);
  }
  const old = servedObject(w.served, current);
  const object = await change(options.replaces ? old : deepCopy(old));
  placeInNamespace(w, object);
  if (object.metadata.name && object.metadata.name !== name) throw nameMismatch(object.metadata.name, name);
  object.metadata.name ??= name;
  const unconditional = checkVersion(w, object, old, name, options);
  object.metadata.resourceVersion = old.metadata.resourceVersion;
  options.subresource?.keep?.(object, old, w);
  keepMeta(object, old);
  kind.defaults?.(object);
  if (!options.tracked) trackFields(w, object, old, options.subresource);
  if (w.verb === 'update') dedupOwners(w, object, false);
  const admission = attributes(w, 'UPDATE', name, object, old);
  await admitChanges(w, admission);
  dedupOwners(w, object, true);
  kind.defaults?.(object);
  options.subresource?.keep?.(object, old, w);
  // A view (scale) changes spec as a write of the object itself does: its generation grows, its rules hold.
  const part = options.subresource?.writeView ? undefined : options.subresource;
  if (!part) {
    prepareUpdate(w, object, old);
    await kind.authorizeWrite?.(object, old, w);
  }
  const contents = !part && kind.judgedBy ? contentsOf(object) : undefined;
  validate(w, object, old, part, contents);
  await part?.authorizeUpdate?.(object, old, w);
  await admitValidations(w, admission);
  if (!part) {
    for (const text of kind.warnings?.(object, old) ?? []) w.warn(text);
    warnOfFinalizers(w, object.metadata, old.metadata.finalizers);
  } else for (const text of part.warnings?.(object, old) ?? []) w.warn(text);
  return store(w, name, object, old, current, unconditional, options, contents);
}

async function store(
  w: WriteContext,
  name: string,
  object: any,
  old: any,
  current: Cached,
  unconditional: boolean,
  options: UpdateOptions,
  contents: string | undefined,
): Promise<Outcome | { conflict: Cached | undefined }> {
  const { kind } = w.served;
  const key = keyOf(w.served, w.namespace, name);
  if (isFinallyGone(w, object)) {
    const gone = await persistDelete(w, key, object.metadata, current.revision);
    if ('conflict' in gone) return lostRace(w, name, gone.conflict, unconditional);
    if (!w.dryRun) {
      await kind.release?.(old, w);
      kind.afterWrite?.(object, old, w);
    }
    return { object, bytes: current.bytes };
  }
  object.metadata.resourceVersion = old.metadata.resourceVersion;
  if (changesNothing(object, old) && !kind.stored?.stale(current)) return { object: old, bytes: current.bytes };
  const undo = options.subresource ? undefined : await kind.allocate?.(object, old, w);
  try {
    const done = await persist(w, key, object, current.revision, options.tracked, contents);
    if ('conflict' in done) {
      await undo?.();
      return lostRace(w, name, done.conflict, unconditional);
    }
    if (w.dryRun) await undo?.();
    else {
      await kind.release?.(old, w, object);
      kind.afterWrite?.(object, old, w);
    }
    return done.outcome;
  } catch (error) {
    await undo?.();
    throw error;
  }
}

/** The times of managedFields alone are no change. */
function changesNothing(object: any, old: any): boolean {
  const { managedFields: now, ...meta } = object.metadata;
  const { managedFields: before, ...oldMeta } = old.metadata;
  if (!deepEqual(meta, oldMeta)) return false;
  if (now && before ? !sameButTimes(now, before) : now !== before) return false;
  return deepEqual({ ...object, metadata: undefined }, { ...old, metadata: undefined });
}

/** Another writer was quicker: a writer that named its version hears of it, any other goes again. */
function lostRace(
  w: WriteContext,
  name: string,
  stored: Parameters<typeof fromStored>[1],
  unconditional: boolean,
): { conflict: Cached | undefined } {
  if (!unconditional) throw status.conflict(w.served.kind, name, status.modified);
  return { conflict: fromStored(w.served, stored) };
}

/** True when the writer names no version. Throws 409 when it names another version or uid than the live one, 422 when it must name one. */
function checkVersion(w: WriteContext, object: any, old: any, name: string, options: UpdateOptions): boolean {
  const { kind } = w.served;
  const { resourceVersion, uid } = object.metadata;
  // A patch that sets another uid breaks a rule of metadata; a whole object with one is about another object.
  if (uid && uid !== old.metadata.uid && w.verb === 'update')
    throw status.uidConflict(kind, name, keyOf(w.served, w.namespace, name), uid, old.metadata.uid);
  if (!resourceVersion || resourceVersion === '0') {
    const mayLeaveOut = kind.unconditionalUpdate !== false || options.anyVersion || options.subresource?.writeView;
    if (mayLeaveOut) return true;
    throw status.invalid({ group: kind.group, kind: kind.plural }, name, [
      invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
  if (resourceVersion !== old.metadata.resourceVersion) throw status.conflict(kind, name, status.modified);
  // A patch inherits the live object's version; one that names another version is refused when it goes again.
  return w.verb === 'patch';
}

/** Metadata that only the server sets. What a client sets where nothing was is left for validation to refuse. */
function keepMeta(object: any, old: any): void {
  const m = object.metadata;
  const o = old.metadata;
  m.uid ||= o.uid;
  m.creationTimestamp = o.creationTimestamp;
  if (o.deletionTimestamp !== undefined) m.deletionTimestamp = o.deletionTimestamp;
  m.deletionGracePeriodSeconds ??= o.deletionGracePeriodSeconds;
  if (m.deletionGracePeriodSeconds === undefined) delete m.deletionGracePeriodSeconds;
  if (o.generation === undefined) delete m.generation;
  else m.generation = o.generation;
  delete m.selfLink;
  if (m.generateName === undefined && o.generateName !== undefined) m.generateName = o.generateName;
}

function prepareUpdate(w: WriteContext, object: any, old: any): void {
  const { kind } = w.served;
  if (kind.subresources?.some((s) => s.name === 'status')) {
    if (old.status === undefined) delete object.status;
    else object.status = old.status;
  }
  kind.prepareUpdate?.(object, old, w);
  if (kind.generation && changesGeneration(kind.generation, object, old))
    object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

function changesGeneration(
  rule: NonNullable<WriteContext['served']['kind']['generation']>,
  object: any,
  old: any,
): boolean {
  if (typeof rule === 'function') return rule(object, old);
  const { metadata: _m1, status: _s1, ...rest } = object;
  const { metadata: _m2, status: _s2, ...oldRest } = old;
  return !deepEqual(rest, oldRest);
}

function validate(
  w: WriteContext,
  object: any,
  old: any,
  sub: Subresource | undefined,
  contents: string | undefined,
): void {
  const { kind } = w.served;
  const sound = isSound(kind, object, contents);
  const errors = [
    ...validateObjectMeta(object.metadata, { namespaced: kind.namespaced, validateName: () => [], path: 'metadata' }),
    ...validateObjectMetaUpdate(object.metadata, old.metadata, 'metadata'),
    ...finalizerErrors(w, object.metadata),
    ...(sub
      ? (sub.validateUpdate?.(object, old, w) ?? [])
      : [...((!sound && kind.validate?.(object)) || []), ...(kind.validateUpdate?.(object, old, sound) ?? [])]),
  ];
  if (errors.length) throw status.invalid(kind, object.metadata.name, errors);
}

/** The last finalizer of an object that is being deleted has just gone. */
function isFinallyGone(w: WriteContext, object: any): boolean {
  const m = object.metadata;
  if (!m.deletionTimestamp || m.finalizers?.length || m.deletionGracePeriodSeconds) return false;
  return !w.served.kind.heldByFinalizers?.(object);
}
