// PersistentVolumeClaim: what a user asks of storage; a volume is bound to it. Its strategy and columns; the rules are in claim/.
// Read by the API server's mechanisms. Mirrors: pkg/registry/core/persistentvolumeclaim, pkg/api/persistentvolumeclaim, pkg/printers.
// Next: claim/spec.ts; persistentVolume.ts is what it gets, storageClass.ts says of which kind.
import type { FieldError } from '../../apimachinery/fieldErrors.ts';
import { canonicalQuantity } from '../../apimachinery/quantity.ts';
import { accessModesText } from './claim/accessModes.ts';
import { settleDataSources } from './claim/dataSources.ts';
import { checkClaimSpec, claimSpecWarnings, defaultClaim } from './claim/spec.ts';
import { validateStatus } from './claim/status.ts';
import { classAnnotation, validateUpdate } from './claim/update.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';
import { statusSubresource } from './statusSubresource.ts';

function validate(claim: any): FieldError[] {
  const errors: FieldError[] = [];
  checkClaimSpec(errors, 'spec', claim.spec);
  return errors;
}

function warnings({ metadata, spec }: any): string[] {
  const old = metadata.annotations?.[classAnnotation] !== undefined;
  const text = 'deprecated since v1.8; use "storageClassName" attribute instead';
  return [...(old ? [`metadata.annotations[${classAnnotation}]: ${text}`] : []), ...claimSpecWarnings('spec', spec)];
}

/** What it got, once it has a volume. */
const ofVolume = (text: (status: any) => string) => (claim: any) =>
  claim.spec?.volumeName ? text(claim.status ?? {}) : '';

export const persistentVolumeClaim = defineKind({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.PersistentVolumeClaim',
  storage: 'persistentvolumeclaims',
  defaults: defaultClaim,
  prepareCreate: (claim) => {
    claim.status = { phase: 'Pending' };
    settleDataSources(claim.spec);
  },
  prepareUpdate: (claim, old) => settleDataSources(claim.spec, old.spec),
  validate,
  validateUpdate,
  warnings,
  deleteReturnsObject: true,
  subresources: [statusSubresource(validateStatus)],
  columns: [
    nameColumn,
    column('Status', 'Whether it has a volume.', (o) =>
      o.metadata.deletionTimestamp ? 'Terminating' : (o.status?.phase ?? ''),
    ),
    column('Volume', 'The volume that it has.', (o) => o.spec?.volumeName ?? ''),
    column(
      'Capacity',
      'How much that holds.',
      ofVolume(({ capacity }) => canonicalQuantity(capacity?.storage ?? '0')),
    ),
    column(
      'Access Modes',
      'From how many nodes it can be used, and how.',
      ofVolume((s) => accessModesText(s.accessModes)),
    ),
    column(
      'StorageClass',
      'The class that is asked for.',
      (o) => o.metadata.annotations?.[classAnnotation] ?? o.spec?.storageClassName ?? '',
    ),
    column(
      'VolumeAttributesClass',
      'The class of changeable attributes that is asked for.',
      (o) => o.spec?.volumeAttributesClassName ?? '<unset>',
    ),
    ageColumn,
    column('VolumeMode', 'A file system, or a bare block device.', (o) => o.spec?.volumeMode ?? '<unset>', 1),
  ],
});
