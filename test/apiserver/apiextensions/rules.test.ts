// x-kubernetes-validations: what a definition may say, and what its objects are told.
import { describe, expect, it } from 'vitest';
import { errorBody, type FieldError } from '../../../apimachinery/fieldErrors.ts';
import { ruleErrors } from '../../../apiserver/apiextensions/rules/ruleErrors.ts';
import { schemaTree } from '../../../apiserver/apiextensions/schema/schemaTree.ts';
import { customResourceDefinition as kind } from '../../../apiserver/kinds/customResourceDefinition.ts';
import { crd } from './definitions.ts';

const texts = (errors: FieldError[]) => errors.map((e) => `${e.field}: ${errorBody(e)}`);
const int = { type: 'integer' };
const text = { type: 'string' };

/** A resource whose spec has these rules. */
const ruled = (rules: any[], properties: any = { a: int, b: int }, more: any = {}) => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': rules, ...more } },
});
const run = (schema: any, object: any, old?: any) => texts(ruleErrors(object, old, schemaTree(schema)));

describe('objects', () => {
  const below = [{ rule: 'self.a < self.b' }];
  it('that hold the rules pass', () => {
    expect(run(ruled(below), { spec: { a: 1, b: 2 } })).toEqual([]);
    expect(run(ruled(below), {})).toEqual([]);
  });
  const cases: [string, any, any, string][] = [
    ['the rule itself', below[0], { a: 2, b: 1 }, 'spec: Invalid value: "object": failed rule: self.a < self.b'],
    ['a message', { ...below[0], message: ' a first ' }, { a: 2, b: 1 }, 'spec: Invalid value: "object": a first'],
    [
      'a message that is made',
      { ...below[0], messageExpression: '"a is " + string(self.a)', message: 'x' },
      { a: 2, b: 1 },
      'spec: Invalid value: "object": a is 2',
    ],
    [
      'the other message when that fails',
      { ...below[0], messageExpression: 'string(1 / (self.b - 1))', message: 'x' },
      { a: 2, b: 1 },
      'spec: Invalid value: "object": x',
    ],
    [
      'a reason',
      { ...below[0], reason: 'FieldValueForbidden' },
      { a: 2, b: 1 },
      'spec: Forbidden: failed rule: self.a < self.b',
    ],
    [
      'a required field',
      { ...below[0], reason: 'FieldValueRequired', fieldPath: '.a' },
      { a: 2, b: 1 },
      'spec.a: Required value: failed rule: self.a < self.b',
    ],
    ['a duplicate', { ...below[0], reason: 'FieldValueDuplicate' }, { a: 2, b: 1 }, 'spec: Duplicate value: "object"'],
    [
      'an error',
      { rule: '1 / self.a > 0' },
      { a: 0 },
      'spec: Invalid value: "object": division by zero evaluating rule: 1 / self.a > 0',
    ],
    [
      'a missing key',
      below[0],
      { a: 2 },
      'spec: Invalid value: "object": no such key: b evaluating rule: self.a < self.b',
    ],
  ];
  it.each(cases)('are told %s', (_, rule, spec, error) => expect(run(ruled([rule]), { spec })).toEqual([error]));

  it('see metadata.name at the root, and items where they are', () => {
    const schema = {
      type: 'object',
      'x-kubernetes-validations': [{ rule: "self.metadata.name.startsWith('x')" }],
      properties: {
        list: { type: 'array', items: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self != "b"' }] } },
      },
    };
    const object = { apiVersion: 'a/v1', kind: 'K', metadata: { name: 'y' }, list: ['a', 'b'] };
    expect(run(schema, object)).toEqual([
      `<nil>: Invalid value: "object": failed rule: self.metadata.name.startsWith('x')`,
      'list[1]: Invalid value: "string": failed rule: self != "b"',
    ]);
  });
});

describe('transitions', () => {
  const grows = ruled([{ rule: 'self.a >= oldSelf.a' }]);
  it('need an old value', () => {
    expect(run(grows, { spec: { a: 1 } })).toEqual([]);
    expect(run(grows, { spec: { a: 1 } }, {})).toEqual([]);
    expect(run(grows, { spec: { a: 1 } }, { spec: { a: 1 } })).toEqual([]);
    expect(run(grows, { spec: { a: 1 } }, { spec: { a: 2 } })).toEqual([
      'spec: Invalid value: "object": failed rule: self.a >= oldSelf.a',
    ]);
  });
  it('may do without one when it is optional', () => {
    const once = ruled([{ rule: 'oldSelf.hasValue() || self.a == 0', optionalOldSelf: true }]);
    expect(run(once, { spec: { a: 1 } })).toHaveLength(1);
    expect(run(once, { spec: { a: 0 } })).toEqual([]);
    expect(run(once, { spec: { a: 1 } }, { spec: { a: 7 } })).toEqual([]);
  });
  it('find the items of a map list by their keys', () => {
    const item = {
      type: 'object',
      required: ['k'],
      properties: { k: text, n: int },
      'x-kubernetes-validations': [{ rule: 'self.n >= oldSelf.n' }],
    };
    const schema = {
      type: 'object',
      properties: {
        l: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: item },
      },
    };
    const list = (a: number, b: number) => ({
      l: [
        { k: 'b', n: b },
        { k: 'a', n: a },
      ],
    });
    expect(
      run(schema, list(1, 2), {
        l: [
          { k: 'a', n: 1 },
          { k: 'b', n: 3 },
          { k: 'c', n: 1 },
        ],
      }),
    ).toEqual(['l[0]: Invalid value: "object": failed rule: self.n >= oldSelf.n']);
  });
  it('let what was wrong before stay as it is', () => {
    const schema = ruled([{ rule: 'self.a < self.b' }], { a: int, b: int, c: int });
    const wrong = { a: 2, b: 1 };
    expect(run(schema, { spec: wrong, x: 1 }, { spec: wrong })).toEqual([]);
    expect(run(schema, { spec: { ...wrong, c: 1 } }, { spec: wrong })).toHaveLength(1);
  });
});

