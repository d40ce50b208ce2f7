import { expect, test } from 'vitest';
import { checkPortRange, checkServiceRanges } from '../../../apiserver/bootstrap/ranges.ts';

test.each<[string[]]>([[['10.96.0.0/12']], [['10.0.0.0/24', 'fd00::/108']], [['fd00::/112']]])('%j', (cidrs) => {
  expect(checkServiceRanges(cidrs)).toEqual(cidrs);
});

test.each<[string[], RegExp]>([
  [[], /name one range/],
  [['nonsense'], /nonsense is no CIDR/],
  [['10.0.0.0/8'], /too large: at most 20 bits/],
  [['10.0.0.0/30'], /too small: at least 8 addresses/],
  [['10.0.0.0/24', '10.1.0.0/24'], /same IP family/],
])('%j is refused', (cidrs, text) => {
  expect(() => checkServiceRanges(cidrs)).toThrow(text);
});

test.each([
  ['30000-32767', '30000-32767'],
  ['30000+10', '30000-30010'],
  ['30000', '30000-30000'],
])('ports %s', (text, range) => {
  expect(checkPortRange(text)).toBe(range);
});

test.each(['x', '2-1', '0-10', '1-70000', '-5'])('ports %s are refused', (text) => {
  expect(() => checkPortRange(text)).toThrow(/name the first and the last port/);
});
