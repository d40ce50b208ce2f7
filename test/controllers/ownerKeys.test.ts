import { expect, test } from 'vitest';
import { selectorOf } from '../../apimachinery/labelSelector.ts';
import type { Informer } from '../../client/informer.ts';
import { ownerKeys } from '../../controllers/common/owners.ts';

const set = (name: string, selector: any) => ({ metadata: { name, namespace: 'a' }, spec: { selector } });
const sets = [
  set('web', { matchLabels: { app: 'web' } }),
  set('broken', { matchExpressions: [{ key: 'app', operator: 'Sounds' }] }),
  set('all', {}),
];
const informer = { list: (ns: string) => (ns === 'a' ? sets : []) } as unknown as Informer<any>;
const pod = (labels: any, ownerReferences?: any[]) => ({
  metadata: { name: 'p', namespace: 'a', labels, ownerReferences },
});
const ref = (kind: string) => [{ kind, name: 'x', controller: true, apiVersion: 'apps/v1', uid: 'u' }];

test.each([
  [
    'an orphan: all that would adopt it, and one with a broken selector stops none',
    pod({ app: 'web' }),
    ['a/web', 'a/all'],
  ],
  ['an orphan that few select', pod({ app: 'db' }), ['a/all']],
  ['one of this kind: its controller alone, whatever others select', pod({ app: 'web' }, ref('ReplicaSet')), ['a/x']],
  ['one of another kind', pod({ app: 'web' }, ref('Job')), []],
])('%s', (_what, object, keys) => {
  expect(ownerKeys(object as any, 'ReplicaSet', informer, (o: any) => selectorOf(o.spec.selector))).toEqual(keys);
});
