// What the status of a claim may say: amounts that are amounts, and how far a change of size is.
// Mirrors: ValidatePersistentVolumeClaimStatusUpdate in pkg/apis/core/validation/validation.go.
// Used by: ../persistentVolumeClaim.ts.
import { type FieldError, invalidValue, notSupported, required } from '../../../apimachinery/fieldErrors.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import { integerValue, parseQuantity, signOf } from '../../../apimachinery/quantity.ts';
import { pushTexts } from '../check.ts';
import { isNative } from '../pod/resourceNames.ts';

const resizeStates: readonly string[] = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizePending',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
].toSorted();

function checkAmount(errors: FieldError[], field: string, text: string): void {
  const amount = parseQuantity(text);
  if (signOf(amount) < 0) errors.push(invalidValue(field, integerValue(amount), 'must be a valid resource quantity'));
}

/** Kubernetes' own names mean storage; others are their owners'. */
function checkName(errors: FieldError[], field: string, name: string): boolean {
  const texts = isQualifiedName(name);
  pushTexts(errors, field, name, texts);
  if (texts.length) return false;
  if (!isNative(name) || name === 'storage') return true;
  errors.push(notSupported(field, name, ['storage']));
  return false;
}

export function validateStatus(claim: any): FieldError[] {
  const errors: FieldError[] = [];
  const status = claim.status ?? {};
  if (!claim.spec.accessModes?.length) errors.push(required('Spec.accessModes'));
  for (const name in status.capacity) checkAmount(errors, `status.capacity[${name}]`, status.capacity[name]);
  const states = status.allocatedResourceStatuses;
  for (const name in states) {
    checkName(errors, 'status.allocatedResourceStatuses', name);
    if (!resizeStates.includes(states[name]))
      errors.push(notSupported('status.allocatedResourceStatuses', name, resizeStates));
  }
  for (const name in status.allocatedResources)
    if (checkName(errors, 'status.allocatedResources', name))
      checkAmount(errors, `status.allocatedResources[${name}]`, status.allocatedResources[name]);
  return errors;
}
