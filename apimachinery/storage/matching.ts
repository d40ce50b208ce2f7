// Which volumes would do for a claim, which of them it gets, and on which nodes a volume can be used.
// Pure. Reads: claims, volumes, classes, nodes. Mirrors: component-helpers/storage/volume/pv_helpers.go, checkVolumeSatisfyClaim.
// Used by: controllers/persistentVolume, scheduler/plugins/volumeBinding, kubelet/volumes. Next: binding.ts.
import { selectorOf } from '../labelSelector.ts';
import { type NodeMatcher, parseNodeSelector } from '../nodeSelector.ts';
import { quantityValue } from '../quantity.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../types.ts';
import { classOf } from './claims.ts';

/** Bytes. */
export const requestOf = (claim: PersistentVolumeClaim): number =>
  quantityValue(claim.spec?.resources?.requests?.storage);
/** Bytes. */
export const capacityOf = (volume: PersistentVolume): number => quantityValue(volume.spec?.capacity?.storage);

/** The volume names this claim: made for it, reserved for one of its name, or bound to it already. */
export function isMeantFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const ref = volume.spec?.claimRef;
  if (!ref || ref.name !== claim.metadata.name || ref.namespace !== claim.metadata.namespace) return false;
  return !ref.uid || ref.uid === claim.metadata.uid;
}

const matchers = new WeakMap<object, NodeMatcher>();

/** Can the volume be reached from the node, by its labels? */
export function reaches(volume: PersistentVolume, node: Node): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  if (!required) return true;
  let matcher = matchers.get(required);
  if (!matcher) {
    matcher = parseNodeSelector(required);
    matchers.set(required, matcher);
  }
  return matcher.matches(node);
}

/** Can the class make volumes for this node? No terms: for any. */
export function classReaches({ allowedTopologies }: StorageClass, { metadata: { labels = {} } }: Node): boolean {
  if (!allowedTopologies?.length) return true;
  const holds = ({ key, values }: { key: string; values: string[] }) =>
    Object.hasOwn(labels, key) && values.includes(labels[key]!);
  return allowedTopologies.some(
    ({ matchLabelExpressions = [] }) => matchLabelExpressions.length > 0 && matchLabelExpressions.every(holds),
  );
}

const modeOf = (o: PersistentVolume | PersistentVolumeClaim) => o.spec?.volumeMode || 'Filesystem';
const attributesOf = (o: PersistentVolume | PersistentVolumeClaim) => o.spec?.volumeAttributesClassName ?? '';

export const hasSameMode = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  modeOf(volume) === modeOf(claim);
const hasAccessModes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec?.accessModes ?? []).every((mode) => (volume.spec?.accessModes as string[] | undefined)?.includes(mode));

/**
 * The volumes that would do for the claim, wherever they can be reached from, the smallest first. One that is meant for the
 * claim is the only one, whatever its class and labels. One that is not Available yet will be in a moment: to bind it now would run
 * into that write.
 */
export function matchingVolumes(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
): readonly PersistentVolume[] {
  const size = requestOf(claim);
  const selector = claim.spec?.selector ? selectorOf(claim.spec.selector) : undefined;
  const wanted = classOf(claim);
  const basics = (v: PersistentVolume) =>
    capacityOf(v) >= size &&
    hasSameMode(v, claim) &&
    attributesOf(v) === attributesOf(claim) &&
    v.metadata.deletionTimestamp === undefined;
  const meant = volumes.find((v) => isMeantFor(v, claim) && basics(v));
  if (meant) return [meant];
  const does = (v: PersistentVolume) =>
    !v.spec?.claimRef &&
    basics(v) &&
    v.status?.phase === 'Available' &&
    (!selector || selector.matches(v.metadata.labels ?? {})) &&
    classOf(v) === wanted &&
    hasAccessModes(v, claim);
  return volumes.filter(does).sort((a, b) => capacityOf(a) - capacityOf(b));
}

/**
 * The one that the claim gets: of those that would do the one with the fewest access modes, then the smallest. `onlyMeant`: none that
 * is free, because it is for the scheduler to choose among them.
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  onlyMeant = false,
): PersistentVolume | undefined {
  const able = volumes.filter((v) => hasAccessModes(v, claim));
  const [first, ...others] = matchingVolumes(claim, onlyMeant ? able.filter((v) => isMeantFor(v, claim)) : able);
  const modes = (v: PersistentVolume) => v.spec?.accessModes?.length ?? 0;
  return first && others.reduce((best, v) => (modes(v) < modes(best) ? v : best), first);
}

/** Why a volume that a claim names cannot be its own; undefined: it can. Labels are not looked at: the name says more. */
export function whyUnfit(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp) return `the volume is marked for deletion "${volume.metadata.name}"`;
  if (capacityOf(volume) < requestOf(claim)) return 'requested PV is too small';
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match';
  if (attributesOf(volume) !== attributesOf(claim)) return 'volumeAttributesClassName does not match';
  if (!hasSameMode(volume, claim)) return 'incompatible volumeMode';
  return hasAccessModes(volume, claim) ? undefined : 'incompatible accessMode';
}
