import { expect, test } from 'vitest';
import * as f from '../../apimachinery/fieldErrors.ts';

test.each([
  [f.required('a'), 'Required value'],
  [f.required('a', 'name or generateName is required'), 'Required value: name or generateName is required'],
  [f.invalidValue('a', 'x"\n\u0001é', 'bad'), 'Invalid value: "x\\"\\n\\x01é": bad'],
  [f.invalidValue('a', 5, 'bad'), 'Invalid value: 5: bad'],
  [f.invalidValue('a', undefined, 'bad'), 'Invalid value: null: bad'],
  [
    f.invalidValue('a', { x: '<b>', n: 9007199254740993n }, 'bad'),
    'Invalid value: {"x":"\\u003cb\\u003e","n":9007199254740993}: bad',
  ],
  [f.typeInvalid('a', ['s'], 'bad'), 'Invalid value: ["s"]: bad'],
  [f.duplicate('a', 'x'), 'Duplicate value: "x"'],
  [f.notFoundField('a', 'x'), 'Not found: "x"'],
  [f.forbiddenField('a', 'no'), 'Forbidden: no'],
  [f.tooLong('a', 1), 'Too long: may not be more than 1 byte'],
  [f.tooLong('a', 262144), 'Too long: may not be more than 262144 bytes'],
  [f.tooLong('a', -1), 'Too long: value is too long'],
  [f.tooMany('a', 5, 3), 'Too many: 5: must have at most 3 items'],
  [f.tooMany('a', -1, 1), 'Too many: must have at most 1 item'],
  [f.notSupported('a', 'x', ['B', 'A']), 'Unsupported value: "x": supported values: "B", "A"'],
  [f.immutable('a', 1), 'Invalid value: 1: field is immutable'],
  [f.internalFieldError('a', 'broken'), 'Internal error: broken'],
])('%#: %o', (error, text) => {
  expect(f.errorBody(error)).toBe(text);
});

test('several errors are listed in brackets, equal ones once', () => {
  const e = f.required('a');
  expect(f.aggregateMessage([e])).toBe('a: Required value');
  expect(f.aggregateMessage([e, e, f.required('b')])).toBe('[a: Required value, b: Required value]');
});