describe('cost', () => {
  it('of a request is limited', () => {
    const schema = ruled([{ rule: 'self.l.all(x, self.l.all(y, x != y + "z"))' }], {
      l: { type: 'array', items: text },
    });
    const spec = { l: Array.from({ length: 2000 }, (_, i) => `item ${i}`) };
    const [error] = run(schema, { spec });
    expect(error).toContain('call cost exceeds limit for rule: self.l.all(x,');
  });
});

describe('definitions', () => {
  const created = (schema: any) => {
    const { object } = kind.decode!(JSON.parse(JSON.stringify(crd('Widget', { schema: { openAPIV3Schema: schema } }))));
    kind.defaults!(object);
    kind.prepareCreate!(object, {} as never);
    return texts(kind.validateCreate!(object));
  };
  const at = 'spec.validation.openAPIV3Schema';
  const r = `${at}.properties[spec].x-kubernetes-validations[0]`;
  const list = (items: any, more: any = {}) => ({ l: { type: 'array', items, ...more } });
  const cases: [string, any, ...any[]][] = [
    ['a rule', ruled([{ rule: 'self.a < self.b', message: 'x', reason: 'FieldValueInvalid', fieldPath: '.a' }])],
    ['an empty rule', ruled([{ rule: ' ' }]), `${r}.rule: Required value: rule is not specified`],
    [
      'an empty message',
      ruled([{ rule: 'true', message: ' ' }]),
      `${r}.message: Invalid value: " ": must be non-empty if specified`,
    ],
    [
      'a message of two lines',
      ruled([{ rule: 'true', message: 'a\nb' }]),
      `${r}.message: Invalid value: "a\\nb": must not contain line breaks`,
    ],
    [
      'a rule of two lines',
      ruled([{ rule: 'true\n&& true' }]),
      `${r}.message: Required value: message must be specified if rule contains line breaks`,
    ],
    [
      'an empty messageExpression',
      ruled([{ rule: 'true', messageExpression: ' ' }]),
      `${r}.messageExpression: Required value: messageExpression must be non-empty if specified`,
    ],
    [
      'another reason',
      ruled([{ rule: 'true', reason: 'Why' }]),
      `${r}.reason: Unsupported value: "Why": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
    ],
    [
      'a path that is none',
      ruled([{ rule: 'true', fieldPath: '.z' }]),
      `${r}.fieldPath: Invalid value: ".z": must be a valid path`,
    ],
    [
      'a rule that does not compile',
      ruled([{ rule: 'self.z' }]),
      expect.stringMatching(
        /\.rule: Invalid value: \{"rule":"self\.z"\}: compilation failed: ERROR: <input>:1:5: undefined field 'z'/,
      ),
    ],
    [
      'a rule that is no bool',
      ruled([{ rule: 'self.a' }]),
      `${r}.rule: Invalid value: {"rule":"self.a"}: cel expression must evaluate to a bool`,
    ],
    [
      'a messageExpression that is no text',
      ruled([{ rule: 'true', messageExpression: 'self.a' }]),
      `${r}.messageExpression: Invalid value: {"rule":"true","messageExpression":"self.a"}: messageExpression must evaluate to a string`,
    ],
    [
      'optionalOldSelf without oldSelf',
      ruled([{ rule: 'true', optionalOldSelf: true }]),
      `${r}.optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule`,
    ],
    [
      'oldSelf in items that nobody can tell apart',
      {
        type: 'object',
        properties: list(
          { type: 'string', maxLength: 5, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
          { maxItems: 5 },
        ),
      },
      `${at}.properties[l].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within ${at}.properties[l]`,
    ],
    [
      'a rule that may cost too much',
      ruled([{ rule: 'self.l.all(x, self.l.all(y, x == y))' }], list(text)),
      expect.stringContaining(
        `${r}.rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule`,
      ),
      expect.stringContaining(
        `${r}.rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
      ),
      expect.stringContaining(
        `${at}: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x`,
      ),
    ],
    [
      'the same over small lists',
      ruled(
        [{ rule: 'self.l.all(x, self.l.all(y, x == y))' }],
        list({ type: 'string', maxLength: 10 }, { maxItems: 20 }),
      ),
    ],
    [
      'a rule inside of anyOf',
      ruled([], { a: { type: 'integer', anyOf: [{ 'x-kubernetes-validations': [{ rule: 'true' }] }] } }),
      `${at}.properties[spec].properties[a].anyOf[0].x-kubernetes-validations: Forbidden: must be empty to be structural`,
    ],
  ];
  it.each(cases)('%s', (_, schema, ...errors) => expect(created(schema)).toEqual(errors));
});
