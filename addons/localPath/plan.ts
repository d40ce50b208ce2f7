// Whose work is it to make a volume for a claim, and to delete one that is left behind? And what does a volume look like?
// Pure. Mirrors: shouldProvision and shouldDelete in sigs.k8s.io/sig-storage-lib-external-provisioner/controller/controller.go.
// Used by: localPath.ts.
import { join } from 'node:path';
import {
  betaStorageProvisioner,
  provisionedBy,
  selectedNode,
  storageProvisioner,
} from '../../apimachinery/storage/annotations.ts';
import { claimReference } from '../../apimachinery/storage/binding.ts';
import { waitsForConsumer } from '../../apimachinery/storage/claims.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../apimachinery/types.ts';

/** Until the folder is gone, so that a volume that is deleted with its claim takes its files along. */
export const finalizer = 'external-provisioner.volume.kubernetes.io/finalizer';
const hostname = 'kubernetes.io/hostname';

export interface Place {
  provisioner: string;
  basePath: string;
  /** Its files are on this machine. */
  hosts(node: string): boolean;
}

export const volumeName = (claim: PersistentVolumeClaim): string => `pvc-${claim.metadata.uid}`;
/** A person who looks into the folder sees whose volume is whose. */
export const volumePath = (place: Place, node: string, claim: PersistentVolumeClaim): string =>
  join(place.basePath, node, `${volumeName(claim)}_${claim.metadata.namespace}_${claim.metadata.name}`);

/** The node on which this process is to make the claim's volume; undefined: it is not asked, or another is. */
export function nodeFor(
  { metadata, spec }: PersistentVolumeClaim,
  storageClass: StorageClass | undefined,
  place: Place,
): string | undefined {
  const { annotations } = metadata;
  const asked = annotations?.[storageProvisioner] ?? annotations?.[betaStorageProvisioner];
  if (spec?.volumeName || metadata.deletionTimestamp || asked !== place.provisioner) return undefined;
  if (storageClass?.provisioner !== place.provisioner || !waitsForConsumer(storageClass)) return undefined;
  const node = annotations?.[selectedNode];
  return node && place.hosts(node) ? node : undefined;
}

/** Why no volume can be made for it, whatever the node; undefined: one can. */
export function whyNot({ spec }: PersistentVolumeClaim): string | undefined {
  if (spec?.selector) return 'claim.Spec.Selector is not supported';
  if (spec?.dataSource || spec?.dataSourceRef) return 'a data source is not supported';
  if (spec?.volumeMode === 'Block') return 'block volume provisioning is not supported';
  const other = spec?.accessModes?.find((m) => m !== 'ReadWriteOnce' && m !== 'ReadWriteOncePod');
  return other && `access mode ${other} is not supported: the files are on one node`;
}

/** `host` is the value of the node's hostname label. */
export function newVolume(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  place: Place,
  { path, host }: { path: string; host: string },
): PersistentVolume {
  const policy = storageClass.reclaimPolicy ?? 'Delete';
  const isHere = { key: hostname, operator: 'In', values: [host] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName(claim),
      annotations: { [provisionedBy]: place.provisioner },
      ...(policy === 'Delete' ? { finalizers: [finalizer] } : {}),
    },
    spec: {
      accessModes: claim.spec?.accessModes,
      capacity: { storage: claim.spec?.resources?.requests?.storage ?? '0' },
      volumeMode: 'Filesystem',
      persistentVolumeReclaimPolicy: policy,
      storageClassName: storageClass.metadata.name,
      claimRef: claimReference(claim),
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isHere] }] } },
    },
  } as PersistentVolume;
}

export interface Leftover {
  /** Its folder is to be deleted, then the volume. */
  remove?: boolean;
  /** It is to be kept after all, so it must not be held back. */
  release?: boolean;
}

export function planLeftover({ metadata, spec, status }: PersistentVolume, place: Place): Leftover {
  if (metadata.annotations?.[provisionedBy] !== place.provisioner || !isBelow(spec?.local?.path, place)) return {};
  const isHeld = metadata.finalizers?.includes(finalizer) ?? false;
  if (spec?.persistentVolumeReclaimPolicy !== 'Delete') return isHeld ? { release: true } : {};
  if (status?.phase !== 'Released' && status?.phase !== 'Failed') return {};
  return !metadata.deletionTimestamp || isHeld ? { remove: true } : {};
}

/** A folder of a node that is on this machine, and no other: what lies elsewhere is nothing of ours to delete. */
function isBelow(path: string | undefined, { basePath, hosts }: Place): boolean {
  const prefix = join(basePath, '/');
  if (!path?.startsWith(prefix) || join(path) !== path) return false;
  const [node, folder, ...deeper] = path.slice(prefix.length).split('/');
  return Boolean(node && folder?.startsWith('pvc-')) && !deeper.length && hosts(node!);
}
