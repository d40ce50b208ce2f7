// CEL of admission: match conditions, validations, messages, audit annotations, variables. Compiled when they are written, not when used.
// Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/{compile,composition}.go. Called by: conditions.ts, policy.ts, mutatingPolicy.ts.
// Next: ../../cel/cel.ts compiles.
import { type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { compile, yields } from '../../../cel/cel.ts';
import { admissionVariables, authorizerVariables, composedVariables } from '../../../cel/environments/admission.ts';
import { type CelType, dynType, nullType, typeName } from '../../../cel/types.ts';

export interface Expressions {
  /** There are `params`. */
  params: boolean;
  /** Absent: there is no `variables`. Grows with each one that compiles. */
  variables?: Map<string, CelType>;
}

export interface Expression {
  text: string;
  /** What it may yield; absent: anything. */
  results?: readonly CelType[];
  authorizer: boolean;
  /** It makes a patch. */
  patches?: boolean;
  /** It was there before. */
  stored: boolean;
}

function variablesOf({ params, variables }: Expressions, authorizer: boolean): Record<string, CelType> {
  return {
    object: dynType,
    oldObject: dynType,
    ...admissionVariables,
    ...(params && { params: dynType }),
    ...(authorizer && authorizerVariables),
    ...(variables && { variables: composedVariables(variables) }),
  };
}

/** `null` of the type is called so in upstream's texts. */
const shownName = (type: CelType) => (type.kind === nullType.kind ? 'null_type' : typeName(type));

/** The type that the expression yields; undefined when it is refused. `shown` stands in the refusal. */
export function checkExpression(
  errors: FieldError[],
  field: string,
  env: Expressions,
  { text, results, authorizer, stored, patches = false }: Expression,
  shown = text,
): CelType | undefined {
  const compiled = compile(text, {
    variables: variablesOf(env, authorizer),
    mode: stored ? 'stored' : 'new',
    patches,
  });
  if (!compiled.ok) {
    errors.push(invalidValue(field, shown, `compilation failed: ${compiled.message}`));
    return undefined;
  }
  const type = compiled.program.resultType;
  if (!results || yields(compiled.program, ...results)) return type;
  const [only, ...more] = results.map(shownName);
  const wanted = more.length ? `one of [${[only, ...more].join(' ')}]` : only;
  errors.push(invalidValue(field, shown, `must evaluate to ${wanted}`));
  return undefined;
}
