// What a claim asks for and how far it has come: its class, whether it waits for a pod, whether it is bound.
// Pure. Mirrors: component-helpers/storage/volume/helpers.go, pkg/volume/util/storageclass.go.
// Used by: controllers, scheduler, kubelet. Next: matching.ts.
import type { KubeObject, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../types.ts';
import { betaIsDefaultClass, betaStorageClass, bindCompleted, isDefaultClass, selectedNode } from './annotations.ts';

/** The provisioner of classes whose volumes people make by hand. */
export const noProvisioner = 'kubernetes.io/no-provisioner';

/** '' is the class of those that want none. */
export const classOf = (object: PersistentVolumeClaim | PersistentVolume): string =>
  object.metadata.annotations?.[betaStorageClass] ?? object.spec?.storageClassName ?? '';

/** A claim that says "no class" has chosen, too. */
export const hasClass = (claim: PersistentVolumeClaim): boolean =>
  claim.metadata.annotations?.[betaStorageClass] !== undefined || claim.spec?.storageClassName != null;

export const hasAnnotation = (object: KubeObject | { metadata: KubeObject['metadata'] }, name: string): boolean =>
  object.metadata.annotations?.[name] !== undefined;

/** Both sides agree and the controller is through with it. */
export const isFullyBound = (claim: PersistentVolumeClaim): boolean =>
  Boolean(claim.spec?.volumeName) && hasAnnotation(claim, bindCompleted);

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
