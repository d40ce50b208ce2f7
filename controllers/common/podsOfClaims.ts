// Which pods use a claim: an index on the pods that the storage controllers share.
// Reads: pods. Mirrors: pkg/controller/volume/common (PodPVCIndex). Used by: persistentVolume/, attachDetach/, ephemeralVolume.ts.
import { pods } from '../../apimachinery/resources.ts';
import { claimsOf } from '../../apimachinery/storage/podVolumes.ts';
import type { Pod } from '../../apimachinery/types.ts';
import type { InformerFactory } from '../../client/informer.ts';

const index = 'claims';

export const claimKeysOf = (pod: Pod): string[] => claimsOf(pod).map(({ name }) => `${pod.metadata.namespace}/${name}`);

/** In a controller's setup. */
export const indexPodsByClaim = (informers: InformerFactory): void =>
  informers.informer(pods).addIndex(index, (pod) => claimKeysOf(pod as Pod));

export const podsOfClaim = (informers: InformerFactory, key: string): Pod[] =>
  informers.informer(pods).byIndex(index, key) as Pod[];

/** It ended, or was deleted and none of its containers runs any more. */
export function hasLeft({ metadata, status }: Pod): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return true;
  return (
    Boolean(metadata.deletionTimestamp) &&
    !status?.containerStatuses?.some((c) => !c.state?.terminated && !c.state?.waiting)
  );
}
