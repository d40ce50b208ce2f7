// A bound claim asks for more than it has: says who is expected to make its volume larger. To do it is for that one, outside.
// Reads: persistentvolumeclaims, persistentvolumes. Writes: an annotation of claims on old built-in kinds of volumes, Events.
// Mirrors: pkg/controller/volume/expand/expand_controller.go. Next along the chain: a CSI driver's resizer, and the kubelet.

import { compareQuantities, parseQuantity } from '../apimachinery/quantity.ts';
import { persistentVolumeClaims, persistentVolumes } from '../apimachinery/resources.ts';
import { preResizeCapacity } from '../apimachinery/storage/annotations.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../apimachinery/types.ts';
import { type Controller, type ControllerContext, watch } from '../client/controller.ts';
import { keyOf } from '../client/informerCache.ts';
import { migratedSourceOf } from './common/csiMigration.ts';

const resizer = 'volume.kubernetes.io/storage-resizer';
const reason = 'ExternalExpanding';

const amount = (text: string | undefined) => parseQuantity(text ?? '0');
const isMore = (a: string | undefined, b: string | undefined) => compareQuantities(amount(a), amount(b)) > 0;
const asked = ({ spec }: PersistentVolumeClaim) => spec?.resources?.requests?.storage;
const has = ({ status }: PersistentVolumeClaim) => status?.capacity?.storage;

/** What to tell the claim's owner, and the driver to name as its resizer; undefined: nothing. */
export function planExpansion(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
): { message: string; driver?: string } | undefined {
  const isToResume = volume.metadata.annotations?.[preResizeCapacity] !== undefined;
  if (!isMore(asked(claim), has(claim)) && !isToResume) return undefined;
  const migrated = migratedSourceOf(volume);
  if (!migrated) return { message: 'waiting for an external controller to expand this PVC' };
  const message = `CSI migration enabled for ${migrated.plugin}; waiting for external resizer to expand the pvc`;
  return { message, driver: migrated.driver };
}

export const volumeExpansionController: Controller = {
  name: 'persistentvolume-expander-controller',
  serviceAccount: 'expand-controller',
  eventSource: 'volume_expand',
  workers: 10,
  watches: [
    watch({
      resource: persistentVolumeClaims,
      keys: (claim) => (claim.status?.phase === 'Bound' ? [keyOf(claim)] : []),
      when: (claim, old) => isMore(asked(claim), asked(old)) || isMore(has(claim), has(old)),
    }),
    watch({ resource: persistentVolumes, keys: () => [] }),
  ],
  async reconcile(key, context) {
    const claim = context.informers.informer(persistentVolumeClaims).get(key) as PersistentVolumeClaim | undefined;
    if (claim?.spec?.volumeName) await sync(claim, claim.spec.volumeName, context);
    return undefined;
  },
};

async function sync(claim: PersistentVolumeClaim, name: string, { client, informers, events }: ControllerContext) {
  const known = informers.informer(persistentVolumes).get(name) as PersistentVolume | undefined;
  const volume = known ?? (await client.get(persistentVolumes, name));
  const plan = planExpansion(claim, volume);
  if (!plan) return;
  if (volume.spec?.claimRef?.uid !== claim.metadata.uid)
    throw new Error(`persistent Volume is not bound to PVC being updated : ${keyOf(claim)}`);
  events.event(claim, 'Normal', reason, plan.message);
  if (!plan.driver || claim.metadata.annotations?.[resizer] === plan.driver) return;
  const { name: claimName, namespace, uid } = claim.metadata;
  const patch = { metadata: { uid, annotations: { [resizer]: plan.driver } } };
  await client.patch(persistentVolumeClaims, claimName, namespace, 'merge', patch, { subresource: 'status' });
}
