// What of a claim may change once it is made: its volume's name once, its size upwards when bound, and a few classes.
// Mirrors: ValidatePersistentVolumeClaimUpdate in pkg/apis/core/validation/validation.go.
// Used by: ../persistentVolumeClaim.ts.
import { type FieldError, forbiddenField, immutable } from '../../../apimachinery/fieldErrors.ts';
import { compareQuantities, parseQuantity } from '../../../apimachinery/quantity.ts';
import { diffLines, semanticEqual } from '../equal.ts';

export const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const sizeField = 'spec.resources.requests.storage';

/** The class moves from the old annotation into spec. */
function movesFromAnnotation(claim: any, old: any): boolean {
  const was = old.metadata.annotations?.[classAnnotation];
  const is = claim.metadata.annotations?.[classAnnotation];
  const moved = was !== undefined && old.spec.storageClassName === undefined && claim.spec.storageClassName === was;
  return moved && (is === undefined || is === was);
}

/** A claim without a class may be given one, later. */
function getsClass(claim: any, old: any): boolean {
  const was = old.metadata.annotations?.[classAnnotation];
  const is = claim.spec.storageClassName;
  return is !== undefined && old.spec.storageClassName === undefined && (was === undefined || is === was);
}

/** Both specs without what may change, so that what is left must be equal. */
function comparable(claim: any, old: any): [now: any, was: any] {
  const now = structuredClone(claim.spec);
  const was = structuredClone(old.spec);
  if (!was.volumeName) was.volumeName = now.volumeName;
  if (movesFromAnnotation(claim, old)) delete now.storageClassName;
  else if (getsClass(claim, old)) delete now.storageClassName;
  if (claim.status?.phase !== 'Bound') return [now, was];
  if (now.resources?.requests) now.resources.requests.storage = was.resources?.requests?.storage;
  now.volumeAttributesClassName = was.volumeAttributesClassName;
  return [now, was];
}

function checkSize(errors: FieldError[], claim: any, old: any): void {
  const size = (amounts: any) => parseQuantity(amounts?.storage ?? '0');
  const now = size(claim.spec.resources?.requests);
  if (compareQuantities(now, size(old.spec.resources?.requests)) >= 0) return;
  // A growth that failed may be taken back, down to what the volume has.
  if (compareQuantities(now, size(old.status?.capacity)) <= 0)
    errors.push(forbiddenField(sizeField, 'field can not be less than status.capacity'));
}

function checkAttributesClass(errors: FieldError[], claim: any, old: any): void {
  const now = claim.spec.volumeAttributesClassName;
  if (now === old.spec.volumeAttributesClassName || old.status?.currentVolumeAttributesClassName === undefined) return;
  const to = now === undefined ? 'nil' : now === '' ? 'empty string' : undefined;
  if (to)
    errors.push(
      forbiddenField(
        'spec.volumeAttributesClassName',
        `update to ${to} is forbidden when status.currentVolumeAttributesClassName is not nil`,
      ),
    );
}

export function validateUpdate(claim: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  if (!movesFromAnnotation(claim, old)) {
    const is = claim.metadata.annotations?.[classAnnotation] ?? '';
    const was = old.metadata.annotations?.[classAnnotation] ?? '';
    if (is !== was) errors.push(immutable(`metadata.annotations[${classAnnotation}]`, is));
  }
  const [now, was] = comparable(claim, old);
  if (!semanticEqual(now, was)) {
    const diff = diffLines(was, now).join('\n');
    const text =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(forbiddenField('spec', `${text}\n${diff}`));
  }
  checkSize(errors, claim, old);
  if (claim.spec.volumeMode !== old.spec.volumeMode)
    errors.push(immutable('volumeMode', claim.spec.volumeMode ?? null));
  checkAttributesClass(errors, claim, old);
  return errors;
}
