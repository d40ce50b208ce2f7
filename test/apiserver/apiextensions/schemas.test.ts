// What a schema does to objects: pruned, defaulted, and refused with the texts of kube-openapi.
import { describe, expect, it } from 'vitest';
import { deepCopy } from '../../../apimachinery/deepCopy.ts';
import { errorBody, type FieldError } from '../../../apimachinery/fieldErrors.ts';
import { applyDefaults } from '../../../apiserver/apiextensions/schema/defaulting.ts';
import { embeddedErrors } from '../../../apiserver/apiextensions/schema/embeddedErrors.ts';
import { isComplete } from '../../../apiserver/apiextensions/schema/isComplete.ts';
import { listErrors } from '../../../apiserver/apiextensions/schema/listErrors.ts';
import { coerceMetadata } from '../../../apiserver/apiextensions/schema/objectMeta.ts';
import { prune } from '../../../apiserver/apiextensions/schema/prune.ts';
import { schemaErrors, schemaUpdateErrors } from '../../../apiserver/apiextensions/schema/schemaErrors.ts';
import { schemaTree } from '../../../apiserver/apiextensions/schema/schemaTree.ts';
import { checkPattern } from '../../../cel/re2.ts';

const texts = (errors: FieldError[]) => errors.map((e) => `${e.field}: ${errorBody(e)}`);
const of = (p: any, more: any = {}) => schemaTree({ type: 'object', properties: { p }, ...more });
const text = { type: 'string' };

