// The names by which controllers, scheduler, provisioners and kubelet tell each other how far a volume is.
// Data. Mirrors: staging/src/k8s.io/component-helpers/storage/volume (helpers.go, pv_helpers.go).
// Used by: controllers/persistentVolume, scheduler, addons/localPath, kubelet. Next: claims.ts, matching.ts.

/** On a claim: it has once been bound completely. Without its volume it is then lost, not new. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed';
/** On a claim or a volume: a controller tied it to the other, so a controller may untie it. Absent: a person did. */
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
/** On a claim: the node that the scheduler has in mind for the pod; the go-ahead for whoever makes the volume. */
export const selectedNode = 'volume.kubernetes.io/selected-node';
/** On a claim: who is to make its volume; the second is the older name, which provisioners still read. */
export const storageProvisioner = 'volume.kubernetes.io/storage-provisioner';
export const betaStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner';
/** On a volume: who made it. */
export const provisionedBy = 'pv.kubernetes.io/provisioned-by';
/** On a volume or claim: the CSI driver that looks after it in place of an old built-in plugin. */
export const migratedTo = 'pv.kubernetes.io/migrated-to';
/** On a claim or volume: the class, from before there was a field for it. */
export const betaStorageClass = 'volume.beta.kubernetes.io/storage-class';
/** On a class: claims that ask for none get it. The second is the older name. */
export const isDefaultClass = 'storageclass.kubernetes.io/is-default-class';
export const betaIsDefaultClass = 'storageclass.beta.kubernetes.io/is-default-class';
/** On a volume: how large its file system was before the device grew. */
export const preResizeCapacity = 'volume.alpha.kubernetes.io/pre-resize-capacity';

/** On a volume that this controller manager made: it does not go before what it stands for has been deleted. */
export const inTreeProtection = 'kubernetes.io/pv-controller';
