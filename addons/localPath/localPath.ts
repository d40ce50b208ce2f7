// Makes folders of this machine into volumes for claims whose pods go to a node here, and deletes them when their claims have gone.
// Reads: persistentvolumeclaims, persistentvolumes, storageclasses, nodes. Writes: folders, persistentvolumes, Events.
// Mirrors: rancher/local-path-provisioner over sigs.k8s.io/sig-storage-lib-external-provisioner. Started by: main.ts. Next: plan.ts.
// Killed at any moment it begins again where it was: names follow from the claim, and a folder without a volume is empty.
import { chmod, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nodes, persistentVolumeClaims, persistentVolumes, storageClasses } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import { classOf } from '../../apimachinery/storage/claims.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { finalizer, newVolume, nodeFor, type Place, planLeftover, volumeName, volumePath, whyNot } from './plan.ts';

/** A claim that cannot be met is told so again, in case its class or its author can be changed. */
const refusedRetry = 60_000;

export const localPathProvisioner = (place: Place): Controller => ({
  name: 'local-path-provisioner',
  workers: 4,
  watches: [
    watch({ resource: persistentVolumeClaims, keys: (claim) => [`claim ${keyOf(claim)}`] }),
    watch({ resource: persistentVolumes, keys: (volume) => [`volume ${volume.metadata.name}`] }),
    watch({ resource: storageClasses, keys: () => [] }),
  ],
  async reconcile(key, context) {
    const space = key.indexOf(' ');
    const name = key.slice(space + 1);
    return key.startsWith('claim ') ? provision(name, place, context) : cleanUp(name, place, context);
  },
});

async function provision(key: string, place: Place, context: ControllerContext): Promise<Result> {
  const { informers, events } = context;
  const claim = informers.informer(persistentVolumeClaims).get(key) as PersistentVolumeClaim | undefined;
  if (!claim || informers.informer(persistentVolumes).get(volumeName(claim))) return undefined;
  const storageClass = informers.informer(storageClasses).get(classOf(claim)) as StorageClass | undefined;
  const node = nodeFor(claim, storageClass, place);
  if (!node) return undefined;
  events.event(claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${key}"`);
  try {
    const why = whyNot(claim);
    if (why) throw new Error(why);
    await make(claim, storageClass!, node, place, context);
  } catch (error) {
    const message = `failed to provision volume with StorageClass "${storageClass!.metadata.name}": ${(error as Error).message}`;
    events.event(claim, 'Warning', 'ProvisioningFailed', message);
    if (whyNot(claim)) return { after: refusedRetry };
    throw error;
  }
  events.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volumeName(claim)}`);
  return undefined;
}

/** Open to every user: whoever the pod runs as, the volume is its own. */
async function make(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  name: string,
  place: Place,
  { client }: ControllerContext,
): Promise<void> {
  const node = await client.get(nodes, name);
  const path = volumePath(place, name, claim);
  await mkdir(path, { recursive: true });
  await chmod(path, 0o777);
  const host = node.metadata.labels?.['kubernetes.io/hostname'] ?? name;
  try {
    await client.create(persistentVolumes, newVolume(claim, storageClass, place, { path, host }));
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
  }
}

async function cleanUp(name: string, place: Place, context: ControllerContext): Promise<Result> {
  const { informers, client, events } = context;
  const known = informers.informer(persistentVolumes).get(name) as PersistentVolume | undefined;
  if (!known || !hasWork(known, place)) return undefined;
  // What was free to go when we heard of it may have been kept since.
  const volume = await client.get(persistentVolumes, name);
  const { remove, release } = planLeftover(volume, place);
  if (release) await withoutFinalizer(volume, context);
  if (!remove || (await hasClaim(volume, context))) return undefined;
  try {
    await rm(volume.spec!.local!.path, { recursive: true, force: true });
  } catch (error) {
    events.event(volume, 'Warning', 'VolumeFailedDelete', (error as Error).message);
    throw error;
  }
  await withoutFinalizer(volume, context);
  const { uid } = volume.metadata;
  await client.delete(persistentVolumes, name, '', { preconditions: { uid } });
  return undefined;
}

const hasWork = (volume: PersistentVolume, place: Place): boolean => {
  const { remove, release } = planLeftover(volume, place);
  return Boolean(remove || release);
};

async function withoutFinalizer(volume: PersistentVolume, { client }: ControllerContext): Promise<void> {
  const finalizers = volume.metadata.finalizers?.filter((f) => f !== finalizer);
  if (finalizers?.length === volume.metadata.finalizers?.length) return;
  await client.update(persistentVolumes, { ...volume, metadata: { ...volume.metadata, finalizers } });
}

async function hasClaim({ metadata, spec }: PersistentVolume, { client }: ControllerContext): Promise<boolean> {
  const { name, namespace, uid } = spec?.claimRef ?? {};
  if (!name) return false;
  try {
    const claim = await client.get(persistentVolumeClaims, name, namespace);
    return claim.metadata.uid === uid && (claim.spec?.volumeName ?? metadata.name) === metadata.name;
  } catch (error) {
    if (isReason(error, 'NotFound')) return false;
    throw error;
  }
}

/** Folders that were made when we were killed, and whose claim has gone meanwhile. One with anything in it is somebody's. */
export async function removeEmpty(place: Place, { informers }: Pick<ControllerContext, 'informers'>): Promise<void> {
  const claims = new Set(
    informers
      .informer(persistentVolumeClaims)
      .list()
      .map((c) => `pvc-${c.metadata.uid}`),
  );
  const volumes = informers.informer(persistentVolumes);
  for (const node of await readdir(place.basePath).catch(() => [])) {
    if (!place.hosts(node)) continue;
    for (const folder of await readdir(join(place.basePath, node)).catch(() => [])) {
      const name = folder.split('_', 1)[0]!;
      if (name.startsWith('pvc-') && !claims.has(name) && !volumes.get(name))
        await rmdir(join(place.basePath, node, folder)).catch(() => {});
    }
  }
}
