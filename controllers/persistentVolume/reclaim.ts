// A volume whose claim has gone, by its policy: deleted by who made it, never recycled, and told when neither is known.
// Reads: the newest volume. Writes: volumes, their finalizers, deletions, Events.
// Mirrors: deleteVolumeOperation, recycleVolumeOperation, findDeletablePlugin, modifyDeletionFinalizers in persistentvolume/.
import { persistentVolumes } from '../../apimachinery/resources.ts';
import { inTreeProtection, migratedTo, provisionedBy } from '../../apimachinery/storage/annotations.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../apimachinery/types.ts';
import { migratedSourceOf } from '../common/csiMigration.ts';
import { tolerate } from '../common/errors.ts';
import { type Binder, fail, writeVolume } from './act.ts';
import { deleteHostPath, hostPathPlugin } from './hostPath.ts';
import { isReleased } from './planVolume.ts';

export interface ReclaimWorld {
  claim: PersistentVolumeClaim | undefined;
  /** `namespace/name` of living pods that use the claim's name. */
  users: readonly string[];
}

export async function reclaim(
  b: Binder,
  old: PersistentVolume,
  how: 'Delete' | 'Recycle' | 'Unknown',
  world: ReclaimWorld,
): Promise<void> {
  const message = 'Volume has unrecognized PersistentVolumeReclaimPolicy';
  if (how === 'Unknown') return fail(b, old, 'VolumeUnknownReclaimPolicy', message);
  // The policy may have been changed, or the volume given to another claim, since the watch told us.
  const volume = await tolerate(['NotFound'], b.client.get(persistentVolumes, old.metadata.name));
  if (!volume || volume.spec?.persistentVolumeReclaimPolicy !== how || !isReleased(volume, world.claim)) return;
  b.volumes.wrote(volume);
  await (how === 'Delete' ? remove(b, volume) : recycle(b, volume, world));
}

async function recycle(b: Binder, volume: PersistentVolume, { claim, users }: ReclaimWorld): Promise<void> {
  if (users.length && !claim) {
    b.events.event(volume, 'Normal', 'VolumeFailedRecycle', `Volume is used by pods: ${users.join(',')}`);
    return;
  }
  await fail(b, volume, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!');
}

async function remove(b: Binder, volume: PersistentVolume): Promise<void> {
  const plugin = deleterOf(volume);
  if (plugin === 'external') return;
  try {
    if (typeof plugin === 'object') throw new Error(plugin.error);
    await deleteHostPath(volume.spec?.hostPath?.path ?? '');
  } catch (error) {
    return fail(b, volume, 'VolumeFailedDelete', (error as Error).message);
  }
  const finalizers = volume.metadata.finalizers?.filter((f) => f !== inTreeProtection);
  if (finalizers?.length !== volume.metadata.finalizers?.length)
    await writeVolume(b, { ...volume, metadata: { ...volume.metadata, finalizers } });
  const { name, uid } = volume.metadata;
  await tolerate(['NotFound', 'Conflict'], b.client.delete(persistentVolumes, name, '', { preconditions: { uid } }));
}

/** Who deletes what the volume stands for: somebody outside, the built-in plugin, or nobody. */
export function deleterOf(volume: PersistentVolume): 'external' | 'hostPath' | { error: string } {
  const by = volume.metadata.annotations?.[provisionedBy];
  if (by === hostPathPlugin) return 'hostPath';
  if (by) return by.startsWith('kubernetes.io/') ? { error: `no volume plugin matched name: ${by}` } : 'external';
  if (volume.metadata.annotations?.[migratedTo] || volume.spec?.csi || migratedSourceOf(volume)) return 'external';
  if (volume.spec?.hostPath) return 'hostPath';
  const why =
    volume.spec?.local || volume.spec?.nfs ? 'no deletable volume plugin matched' : 'no volume plugin matched';
  return { error: `error getting deleter volume plugin for volume "${volume.metadata.name}": ${why}` };
}

/** The finalizers that a volume of the built-in plugin should have now; undefined: it has them. */
export function finalizersOf({ metadata, spec, status }: PersistentVolume): string[] | undefined {
  const { finalizers = [], annotations, deletionTimestamp } = metadata;
  const has = finalizers.includes(inTreeProtection);
  const isOurs = annotations?.[provisionedBy] === hostPathPlugin && !annotations[migratedTo];
  const isWanted = isOurs && spec?.persistentVolumeReclaimPolicy === 'Delete';
  if (has && !isWanted) return finalizers.filter((f) => f !== inTreeProtection);
  const add = !has && isWanted && status?.phase === 'Bound' && !deletionTimestamp;
  return add ? [...finalizers, inTreeProtection] : undefined;
}
