// No expression can hold up the server: what it costs is counted, and so is the work that costs nothing.
import { expect, test } from 'vitest';
import { CelError } from '../../cel/celError.ts';
import { celTypeOf } from '../../cel/schemaType.ts';
import { compileError, program } from './kit.ts';

const schema = {
  type: 'object',
  properties: { s: { type: 'string' }, l: { type: 'array', items: { type: 'string' } } },
};
const variables = { self: celTypeOf(schema)! };
const self = { s: 'x'.repeat(1_000_000), l: Array<string>(100_000).fill('a') };
const ten = '[1,2,3,4,5,6,7,8,9,0]';
const loops = (n: number): string => (n === 0 ? 'true' : `${ten}.all(v${n}, ${loops(n - 1)})`);

test.each([
  loops(7),
  `[self.l]${'.map(x, x + x)'.repeat(20)}.size() > 0`,
  `['aaaaaaaaaaaaaaaaaaaa']${'.map(x, x + x)'.repeat(40)}.size() > 0`,
  'lists.range(100000).all(x, self.s == self.s)',
  'lists.range(100000).all(x, self.l == self.l.map(x, x))',
  "lists.range(100000).all(x, self.l.indexOf('zz') < 0)",
  "lists.range(1000000).all(x, self.s.split('').size() > 0)",
  'lists.range(1000000000).size() > 0',
  "lists.range(100000).exists(x, self.s.matches('(x+x+)+' + string(x)))",
  `optional.of(1)${'.optMap(x, x + 1)'.repeat(60)}.value() > 0`,
])(
  '%s',
  (expression) => {
    const p = program(expression, { variables });
    let failure: unknown;
    const started = performance.now();
    try {
      p.evaluate({ self }, { budget: 1_000_000 });
    } catch (e) {
      failure = e;
    }
    expect(failure).toBeInstanceOf(CelError);
    expect(failure).toMatchObject({ exceeded: true, message: 'operation cancelled: actual cost limit exceeded' });
    // A fraction of a second on a quiet machine; without the count of work, minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
  },
  60_000,
);

test('an exhausted budget is no failure that || swallows', () => {
  const p = program(`${loops(4)} || true`, { variables });
  expect(() => p.evaluate({ self }, { budget: 50 })).toThrow('actual cost limit exceeded');
});

test('backtracking patterns take time linear in the text', () => {
  const { value } = program("self.s.matches('(x+x+)+y')", { variables }).evaluate({ self }, { budget: 1_000_000 });
  expect(value).toBe(false);
});

test('budgets are of one evaluation, and evaluations may nest', () => {
  const inner = program(`${ten}.all(x, true)`);
  const outer = program('self.s.size() == 3', { variables });
  const lazy = {
    get s() {
      inner.evaluate({}, { budget: 1_000_000 });
      return 'abc';
    },
  };
  expect(outer.evaluate({ self: lazy }, { budget: 5 })).toEqual({ value: true, cost: 4 });
});

test.each([
  '('.repeat(100_000),
  `${'['.repeat(300)}${']'.repeat(300)}`,
  `a${'.b'.repeat(300)}`,
  `1${'+1'.repeat(50_000)}`,
  `${'f('.repeat(300)}1${')'.repeat(300)}`,
  `${'true ? 1 : '.repeat(300)}1`,
  `${'[1].all(x, '.repeat(300)}true${')'.repeat(300)}`,
  "'".repeat(99_999),
  `'''${'\\n'.repeat(40_000)}`,
  '|'.repeat(99_999),
])('long or deep texts are refused: %#', (expression) => {
  expect(compileError(expression)).toMatch(/^ERROR: <input>:/);
});

test('long but flat texts compile', () => {
  expect(program(`${'1 == 1 && '.repeat(9_000)}true`).evaluate({}, { budget: 10_000 }).cost).toBe(9_000);
});
