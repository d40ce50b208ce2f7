// Volumes, claims and volume attributes classes get a finalizer, so that none goes while it is used.
// Changes: PersistentVolumes, PersistentVolumeClaims, VolumeAttributesClasses.
// Mirrors: plugin/pkg/admission/storage/storageobjectinuseprotection. Next: the protection controllers take the finalizers away again.
import type { AdmissionPlugin } from './plugin.ts';

const finalizers: Record<string, string> = {
  'persistentvolumes.': 'kubernetes.io/pv-protection',
  'persistentvolumeclaims.': 'kubernetes.io/pvc-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
};

export const storageObjectInUseProtection = (): AdmissionPlugin => ({
  name: 'StorageObjectInUseProtection',
  admit({ kind, operation, subresource, object }) {
    const finalizer = finalizers[`${kind.plural}.${kind.group}`];
    if (!finalizer || operation !== 'CREATE' || subresource) return;
    const has: string[] = object.metadata.finalizers ?? [];
    if (!has.includes(finalizer)) object.metadata.finalizers = [...has, finalizer];
  },
});
