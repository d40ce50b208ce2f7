// How bindings of policies of both kinds are written. Called by: ../validatingAdmissionPolicyBinding.ts,
// ../mutatingAdmissionPolicyBinding.ts. Mirrors: their strategies in pkg/registry/admissionregistration. Next: binding.ts, paramAccess.ts.
import type { FieldError } from '../../../apimachinery/fieldErrors.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { semanticEqual } from '../equal.ts';
import type { Kind } from '../kind.ts';
import { paramRefColumn, policyNameColumn, sameBinding } from './binding.ts';
import { authorizeParamRef } from './paramAccess.ts';
import { defaultMatchResources } from './rules.ts';

/** `validate`: all rules of one of them. */
export function bindingWrites(validate: (binding: any) => FieldError[]) {
  return {
    defaults: (binding) => {
      binding.spec ??= {};
      if (binding.spec.matchResources) defaultMatchResources(binding.spec.matchResources);
    },
    authorizeWrite: async (binding, old, context) => {
      if (!sameBinding(binding, old) && !validate(binding).length) await authorizeParamRef(binding, context);
    },
    validate,
    unconditionalUpdate: false,
    generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
    columns: [nameColumn, policyNameColumn, paramRefColumn, ageColumn],
  } satisfies Partial<Kind>;
}
