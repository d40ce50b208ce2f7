// The status of a claim as the binder sets it: its phase, and what it has of its volume. undefined: it is so already.
// Pure. Mirrors: updateClaimStatus in pkg/controller/volume/persistentvolume/pv_controller.go. Used by: act.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { canonicalQuantity, compareQuantities, parseQuantity } from '../../apimachinery/quantity.ts';
import { preResizeCapacity } from '../../apimachinery/storage/annotations.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../apimachinery/types.ts';

type Status = NonNullable<PersistentVolumeClaim['status']>;

/** Throws when the volume does not say how large it is. */
export function claimStatus(
  claim: PersistentVolumeClaim,
  phase: 'Pending' | 'Bound' | 'Lost',
  volume?: PersistentVolume,
): Status | undefined {
  const old: Status = claim.status ?? {};
  const status: Status = { ...old, phase };
  if (!volume) {
    delete status.accessModes;
    delete status.capacity;
    delete status.currentVolumeAttributesClassName;
  } else {
    status.accessModes = volume.spec?.accessModes;
    // Once bound, a smaller size of the claim means that its file system is still to grow: not ours to change.
    if (old.phase !== phase) ofVolume(status, volume);
  }
  return deepEqual(status, old) ? undefined : status;
}

function ofVolume(status: Status, volume: PersistentVolume): void {
  const size = volume.spec?.capacity?.storage;
  if (size === undefined) throw new Error(`PersistentVolume "${volume.metadata.name}" is without a storage capacity`);
  const before = readable(volume.metadata.annotations?.[preResizeCapacity]);
  const has = status.capacity?.storage;
  if (before) status.capacity = { ...status.capacity, storage: before };
  else if (has === undefined || compareQuantities(parseQuantity(has), parseQuantity(size)) !== 0)
    status.capacity = volume.spec!.capacity;
  const attributes = volume.spec?.volumeAttributesClassName;
  if (attributes) status.currentVolumeAttributesClassName = attributes;
}

function readable(quantity: string | undefined): string | undefined {
  try {
    return quantity && canonicalQuantity(quantity);
  } catch {
    return undefined;
  }
}
