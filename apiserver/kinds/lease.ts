// Lease: who leads or lives, until when. Heartbeats of nodes and leader election write it every few seconds.
// Read by the API server's mechanisms. Mirrors: pkg/apis/coordination/validation, pkg/registry/coordination/lease.
// Next: ../../client/leaderElection.ts, its main user.
import { type FieldError, forbiddenField, invalidValue, notSupported } from '../../apimachinery/fieldErrors.ts';
import { isQualifiedName } from '../../apimachinery/names.ts';
import { checkNotNegative, pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';

const strategies: readonly string[] = ['OldestEmulationVersion'];

/** Names without a slash are Kubernetes' own. The path has the field's name twice, as upstream's. */
export function checkStrategy(errors: FieldError[], strategy: string): void {
  const field = 'spec.strategy.strategy';
  if (strategy.includes('/')) pushTexts(errors, field, strategy, isQualifiedName(strategy));
  else if (!strategies.includes(strategy)) errors.push(notSupported(field, strategy, strategies));
}

function validate(lease: any): FieldError[] {
  const errors: FieldError[] = [];
  const spec = lease.spec ?? {};
  if (typeof spec.leaseDurationSeconds === 'number' && spec.leaseDurationSeconds <= 0) {
    errors.push(invalidValue('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0'));
  }
  checkNotNegative(errors, 'spec.leaseTransitions', spec.leaseTransitions);
  if (typeof spec.strategy === 'string') checkStrategy(errors, spec.strategy);
  if (spec.preferredHolder && !spec.strategy) {
    errors.push(forbiddenField('spec.preferredHolder', 'may only be specified if `strategy` is defined'));
  }
  return errors;
}

export const lease = defineKind({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  schema: 'io.k8s.api.coordination.v1.Lease',
  storage: 'leases',
  defaults: (object) => {
    object.spec ??= {};
  },
  validate,
  createOnUpdate: true,
  unconditionalUpdate: false,
  columns: [nameColumn, column('Holder', 'Who holds the lease.', (o) => o.spec?.holderIdentity ?? ''), ageColumn],
});
