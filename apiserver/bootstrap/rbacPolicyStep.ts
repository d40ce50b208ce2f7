// The bootstrap roles and bindings, as a step: once, again until it succeeds.
// Next: reconcileRbac.ts, which does it.
import { reconcileRbac } from './reconcileRbac.ts';
import type { Step } from './step.ts';

export const rbacPolicy: Step = {
  name: 'rbac-policy',
  hook: 'rbac/bootstrap-roles',
  run: ({ cluster }) => reconcileRbac(cluster),
};
