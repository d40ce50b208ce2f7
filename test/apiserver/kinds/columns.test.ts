import { expect, test } from 'vitest';
import { defaultColumns } from '../../../apiserver/codecs/forms.ts';
import { humanDuration, since, someOf } from '../../../apiserver/kinds/columns.ts';
import { kinds } from '../../../apiserver/kinds/kinds.ts';

const [s, m, h, d] = [1000, 60_000, 3_600_000, 86_400_000];
test.each<[number, string]>([
  [-3 * s, '<invalid>'],
  [-1 * s, '0s'],
  [0, '0s'],
  [119 * s, '119s'],
  [2 * m, '2m'],
  [3 * m + 20 * s, '3m20s'],
  [10 * m + 59 * s, '10m'],
  [179 * m, '179m'],
  [3 * h, '3h'],
  [7 * h + 30 * m, '7h30m'],
  [47 * h, '47h'],
  [2 * d, '2d'],
  [2 * d + 3 * h, '2d3h'],
  [8 * d + 5 * h, '8d'],
  [729 * d, '729d'],
  [731 * d, '2y1d'],
  [9 * 365 * d, '9y'],
])('%i ms is %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});

test('no time at all', () => {
  expect([since(null, 0), since(undefined, 0), since('1970-01-01T00:00:00Z', 5000)]).toEqual([
    '<unknown>',
    '<unknown>',
    '5s',
  ]);
});

test('three, and how many more', () => {
  expect(someOf([], '<none>')).toBe('<none>');
  expect(someOf(['a', 'b', 'c'], '')).toBe('a,b,c');
  expect(someOf(['a', 'b', 'c', 'd', 'e'], '')).toBe('a,b,c + 2 more...');
});

test('only these kinds are shown by name and time of creation alone', () => {
  const plain = kinds.filter(
    (kind) => kind.storage && (kind.columns ?? defaultColumns).some(({ name }) => name === 'Created At'),
  );
  const named = ['ClusterRole', 'CustomResourceDefinition', 'LimitRange', 'Role'];
  expect(plain.map((kind) => kind.kind).sort()).toEqual(named);
});
