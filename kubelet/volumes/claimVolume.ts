// The volume behind a claim of a pod: asked of the API server, checked, and turned into a path on this node.
// Reads: PersistentVolumeClaims, PersistentVolumes, the Node; the node's files. Throws what FailedMount says.
// Mirrors: getPVCExtractPV in pkg/kubelet/volumemanager/populator, pkg/volume/{local,hostpath,csi}. Next: volumeManager.ts.
import { stat } from 'node:fs/promises';
import { reaches } from '../../apimachinery/storage/matching.ts';
import { claimOf, notMadeFor } from '../../apimachinery/storage/podVolumes.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../apimachinery/types.ts';
import { prepareHostPath } from './hostPathType.ts';

export interface ClaimSources {
  claim(namespace: string, name: string): Promise<PersistentVolumeClaim>;
  persistentVolume(name: string): Promise<PersistentVolume>;
  node(): Node | undefined;
  /** Its containers have been started before: a claim that is deleted meanwhile stays until they end. */
  started: boolean;
}

export const isClaim = (entry: Volume): boolean => Boolean(entry.persistentVolumeClaim || entry.ephemeral);

/** The claim's volume, once the two are bound. */
export async function volumeOfClaim(pod: Pod, entry: Volume, s: ClaimSources): Promise<PersistentVolume> {
  const namespace = pod.metadata.namespace ?? '';
  const name = claimOf(pod, entry)!.name;
  try {
    const claim = await fetched(s.claim(namespace, name), 'failed to fetch PVC from API server');
    const why = entry.ephemeral ? notMadeFor(pod, claim) : undefined;
    if (why) throw new Error(why);
    return await boundVolume(claim, s);
  } catch (error) {
    throw new Error(`error processing PVC ${namespace}/${name}: ${(error as Error).message}`);
  }
}

async function fetched<T>(work: Promise<T>, what: string): Promise<T> {
  return work.catch((error: Error) => {
    throw new Error(`${what}: ${error.message}`);
  });
}

async function boundVolume({ metadata, spec, status }: PersistentVolumeClaim, s: ClaimSources) {
  if (metadata.deletionTimestamp && !s.started) throw new Error('PVC is being deleted');
  const { namespace, name, uid } = metadata;
  const volumeName = spec?.volumeName ?? '';
  if (status?.phase !== 'Bound' || !volumeName) {
    const phase = status?.phase ?? '';
    throw new Error(
      `PVC ${namespace}/${name} has non-bound phase ("${phase}") or empty pvc.Spec.VolumeName ("${volumeName}")`,
    );
  }
  const volume = await fetched(s.persistentVolume(volumeName), `failed to fetch PV "${volumeName}" from API server`);
  const ref = volume.spec?.claimRef;
  if (!ref)
    throw new Error(
      `found PV object "${volumeName}" but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`,
    );
  if (ref.uid !== uid)
    throw new Error(
      `found PV object "${volumeName}" but its pv.Spec.ClaimRef.UID "${ref.uid}" does not match pvc.UID "${uid}"`,
    );
  if (spec?.volumeMode === 'Block')
    throw new Error(`volume ${volumeName} has volumeMode Block, but is specified in volumeMounts`);
  return volume;
}

/** Where the volume is on this node; made or checked as its kind asks. */
export async function volumePath({ metadata, spec }: PersistentVolume, node: Node | undefined): Promise<string> {
  const about = `for volume "${metadata.name}" : `;
  if (node && !reaches({ metadata, spec } as PersistentVolume, node))
    throw new Error(`MountVolume.NodeAffinity check failed ${about}no matching NodeSelectorTerms`);
  if (spec?.csi) throw new Error(`MountVolume.MountDevice failed ${about}${noDriver(spec.csi.driver, 'device')}`);
  if (spec?.local) return localPath(spec.local.path, about);
  if (!spec?.hostPath) throw new Error(`MountVolume.SetUp failed ${about}unsupported volume type`);
  const { path, type } = spec.hostPath;
  await prepareHostPath(path, type).catch((error: Error) => {
    throw new Error(`MountVolume.SetUp failed ${about}${error.message}`);
  });
  return path;
}

async function localPath(path: string, about: string): Promise<string> {
  if (await stat(path).catch(() => undefined)) return path;
  throw new Error(`MountVolume.NewMounter initialization failed ${about}path "${path}" does not exist`);
}

/** This kubelet has no CSI drivers: what it says of each is what upstream's says of one that has not registered. */
export const noDriver = (driver: string, what: 'device' | 'inline'): string => {
  const which =
    what === 'device'
      ? 'attacher.MountDevice failed to create newCsiDriverClient'
      : 'mounter.SetUpAt failed to get CSI client';
  return `kubernetes.io/csi: ${which}: driver name ${driver} not found in the list of registered CSI drivers`;
};
