// Which volume suits a claim: the smallest that is large enough, of its class, access modes, labels, volume mode and attributes class.
// Pure. Mirrors: FindMatchingVolume and its helpers in component-helpers/storage/volume/pv_helpers.go, checkVolumeSatisfyClaim.
// Used by: controllers/persistentVolume, scheduler. Next: binding.ts.
import { type Selector, selectorOf } from '../labelSelector.ts';
import { parseNodeSelector } from '../nodeSelector.ts';
import { compareQuantities, parseQuantity, type Quantity } from '../quantity.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../types.ts';
import { classOf } from './claims.ts';

const storageOf = (amounts: Record<string, string> | undefined): Quantity => parseQuantity(amounts?.storage ?? '0');
export const capacityOf = (volume: PersistentVolume): Quantity => storageOf(volume.spec?.capacity);
export const requestOf = (claim: PersistentVolumeClaim): Quantity => storageOf(claim.spec?.resources?.requests);

/** By name, and by uid if the reference has one: whoever reserves a volume for a claim to come knows no uid. */
export function isBoundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const ref = volume.spec?.claimRef;
  if (!ref || ref.name !== claim.metadata.name || ref.namespace !== claim.metadata.namespace) return false;
  return !ref.uid || ref.uid === claim.metadata.uid;
}

export const hasSameMode = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (volume.spec?.volumeMode ?? 'Filesystem') === (claim.spec?.volumeMode ?? 'Filesystem');

const hasSameAttributes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (volume.spec?.volumeAttributesClassName ?? '') === (claim.spec?.volumeAttributesClassName ?? '');

export const hasAccessModes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));

/** A volume without node affinity can be reached from every node. */
export const isReachableFrom = (volume: PersistentVolume, node: Node): boolean =>
  !volume.spec?.nodeAffinity?.required || parseNodeSelector(volume.spec.nodeAffinity.required as never).matches(node);

export interface MatchOptions {
  /** The scheduler's: only volumes that this node can reach. */
  node?: Node;
  /** Names of volumes that other claims of the pod will get. */
  excluded?: ReadonlySet<string>;
  /** Only a volume that is tied to this claim already; the others are the scheduler's to choose. */
  onlyBound?: boolean;
}

/**
 * The volume for a claim; undefined: none suits. One that is tied to the claim wins over smaller ones. Among free ones those with the
 * fewest access modes come first, then the smallest; of equals the first in `volumes`.
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  o: MatchOptions = {},
): PersistentVolume | undefined {
  const size = requestOf(claim);
  const fits = volumes.filter(
    (v) =>
      !o.excluded?.has(v.metadata.name) &&
      (!v.spec?.claimRef || isBoundTo(v, claim)) &&
      !v.metadata.deletionTimestamp &&
      hasSameMode(v, claim) &&
      hasSameAttributes(v, claim) &&
      hasAccessModes(v, claim) &&
      compareQuantities(capacityOf(v), size) >= 0,
  );
  const tied = fits.find((v) => isBoundTo(v, claim));
  if (tied) return !o.node || isReachableFrom(tied, o.node) ? tied : undefined;
  return o.onlyBound ? undefined : best(fits.filter(isFreeFor(claim, o.node)));
}

/** A volume that is not Available yet will be in a moment; to bind it now would run into that write. */
function isFreeFor(claim: PersistentVolumeClaim, node: Node | undefined): (volume: PersistentVolume) => boolean {
  const wanted: Selector | undefined = claim.spec?.selector ? selectorOf(claim.spec.selector) : undefined;
  const itsClass = classOf(claim);
  return (v) =>
    v.status?.phase === 'Available' &&
    classOf(v) === itsClass &&
    (!wanted || wanted.matches(v.metadata.labels)) &&
    (!node || isReachableFrom(v, node));
}

function best(volumes: readonly PersistentVolume[]): PersistentVolume | undefined {
  const modes = (v: PersistentVolume) => v.spec?.accessModes?.length ?? 0;
  const isBetter = (a: PersistentVolume, b: PersistentVolume) =>
    modes(a) < modes(b) || (modes(a) === modes(b) && compareQuantities(capacityOf(a), capacityOf(b)) < 0);
  return volumes.reduce<PersistentVolume | undefined>(
    (found, v) => (!found || isBetter(v, found) ? v : found),
    undefined,
  );
}

/** Why a volume that a claim names cannot be its own; undefined: it can. Labels are not looked at: the name says more. */
export function whyUnfit(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp) return `the volume is marked for deletion "${volume.metadata.name}"`;
  if (compareQuantities(capacityOf(volume), requestOf(claim)) < 0) return 'requested PV is too small';
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match';
  if (!hasSameAttributes(volume, claim)) return 'volumeAttributesClassName does not match';
  if (!hasSameMode(volume, claim)) return 'incompatible volumeMode';
  return hasAccessModes(volume, claim) ? undefined : 'incompatible accessMode';
}
