// quantity('1Gi') and what can be asked of it. Reads: Kubernetes' quantities. Mirrors: apiserver/pkg/cel/library/quantity.go.
// Next: apimachinery/quantity.ts computes.
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  QuantityError,
  quantityOf,
  signOf,
  subtractQuantities,
} from '../../apimachinery/quantity.ts';
import { EvalFailure, fail } from '../eval/meter.ts';
import { Double, type Int, normalInt, Opaque } from '../values.ts';
import { type Overload, overload } from './declare.ts';

export const quantityValue = (q: Quantity): Opaque =>
  new Opaque('kubernetes.Quantity', q, (other) => compareQuantities(q, other) === 0);

function parse(text: string): Opaque {
  try {
    return quantityValue(parseQuantity(text));
  } catch (e) {
    if (e instanceof QuantityError) throw new EvalFailure(e.message);
    throw e;
  }
}
function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}
/** Undefined where it is no int64. Exponents far out are not computed. */
function integer({ digits, scale }: Quantity): Int | undefined {
  if (digits === 0n) return 0;
  if (scale > 18 || scale < -30) return undefined;
  const power = 10n ** BigInt(Math.abs(scale));
  if (scale < 0 && digits % power !== 0n) return undefined;
  const value = scale < 0 ? digits / power : digits * power;
  return BigInt.asIntN(64, value) === value ? normalInt(value) : undefined;
}
const of = (v: Opaque) => v.value as Quantity;
const compare = (a: Opaque, b: Opaque) => Math.sign(compareQuantities(of(a), of(b)));
const add = (a: Opaque, q: Quantity) => quantityValue(addQuantities(of(a), q));
const subtract = (a: Opaque, q: Quantity) => quantityValue(subtractQuantities(of(a), q));

export const quantityLibrary: Overload[] = [
  overload('quantity', 'string_to_quantity', '(string) -> quantity', parse),
  overload('isQuantity', 'is_quantity_string', '(string) -> bool', isQuantity),
  overload('sign', 'quantity_sign', '(quantity) -> int', (q) => signOf(of(q))),
  overload('isGreaterThan', 'quantity_is_greater_than', 'quantity.(quantity) -> bool', (a, b) => compare(a, b) > 0),
  overload('isLessThan', 'quantity_is_less_than', 'quantity.(quantity) -> bool', (a, b) => compare(a, b) < 0),
  overload('compareTo', 'quantity_compare_to', 'quantity.(quantity) -> int', compare),
  overload('asApproximateFloat', 'quantity_get_float', 'quantity.() -> double', (q) => {
    const { digits, scale } = of(q);
    return new Double(Number(`${digits}e${scale}`));
  }),
  overload(
    'asInteger',
    'quantity_get_int',
    'quantity.() -> int',
    (q) => integer(of(q)) ?? fail('cannot convert value to integer'),
  ),
  overload('isInteger', 'quantity_is_integer', 'quantity.() -> bool', (q) => integer(of(q)) !== undefined),
  overload('add', 'quantity_add', 'quantity.(quantity) -> quantity', (a, b) => add(a, of(b))),
  overload('add', 'quantity_add_int', 'quantity.(int) -> quantity', (a, n) => add(a, quantityOf(n))),
  overload('sub', 'quantity_sub', 'quantity.(quantity) -> quantity', (a, b) => subtract(a, of(b))),
  overload('sub', 'quantity_sub_int', 'quantity.(int) -> quantity', (a, n) => subtract(a, quantityOf(n))),
];
