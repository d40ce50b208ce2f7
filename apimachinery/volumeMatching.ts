// Which PersistentVolumes would do for a claim, and on which nodes a volume can be used.
// Pure. Reads: claims, volumes, classes, nodes. Mirrors: component-helpers/storage/volume/pv_helpers.go, helpers.go.
// Used by: scheduler/plugins/volumeBinding/ and whoever binds claims.
import { selectorOf } from './labelSelector.ts';
import { type NodeMatcher, parseNodeSelector } from './nodeSelector.ts';
import { quantityValue } from './quantity.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from './types.ts';

export const selectedNode = 'volume.kubernetes.io/selected-node';
export const bindCompleted = 'pv.kubernetes.io/bind-completed';
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
/** The provisioner of classes whose volumes people make by hand. */
export const noProvisioner = 'kubernetes.io/no-provisioner';
const betaClass = 'volume.beta.kubernetes.io/storage-class';

/** '' when there is none. */
export const classOf = (o: PersistentVolume | PersistentVolumeClaim): string =>
  o.metadata.annotations?.[betaClass] ?? o.spec?.storageClassName ?? '';

/** Bytes. */
export const requestOf = (claim: PersistentVolumeClaim): number =>
  quantityValue(claim.spec?.resources?.requests?.storage);
/** Bytes. */
export const capacityOf = (volume: PersistentVolume): number => quantityValue(volume.spec?.capacity?.storage);

/** Both sides agree and the controller is through with it. */
export const isFullyBound = (claim: PersistentVolumeClaim): boolean =>
  Boolean(claim.spec?.volumeName) && claim.metadata.annotations?.[bindCompleted] !== undefined;

/** The volume names this claim: made for it, or bound to it already. */
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

/**
 * The volumes that would do for the claim, wherever they can be reached from, the smallest first. One that is meant for the
 * claim is the only one, whatever its class and labels.
 */
export function matchingVolumes(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
): readonly PersistentVolume[] {
  const size = requestOf(claim);
  const selector = claim.spec?.selector ? selectorOf(claim.spec.selector) : undefined;
  const wanted = classOf(claim);
  const modes = claim.spec?.accessModes ?? [];
  const basics = (v: PersistentVolume) =>
    capacityOf(v) >= size &&
    modeOf(v) === modeOf(claim) &&
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
    modes.every((mode) => (v.spec?.accessModes as string[] | undefined)?.includes(mode));
  return volumes.filter(does).sort((a, b) => capacityOf(a) - capacityOf(b));
}

/** The volume as it is once it is bound to the claim; the same object when it says so already. */
export function boundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { uid, namespace, name, resourceVersion } = claim.metadata;
  const ref = volume.spec?.claimRef;
  const isSame = ref?.name === name && ref.namespace === namespace && ref.uid === uid;
  const byController = !isMeantFor(volume, claim);
  if (isSame && !byController) return volume;
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion };
  const annotations = byController
    ? { ...volume.metadata.annotations, [boundByController]: 'yes' }
    : volume.metadata.annotations;
  return {
    ...volume,
    metadata: { ...volume.metadata, ...(annotations && { annotations }) },
    spec: { ...volume.spec!, claimRef },
  };
}
