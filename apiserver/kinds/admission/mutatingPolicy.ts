// The rules of mutating admission policies: whom they look at, and what they change.
// Mirrors: validateMutatingAdmissionPolicySpec and below in pkg/apis/admissionregistration/validation/validation.go.
// Called by: ../mutatingAdmissionPolicy.ts. Next: policy.ts, what validating ones have too; expressions.ts.
import { type FieldError, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import { appliedType, patchStepType } from '../../../cel/environments/patches.ts';
import { type CelType, listType } from '../../../cel/types.ts';
import { checkRequiredOneOf } from '../check.ts';
import { checkExpression, type Expressions } from './expressions.ts';
import { checkPolicy } from './policy.ts';

const reinvocations: readonly string[] = ['Never', 'IfNeeded'];

type Field = 'applyConfiguration' | 'jsonPatch';
interface Patch {
  field: Field;
  other: Field;
  result: CelType;
}
const patches: Readonly<Record<string, Patch>> = {
  ApplyConfiguration: { field: 'applyConfiguration', other: 'jsonPatch', result: appliedType },
  JSONPatch: { field: 'jsonPatch', other: 'applyConfiguration', result: listType(patchStepType) },
};

/** Expressions that were there before, by the field of the mutation. */
type Before = Readonly<Record<Field, ReadonlySet<string>>>;

function checkMutation(errors: FieldError[], at: string, env: Expressions, mutation: any, before: Before): void {
  const { patchType } = mutation;
  const known = Object.hasOwn(patches, patchType ?? '') ? patches[patchType] : undefined;
  if (!known) return void checkRequiredOneOf(errors, `${at}.patchType`, patchType, Object.keys(patches));
  const { field, other } = known;
  const when = `be specified when patchType is ${patchType}`;
  if (mutation[field]) checkPatch(errors, `${at}.${field}.expression`, env, known, mutation[field], before);
  else errors.push(required(`${at}.${field}`, `must ${when}`));
  if (mutation[other]) errors.push(invalidValue(`${at}.${other}`, `{${other}}`, `must not ${when}`));
}

function checkPatch(
  errors: FieldError[],
  at: string,
  env: Expressions,
  { field, result }: Patch,
  { expression = '' }: any,
  before: Before,
): void {
  const text = expression.trim();
  if (!text) return void errors.push(required(at, 'expression is not specified'));
  const stored = before[field].has(expression);
  checkExpression(errors, at, env, { text, results: [result], authorizer: true, patches: true, stored }, expression);
}

const expressionsIn = (list: any[] = [], read: (item: any) => any) =>
  new Set<string>(list.map(read).flatMap((item) => item?.expression ?? []));

export function validateMutatingPolicy({ spec }: any, old?: any): FieldError[] {
  const errors: FieldError[] = [];
  const conditions = expressionsIn(old?.spec.matchConditions, (condition) => condition);
  const env = checkPolicy(errors, spec, old, { conditions, variables: new Set() }, true);
  const { mutations = [] } = spec;
  if (!mutations.length) errors.push(required('spec.mutations', 'mutations must contain at least one item'));
  const of = (field: Field) => expressionsIn(old?.spec.mutations, (mutation) => mutation[field]);
  const before: Before = { applyConfiguration: of('applyConfiguration'), jsonPatch: of('jsonPatch') };
  for (const [i, mutation] of mutations.entries()) checkMutation(errors, `spec.mutations[${i}]`, env, mutation, before);
  checkRequiredOneOf(errors, 'spec.reinvocationPolicy', spec.reinvocationPolicy, reinvocations);
  return errors;
}
