// Rules of a PersistentVolume's spec: of a volume of its own, and of one that stands within a VolumeAttachment.
// Mirrors: ValidatePersistentVolumeSpec in pkg/apis/core/validation/validation.go.
// Used by: ../persistentVolume.ts and ../volumeAttachment.ts. Next: sources.ts.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { nameIsDNSSubdomain } from '../../../apimachinery/names.ts';
import { integerValue, parseQuantity, quantityText, signOf } from '../../../apimachinery/quantity.ts';
import { checkOneOf, pushTexts } from '../check.ts';
import { checkAccessModes, volumeModes } from '../claim/spec.ts';
import { checkNodeSelector } from '../pod/scheduling.ts';
import { checkSources } from './sources.ts';

const inlineText = 'may not be specified in the context of inline volumes';
const reclaimPolicies: readonly string[] = ['Delete', 'Recycle', 'Retain'];

function checkModes(errors: FieldError[], field: string, modes: string[]): void {
  if (!modes.length) errors.push(required(field));
  checkAccessModes(errors, field, modes, 'may not use ReadWriteOncePod with other access modes');
}

function checkCapacity(errors: FieldError[], field: string, capacity: Record<string, string> | undefined): void {
  const names = Object.keys(capacity ?? {});
  if (!names.length) errors.push(required(field));
  if (names.length !== 1 || names[0] !== 'storage') errors.push(notSupported(field, capacity ?? null, ['storage']));
  for (const name of names) {
    const amount = parseQuantity(capacity![name]!);
    const at = `${field}[${name}]`;
    if (signOf(amount) < 0) errors.push(invalidValue(at, integerValue(amount), 'must be a valid resource quantity'));
    if (signOf(amount) <= 0) errors.push(invalidValue(at, quantityText(amount), 'must be greater than zero'));
  }
}

function checkAffinity(errors: FieldError[], field: string, affinity: any): void {
  if (affinity.required) checkNodeSelector(errors, `${field}.required`, affinity.required);
  else errors.push(required(`${field}.required`, 'must specify required node constraints'));
}

function checkAttributesClass(errors: FieldError[], field: string, spec: any): void {
  const name = spec.volumeAttributesClassName;
  if (name === undefined) return;
  const at = `${field}.volumeAttributesClassName`;
  if (name === '') errors.push(required(at, 'an empty string is disallowed'));
  else pushTexts(errors, at, name, nameIsDNSSubdomain(name, false));
  if (!spec.csi) errors.push(required(`${field}.csi`, 'has to be specified when using volumeAttributesClassName'));
}

/** The whole disk of a node must not be wiped. */
function checkRecycling(errors: FieldError[], field: string, spec: any): void {
  const isRoot = spec.hostPath?.path && /^\/+(\.?\/*)*$/.test(spec.hostPath.path);
  if (isRoot && spec.persistentVolumeReclaimPolicy === 'Recycle')
    errors.push(
      forbiddenField(`${field}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'"),
    );
}

export function checkVolumeSpec(errors: FieldError[], spec: any, name: string): void {
  checkModes(errors, 'spec.accessModes', spec.accessModes ?? []);
  checkCapacity(errors, 'spec.capacity', spec.capacity);
  checkOneOf(errors, 'spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, reclaimPolicies);
  if (spec.nodeAffinity) checkAffinity(errors, 'spec.nodeAffinity', spec.nodeAffinity);
  checkSources(errors, 'spec', spec, name);
  checkRecycling(errors, 'spec', spec);
  const className = spec.storageClassName;
  if (className) pushTexts(errors, 'spec.storageClassName', className, nameIsDNSSubdomain(className, false));
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode))
    errors.push(notSupported('spec.volumeMode', spec.volumeMode, volumeModes));
  checkAttributesClass(errors, 'spec', spec);
}

/** A volume that belongs to the object that it stands in. */
export function checkInlineVolume(errors: FieldError[], field: string, spec: any): void {
  const forbid = (name: string, text = inlineText) => errors.push(forbiddenField(`${field}.${name}`, text));
  if (spec.claimRef) forbid('claimRef');
  if (Object.keys(spec.capacity ?? {}).length) forbid('capacity');
  if (!spec.csi) errors.push(required(`${field}.csi`, 'has to be specified in the context of inline volumes'));
  checkModes(errors, `${field}.accessModes`, spec.accessModes ?? []);
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy && policy !== 'Retain')
    forbid('persistentVolumeReclaimPolicy', 'may only be Retain in the context of inline volumes');
  if (spec.nodeAffinity) forbid('nodeAffinity');
  checkSources(errors, field, spec, '');
  if (spec.storageClassName) forbid('storageClassName');
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem')
    forbid('volumeMode', 'may not specify volumeMode other than Filesystem in the context of inline volumes');
}
