// Owner references: who controls an object, and the reference that a controller writes.
// Reads: metadata. Writes: references. Mirrors: apimachinery/pkg/apis/meta/v1/controller_ref.go.
import type { KubeObject, OwnerReference } from './types.ts';

type Owned = { metadata: { ownerReferences?: readonly OwnerReference[] } };

/** The owner that controls this object; there is at most one. */
export const controllerOf = (object: Owned): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((ref) => ref.controller === true);

export const isControlledBy = (object: Owned, owner: { metadata: { uid?: string } }): boolean =>
  controllerOf(object)?.uid === owner.metadata.uid;

/** The owner must carry its apiVersion and kind. */
export const newControllerRef = (owner: KubeObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid!,
  controller: true,
  blockOwnerDeletion: true,
});
