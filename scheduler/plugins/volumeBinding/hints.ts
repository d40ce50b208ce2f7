// Which events may help a pod that VolumeBinding refused. Mirrors: EventsToRegister in plugins/volumebinding/volume_binding.go.
// Used by: volumeBinding.ts.
import { isDeepStrictEqual } from 'node:util';
import { claimsOf } from '../../../apimachinery/storage/podVolumes.ts';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  PersistentVolumeClaim,
  StorageClass,
} from '../../../apimachinery/types.ts';
import { action } from '../../clusterEvents.ts';
import type { EventHint } from '../../framework.ts';
import type { PodInfo } from '../../podInfo.ts';
import { migratedPlugins } from '../inTreeVolumes.ts';
import { volumeLimit } from './findVolumes.ts';

const { add, update, updateNodeLabel } = action;

/** A claim of the pod came or changed. */
export const isClaimOf = ({ pod, namespace }: PodInfo, claim: PersistentVolumeClaim): boolean =>
  claim.metadata.namespace === namespace && claimsOf(pod).some((c) => c.name === claim.metadata.name);

export const events: readonly EventHint[] = [
  {
    resource: 'StorageClass',
    actions: add | update,
    helps: (_pod, old: StorageClass | undefined, now: StorageClass) =>
      !old || !isDeepStrictEqual(old.allowedTopologies, now.allowedTopologies),
  },
  {
    resource: 'PersistentVolumeClaim',
    actions: add | update,
    helps: (pod, _old, now: PersistentVolumeClaim) => isClaimOf(pod, now),
  },
  { resource: 'PersistentVolume', actions: add | update },
  { resource: 'Node', actions: add | updateNodeLabel },
  {
    resource: 'CSINode',
    actions: add | update,
    helps: (_pod, old: CSINode | undefined, now: CSINode) =>
      !old || old.metadata.annotations?.[migratedPlugins] !== now.metadata.annotations?.[migratedPlugins],
  },
  {
    resource: 'CSIDriver',
    actions: update,
    helps: (_pod, old: CSIDriver, now: CSIDriver) => Boolean(old.spec?.storageCapacity) && !now.spec?.storageCapacity,
  },
  {
    resource: 'CSIStorageCapacity',
    actions: add | update,
    helps(_pod, old: CSIStorageCapacity | undefined, now: CSIStorageCapacity) {
      if (!old) return true;
      const limit = volumeLimit(now);
      return limit !== undefined && limit > (volumeLimit(old) ?? -1);
    },
  },
];
