// One broken rule of one field, in upstream's words.
// Mirrors: staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go.
// Used by: every kind's validation; status.ts folds a list of these into a 422.
import { goQuote } from './goQuote.ts';
import type { StatusCause } from './types.ts';

export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

/** `field` is the path (`spec.containers[0].name`), `value` what was found there, `detail` the rule. */
export interface FieldError {
  type: FieldErrorType;
  field: string;
  value?: unknown;
  detail: string;
}

const titles: Record<FieldErrorType, string> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTypeInvalid: 'Invalid value',
  InternalError: 'Internal error',
};
const withoutValue = new Set<FieldErrorType>([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'InternalError',
]);

/** A value that is not printed. */
export const omitted = Symbol('omitted value');

/** A field path grows by `child('spec', 'containers').index(0).child('name')`; text form is upstream's. */
export const path = {
  child: (base: string, ...names: string[]) => [base, ...names].filter((n) => n !== '').join('.'),
  index: (base: string, i: number) => `${base}[${i}]`,
  key: (base: string, k: string) => `${base}[${k}]`,
};

export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  value: '',
  detail,
});
export const invalidValue = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  value,
  detail,
});
export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field,
  value,
  detail,
});
export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  value,
  detail: '',
});
export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  value: '',
  detail,
});
export const notFoundField = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  value,
  detail: '',
});
/** `maxBytes` below 0: the text names no limit. */
export const tooLong = (field: string, maxBytes: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  value: '<value omitted>',
  detail: maxBytes < 0 ? 'value is too long' : `may not be more than ${maxBytes} ${maxBytes === 1 ? 'byte' : 'bytes'}`,
});
/** `actual` below 0 is not printed, `max` below 0 not named. */
export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  value: actual < 0 ? omitted : actual,
  detail: max < 0 ? 'has too many items' : `must have at most ${max} ${max === 1 ? 'item' : 'items'}`,
});
export const internalFieldError = (field: string, message: string): FieldError => ({
  type: 'InternalError',
  field,
  detail: message,
});
/** The valid values are listed as given: upstream's callers sort where they hold a set. */
export const notSupported = (field: string, value: unknown, valid: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  value,
  detail: valid.length ? `supported values: ${valid.map(goQuote).join(', ')}` : '',
});
export const immutableText = 'field is immutable';
export const immutable = (field: string, value: unknown): FieldError => invalidValue(field, value, immutableText);

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** As Go's encoder writes it: `<`, `>` and `&` escaped, integers past 2^53 whole. */
function goJSON(value: unknown): string {
  const text = JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? rawJSON(String(v)) : v)) ?? 'null';
  return text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const printed = (value: unknown): string => (typeof value === 'string' ? goQuote(value) : goJSON(value));

/** `Invalid value: "x": must be …`: the text without the field's name, as a cause's message. */
export function errorBody(e: FieldError): string {
  const title = titles[e.type];
  const head = withoutValue.has(e.type) || e.value === omitted ? title : `${title}: ${printed(e.value)}`;
  return e.detail ? `${head}: ${e.detail}` : head;
}

export const toCause = (e: FieldError): StatusCause => ({ reason: e.type, message: errorBody(e), field: e.field });

/** All errors in one text: a lone one bare, several in brackets, equal ones once. */
export function aggregateMessage(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map((e) => `${e.field}: ${errorBody(e)}`))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}
