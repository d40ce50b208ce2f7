// The claims of a StatefulSet's pods: what they look like, and whose they are by its retention policy, so that the garbage collector
// takes those that are to go with the set, or with a pod that was scaled away.
// Pure. Mirrors: getPersistentVolumeClaims, isClaimOwnerUpToDate, updateClaimOwnerRefForSetAndPod in stateful_set_utils.go.
// Used by: plan.ts, act.ts.
import { pods, type Resource, statefulSets } from '../../apimachinery/resources.ts';
import type { KubeObject, OwnerReference, PersistentVolumeClaim, Pod, StatefulSet } from '../../apimachinery/types.ts';
import { controllerRef } from '../common/owners.ts';
import { claimName, isWanted, ordinalOf } from './names.ts';

/** By name, in the set's namespace; undefined: not there. */
export type ClaimLookup = (name: string) => PersistentVolumeClaim | undefined;

export const claimNames = (set: StatefulSet, ordinal: number): string[] =>
  (set.spec?.volumeClaimTemplates ?? []).map((t) => claimName(set, t.metadata!.name!, ordinal));

export function newClaims(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => {
    const { metadata, ...rest } = template as PersistentVolumeClaim;
    const { status: _, ...body } = rest;
    return {
      ...body,
      metadata: {
        ...metadata,
        name: claimName(set, metadata.name, ordinal),
        namespace: set.metadata.namespace,
        labels: { ...metadata.labels, ...set.spec?.selector?.matchLabels },
      },
    } as PersistentVolumeClaim;
  });
}

const deletesWhen = (set: StatefulSet) => {
  const { whenScaled, whenDeleted } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  return { scaled: whenScaled === 'Delete', deleted: whenDeleted === 'Delete' };
};

/** A reference by name to this kind; the uid may be another's. */
const names = (ref: OwnerReference, object: KubeObject, r: Resource<any>) => {
  const wanted = controllerRef(object, r);
  return ref.apiVersion === wanted.apiVersion && ref.kind === wanted.kind && ref.name === wanted.name;
};

const refsOf = (claim: PersistentVolumeClaim): OwnerReference[] => claim.metadata.ownerReferences ?? [];

/** An earlier pod or set of that name owns it: whoever collects it has not come round yet. */
const isStale = (claim: PersistentVolumeClaim, object: KubeObject, r: Resource<any>): boolean =>
  refsOf(claim).some((ref) => names(ref, object, r) && ref.uid !== object.metadata.uid);

/** Somebody else controls it; with Retain alone that is no matter. */
function hasOtherController(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  const { scaled, deleted } = deletesWhen(set);
  if (!scaled && !deleted) return false;
  return refsOf(claim).some((ref) => ref.controller && !names(ref, set, statefulSets) && !names(ref, pod, pods));
}

/** The owners that the policy asks for. */
function wantedOwners(set: StatefulSet, pod: Pod): OwnerReference[] {
  const { scaled, deleted } = deletesWhen(set);
  const isAway = !isWanted(set, ordinalOf(pod));
  if (scaled && isAway) return [controllerRef(pod, pods)];
  return deleted ? [controllerRef(set, statefulSets)] : [];
}

/** The claim's owners as they should be; undefined when they are, or when they are not ours to change. */
export function ownersToSet(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): OwnerReference[] | undefined {
  if (isStale(claim, set, statefulSets) || isStale(claim, pod, pods)) return undefined;
  const others = refsOf(claim).filter((ref) => !names(ref, set, statefulSets) && !names(ref, pod, pods));
  const wanted = hasOtherController(claim, set, pod) ? [] : wantedOwners(set, pod);
  const ours = refsOf(claim).filter((ref) => !others.includes(ref));
  const isRight =
    ours.length === wanted.length && ours.every((ref) => ref.controller && wanted.some((w) => w.uid === ref.uid));
  return isRight ? undefined : [...others, ...wanted];
}

/** Owners are to be put right on some claim of this pod. */
export const needsOwners = (set: StatefulSet, pod: Pod, claims: ClaimLookup): boolean =>
  claimNames(set, ordinalOf(pod)).some((name) => {
    const claim = claims(name);
    return claim !== undefined && ownersToSet(claim, set, pod) !== undefined;
  });

/** A claim still belongs to an earlier pod of this name, with which it will go: a new pod must wait for that. */
export const hasStaleClaim = (set: StatefulSet, pod: Pod, claims: ClaimLookup): boolean =>
  deletesWhen(set).scaled &&
  claimNames(set, ordinalOf(pod)).some((name) => {
    const claim = claims(name);
    return claim !== undefined && isStale(claim, pod, pods);
  });
