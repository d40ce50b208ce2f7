// VolumeAttributesClass: attributes of volumes that may change while they are used, such as throughput.
// Read by the API server's mechanisms. Mirrors: pkg/registry/storage/volumeattributesclass, pkg/apis/storage/validation, pkg/printers.
// Next: persistentVolumeClaim.ts names it; storageClass.ts is its sibling.
import { type FieldError, required } from '../../apimachinery/fieldErrors.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';
import { checkParameters, checkProvisioner, keptFields } from './storage/classRules.ts';

function validate(object: any): FieldError[] {
  const errors: FieldError[] = [];
  checkProvisioner(errors, 'driverName', object.driverName);
  checkParameters(errors, object.parameters);
  if (!Object.keys(object.parameters ?? {}).length)
    errors.push(required('parameters', 'must contain at least one key/value pair'));
  return errors;
}

export const volumeAttributesClass = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  shortNames: ['vac'],
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.VolumeAttributesClass',
  storage: 'volumeattributesclasses',
  validate,
  validateUpdate: (object, old) => keptFields(object, old, ['driverName', 'parameters']),
  deleteReturnsObject: true,
  columns: [nameColumn, column('DriverName', 'Whose volumes it is for.', (o) => o.driverName ?? ''), ageColumn],
});
