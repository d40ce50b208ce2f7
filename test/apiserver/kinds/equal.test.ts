import { expect, test } from 'vitest';
import { diffLines, semanticEqual } from '../../../apiserver/kinds/equal.ts';

test.each<[string, any, any, boolean]>([
  ['absent and empty', { ports: [], name: '', hostNetwork: false }, {}, true],
  ['a pointer to false', { enableServiceLinks: false }, {}, false],
  ['a pointer to zero', { priority: 0 }, {}, false],
  ['an empty struct that is a choice', { emptyDir: {} }, {}, false],
  ['an empty map', { labels: {} }, {}, true],
  ['an empty entry', { labels: { a: '' } }, { labels: {} }, false],
  ['resources that say nothing', { resources: { limits: {} } }, {}, true],
  ['one amount in two words', { limits: { cpu: '1' } }, { limits: { cpu: '1000m' } }, true],
  ['another amount', { limits: { cpu: '1' } }, { limits: { cpu: '2' } }, false],
  ['another resource', { limits: { cpu: '1' } }, { limits: { memory: '1' } }, false],
  [
    'a selector of nodes that is a struct',
    { nodeSelector: { terms: [{ a: [] }] } },
    { nodeSelector: { terms: [{}] } },
    true,
  ],
  [
    'another such selector',
    { nodeSelector: { terms: [{ a: 'b' }] } },
    { nodeSelector: { terms: [{ a: 'c' }] } },
    false,
  ],
  ['another order', { args: ['a', 'b'] }, { args: ['b', 'a'] }, false],
])('%s', (_what, a, b, same) => {
  expect([semanticEqual(a, b), semanticEqual(b, a)]).toEqual([same, same]);
});

test('differences by path', () => {
  const old = { containers: [{ image: 'a', env: [] }], nodeName: 'n' };
  const now = { containers: [{ image: 'b' }], hostname: 'h' };
  expect(diffLines(old, now, 'spec')).toEqual([
    '- spec.containers[0].image: "a"',
    '+ spec.containers[0].image: "b"',
    '- spec.nodeName: "n"',
    '+ spec.hostname: "h"',
  ]);
});
