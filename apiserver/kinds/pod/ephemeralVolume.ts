// Rules of generic ephemeral volumes: the claim that is made with the pod.
// Mirrors: validateEphemeralVolumeSource and ValidatePersistentVolumeClaimSpec in pkg/apis/core/validation/validation.go.
// Called by: volumes.ts.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { validateLabelSelector, validateLabels } from '../../../apimachinery/labelSelector.ts';
import { isDNS1123Subdomain, nameIsDNSSubdomain } from '../../../apimachinery/names.ts';
import { validateAnnotations } from '../../../apimachinery/objectMeta.ts';
import { parseQuantity, quantityText, signOf } from '../../../apimachinery/quantity.ts';
import { checkOneOf, checkRequired, isSet, pushTexts } from '../check.ts';
import type { VolumeContext } from './volumes.ts';

const accessModes: readonly string[] = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

function checkTemplateMeta(errors: FieldError[], field: string, metadata: any): void {
  errors.push(...validateAnnotations(metadata.annotations, `${field}.annotations`));
  errors.push(...validateLabels(metadata.labels, `${field}.labels`));
  for (const name in metadata)
    if (name !== 'annotations' && name !== 'labels' && isSet(metadata[name]))
      errors.push(forbiddenField(`${field}.${name}`, 'cannot be set'));
}

function checkAccessModes(errors: FieldError[], field: string, modes: string[]): void {
  if (!modes.length) errors.push(required(field, 'at least 1 access mode is required'));
  for (const mode of modes) if (!accessModes.includes(mode)) errors.push(notSupported(field, mode, accessModes));
  const others = modes.some((m) => m !== 'ReadWriteOncePod' && accessModes.includes(m));
  if (modes.includes('ReadWriteOncePod') && others)
    errors.push(forbiddenField(field, 'may not use ReadWriteOncePod with other access modes'));
}

function checkDataSource(errors: FieldError[], field: string, source: any): void {
  checkRequired(errors, `${field}.name`, source.name);
  checkRequired(errors, `${field}.kind`, source.kind);
  const group = source.apiGroup ?? '';
  if (!group && source.kind !== 'PersistentVolumeClaim')
    errors.push(
      invalidValue(field, source.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
    );
  if (group) pushTexts(errors, field, group, isDNS1123Subdomain(group));
}

export function checkClaimSpec(errors: FieldError[], field: string, spec: any): void {
  checkAccessModes(errors, `${field}.accessModes`, spec.accessModes ?? []);
  if (spec.selector) errors.push(...validateLabelSelector(spec.selector, `${field}.selector`));
  const storage = spec.resources?.requests?.storage;
  const at = `${field}.resources[storage]`;
  if (storage === undefined) errors.push(required(at));
  else if (signOf(parseQuantity(storage)) <= 0)
    errors.push(invalidValue(at, quantityText(parseQuantity(storage)), 'must be greater than zero'));
  for (const name of ['storageClassName', 'volumeAttributesClassName'])
    if (spec[name]) pushTexts(errors, `${field}.${name}`, spec[name], nameIsDNSSubdomain(spec[name], false));
  checkOneOf(errors, `${field}.volumeMode`, spec.volumeMode, ['Block', 'Filesystem']);
  if (spec.dataSource) checkDataSource(errors, `${field}.dataSource`, spec.dataSource);
  if (spec.dataSourceRef) checkDataSource(errors, `${field}.dataSourceRef`, spec.dataSourceRef);
}

export function checkEphemeralVolume(errors: FieldError[], field: string, source: any, context: VolumeContext): void {
  const template = source.volumeClaimTemplate;
  if (!template) errors.push(required(`${field}.volumeClaimTemplate`));
  else {
    checkTemplateMeta(errors, `${field}.volumeClaimTemplate.metadata`, template.metadata ?? {});
    checkClaimSpec(errors, `${field}.volumeClaimTemplate.spec`, template.spec ?? {});
  }
  const { volume, podName } = context;
  if (!podName || !volume.name) return;
  const claim = `${podName}-${volume.name}`;
  for (const text of nameIsDNSSubdomain(claim, false))
    errors.push(invalidValue(`${field}.name`, volume.name, `PVC name "${claim}": ${text}`));
}
