// Do the expressions of a policy fit the kinds that it matches? What does not is a warning, and changes nothing else.
// Pure. Mirrors: Check and CheckExpression in staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/typechecking.go.
// Used by: validatingAdmissionPolicyStatus.ts. Next: cel/cel.ts compiles.
import type { ValidatingAdmissionPolicy } from '../../apimachinery/types.ts';
import { compile } from '../../cel/cel.ts';
import { admissionVariables, authorizerVariables, composedVariables } from '../../cel/environments/admission.ts';
import { type CelType, dynType, listType, mapType } from '../../cel/types.ts';
import { type GroupVersionKind, kindText } from './typesToCheck.ts';

export interface Types {
  objects: readonly { kind: GroupVersionKind; type: CelType }[];
  /** Absent: there is no `params`, or nobody knows what it is. */
  params?: CelType;
}

export interface Warning {
  fieldRef: string;
  warning: string;
}

type Spec = NonNullable<ValidatingAdmissionPolicy['spec']>;

export function typeCheck({ spec }: ValidatingAdmissionPolicy, types: Types): Warning[] {
  const expressions = (spec?.validations ?? []).flatMap(({ expression, messageExpression }, i) => [
    { fieldRef: `spec.validations[${i}].expression`, text: expression },
    ...(messageExpression ? [{ fieldRef: `spec.validations[${i}].messageExpression`, text: messageExpression }] : []),
  ]);
  const environments = types.objects.map(({ kind, type }) => ({ kind, variables: environmentOf(spec, type, types) }));
  return expressions.flatMap(({ fieldRef, text }) => {
    const wrong = environments.flatMap(({ kind, variables }) => {
      const message = problemOf(text, variables);
      return message === undefined ? [] : [`${kindText(kind)}: ${message}\n`];
    });
    return wrong.length ? [{ fieldRef, warning: wrong.join('\n') }] : [];
  });
}

type Variables = Record<string, CelType>;

function environmentOf(spec: Spec | undefined, object: CelType, { params }: Types): Variables {
  const known = new Map<string, CelType>();
  const environment = (): Variables => ({
    object,
    oldObject: object,
    ...admissionVariables,
    ...authorizerVariables,
    ...(params && { params }),
    variables: composedVariables(known),
  });
  for (const { name, expression } of spec?.variables ?? []) {
    const compiled = compile(expression, { variables: environment(), mode: 'stored' });
    known.set(name, compiled.ok ? asVariable(compiled.program.resultType) : dynType);
  }
  return environment();
}

/** What is known of a variable's type: of objects only that they are there. */
function asVariable(type: CelType): CelType {
  switch (type.kind) {
    case 'list':
      return listType(asVariable(type.elem));
    case 'map':
      return mapType(asVariable(type.key), asVariable(type.value));
    case 'object':
    case 'opaque':
    case 'param':
    case 'type':
      return dynType;
    default:
      return type;
  }
}

/** The types are checked, nothing is run: constants that have no value are not found here. */
function problemOf(expression: string, variables: Variables): string | undefined {
  const compiled = compile(expression, { variables, mode: 'stored' });
  return compiled.ok || compiled.message.startsWith('program instantiation failed') ? undefined : compiled.message;
}