describe('pruning', () => {
  const cases: [string, any, any, any, string[]][] = [
    ['unknown fields go', { type: 'object', properties: { a: text } }, { a: 'x', b: 1 }, { a: 'x' }, ['p.b']],
    [
      'in lists too',
      { type: 'array', items: { type: 'object', properties: { a: text } } },
      [{ a: 'x' }, { b: 1 }],
      [{ a: 'x' }, {}],
      ['p[1].b'],
    ],
    [
      'in maps too',
      { type: 'object', additionalProperties: { type: 'object', properties: {} } },
      { k: { b: 1 } },
      { k: {} },
      ['p.k.b'],
    ],
    [
      'preserved ones stay',
      { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      { b: { c: 1 } },
      { b: { c: 1 } },
      [],
    ],
    [
      'what is specified inside of preserved ones is pruned',
      {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { a: { type: 'object', properties: {} } },
      },
      { a: { x: 1 }, b: { x: 1 } },
      { a: {}, b: { x: 1 } },
      ['p.a.x'],
    ],
    [
      'embedded resources keep what they are',
      {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        properties: { spec: { type: 'object', properties: {} } },
      },
      { apiVersion: 'v1', kind: 'K', metadata: { name: 'x' }, spec: { z: 1 }, z: 1 },
      { apiVersion: 'v1', kind: 'K', metadata: { name: 'x' }, spec: {} },
      ['p.spec.z', 'p.z'],
    ],
    [
      'a field called constructor is a field',
      { type: 'object', properties: {} },
      { constructor: 1 },
      {},
      ['p.constructor'],
    ],
  ];
  it.each(cases)('%s', (_, schema, value, pruned, paths) => {
    const object = { apiVersion: 'a/v1', kind: 'K', metadata: { name: 'n' }, p: value };
    const unknown: string[] = [];
    prune(object, of(schema), unknown);
    expect(object).toEqual({ apiVersion: 'a/v1', kind: 'K', metadata: { name: 'n' }, p: pruned });
    expect(unknown).toEqual(paths);
  });
  it('metadata has the fields that every object has', () => {
    const object: any = {
      metadata: { name: 'x', extra: 1, labels: { a: 'b' } },
      p: { apiVersion: 'v1', kind: 'K', metadata: { name: 'y', more: 1 } },
    };
    const unknown: string[] = [];
    coerceMetadata(
      object,
      of({ type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }),
      unknown,
    );
    expect(unknown).toEqual(['metadata.extra', 'p.metadata.more']);
    expect(object.p.metadata).toEqual({ name: 'y' });
    expect(() => coerceMetadata({ metadata: 1 }, of(text))).toThrow('metadata: Invalid value: 1: must be an object');
  });
});

describe('defaults', () => {
  const filled = {
    type: 'object',
    default: {},
    properties: { a: { type: 'string', default: 'A' }, n: { type: 'string', nullable: true, default: 'N' } },
  };
  const cases: [string, any, any, any][] = [
    ['an absent field', { type: 'string', default: 'x' }, undefined, 'x'],
    ['a field that is there', { type: 'string', default: 'x' }, '', ''],
    ['fields of an absent parent with a default', filled, undefined, { a: 'A', n: 'N' }],
    ['null where null is not allowed', filled, { a: null, n: null }, { a: 'A', n: null }],
    [
      'items',
      { type: 'array', items: filled },
      [{}, { a: 'b' }],
      [
        { a: 'A', n: 'N' },
        { a: 'b', n: 'N' },
      ],
    ],
    ['values', { type: 'object', additionalProperties: filled }, { k: {} }, { k: { a: 'A', n: 'N' } }],
    ['null without default goes', { type: 'object', properties: { a: text } }, { a: null }, {}],
    [
      'null that is allowed stays',
      { type: 'object', properties: { a: { type: 'string', nullable: true } } },
      { a: null },
      { a: null },
    ],
  ];
  it.each(cases)('%s', (_, schema, value, result) => {
    const object: any = value === undefined ? {} : { p: deepCopy(value) };
    const changed = applyDefaults(object, of(schema));
    expect(object).toEqual({ p: result });
    expect(changed).toBe(JSON.stringify(value) !== JSON.stringify(result));
    expect(applyDefaults(object, of(schema))).toBe(false);
  });
});

describe('values', () => {
  const body = 'in body';
  const cases: [string, any, any, ...string[]][] = [
    ['a string', text, 'x'],
    ['no string', text, 1, 'p: Invalid value: "integer": p in body must be of type string: "integer"'],
    ['null', text, null, 'p: Invalid value: "null": p in body must be of type string: "null"'],
    ['null where it may be', { ...text, nullable: true }, null],
    ['an integer', { type: 'integer' }, 5],
    ['a big integer', { type: 'integer' }, 2n ** 60n],
    ['a fraction', { type: 'integer' }, 1.5, 'p: Invalid value: "number": p in body must be of type integer: "number"'],
    ['an integer as number', { type: 'number' }, 5],
    [
      'a boolean',
      { type: 'boolean' },
      'true',
      'p: Invalid value: "string": p in body must be of type boolean: "string"',
    ],
    [
      'a list',
      { type: 'array', items: text },
      {},
      'p: Invalid value: "object": p in body must be of type array: "object"',
    ],
    [
      'an item',
      { type: 'array', items: text },
      ['a', 1],
      'p[1]: Invalid value: "integer": p[1] in body must be of type string: "integer"',
    ],
    ['int or string', { 'x-kubernetes-int-or-string': true }, '80%'],
    [
      'neither',
      { 'x-kubernetes-int-or-string': true },
      true,
      'p: Invalid value: "boolean": p in body must be of type integer,string: "boolean"',
    ],
    [
      'a number for a date',
      { type: 'string', format: 'date' },
      5,
      'p: Invalid value: "int64": p in body must be of type date: "int64"',
    ],
    [
      'an int32',
      { type: 'integer', format: 'int32' },
      2147483648,
      '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in p',
    ],
    ['a required field', { type: 'object', required: ['a'], properties: { a: text } }, {}, 'p.a: Required value'],
    ['an enum', { ...text, enum: ['A', 'B'] }, 'A'],
    ['another value', { ...text, enum: ['A', 'B'] }, 'C', 'p: Unsupported value: "C": supported values: "A", "B"'],
    ['too long', { ...text, maxLength: 2 }, 'abc', 'p: Too long: may not be more than 2 bytes'],
    ['as long as characters are counted', { ...text, maxLength: 2 }, 'äö'],
    ['too short', { ...text, minLength: 2 }, 'a', `p: Invalid value: "a": p ${body} should be at least 2 chars long`],
    ['a pattern', { ...text, pattern: '^a+$' }, 'aaa'],
    ['another text', { ...text, pattern: '^a+$' }, 'b', `p: Invalid value: "b": p ${body} should match '^a+$'`],
    [
      'a pattern that would take forever',
      { ...text, pattern: '^(a+)+$' },
      `${'a'.repeat(5000)}b`,
      expect.stringContaining("should match '^(a+)+$'"),
    ],
    [
      'too large',
      { type: 'integer', maximum: 10 },
      11,
      `p: Invalid value: 11: p ${body} should be less than or equal to 10`,
    ],
    [
      'not below',
      { type: 'integer', maximum: 1000000, exclusiveMaximum: true },
      1000000,
      `p: Invalid value: 1000000: p ${body} should be less than 1e+06`,
    ],
    [
      'too small',
      { type: 'number', minimum: 0.5 },
      0,
      `p: Invalid value: 0: p ${body} should be greater than or equal to 0.5`,
    ],
    [
      'not above',
      { type: 'integer', minimum: 0, exclusiveMinimum: true },
      0,
      `p: Invalid value: 0: p ${body} should be greater than 0`,
    ],
    ['no multiple', { type: 'integer', multipleOf: 3 }, 4, `p: Invalid value: 4: p ${body} should be a multiple of 3`],
    [
      'too many items',
      { type: 'array', items: text, maxItems: 1 },
      ['a', 'b'],
      'p: Too many: 2: must have at most 1 item',
    ],
    [
      'too few items',
      { type: 'array', items: text, minItems: 1 },
      [],
      `p: Invalid value: 0: p ${body} should have at least 1 items`,
    ],
    [
      'too many properties',
      { type: 'object', additionalProperties: text, maxProperties: 1 },
      { a: '', b: '' },
      'p: Too many: 2: must have at most 1 item',
    ],
    [
      'too few properties',
      { type: 'object', additionalProperties: text, minProperties: 1 },
      {},
      `p: Invalid value: 0: p ${body} should have at least 1 properties`,
    ],
    ['anyOf', { ...text, anyOf: [{ pattern: '^a' }, { pattern: '^b' }] }, 'b'],
    [
      'none of anyOf',
      { ...text, anyOf: [{ pattern: '^a' }, { pattern: '^b' }] },
      'c',
      '<nil>: Invalid value: "": "p" must validate at least one schema (anyOf)',
      `p: Invalid value: "c": p ${body} should match '^a'`,
    ],
    [
      'two of oneOf',
      { ...text, oneOf: [{ minLength: 1 }, { maxLength: 3 }] },
      'c',
      '<nil>: Invalid value: "": "p" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
    [
      'one of allOf',
      { ...text, allOf: [{ minLength: 1 }, { minLength: 3 }] },
      'c',
      `p: Invalid value: "c": p ${body} should be at least 3 chars long`,
      '<nil>: Invalid value: "": "p" must validate all the schemas (allOf)',
    ],
    [
      'not',
      { ...text, not: { pattern: 'c' } },
      'c',
      '<nil>: Invalid value: "": "p" must not validate the schema (not)',
    ],
  ];
  it.each(cases)('%s', (_, schema, value, ...errors) => {
    expect(texts(schemaErrors({ p: value }, of(schema)))).toEqual(errors);
  });

  const formats: [format: string, right: string, wrong: string][] = [
    ['date-time', '2026-11-21T10:00:00.5Z', '2026-13-21T10:00:00Z'],
    ['date', '2024-02-29', '2023-02-29'],
    ['duration', '1h30m', 'soon'],
    ['uri', 'https://example.com/x', 'no uri'],
    ['email', 'a@example.com', 'a@'],
    ['hostname', 'www.example.com', '-x-'],
    ['ipv4', '10.0.0.1', '::1'],
    ['ipv6', '::1', '10.0.0.1'],
    ['cidr', '10.0.0.0/8', '10.0.0.0'],
    ['mac', '01:23:45:67:89:ab', '01:23'],
    ['uuid', '123e4567-e89b-12d3-a456-426614174000', '123'],
    ['uuid4', '123e4567-e89b-42d3-a456-426614174000', '123e4567-e89b-12d3-a456-426614174000'],
    ['isbn10', '0-306-40615-2', '0-306-40615-1'],
    ['isbn13', '978-0-306-40615-7', '978-0-306-40615-8'],
    ['creditcard', '4111 1111 1111 1111', '4111 1111 1111 1112'],
    ['ssn', '111-22-3333', '1'],
    ['hexcolor', '#ff00aa', '#ff'],
    ['rgbcolor', 'rgb(1,2,255)', 'rgb(1,2,256)'],
    ['byte', 'aGVsbG8=', 'a'],
    ['bsonobjectid', '507f1f77bcf86cd799439011', 'x'],
  ];
  it.each(formats)('format %s', (format, right, wrong) => {
    const tree = of({ type: 'string', format });
    expect(texts(schemaErrors({ p: right }, tree))).toEqual([]);
    expect(texts(schemaErrors({ p: wrong }, tree))).toEqual([
      `p: Invalid value: ${JSON.stringify(wrong)}: p in body must be of type ${format}: ${JSON.stringify(wrong)}`,
    ]);
  });
  it('formats that nobody knows mean nothing', () => {
    expect(schemaErrors({ p: 'x' }, of({ type: 'string', format: 'colour' }))).toEqual([]);
  });
});

describe('updates', () => {
  const strict = of({
    type: 'object',
    required: ['a'],
    properties: { a: { ...text, maxLength: 2 }, b: { type: 'array', items: { ...text, maxLength: 2 } } },
  });
  it('may keep what was wrong', () => {
    const old = { p: { a: 'long', b: ['long'] } };
    expect(schemaUpdateErrors({ p: { ...old.p, c: 1 } }, old, strict)).toEqual([]);
    expect(texts(schemaUpdateErrors({ p: { a: 'longer', b: ['long'] } }, old, strict))).toEqual([
      'p.a: Too long: may not be more than 2 bytes',
    ]);
    // Items of a list that is no map have no past of their own.
    expect(texts(schemaUpdateErrors({ p: { a: 'long', b: ['long', 'x'] } }, old, strict))).toEqual([
      'p.b[0]: Too long: may not be more than 2 bytes',
    ]);
  });
  it('find items of map lists again', () => {
    const tree = of({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', properties: { k: text, v: { ...text, maxLength: 2 } } },
    });
    const old = { p: [{ k: 'a', v: 'long' }] };
    expect(
      schemaUpdateErrors(
        {
          p: [
            { k: 'b', v: 'x' },
            { k: 'a', v: 'long' },
          ],
        },
        old,
        tree,
      ),
    ).toEqual([]);
    expect(schemaUpdateErrors({ p: [{ k: 'b', v: 'long' }] }, old, tree)).toHaveLength(1);
  });
});

describe('what an update leaves as it was', () => {
  const item = (k: string, v: string) => ({ k, v });
  const list = (type: string) =>
    of({
      type: 'array',
      maxItems: 1,
      'x-kubernetes-list-type': type,
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', properties: { k: text, v: text } },
    });
  const errors = (type: string, now: object[]) =>
    schemaUpdateErrors({ p: now }, { p: [item('a', 'x'), item('b', 'x')] }, list(type));
  it('is a map list in another order, and no other list', () => {
    expect(errors('map', [item('b', 'x'), item('a', 'x')])).toEqual([]);
    expect(errors('map', [item('b', 'x'), item('a', 'y')])).toHaveLength(1);
    expect(errors('map', [item('b', 'x'), item('c', 'x')])).toHaveLength(1);
    expect(errors('atomic', [item('b', 'x'), item('a', 'x')])).toHaveLength(1);
  });
});

describe('lists', () => {
  const list = (type: string, items: any, more: any = {}) =>
    of({ type: 'array', 'x-kubernetes-list-type': type, items, ...more });
  it('that are sets hold each item once', () => {
    expect(texts(listErrors({ p: ['a', 'b', 'a', 'a'] }, list('set', text)))).toEqual(['p[2]: Duplicate value: "a"']);
    const atomic = { type: 'object', 'x-kubernetes-map-type': 'atomic' };
    expect(
      listErrors(
        {
          p: [
            { a: 1, b: 2 },
            { b: 2, a: 1 },
          ],
        },
        list('set', atomic),
      ),
    ).toHaveLength(1);
  });
  it('that are maps hold each key once, defaults included', () => {
    const items = { type: 'object', properties: { port: { type: 'integer' }, protocol: { ...text, default: 'TCP' } } };
    const tree = list('map', items, { 'x-kubernetes-list-map-keys': ['port', 'protocol'] });
    expect(
      texts(listErrors({ p: [{ port: 1 }, { port: 1, protocol: 'TCP' }, { port: 1, protocol: 'UDP' }] }, tree)),
    ).toEqual(['p[1]: Duplicate value: {"port":1,"protocol":"TCP"}']);
  });
  it('that are atomic hold what they like', () => {
    expect(listErrors({ p: ['a', 'a'] }, list('atomic', text))).toEqual([]);
  });
});

describe('embedded resources', () => {
  const tree = of({
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    'x-kubernetes-preserve-unknown-fields': true,
  });
  it('say what they are, and have right metadata', () => {
    expect(texts(embeddedErrors({ p: {} }, tree))).toEqual([
      'p.apiVersion: Required value: must not be empty',
      'p.kind: Required value: must not be empty',
    ]);
    expect(texts(embeddedErrors({ p: { apiVersion: 'a/b/c', kind: 'K_' } }, tree))).toEqual([
      'p.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      expect.stringContaining('p.kind: Invalid value: "K_": may have mixed case, but should otherwise match:'),
    ]);
    expect(
      texts(
        embeddedErrors({ p: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', labels: { 'a b': 'c' } } } }, tree),
      ),
    ).toEqual([expect.stringContaining('p.metadata.labels: Invalid value: "a b"')]);
    expect(embeddedErrors({ p: { apiVersion: 'v1', kind: 'Pod', metadata: {} } }, tree)).toEqual([]);
  });
});

describe('complete', () => {
  // The quick look must never miss what pruning and defaulting would change.
  const pieces = [
    text,
    { type: 'string', nullable: true },
    { type: 'string', default: 'd' },
    { type: 'string', nullable: true, default: 'd' },
    { type: 'object', properties: { a: text, b: { type: 'string', default: 'B' } } },
    { type: 'object', additionalProperties: { type: 'string', default: 'x' } },
    {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { a: { type: 'object', properties: {} } },
    },
    { type: 'array', items: { type: 'object', properties: { a: { type: 'string', default: 'A' } } } },
    { type: 'array', items: { type: 'string', default: 'A' } },
    {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      properties: { metadata: { type: 'object' }, spec: { type: 'object', properties: {} } },
    },
  ];
  const values = [
    undefined,
    null,
    'x',
    {},
    { a: 'x' },
    { a: null },
    { a: { z: 1 } },
    { b: 'x', z: 1 },
    [],
    [null],
    [{}],
    [{ a: 'x', z: 1 }],
    { kind: 'K', metadata: { name: 'x' }, spec: { z: 1 } },
  ];
  it('says the same as pruning and defaulting', () => {
    const wrong: string[] = [];
    for (const piece of pieces)
      for (const value of values) {
        const object: any = {
          apiVersion: 'a/v1',
          kind: 'K',
          metadata: { name: 'n' },
          ...(value !== undefined && { p: value }),
        };
        const tree = of(piece);
        const copy = deepCopy(object);
        const changed = [prune(copy, tree), applyDefaults(copy, tree)].some(Boolean);
        const quick = isComplete(object, tree, false);
        if (quick === changed) wrong.push(JSON.stringify([piece, value, quick]));
      }
    expect(wrong).toEqual([]);
  });
});

describe('patterns', () => {
  const plain = ['^a+$', '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', '(?:a|b)c', '\\d+\\.\\w', 'a{2,5}', '[[:alpha:]]', ''];
  const wrong = [
    '(?=a)',
    '(?!a)',
    '(?<=a)b',
    '(a)\\1',
    '[a',
    'a**',
    'a{1001}',
    '(a{500}){500}',
    '\\u0041',
    '[]',
    '\\cA',
  ];
  const right = ['(?i)abc', '(?P<n>a)', '\\pL', '\\x{41}', '\\Aabc\\z', 'a{1000}'];
  it.each(plain)('%s', (pattern) => expect(() => checkPattern(pattern)).not.toThrow());
  it.each(right)('%s', (pattern) => expect(() => checkPattern(pattern)).not.toThrow());
  it.each(wrong)('%s is none', (pattern) => expect(() => checkPattern(pattern)).toThrow('error parsing regexp'));
});
