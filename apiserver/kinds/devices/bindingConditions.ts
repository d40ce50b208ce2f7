// Conditions that a device must reach before the pod is bound, and those that say that it will not.
// Mirrors: validateDeviceBindingParameters in pkg/apis/resource/validation/validation.go. Called by: device.ts, allocation.ts.
import { duplicate, type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { checkList } from './lists.ts';
import { checkLabelKey } from './names.ts';

const most = 4;

function checkDuplicates(errors: FieldError[], field: string, names: string[]): void {
  for (const [i, name] of names.entries()) if (names.indexOf(name) < i) errors.push(duplicate(`${field}[${i}]`, name));
}

export function checkBindingConditions(errors: FieldError[], field: string, device: any): void {
  const { bindingConditions: good = [], bindingFailureConditions: bad = [] } = device;
  const atGood = `${field}.bindingConditions`;
  const atBad = `${field}.bindingFailureConditions`;
  checkList<string>(errors, atGood, good, most, checkLabelKey);
  checkList<string>(errors, atBad, bad, most, checkLabelKey);
  checkDuplicates(errors, atGood, good);
  checkDuplicates(errors, atBad, bad);
  for (const [i, name] of bad.entries())
    if (good.includes(name))
      errors.push(
        invalidValue(`${atBad}[${i}]`, name, 'bindingFailureConditions must not overlap with bindingConditions'),
      );
  if (!good.length && bad.length)
    errors.push(
      invalidValue(
        atGood,
        device.bindingConditions ?? null,
        'bindingConditions are required to use bindingFailureConditions',
      ),
    );
  if (!bad.length && good.length)
    errors.push(
      invalidValue(
        atBad,
        device.bindingFailureConditions ?? null,
        'bindingFailureConditions are required to use bindingConditions',
      ),
    );
}
