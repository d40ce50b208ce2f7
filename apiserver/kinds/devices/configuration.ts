// What is passed on to a driver: opaque parameters, of which the server only knows that they are an object.
// Mirrors: validateDeviceConfiguration and validateRawExtension in pkg/apis/resource/validation/validation.go.
// Called by: claimSpec.ts, allocation.ts, ../deviceClass.ts.
import { type FieldError, invalidValue, required, tooLong } from '../../../apimachinery/fieldErrors.ts';
import { byteLength } from '../../../apimachinery/names.ts';
import { checkDriverName } from '../pod/volumes.ts';

/** Of a class or claim; what was allocated may come from both. */
export const mostConfigurations = 32;
const longestParameters = 10 * 1024;

/** `stored`: it was there before the limit, and may be longer. */
export function checkRawObject(errors: FieldError[], field: string, value: unknown, stored = false): void {
  if (value === undefined || value === null) errors.push(required(field));
  else if (!stored && byteLength(JSON.stringify(value)) > longestParameters)
    errors.push(tooLong(field, longestParameters));
  else if (typeof value !== 'object' || Array.isArray(value))
    errors.push(invalidValue(field, '<value omitted>', 'must be a valid JSON object'));
}

export function checkConfiguration(errors: FieldError[], field: string, { opaque }: any, stored = false): void {
  if (!opaque) return void errors.push(required(`${field}.opaque`));
  checkDriverName(errors, `${field}.opaque.driver`, opaque.driver);
  checkRawObject(errors, `${field}.opaque.parameters`, opaque.parameters, stored);
}
