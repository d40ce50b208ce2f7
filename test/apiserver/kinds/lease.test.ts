import { expect, test } from 'vitest';
import { withGates } from '../../../apiserver/kinds/gatedFields.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { lease } from '../../../apiserver/kinds/lease.ts';
import { serviceAccount } from '../../../apiserver/kinds/serviceAccount.ts';
import { defaultFeatureGates } from '../../../component-base/featureGates.ts';
import { cells, created, made } from './said.ts';

const context = {} as Context;

test.each<[Record<string, unknown>, string[]]>([
  [{ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 }, []],
  [{ leaseDurationSeconds: 0 }, ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0']],
  [{ leaseTransitions: -1 }, ['spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0']],
  [{ preferredHolder: 'b' }, ['spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined']],
  [{ preferredHolder: 'b', strategy: 'OldestEmulationVersion' }, []],
  [{ strategy: 'example.com/mine' }, []],
  [
    { strategy: 'Mine' },
    ['spec.strategy.strategy: Unsupported value: "Mine": supported values: "OldestEmulationVersion"'],
  ],
  [
    { strategy: 'a/b/c' },
    [expect.stringMatching(/^spec.strategy.strategy: Invalid value: "a\/b\/c": a valid label key must consist of/)],
  ],
])('%j', (spec, expected) => {
  expect(created(lease, made(lease, { spec }))).toEqual(expected);
});

test('fields of coordinated leader election are dropped, unless stored before', () => {
  const gated = withGates(lease, defaultFeatureGates);
  const spec = { holderIdentity: 'a', strategy: 's', preferredHolder: 'b' };
  const fresh = made(lease, { spec });
  gated.prepareCreate!(fresh, context);
  expect(fresh.spec).toEqual({ holderIdentity: 'a' });
  const kept = made(lease, { spec });
  gated.prepareUpdate!(kept, made(lease, { spec }), context);
  expect(kept.spec).toEqual(spec);
});

test('an absent spec reads as an empty one, and PUT creates but never overwrites blindly', () => {
  expect(cells(lease, made(lease, {})).Holder).toBe('');
  expect([lease.createOnUpdate, lease.unconditionalUpdate]).toEqual([true, false]);
});

test('a ServiceAccount keeps only the names of its Secrets', () => {
  const account = made(serviceAccount, { secrets: [{ kind: 'Secret', name: 'a', uid: '1' }] });
  serviceAccount.prepareCreate!(account, context);
  expect(account.secrets).toEqual([{ name: 'a' }]);
  expect(cells(serviceAccount, account).Secrets).toBe(1);
  expect(serviceAccount.deleteReturnsObject).toBe(true);
});

test('the annotation that lists mountable Secrets is warned of when it is set', () => {
  const plain = made(serviceAccount, {});
  const set = made(serviceAccount, {}, { annotations: { 'kubernetes.io/enforce-mountable-secrets': 'false' } });
  const text =
    'metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets';
  expect(serviceAccount.warnings!(plain, undefined)).toEqual([]);
  expect(serviceAccount.warnings!(set, undefined)).toEqual([text]);
  expect(serviceAccount.warnings!(set, plain)).toEqual([text]);
  expect(serviceAccount.warnings!(set, set)).toEqual([]);
});
