// Makes the claims of pods' ephemeral volumes: `<pod>-<volume>`, owned by the pod, so that they go with it.
// Reads: pods, persistentvolumeclaims. Writes: persistentvolumeclaims, Events. Mirrors: pkg/controller/volume/ephemeral/controller.go.
// Next: persistentVolume/ finds a volume for the claim, garbageCollector/ takes it when the pod has gone.
import { persistentVolumeClaims, pods } from '../apimachinery/resources.ts';
import { claimOf, notMadeFor } from '../apimachinery/storage/podVolumes.ts';
import type { PersistentVolumeClaim, Pod, Volume } from '../apimachinery/types.ts';
import { type Controller, type ControllerContext, watch } from '../client/controller.ts';
import { keyOf } from '../client/informerCache.ts';
import { tolerate } from './common/errors.ts';
import { controllerRef } from './common/owners.ts';
import { indexPodsByClaim, podsOfClaim } from './common/podsOfClaims.ts';

const needsClaims = ({ metadata, spec }: Pod): boolean =>
  !metadata.deletionTimestamp && Boolean(spec?.volumes?.some((v) => v.ephemeral));

/** A pod's volumes never change, and a claim counts only by being there. */
const never = () => false;

export const ephemeralVolumeController = (workers: number): Controller => ({
  name: 'ephemeral-volume-controller',
  eventSource: 'ephemeral_volume',
  workers,
  watches: [
    watch({ resource: pods, keys: (pod) => (needsClaims(pod) ? [keyOf(pod)] : []), when: never }),
    watch({
      resource: persistentVolumeClaims,
      keys: (claim, { informers }) => podsOfClaim(informers, keyOf(claim)).filter(needsClaims).map(keyOf),
      when: never,
    }),
  ],
  setup: ({ informers }) => indexPodsByClaim(informers),
  async reconcile(key, context) {
    const pod = context.informers.informer(pods).get(key) as Pod | undefined;
    if (!pod || !needsClaims(pod)) return undefined;
    for (const volume of pod.spec?.volumes ?? []) if (volume.ephemeral) await ensureClaim(pod, volume, context);
    return undefined;
  },
});

async function ensureClaim(pod: Pod, volume: Volume, { client, informers, events }: ControllerContext): Promise<void> {
  const claim = newClaim(pod, volume);
  const found = informers.informer(persistentVolumeClaims).get(keyOf(claim)) as PersistentVolumeClaim | undefined;
  try {
    const why = found && notMadeFor(pod, found);
    if (why) throw new Error(why);
    // That there is one of this name, of which we have not heard, is looked at when we hear of it.
    if (!found) await tolerate(['AlreadyExists'], creating(client.create(persistentVolumeClaims, claim), claim));
  } catch (error) {
    events.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${(error as Error).message}`);
    throw error;
  }
}

/** The refusal says what was tried. */
async function creating<T>(work: Promise<T>, { metadata }: PersistentVolumeClaim): Promise<T> {
  try {
    return await work;
  } catch (error) {
    (error as Error).message = `create PVC ${metadata.name}: ${(error as Error).message}`;
    throw error;
  }
}

export function newClaim(pod: Pod, volume: Volume): PersistentVolumeClaim {
  const template = volume.ephemeral!.volumeClaimTemplate!;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimOf(pod, volume)!.name,
      namespace: pod.metadata.namespace,
      labels: template.metadata?.labels,
      annotations: template.metadata?.annotations,
      ownerReferences: [controllerRef(pod, pods)],
    },
    spec: template.spec,
  };
}
