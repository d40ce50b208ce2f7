// Which volumes have to be attached to a node before its kubelet can mount them: those of CSI drivers that do not say otherwise.
// Reads: pods, persistentvolumeclaims, persistentvolumes, csidrivers. Mirrors: pkg/controller/volume/attachdetach/util/util.go,
// pkg/volume/csi (csi_plugin.go, csi_attacher.go), IsMultiAttachAllowed. Used by: attachDetach.ts.
import { createHash } from 'node:crypto';
import { csiDrivers, persistentVolumeClaims, persistentVolumes } from '../../apimachinery/resources.ts';
import { claimOf, notMadeFor } from '../../apimachinery/storage/podVolumes.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../apimachinery/types.ts';
import type { InformerFactory } from '../../client/informer.ts';

/** `kubernetes.io/csi/<driver>^<handle>`: by this name nodes report it in volumesInUse and volumesAttached. */
export const uniqueName = ({ spec }: PersistentVolume): string =>
  `kubernetes.io/csi/${spec?.csi?.driver}^${spec?.csi?.volumeHandle}`;

/** The same for every controller manager, so that none makes a second attachment. */
export function attachmentName({ spec }: PersistentVolume, node: string): string {
  const text = `${spec?.csi?.volumeHandle}${spec?.csi?.driver}${node}`;
  return `csi-${createHash('sha256').update(text).digest('hex')}`;
}

/** A driver that nobody has described may need it. */
export function needsAttach(volume: PersistentVolume, informers: InformerFactory): boolean {
  const driver = volume.spec?.csi?.driver;
  if (!driver) return false;
  return (informers.informer(csiDrivers).get(driver) as any)?.spec?.attachRequired !== false;
}

/** It may be on several nodes at a time. */
export const isShared = ({ spec }: PersistentVolume): boolean =>
  !spec?.accessModes?.length || spec.accessModes.some((m) => m === 'ReadWriteMany' || m === 'ReadOnlyMany');

/** The volumes behind a pod's claims that are to be attached; a claim that is not bound to its volume has none yet. */
export function attachableOf(pod: Pod, informers: InformerFactory): PersistentVolume[] {
  return (pod.spec?.volumes ?? []).flatMap((entry) => {
    const name = claimOf(pod, entry)?.name;
    const claim = name && informers.informer(persistentVolumeClaims).get(`${pod.metadata.namespace}/${name}`);
    if (!claim || (entry.ephemeral && notMadeFor(pod, claim as PersistentVolumeClaim))) return [];
    const volume = volumeOf(claim as PersistentVolumeClaim, informers);
    return volume && needsAttach(volume, informers) ? [volume] : [];
  });
}

function volumeOf(claim: PersistentVolumeClaim, informers: InformerFactory): PersistentVolume | undefined {
  if (claim.status?.phase !== 'Bound' || !claim.spec?.volumeName) return undefined;
  const volume = informers.informer(persistentVolumes).get(claim.spec.volumeName) as PersistentVolume | undefined;
  return volume?.spec?.claimRef?.uid === claim.metadata.uid ? volume : undefined;
}
