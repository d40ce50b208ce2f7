// A claim that names no class gets the default one.
// Reads: StorageClasses. Changes: PersistentVolumeClaims. Mirrors: plugin/pkg/admission/storage/storageclass/setdefault.
// Next: a provisioner makes a volume of that class.
import { defaultClass } from './defaultClass.ts';
import type { AdmissionPlugin } from './plugin.ts';

const storageClasses = { group: 'storage.k8s.io', plural: 'storageclasses' };
const marks = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
/** How a class was named before there was a field. */
const oldName = 'volume.beta.kubernetes.io/storage-class';

export const defaultStorageClass = (): AdmissionPlugin => ({
  name: 'DefaultStorageClass',
  admit({ kind, operation, subresource, object, context }) {
    if (kind.group || kind.plural !== 'persistentvolumeclaims' || operation !== 'CREATE' || subresource) return;
    // An empty name asks for no class at all.
    if ((object.spec.storageClassName ?? undefined) !== undefined) return;
    if (object.metadata.annotations?.[oldName] !== undefined) return;
    const found = defaultClass(context.cluster.cachedList(storageClasses), marks);
    if (found) object.spec.storageClassName = found.metadata.name;
  },
});
