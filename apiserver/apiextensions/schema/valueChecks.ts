// What a schema says of one value, apart from its type and its inside: enum, lengths, ranges, pattern, format.
// Reads: a JSONSchema, compiled once. Writes: FieldErrors with the texts of kube-openapi's pkg/validation/errors.
// Mirrors: kube-openapi's pkg/validation/validate (values.go, formats.go). Called by schemaErrors.ts for each value.
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import {
  type FieldError,
  invalidValue,
  notSupported,
  tooLong,
  tooMany,
  typeInvalid,
} from '../../../apimachinery/fieldErrors.ts';
import { compilePattern, type Pattern } from '../../../cel/re2.ts';
import { formatCheck } from './formats.ts';
import { goFloat } from './goFloat.ts';
import type { JSONSchema } from './jsonSchema.ts';

/** `path` is where the value stands, empty at the root. */
export type Check<T> = (value: T, path: () => string, errors: FieldError[]) => void;

export interface ValueChecks {
  strings: readonly Check<string>[];
  numbers: readonly Check<number | bigint>[];
  lists: readonly Check<unknown[]>[];
  maps: readonly Check<Record<string, unknown>>[];
  /** Of every value, null too. */
  any: readonly Check<unknown>[];
}

const given = (limit: number | undefined): limit is number => limit !== undefined && limit !== null;

export function valueChecks(s: JSONSchema): ValueChecks {
  return {
    strings: [...lengthChecks(s), ...patternCheck(s), ...formatOf(s)],
    numbers: [...rangeCheck(s), ...multipleCheck(s), ...limitChecks(s)],
    lists: itemChecks(s),
    maps: propertyChecks(s),
    any: enumCheck(s),
  };
}

/** Characters are counted, not bytes. */
const charsOf = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

function lengthChecks({ maxLength, minLength }: JSONSchema): Check<string>[] {
  const checks: Check<string>[] = [];
  if (given(maxLength))
    checks.push((text, path, errors) => {
      if (text.length > maxLength && charsOf(text) > maxLength) errors.push(tooLong(path(), maxLength));
    });
  if (given(minLength))
    checks.push((text, path, errors) => {
      if (text.length < minLength || charsOf(text) < minLength)
        errors.push(invalidValue(path(), text, `${path()} in body should be at least ${minLength} chars long`));
    });
  return checks;
}

/** Compiled with the first string; one that cannot be is passed over, since definitions with it are refused. */
function patternCheck({ pattern }: JSONSchema): Check<string>[] {
  if (!pattern) return [];
  let compiled: Pattern | undefined;
  return [
    (text, path, errors) => {
      compiled ??= readable(pattern);
      if (!compiled.test(text)) errors.push(invalidValue(path(), text, `${path()} in body should match '${pattern}'`));
    },
  ];
}

function readable(pattern: string): Pattern {
  try {
    return compilePattern(pattern);
  } catch {
    return { test: () => true };
  }
}

function formatOf({ format, type }: JSONSchema): Check<string>[] {
  const fits = format && (!type || type === 'string') ? formatCheck(format) : undefined;
  if (!fits) return [];
  return [
    (text, path, errors) => {
      if (!fits(text))
        errors.push(typeInvalid(path(), text, `${path()} in body must be of type ${format}: ${JSON.stringify(text)}`));
    },
  ];
}

const maxInt32 = 2147483647;

/** Numbers have to fit into the type that the format names. */
function rangeCheck({ type, format }: JSONSchema): Check<number | bigint>[] {
  if (type !== 'integer' && type !== 'number') return [];
  const fits =
    type === 'integer'
      ? format === 'int32'
        ? (n: number | bigint) => n <= maxInt32 && n >= -maxInt32 - 1
        : (n: number | bigint) => n < 2n ** 63n && n >= -(2n ** 63n)
      : format === 'float' || format === 'float32'
        ? (n: number | bigint) => Number.isFinite(Math.fround(Number(n)))
        : undefined;
  if (!fits) return [];
  const what = format ? `${type} with format ${format}` : `${type} (default format)`;
  return [
    (n, path, errors) => {
      if (!fits(n)) errors.push(invalidValue('<nil>', '', `Checked value must be of type ${what} in ${path()}`));
    },
  ];
}

function multipleCheck({ multipleOf }: JSONSchema): Check<number | bigint>[] {
  if (!given(multipleOf) || multipleOf === 0) return [];
  return [
    (n, path, errors) => {
      if (!Number.isInteger(Number(n) / multipleOf))
        errors.push(invalidValue(path(), n, `${path()} in body should be a multiple of ${goFloat(multipleOf)}`));
    },
  ];
}

function limitChecks(s: JSONSchema): Check<number | bigint>[] {
  const checks: Check<number | bigint>[] = [];
  const { maximum, minimum, exclusiveMaximum, exclusiveMinimum } = s;
  if (given(maximum))
    checks.push((n, path, errors) => {
      if (exclusiveMaximum ? n < maximum : n <= maximum) return;
      const text = `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${goFloat(maximum)}`;
      errors.push(invalidValue(path(), n, `${path()} in body ${text}`));
    });
  if (given(minimum))
    checks.push((n, path, errors) => {
      if (exclusiveMinimum ? n > minimum : n >= minimum) return;
      const text = `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${goFloat(minimum)}`;
      errors.push(invalidValue(path(), n, `${path()} in body ${text}`));
    });
  return checks;
}

function itemChecks({ maxItems, minItems }: JSONSchema): Check<unknown[]>[] {
  const checks: Check<unknown[]>[] = [];
  if (given(minItems))
    checks.push((list, path, errors) => {
      if (list.length < minItems)
        errors.push(invalidValue(path(), list.length, `${path()} in body should have at least ${minItems} items`));
    });
  if (given(maxItems))
    checks.push((list, path, errors) => {
      if (list.length > maxItems) errors.push(tooMany(path(), list.length, maxItems));
    });
  return checks;
}

function propertyChecks({ maxProperties, minProperties }: JSONSchema): Check<Record<string, unknown>>[] {
  const checks: Check<Record<string, unknown>>[] = [];
  if (given(minProperties))
    checks.push((map, path, errors) => {
      const count = Object.keys(map).length;
      if (count < minProperties)
        errors.push(invalidValue(path(), count, `${path()} in body should have at least ${minProperties} properties`));
    });
  if (given(maxProperties))
    checks.push((map, path, errors) => {
      const count = Object.keys(map).length;
      if (count > maxProperties) errors.push(tooMany(path(), count, maxProperties));
    });
  return checks;
}

function enumCheck({ enum: values }: JSONSchema): Check<unknown>[] {
  if (!values?.length) return [];
  const scalars = new Set(values.filter((v) => typeof v !== 'object' || v === null));
  const others = values.filter((v) => typeof v === 'object' && v !== null);
  const names = values.map((v) => (typeof v === 'string' ? v : JSON.stringify(v)));
  return [
    (value, path, errors) => {
      if (scalars.has(value) || others.some((v) => deepEqual(v, value))) return;
      errors.push(notSupported(path(), value, names));
    },
  ];
}
