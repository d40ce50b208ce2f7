// What a claim asks for: its class, whether it waits for a pod, and which claims a pod uses.
// Pure. Mirrors: component-helpers/storage/volume/helpers.go, component-helpers/storage/ephemeral, pkg/volume/util/storageclass.go.
// Used by: controllers, scheduler, kubelet. Next: matching.ts.
import type { KubeObject, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, Volume } from '../types.ts';
import { betaIsDefaultClass, betaStorageClass, isDefaultClass, selectedNode } from './annotations.ts';

/** '' is the class of those that want none. */
export const classOf = (object: PersistentVolumeClaim | PersistentVolume): string =>
  object.metadata.annotations?.[betaStorageClass] ?? object.spec?.storageClassName ?? '';

/** A claim that says "no class" has chosen, too. */
export const hasClass = (claim: PersistentVolumeClaim): boolean =>
  claim.metadata.annotations?.[betaStorageClass] !== undefined || claim.spec?.storageClassName != null;

export const hasAnnotation = (object: KubeObject | { metadata: KubeObject['metadata'] }, name: string): boolean =>
  object.metadata.annotations?.[name] !== undefined;

/** Its volume is chosen when a pod that uses it is scheduled. */
export const waitsForConsumer = (storageClass: StorageClass | undefined): boolean =>
  storageClass?.volumeBindingMode === 'WaitForFirstConsumer';

/** The scheduler has chosen a node, and wants a volume to be made for it. */
export const isProvisionedForNode = (claim: PersistentVolumeClaim): boolean => hasAnnotation(claim, selectedNode);

const isDefault = (c: StorageClass): boolean =>
  c.metadata.annotations?.[isDefaultClass] === 'true' || c.metadata.annotations?.[betaIsDefaultClass] === 'true';

/** The youngest of those marked; of the same age the first by name. */
export function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const marked = classes.filter(isDefault);
  const age = (c: StorageClass) => Date.parse(c.metadata.creationTimestamp ?? '') || 0;
  marked.sort((a, b) => age(b) - age(a) || (a.metadata.name < b.metadata.name ? -1 : 1));
  return marked[0];
}

/** The name of the claim behind a volume of a pod; undefined: there is none. */
export const claimNameOf = (pod: Pod, volume: Volume): string | undefined =>
  volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined);

/** Those that it names and those that are made for it. */
export const claimNamesOf = (pod: Pod): string[] =>
  (pod.spec?.volumes ?? []).flatMap((volume) => claimNameOf(pod, volume) ?? []);

/** Why a claim that should have been made for this pod is not its own; undefined: it is. */
export function notForPod(pod: Pod, claim: PersistentVolumeClaim): string | undefined {
  const owner = claim.metadata.ownerReferences?.find((ref) => ref.controller);
  if (claim.metadata.namespace === pod.metadata.namespace && owner && owner.uid === pod.metadata.uid) return undefined;
  const text = ({ metadata }: Pod | PersistentVolumeClaim) => `${metadata.namespace}/${metadata.name}`;
  return `PVC ${text(claim)} was not created for pod ${text(pod)} (pod is not owner)`;
}
