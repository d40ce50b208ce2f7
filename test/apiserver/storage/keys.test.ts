// Where objects lie in etcd: upstream's keys, so that a store can be read by either.
import { expect, test } from 'vitest';
import { kinds } from '../../../apiserver/kinds/kinds.ts';

/** A few are older than their names; all others lie under their plural. */
const elsewhere: Record<string, string> = {
  nodes: 'minions',
  replicationcontrollers: 'controllers',
  services: 'services/specs',
  endpoints: 'services/endpoints',
  ingresses: 'ingress',
  customresourcedefinitions: 'apiextensions.k8s.io/customresourcedefinitions',
  apiservices: 'apiregistration.k8s.io/apiservices',
};

const stored = kinds.filter((kind) => kind.storage && !kind.group.endsWith('mini-k8s.io'));

test.each(stored.map((kind) => [kind.plural, kind.group, kind.storage] as const))(
  '%s.%s',
  (plural, _group, storage) => {
    expect(storage).toBe(elsewhere[plural] ?? plural);
  },
);

test('every kind that upstream has since it is GA is stored', () => {
  const plurals = new Set(stored.map((kind) => kind.plural));
  for (const plural of Object.keys(elsewhere)) expect(plurals).toContain(plural);
  expect(plurals.size).toBeGreaterThan(50);
});
