// What of a Job stays once it is made. A suspended one that never ran may still be told where its pods go.
// Mirrors: ValidateJobSpecUpdate, validateCompletions and validatePodTemplateUpdate in pkg/apis/batch/validation/validation.go.
// Used by: ../job.ts.
import { type FieldError, immutable, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { semanticEqual } from '../equal.ts';

/** Completions of an Indexed Job may change together with its parallelism: it grows or shrinks. */
function checkCompletions(errors: FieldError[], spec: any, old: any): void {
  const { completions } = spec;
  if (completions === old.completions) return;
  if (spec.completionMode !== 'Indexed') errors.push(immutable('spec.completions', completions ?? null));
  else if (completions !== undefined && completions !== spec.parallelism)
    errors.push(invalidValue('spec.completions', completions, 'can only be modified in tandem with spec.parallelism'));
}

function withoutNodeAffinity(affinity: any): any {
  const { nodeAffinity: _, ...rest } = affinity ?? {};
  return Object.values(rest).some(Boolean) ? rest : undefined;
}

/** The template without what says where its pods go. */
function elsewhere(template: any): any {
  const { nodeSelector: _n, tolerations: _t, schedulingGates: _g, affinity, ...spec } = template.spec;
  const { annotations: _a, labels: _l, ...metadata } = template.metadata ?? {};
  return { ...template, metadata, spec: { ...spec, affinity: withoutNodeAffinity(affinity) } };
}

const fixed = ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'];

export function checkFixedFields(job: any, before: any): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = job;
  const { spec: old } = before;
  const check = (name: string, same: boolean) => {
    if (!same) errors.push(immutable(`spec.${name}`, spec[name] ?? null));
  };
  checkCompletions(errors, spec, old);
  check('selector', semanticEqual(spec.selector, old.selector));
  const movable = old.suspend === true && !before.status?.startTime;
  const part = (template: any) => (movable ? elsewhere(template) : template);
  check('template', semanticEqual(part(spec.template), part(old.template)));
  for (const name of fixed) check(name, semanticEqual(spec[name], old[name], name));
  return errors;
}
