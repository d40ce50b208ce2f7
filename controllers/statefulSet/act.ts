// Carries one step of a plan out, with the Event that tells of it.
// Writes: pods, persistentvolumeclaims, Events. Mirrors: pkg/controller/statefulset/stateful_pod_control.go. Used by: statefulSet.ts.
import { persistentVolumeClaims, pods } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { KubeObject, PersistentVolumeClaim, Pod, StatefulSet } from '../../apimachinery/types.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { type ClaimLookup, newClaims, ownersToSet } from './claims.ts';
import { ordinalOf } from './names.ts';
import type { Step } from './plan.ts';
import { corrected, identityMatches, storageMatches } from './pod.ts';

export interface Acting {
  context: ControllerContext;
  set: StatefulSet;
  claims: ClaimLookup;
  /** Told of every write, so that the next reconcile starts from caches that have seen it. */
  wrote(r: typeof pods | typeof persistentVolumeClaims, object: KubeObject): void;
}

type Verb = 'create' | 'update' | 'delete';
const capital = (verb: Verb) => verb.charAt(0).toUpperCase() + verb.slice(1);
/** The cache was behind: it is there already, or gone, or another. The next look settles it, and nobody need hear of it. */
const behind = ['AlreadyExists', 'Conflict', 'NotFound'];
const textOf = (error: unknown) => (error as Error).message;

/** Rejects with what the API server said. */
export async function act(a: Acting, step: Step): Promise<void> {
  const steps: Record<Step['do'], () => Promise<void>> = {
    create: () => told(a, 'create', step.pod, () => createPod(a, step.pod)),
    delete: () => told(a, 'delete', step.pod, () => deletePod(a, step.pod)),
    claims: async () => ownClaims(a, step.pod, await makeClaims(a, step.pod)),
    correct: () => told(a, 'update', step.pod, () => correct(a, step.pod)),
    own: () => ownClaims(a, step.pod),
  };
  await steps[step.do]();
}

async function told(
  { context: { events }, set }: Acting,
  verb: Verb,
  pod: Pod,
  work: () => Promise<void>,
): Promise<void> {
  const what = `${verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
  try {
    await work();
    events.event(set, 'Normal', `Successful${capital(verb)}`, `${what} successful`);
  } catch (error) {
    if (!behind.some((reason) => isReason(error, reason)))
      events.event(set, 'Warning', `Failed${capital(verb)}`, `${what} failed error: ${textOf(error)}`);
    throw error;
  }
}

/** The claims come first: a pod whose claims cannot be made would hang. */
async function createPod(a: Acting, pod: Pod): Promise<void> {
  const made = await makeClaims(a, pod);
  a.wrote(pods, await a.context.client.create(pods, pod as never));
  await ownClaims(a, pod, made);
}

/** The uid keeps it from hitting a later pod of the same name. */
async function deletePod({ context: { client }, wrote }: Acting, pod: Pod): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const answer = await client.delete(pods, name, namespace, { preconditions: { uid } });
  if (answer.kind === 'Pod') wrote(pods, answer as Pod);
}

/** Gives those that were made now. Rejects when one cannot be, or is on its way out. */
async function makeClaims(a: Acting, pod: Pod): Promise<PersistentVolumeClaim[]> {
  const made: PersistentVolumeClaim[] = [];
  const errors: string[] = [];
  for (const claim of newClaims(a.set, ordinalOf(pod))) {
    const there = a.claims(claim.metadata.name);
    if (there?.metadata.deletionTimestamp) errors.push(`pvc ${claim.metadata.name} is being deleted`);
    if (there) continue;
    try {
      made.push(await makeClaim(a, pod, claim));
    } catch (error) {
      errors.push(`failed to create PVC ${claim.metadata.name}: ${textOf(error)}`);
    }
  }
  if (errors.length) throw new Error(errors.length > 1 ? `[${errors.join(', ')}]` : errors[0]);
  return made;
}

async function makeClaim({ context, set, wrote }: Acting, pod: Pod, claim: PersistentVolumeClaim) {
  const { client, events } = context;
  const [name, setName] = [claim.metadata.name, set.metadata.name];
  try {
    const made = await client.create(persistentVolumeClaims, claim as never);
    wrote(persistentVolumeClaims, made);
    const message = `create Claim ${name} Pod ${pod.metadata.name} in StatefulSet ${setName} success`;
    events.event(set, 'Normal', 'SuccessfulCreate', message);
    return made;
  } catch (error) {
    const message = `create Claim ${name} for Pod ${pod.metadata.name} in StatefulSet ${setName} failed error: ${textOf(error)}`;
    if (!isReason(error, 'AlreadyExists')) events.event(set, 'Warning', 'FailedCreate', message);
    throw error;
  }
}

/** `made`: claims that the cache may not show yet. */
async function ownClaims({ context, set, claims, wrote }: Acting, pod: Pod, made: PersistentVolumeClaim[] = []) {
  for (const { metadata } of newClaims(set, ordinalOf(pod))) {
    const claim = made.find((c) => c.metadata.name === metadata.name) ?? claims(metadata.name);
    const ownerReferences = claim && ownersToSet(claim, set, pod);
    if (!ownerReferences) continue;
    const next = { ...claim, metadata: { ...claim.metadata, ownerReferences } };
    wrote(persistentVolumeClaims, await context.client.update(persistentVolumeClaims, next));
  }
}

async function correct(a: Acting, pod: Pod): Promise<void> {
  if (!storageMatches(a.set, pod)) await makeClaims(a, pod);
  await ownClaims(a, pod);
  if (identityMatches(pod) && storageMatches(a.set, pod)) return;
  a.wrote(pods, await a.context.client.update(pods, corrected(a.set, pod)));
}
