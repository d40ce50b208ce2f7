// How much of a device's capacity one request may take, where several may share the device.
// Mirrors: validateRequestPolicy and below in pkg/apis/resource/validation/validation.go. Called by: device.ts.
import { type FieldError, forbiddenField, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import {
  addQuantities,
  compareQuantities,
  equalQuantities,
  integerValue,
  parseQuantity,
  type Quantity,
  quantityText,
} from '../../../apimachinery/quantity.ts';
import { checkSet } from './lists.ts';

const mostOptions = 10;
const isMore = (a: Quantity, b: Quantity) => compareQuantities(a, b) > 0;

function checkOptions(errors: FieldError[], field: string, fallback: Quantity, whole: Quantity, texts: string[]): void {
  const options = texts.map(parseQuantity);
  for (const [i, option] of options.entries())
    if (i > 0 && isMore(options[i - 1]!, option))
      errors.push(invalidValue(`${field}[${i}]`, quantityText(option), 'values must be sorted in ascending order'));
  const text = `option is larger than capacity value: ${quantityText(whole)}`;
  checkSet(
    errors,
    field,
    options,
    mostOptions,
    (_, at, option) => isMore(option, whole) && errors.push(invalidValue(at, quantityText(option), text)),
    (option) => String(integerValue(option)),
  );
  const looked = options.length <= mostOptions;
  if (!looked || !options.some((option) => equalQuantities(option, fallback)))
    errors.push(
      invalidValue(field, quantityText(fallback), 'default value is not valid according to the requestPolicy'),
    );
}

function checkStep(errors: FieldError[], field: string, value: Quantity, min: Quantity, step: Quantity): void {
  const size = integerValue(step);
  if (size === 0 || (integerValue(value) - integerValue(min)) % size === 0) return;
  const text = `value is not a multiple of a given step (${quantityText(step)}) from (${quantityText(min)})`;
  errors.push(invalidValue(field, quantityText(value), text));
}

function checkRange(errors: FieldError[], field: string, fallback: Quantity, whole: Quantity, range: any): void {
  if (range.min === undefined) return void errors.push(required(`${field}.min`, 'required when validRange is defined'));
  const read = (name: string) => (range[name] === undefined ? undefined : parseQuantity(range[name]));
  const min = read('min')!;
  const [max, step] = [read('max'), read('step')];
  const refuse = (name: string, value: Quantity, text: string, limit: Quantity) =>
    errors.push(invalidValue(`${field}.${name}`, quantityText(value), `${text}: ${quantityText(limit)}`));
  if (isMore(min, whole)) refuse('min', min, 'min is larger than capacity value', whole);
  if (isMore(min, fallback)) refuse('min', fallback, 'default is less than min', min);
  if (max) {
    if (isMore(min, max)) refuse('max', min, 'min is larger than max', max);
    if (isMore(max, whole)) refuse('max', max, 'max is larger than capacity value', whole);
    if (isMore(fallback, max)) refuse('max', fallback, 'default is more than max', max);
  }
  if (!step) return;
  const one = addQuantities(min, step);
  if (isMore(one, whole)) refuse('step', step, `one step ${quantityText(one)} is larger than capacity value`, whole);
  checkStep(errors, `${field}.step`, fallback, min, step);
  if (max) checkStep(errors, `${field}.step`, max, min, step);
}

function checkPolicy(errors: FieldError[], field: string, whole: Quantity, policy: any): void {
  const { validValues = [], validRange } = policy;
  if (validValues.length && validRange)
    return void errors.push(
      forbiddenField(
        field,
        'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time',
      ),
    );
  const used = validValues.length ? 'validValues' : validRange ? 'validRange' : undefined;
  if (!used) return;
  if (policy.default === undefined)
    return void errors.push(required(`${field}.default`, `required when ${used} is defined`));
  const fallback = parseQuantity(policy.default);
  if (used === 'validRange') checkRange(errors, `${field}.validRange`, fallback, whole, validRange);
  else checkOptions(errors, `${field}.validValues`, fallback, whole, validValues);
}

/** `shared`: several may use the device. */
export function checkCapacity(errors: FieldError[], field: string, capacity: any, shared: boolean): void {
  const { requestPolicy, value = '0' } = capacity;
  if (!requestPolicy) return;
  const at = `${field}.requestPolicy`;
  if (shared) checkPolicy(errors, at, parseQuantity(value), requestPolicy);
  else errors.push(forbiddenField(at, 'allowMultipleAllocations must be true'));
}
