// How policies of both kinds are written: their defaults, who may name which parameters, what counts as a change.
// Called by: ../validatingAdmissionPolicy.ts, ../mutatingAdmissionPolicy.ts. Mirrors: their strategies in
// pkg/registry/admissionregistration. Next: paramAccess.ts, rules.ts.
import type { FieldError } from '../../../apimachinery/fieldErrors.ts';
import { semanticEqual } from '../equal.ts';
import type { Kind } from '../kind.ts';
import { authorizeParamKind } from './paramAccess.ts';
import { defaultMatchResources } from './rules.ts';

/** `validate`: all rules of one of them, `old` being absent on create. */
export function policyWrites(validate: (policy: any, old?: any) => FieldError[]) {
  return {
    defaults: (policy) => {
      policy.spec ??= {};
      policy.spec.failurePolicy ??= 'Fail';
      if (policy.spec.matchConstraints) defaultMatchResources(policy.spec.matchConstraints);
    },
    // Only a policy that is well formed is looked at; the others are refused for what is wrong with them.
    authorizeWrite: async (policy, old, context) => {
      if (old && semanticEqual(policy.spec.paramKind, old.spec.paramKind)) return;
      if (policy.spec.paramKind && !validate(policy, old).length) await authorizeParamKind(policy, context);
    },
    validateCreate: (policy) => validate(policy),
    validateUpdate: (policy, old) => validate(policy, old),
    unconditionalUpdate: false,
    generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
  } satisfies Partial<Kind>;
}
