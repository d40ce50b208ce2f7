// The claims of a pod by what has to be done about them: bound, to be bound with the choice of a node, or not ours to bind.
// Reads: claims, volumes and classes through `Storage`. Mirrors: GetPodVolumeClaims in plugins/volumebinding/binder.go.
// Used by: volumeBinding.ts. Next along the chain: findVolumes.ts.

import { classOf, isFullyBound } from '../../../apimachinery/storage/claims.ts';
import { claimsOf, notMadeFor } from '../../../apimachinery/storage/podVolumes.ts';
import type {
  CSIDriver,
  CSIStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from '../../../apimachinery/types.ts';
import type { Informer } from '../../../client/informer.ts';
import type { Assumed } from './assumed.ts';

export interface Storage {
  volumes: Assumed<PersistentVolume>;
  claims: Assumed<PersistentVolumeClaim>;
  classes: Informer<StorageClass>;
  drivers: Informer<CSIDriver>;
  capacities: Informer<CSIStorageCapacity>;
}

export interface PodClaims {
  bound: readonly PersistentVolumeClaim[];
  /** Wait for their first consumer: this pod. */
  delayed: readonly PersistentVolumeClaim[];
  /** The controller has to bind them first. */
  immediate: readonly PersistentVolumeClaim[];
}

const keyIn = (pod: Pod, name: string) => `${pod.metadata.namespace}/${name}`;

/** Why the pod cannot be placed whatever the node; undefined: nothing of that kind. */
export function unusableClaim(pod: Pod, { claims }: Storage): string | undefined {
  for (const { name, ephemeral } of claimsOf(pod)) {
    const claim = claims.get(keyIn(pod, name));
    if (!claim)
      return ephemeral
        ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
        : `persistentvolumeclaim "${name}" not found`;
    if (claim.status?.phase === 'Lost')
      return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`;
    if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim "${name}" is being deleted`;
    const foreign = ephemeral ? notMadeFor(pod, claim) : undefined;
    if (foreign) return foreign;
  }
  return undefined;
}

/** After `unusableClaim` found nothing: every claim is there. Throws when a class is missing that should say when to bind. */
export function podClaims(pod: Pod, storage: Storage): PodClaims {
  const bound: PersistentVolumeClaim[] = [];
  const delayed: PersistentVolumeClaim[] = [];
  const immediate: PersistentVolumeClaim[] = [];
  for (const { name } of claimsOf(pod)) {
    const claim = storage.claims.get(keyIn(pod, name))!;
    if (isFullyBound(claim)) bound.push(claim);
    // A claim that names its volume needs no choice of a node.
    else if (waitsForConsumer(claim, storage.classes) && !claim.spec?.volumeName) delayed.push(claim);
    else immediate.push(claim);
  }
  return { bound, delayed, immediate };
}

function waitsForConsumer(claim: PersistentVolumeClaim, classes: Informer<StorageClass>): boolean {
  const className = classOf(claim);
  const found = className ? classes.get(className) : undefined;
  if (!found) return false;
  if (!found.volumeBindingMode) throw new Error(`VolumeBindingMode not set for StorageClass "${className}"`);
  return found.volumeBindingMode === 'WaitForFirstConsumer';
}
