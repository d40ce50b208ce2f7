// A new object: metadata, defaults, ownership, admission, preparation, validation, allocation, store. In this order, one line each.
// Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/create.go and registry/generic/registry/store.go.
// Called by handlers/create.ts, handlers/update.ts (create on update), patch (apply) and localCluster.ts.

import { randomUUID } from 'node:crypto';
import { toTime } from '../../apimachinery/clock.ts';
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import { flatText } from '../../apimachinery/flatText.ts';
import { validateObjectMeta } from '../../apimachinery/objectMeta.ts';
import { randomSuffix } from '../../apimachinery/randomSuffix.ts';
import * as status from '../../apimachinery/status.ts';
import { cacheOf } from '../api.ts';
import { keyOf } from '../kinds/registry.ts';
import { contentsOf } from '../storage/bytes.ts';
import { admitChanges, admitValidations, attributes } from './admit.ts';
import { dedupOwners } from './dedupOwners.ts';
import { finalizerErrors, warnOfFinalizers } from './finalizerNames.ts';
import { trackFields } from './managed.ts';
import { persist } from './persist.ts';
import { type Verdict, verdictOf } from './verdicts.ts';
import type { Outcome, WriteContext } from './writeContext.ts';

/** Tries of generateName before giving up, and the longest prefix that leaves room for the suffix. */
const generateTries = 8;
const maxGeneratedPrefix = 58;

/** `object` is decoded, in the served version; it is changed and kept. `tracked`: managedFields are already right (apply). */
export async function createObject(w: WriteContext, object: any, tracked = false): Promise<Outcome> {
  const generated = !object.metadata?.name && object.metadata?.generateName;
  for (let tries = 1; ; tries++) {
    const attempt = generated && tries < generateTries ? deepCopy(object) : object;
    try {
      return await createOnce(w, attempt, tracked);
    } catch (error) {
      if (!generated || !status.isReason(error, 'AlreadyExists')) throw error;
      if (tries === generateTries) throw status.generateNameConflict(w.served.kind, attempt.metadata.name);
    }
  }
}

async function createOnce(w: WriteContext, object: any, tracked: boolean): Promise<Outcome> {
  const { kind } = w.served;
  // From the first object on its kind is remembered: whoever made it may watch from its version.
  await cacheOf(w.api, w.served);
  placeInNamespace(w, object);
  // Before fields are tracked: what the server alone says of an object is nobody's.
  dropSystemFields(object.metadata);
  kind.defaults?.(object);
  if (!tracked) trackFields(w, object, undefined);
  dedupOwners(w, object, false);
  const admission = attributes(w, 'CREATE', object.metadata.name ?? '', object);
  await admitChanges(w, admission);
  dedupOwners(w, object, true);
  kind.defaults?.(object);
  prepare(w, object);
  await kind.authorizeWrite?.(object, undefined, w);
  const contents = kind.judgedBy ? contentsOf(object) : undefined;
  const verdict = validate(w, object, contents);
  await admitValidations(w, { ...admission, name: object.metadata.name });
  for (const text of verdict.warnings) w.warn(text);
  warnOfFinalizers(w, object.metadata);
  const undo = await kind.allocate?.(object, undefined, w);
  try {
    const done = await persist(w, keyOf(w.served, w.namespace, object.metadata.name), object, 0, tracked, contents);
    if ('conflict' in done) throw status.alreadyExists(kind, object.metadata.name);
    if (!w.dryRun) kind.afterWrite?.(object, undefined, w);
    else await undo?.();
    return { ...done.outcome, created: true };
  } catch (error) {
    await undo?.();
    throw error;
  }
}

/** The object's namespace is the request's; another one is refused, a missing one filled in. */
export function placeInNamespace(w: WriteContext, object: any): void {
  object.metadata ??= {};
  const given = object.metadata.namespace ?? '';
  if (!w.served.kind.namespaced) {
    delete object.metadata.namespace;
    return;
  }
  if (given && given !== w.namespace) {
    throw status.badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  object.metadata.namespace = given || flatText(w.namespace);
}

function dropSystemFields(m: any): void {
  delete m.selfLink;
  delete m.deletionTimestamp;
  delete m.deletionGracePeriodSeconds;
}

function prepare(w: WriteContext, object: any): void {
  const { kind } = w.served;
  const m = object.metadata;
  if (m.resourceVersion && m.resourceVersion !== '0')
    throw status.unknown('resourceVersion should not be set on objects to be created');
  if (!m.name && m.generateName)
    m.name = flatText(m.generateName.slice(0, maxGeneratedPrefix) + randomSuffix(5, w.api.random));
  delete m.resourceVersion;
  dropSystemFields(m);
  delete m.generation;
  m.uid = flatText(randomUUID());
  m.creationTimestamp = toTime(w.now());
  if (kind.generation) m.generation = 1;
  if (!kind.statusOnCreate && kind.subresources?.some((s) => s.name === 'status')) object.status = {};
  kind.prepareCreate?.(object, w);
}

function validate(w: WriteContext, object: any, contents: string | undefined): Verdict {
  const { kind } = w.served;
  // As Go sees it: the kinds' rules look at names too, and an absent one is refused below in any case.
  object.metadata.name ??= '';
  const meta = { namespaced: kind.namespaced, validateName: kind.validateName, path: 'metadata' };
  const ofMetadata = [...validateObjectMeta(object.metadata, meta), ...finalizerErrors(w, object.metadata)];
  const verdict = verdictOf(kind, object, contents);
  const errors = [...ofMetadata, ...verdict.errors];
  if (errors.length) throw status.invalid(kind, object.metadata.name || object.metadata.generateName || '', errors);
  return verdict;
}
