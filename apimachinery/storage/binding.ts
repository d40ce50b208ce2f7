// The two halves of a binding, as objects to write: the volume that names its claim, and the claim that names its volume.
// Pure. Mirrors: GetBindVolumeToClaim, bindClaimToVolume, unbindVolume.
// Used by: controllers/persistentVolume, scheduler (which writes the volume's half and lets the controller finish).
import type { ObjectMeta, ObjectReference, PersistentVolume, PersistentVolumeClaim } from '../types.ts';
import { bindCompleted, boundByController } from './annotations.ts';
import { isMeantFor } from './matching.ts';

export const claimReference = ({ metadata }: PersistentVolumeClaim): ObjectReference => ({
  kind: 'PersistentVolumeClaim',
  apiVersion: 'v1',
  namespace: metadata.namespace,
  name: metadata.name,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
});

const withAnnotations = <T extends { metadata: ObjectMeta }>(object: T, names: readonly string[]): T => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, ...Object.fromEntries(names.map((name) => [name, 'yes'])) },
  },
});

/** The volume as it is once it is bound to the claim; the same object when it says so already. */
export function boundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  if (!isMeantFor(volume, claim)) return withAnnotations(withClaim(volume, claim), [boundByController]);
  return volume.spec?.claimRef?.uid === claim.metadata.uid ? volume : withClaim(volume, claim);
}

const withClaim = (volume: PersistentVolume, claim: PersistentVolumeClaim) =>
  ({ ...volume, spec: { ...volume.spec, claimRef: claimReference(claim) } }) as PersistentVolume;

/** The claim with its volume's name and the word that all is done; the same object when it says so already. */
export function claimWithVolume(claim: PersistentVolumeClaim, volume: PersistentVolume): PersistentVolumeClaim {
  const isNew = claim.spec?.volumeName !== volume.metadata.name;
  const missing = [...(isNew ? [boundByController] : []), bindCompleted].filter(
    (name) => claim.metadata.annotations?.[name] === undefined,
  );
  if (!isNew && !missing.length) return claim;
  return withAnnotations({ ...claim, spec: { ...claim.spec, volumeName: volume.metadata.name } }, missing);
}

/** The volume set free: without its claim if a controller had bound it, else reserved as it was at first. */
export function volumeSetFree(volume: PersistentVolume): PersistentVolume {
  const { claimRef, ...spec } = volume.spec!;
  const { [boundByController]: ours, ...annotations } = volume.metadata.annotations ?? {};
  if (ours === undefined) return { ...volume, spec: { ...spec, claimRef: { ...claimRef, uid: undefined } } };
  const metadata = { ...volume.metadata, annotations: Object.keys(annotations).length ? annotations : undefined };
  return { ...volume, metadata, spec };
}
