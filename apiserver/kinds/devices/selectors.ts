// Which devices are meant, said in CEL: an expression over `device` that yields true or false.
// Mirrors: validateCELSelector in pkg/apis/resource/validation/validation.go and staging/src/k8s.io/dynamic-resource-allocation/cel.
// Called by: claimSpec.ts, ../deviceClass.ts. Next: ../../cel/cel.ts compiles.
import { type FieldError, forbiddenField, invalidValue, required, tooLong } from '../../../apimachinery/fieldErrors.ts';
import { byteLength } from '../../../apimachinery/names.ts';
import { compile, yields } from '../../../cel/cel.ts';
import { deviceEnv } from '../../../cel/environments/device.ts';
import { boolType, dynType, typeName } from '../../../cel/types.ts';
import { checkList } from './lists.ts';

const mostSelectors = 32;
const longestExpression = 10 * 1024;
const highestCost = 1_000_000n;
/** Bytes of an attribute that is text. */
export const longestValue = 64;
/** Attributes and capacities of one device. */
export const mostAttributes = 32;

/** `stored`: the expression was there before, and may use what only a newer server lets in. */
function checkExpression(errors: FieldError[], field: string, expression: string, stored: boolean): void {
  if (byteLength(expression) > longestExpression) return void errors.push(tooLong(field, longestExpression));
  const compiled = compile(expression, deviceEnv(stored ? 'stored' : 'new'));
  if (!compiled.ok) return void errors.push(invalidValue(field, expression, `compilation failed: ${compiled.message}`));
  if (!yields(compiled.program, boolType, dynType))
    errors.push(
      invalidValue(
        field,
        expression,
        `must evaluate to bool or the unknown type, not ${typeName(compiled.program.resultType)}`,
      ),
    );
  else if (compiled.program.estimate().max > highestCost)
    errors.push(forbiddenField(field, 'too complex, exceeds cost limit'));
}

export const checkSelectors = (errors: FieldError[], field: string, selectors: any[], stored = false): boolean =>
  checkList(errors, field, selectors, mostSelectors, (_, at, { cel }) => {
    if (!cel) errors.push(required(`${at}.cel`));
    else checkExpression(errors, `${at}.cel.expression`, cel.expression ?? '', stored);
  });
