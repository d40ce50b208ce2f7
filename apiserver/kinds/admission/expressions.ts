// CEL of admission: match conditions, validations, messages, audit annotations, variables. Compiled when they are written, not when used.
// Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/{compile,composition}.go. Called by: conditions.ts, policy.ts.
// Next: ../../cel/cel.ts compiles.
import { type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { compile, yields } from '../../../cel/cel.ts';
import {
  authorizerType,
  boolType,
  type CelType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  objectType,
  opaqueType,
  stringType,
  timestampType,
  typeName,
} from '../../../cel/types.ts';

const strings = listType(stringType);
const named = mapType(stringType, stringType);
const kindType = (last: 'kind' | 'resource', name: string) =>
  objectType(name, { group: stringType, version: stringType, [last]: stringType });
const gvk = kindType('kind', 'kubernetes.GroupVersionKind');
const gvr = kindType('resource', 'kubernetes.GroupVersionResource');

const request = objectType('kubernetes.AdmissionRequest', {
  kind: gvk,
  resource: gvr,
  subResource: stringType,
  requestKind: gvk,
  requestResource: gvr,
  requestSubResource: stringType,
  name: stringType,
  namespace: stringType,
  operation: stringType,
  userInfo: objectType('kubernetes.UserInfo', {
    username: stringType,
    uid: stringType,
    groups: strings,
    extra: mapType(stringType, strings),
  }),
  dryRun: boolType,
  options: dynType,
});

const namespaceObject = objectType('kubernetes.Namespace', {
  metadata: objectType('kubernetes.NamespaceMetadata', {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: named,
    annotations: named,
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: strings,
  }),
  spec: objectType('kubernetes.NamespaceSpec', { finalizers: strings }),
  status: objectType('kubernetes.NamespaceStatus', {
    conditions: listType(
      objectType('kubernetes.NamespaceCondition', {
        status: stringType,
        type: stringType,
        lastTransitionTime: timestampType,
        message: stringType,
        reason: stringType,
      }),
    ),
    phase: stringType,
  }),
});

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
  /** It was there before. */
  stored: boolean;
}

function variablesOf({ params, variables }: Expressions, authorizer: boolean): Record<string, CelType> {
  return {
    object: dynType,
    oldObject: dynType,
    request,
    namespaceObject,
    ...(params && { params: dynType }),
    ...(authorizer && {
      authorizer: authorizerType,
      'authorizer.requestResource': opaqueType('kubernetes.authorization.ResourceCheck'),
    }),
    ...(variables && { variables: objectType('kubernetes.variables', Object.fromEntries(variables)) }),
  };
}

/** `null` of the type is called so in upstream's texts. */
const shownName = (type: CelType) => (type.kind === nullType.kind ? 'null_type' : typeName(type));

/** The type that the expression yields; undefined when it is refused. `shown` stands in the refusal. */
export function checkExpression(
  errors: FieldError[],
  field: string,
  env: Expressions,
  { text, results, authorizer, stored }: Expression,
  shown = text,
): CelType | undefined {
  const compiled = compile(text, {
    variables: variablesOf(env, authorizer),
    mode: stored ? 'stored' : 'new',
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
