// Printer columns: what a JSONPath finds, and how a cell shows it.
import { describe, expect, it } from 'vitest';
import { goFloat } from '../../../apiserver/apiextensions/schema/goFloat.ts';
import { customColumns } from '../../../apiserver/apiextensions/serving/columns.ts';
import { compileJsonPath } from '../../../apiserver/apiextensions/serving/jsonPath.ts';

const object = {
  metadata: { name: 'x', annotations: { 'example.com/a': 'A' } },
  spec: {
    n: 3,
    list: [1, 2, 3, 4],
    ports: [
      { p: 1, name: 'a' },
      { p: 2, name: 'b' },
    ],
    map: { k1: { v: 1 }, k2: { v: 2 } },
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
};

describe('JSONPath', () => {
  const cases: [string, unknown[]][] = [
    ['.spec.n', [3]],
    ['{.spec.n}', [3]],
    ['$.spec.n', [3]],
    ['.spec.absent.deeper', []],
    ['.spec.list[0]', [1]],
    ['.spec.list[-1]', [4]],
    ['.spec.list[9]', []],
    ['.spec.list[1:3]', [2, 3]],
    ['.spec.list[::2]', [1, 3]],
    ['.spec.list[*]', [1, 2, 3, 4]],
    ['.spec.ports[*].name', ['a', 'b']],
    ['.spec.map.*.v', [1, 2]],
    ["['spec']['n']", [3]],
    [".metadata.annotations['example.com/a']", ['A']],
    ['.metadata.annotations.example\\.com/a', ['A']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type=='Ready')].status", ['True']],
    ['.spec.ports[?(@.p>1)].name', ['b']],
    ['.spec.ports[?(@.p!=1)].name', ['b']],
    ['.spec.ports[?(@.q)].name', []],
    ['..v', [1, 2]],
    ['.spec.constructor', []],
  ];
  it.each(cases)('%s', (path, found) => expect(compileJsonPath(path)(object)).toEqual(found));
  it.each(['.spec.list[', '.a..', '.a[b]', '.a[?(x y z==1)]', 'a b'])('%s is none', (path) => {
    expect(() => compileJsonPath(path)).toThrow();
  });
});

describe('cells', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  const cell = (type: string, value: unknown) =>
    customColumns([{ name: 'C', type, jsonPath: '.v' }])[1]!.value({ metadata: {}, v: value } as never, now);
  it.each([
    ['string', 'a', 'a'],
    ['string', 5, '5'],
    ['string', true, 'true'],
    ['string', ['a', 'b'], '["a","b"]'],
    ['string', undefined, null],
    ['integer', 5, 5],
    ['integer', 5.7, 5],
    ['integer', 2n ** 60n, 2n ** 60n],
    ['integer', 'x', null],
    ['number', 1.5, 1.5],
    ['boolean', false, false],
    ['boolean', 'false', null],
    ['date', '2026-11-21T09:00:00Z', '60m'],
    ['date', 'yesterday', '<invalid>'],
    ['date', null, null],
  ])('%s of %s', (type, value, shown) => expect(cell(type, value)).toEqual(shown));
  it('are the name and the age where a definition says nothing', () => {
    expect(customColumns(undefined).map((c) => [c.name, c.type])).toEqual([
      ['Name', 'string'],
      ['Age', 'date'],
    ]);
  });
});

describe('numbers in texts', () => {
  it.each([
    [0, '0'],
    [10, '10'],
    [0.5, '0.5'],
    [-3, '-3'],
    [999999, '999999'],
    [1000000, '1e+06'],
    [1234567, '1.234567e+06'],
    [0.00001, '1e-05'],
    [1e21, '1e+21'],
  ])('%d', (n, shown) => expect(goFloat(n)).toBe(shown));
});
