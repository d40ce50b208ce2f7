// A claim may ask for more only when it is bound and its class lets volumes grow.
// Reads: StorageClasses, PersistentVolumeClaims. Mirrors: plugin/pkg/admission/storage/persistentvolume/resize/admission.go.
// Next: the resizer of the class.
import { compareQuantities, parseQuantity } from '../../apimachinery/quantity.ts';
import { refuse } from './forbidden.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';

const storageClasses = { group: 'storage.k8s.io', plural: 'storageclasses' };

export const persistentVolumeClaimResize = (): AdmissionPlugin => ({
  name: 'PersistentVolumeClaimResize',
  validate(a) {
    if (a.kind.group || a.kind.plural !== 'persistentvolumeclaims' || a.subresource || a.operation !== 'UPDATE') return;
    if (compareQuantities(size(a.object), size(a.old)) <= 0) return;
    if (a.old?.['status']?.phase !== 'Bound') throw refuse(a, 'Only bound persistent volume claims can be expanded');
    if (!mayGrow(a)) {
      const why =
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
      throw refuse(a, why);
    }
  },
});

const size = (claim: any) => parseQuantity(claim.spec?.resources?.requests?.storage ?? '0');

const classOf = (claim: any): string =>
  claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName ?? '';

function mayGrow(a: Attributes): boolean {
  const name = classOf(a.object);
  if (!name || name !== classOf(a.old)) return false;
  return a.context.cluster.cached(storageClasses, name)?.['allowVolumeExpansion'] === true;
}
