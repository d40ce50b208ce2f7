// Thousands of expressions that nobody would write, over data that fits no schema: each is refused with a text, or yields a value,
// or fails as CEL fails. Nothing else is ever thrown.
import { expect, test } from 'vitest';
import { compile } from '../../cel/cel.ts';
import { CelError } from '../../cel/celError.ts';
import { celTypeOf } from '../../cel/schemaType.ts';
import { dynType } from '../../cel/types.ts';

/** mulberry32: the same expressions in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const self = celTypeOf({
  type: 'object',
  properties: {
    i: { type: 'integer' },
    d: { type: 'number' },
    s: { type: 'string' },
    l: { type: 'array', items: { type: 'string' } },
    m: { type: 'object', additionalProperties: { type: 'integer' } },
    o: { type: 'object', properties: { a: { type: 'integer' } } },
    t: { type: 'string', format: 'date-time' },
    p: { 'x-kubernetes-int-or-string': true },
  },
})!;
const objects = [
  { i: 3, d: 1.5, s: 'abc', l: ['a', 'b'], m: { x: 1 }, o: { a: 1 }, t: '2020-01-01T00:00:00Z', p: 80 },
  {},
  { i: 'x', d: null, s: 5, l: {}, m: [], o: 'a', t: 'x', p: { a: 1 } },
  { i: 1e30, d: '1', s: null, l: [null, 1], m: { x: 'y' }, o: [], t: 5 },
];
const anything = [1, 'a', null, [1, 'x', { a: 1.5 }], { a: { x: [1] } }];

const atoms =
  "self self.i self.d self.s self.l self.m self.o self.t self.p any 1 2u 1.5 'a' b'x' true null [] [1,2] {'a':1} x y int duration('1h') quantity('1') ip('::1') optional.of(1) optional.none() semver('1.2.3') url('/a')".split(
    ' ',
  );
const members =
  'size contains startsWith matches find findAll split join replace charAt indexOf substring trim isSorted sum min max sort distinct reverse flatten slice first getFullYear add isGreaterThan containsIP family value hasValue orValue or format validate asInteger'.split(
    ' ',
  );
const globals =
  'size string int uint double bytes bool type dyn duration timestamp quantity ip cidr url semver isIP lists.range sets.contains optional.of strings.quote has'.split(
    ' ',
  );
const operators = '+ - * / % == != < <= > && || in'.split(' ');
const macros = 'all exists exists_one map filter sortBy optMap optFlatMap'.split(' ');
const pairs = 'all exists existsOne transformList transformMap transformMapEntry map'.split(' ');

function generator(next: (below: number) => number) {
  const pick = <T>(from: readonly T[]): T => from[next(from.length)]!;
  const several = (n: number, depth: number) => Array.from({ length: n }, () => make(depth)).join(', ');
  const make = (depth: number): string => {
    if (depth <= 0) return pick(atoms);
    const e = () => make(depth - 1);
    switch (next(12)) {
      case 0:
        return `${e()}.${pick(members)}(${several(next(3), depth - 1)})`;
      case 1:
        return `${pick(globals)}(${several(1 + next(2), depth - 1)})`;
      case 2:
        return `${e()}[${pick(['', '?'])}${e()}]`;
      case 3:
        return `(${e()} ? ${e()} : ${e()})`;
      case 4:
        return `${e()}.${pick(macros)}(x, ${e()})`;
      case 5:
        return `${e()}.${pick(pairs)}(x, y, ${e()})`;
      case 6:
        return `[${pick(['', '?'])}${e()}, dyn(${e()})]`;
      case 7:
        return `{${e()}: ${e()}}`;
      case 8:
        return `${e()}.${pick(['', '?'])}${pick(['a', 'x', 'i', 'constructor', '__proto__'])}`;
      case 9:
        return `dyn(${e()})`;
      default:
        return `(${e()} ${pick(operators)} ${e()})`;
    }
  };
  /** Sometimes with a character too many or too few. */
  return (depth: number): string => {
    const text = make(depth);
    const at = next(text.length);
    const noise = next(8) === 0 ? pick([...`()[]{}.,:?@'"\\\n日`]) : undefined;
    return noise === undefined ? text : text.slice(0, at) + noise + text.slice(at + next(2));
  };
}

test('compilation and evaluation fail in no other way than CEL does', () => {
  const next = random(20);
  const make = generator(next);
  const seen = { compiled: 0, values: 0, failures: 0 };
  for (let n = 0; n < 12_000; n++) {
    const expression = make(1 + next(4));
    const compiled = compile(expression, { variables: { self, any: dynType } });
    if (!compiled.ok) {
      expect(compiled.message).toMatch(/^(ERROR: <input>:|program instantiation failed: )/);
      continue;
    }
    seen.compiled++;
    const { min, max } = compiled.program.estimate();
    expect(min <= max).toBe(true);
    for (const object of objects) {
      try {
        const { value } = compiled.program.evaluate({ self: object, any: anything[next(5)] }, { budget: 100_000 });
        if (value === undefined) throw new Error(`${expression} has no value`);
        seen.values++;
      } catch (e) {
        if (!(e instanceof CelError)) throw new Error(`${expression}: ${e}`);
        seen.failures++;
      }
    }
  }
  // The generator is worth its time only if much of what it makes can run.
  expect(seen.compiled).toBeGreaterThan(500);
  expect(seen.values).toBeGreaterThan(500);
  expect(seen.failures).toBeGreaterThan(500);
});
