// Who owns what: controller references, and the claims by which a controller adopts orphans and lets go of strangers.
// planClaims is pure; claim acts on it. Mirrors: pkg/controller/controller_ref_manager.go.
// Used by: the workload controllers.
import { type Selector, selectorOf } from '../../apimachinery/labelSelector.ts';
import { apiVersionOf, type Resource } from '../../apimachinery/resources.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { KubeObject, LabelSelector, OwnerReference } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/informerCache.ts';
import { tolerate } from './errors.ts';

/** The owner that controls this object; there is at most one. */
export const controllerOf = (o: { metadata: { ownerReferences?: OwnerReference[] } }): OwnerReference | undefined =>
  o.metadata.ownerReferences?.find((ref) => ref.controller);

export const controllerRef = (owner: KubeObject, r: Resource<any>): OwnerReference => ({
  apiVersion: apiVersionOf(r),
  kind: r.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid!,
  controller: true,
  blockOwnerDeletion: true,
});

const ownerIndex = 'controller';
const orphansOf = (namespace: string | undefined) => `orphans of ${namespace}`;

/** Makes `ownedOrOrphaned` quick. Call in a controller's setup. */
export const indexByController = (informer: Informer<any>): void =>
  informer.addIndex(ownerIndex, (o) => [controllerOf(o)?.uid ?? orphansOf(o.metadata.namespace)]);

export const ownedBy = <T extends KubeObject>(informer: Informer<T>, uid: string): T[] =>
  informer.byIndex(ownerIndex, uid);

export const orphansIn = <T extends KubeObject>(informer: Informer<T>, namespace: string): T[] =>
  informer.byIndex(ownerIndex, orphansOf(namespace));

/** For looking through many objects: one with a malformed selector selects nothing, and is in nobody's way. */
export const wouldSelect = (selector: LabelSelector | undefined, object: KubeObject): boolean =>
  matchesIfAny(() => selectorOf(selector), object);

function matchesIfAny(selector: () => Selector, object: KubeObject): boolean {
  try {
    return selector().matches(object.metadata.labels);
  } catch {
    return false;
  }
}

/** The key of the one of `kind` that controls an object; for an orphan, those of all that would adopt it. */
export function ownerKeys<T extends KubeObject>(
  object: KubeObject,
  kind: string,
  owners: Informer<T>,
  selector: (owner: T) => Selector,
): string[] {
  const { namespace } = object.metadata;
  const ref = controllerOf(object);
  if (ref) return ref.kind === kind ? [`${namespace}/${ref.name}`] : [];
  const adopters = owners.list(namespace).filter((owner) => matchesIfAny(() => selector(owner), object));
  return adopters.map(keyOf);
}

export interface ClaimPlan<T> {
  /** Ours already, and to be kept. */
  owned: T[];
  adopt: T[];
  release: T[];
}

/** What of `objects` is `owner`'s: by reference if it has one, by selector if it has none. */
export function planClaims<T extends KubeObject>(
  owner: KubeObject,
  selector: Selector,
  objects: readonly T[],
): ClaimPlan<T> {
  const plan: ClaimPlan<T> = { owned: [], adopt: [], release: [] };
  const leaving = Boolean(owner.metadata.deletionTimestamp);
  for (const object of objects) {
    const ref = controllerOf(object);
    if (ref && ref.uid !== owner.metadata.uid) continue;
    const wanted = selector.matches(object.metadata.labels);
    if (ref && wanted) plan.owned.push(object);
    else if (ref && !leaving) plan.release.push(object);
    else if (!ref && wanted && !leaving && !object.metadata.deletionTimestamp) plan.adopt.push(object);
  }
  return plan;
}

/**
 * Carries a plan out: patches references on and off, and with them `finalizer` if the owner has one for what is its own.
 * Returns what is owned then; throws the first refusal at the end.
 */
export async function claim<T extends KubeObject>(
  client: Client,
  owner: KubeObject,
  ownerResource: Resource<any>,
  r: Resource<T>,
  plan: ClaimPlan<T>,
  finalizer?: string,
): Promise<T[]> {
  const owned = [...plan.owned];
  if (plan.adopt.length && (await isStillThere(client, owner, ownerResource))) {
    const ref = controllerRef(owner, ownerResource);
    for (const object of plan.adopt) {
      const adopted = await patchOwners(client, r, object, {
        ownerReferences: [ref],
        ...(finalizer && { finalizers: [finalizer] }),
      });
      if (adopted) owned.push(adopted);
    }
  }
  for (const object of plan.release)
    await patchOwners(client, r, object, {
      ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }],
      ...(finalizer && { '$deleteFromPrimitiveList/finalizers': [finalizer] }),
    });
  return owned;
}

/** Adopting for an owner that was deleted a moment ago would undo an orphaning delete; so ask the server, not the cache. */
async function isStillThere(client: Client, owner: KubeObject, r: Resource<any>): Promise<boolean> {
  const fresh = await client.get(r, owner.metadata.name, owner.metadata.namespace);
  if (fresh.metadata.uid !== owner.metadata.uid)
    throw new Error(
      `original ${r.kind} ${owner.metadata.namespace}/${owner.metadata.name} is gone: got uid ${fresh.metadata.uid}, wanted ${owner.metadata.uid}`,
    );
  return !fresh.metadata.deletionTimestamp;
}

/** The uid in the patch makes it fail on an object of the same name that came later. Gone is fine: undefined. */
async function patchOwners<T extends KubeObject>(
  client: Client,
  r: Resource<T>,
  object: T,
  change: object,
): Promise<T | undefined> {
  const patch = { metadata: { uid: object.metadata.uid, ...change } };
  try {
    return await tolerate(
      ['NotFound'],
      client.patch(r, object.metadata.name, object.metadata.namespace, 'strategic', patch),
    );
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Invalid') return undefined;
    throw error;
  }
}
