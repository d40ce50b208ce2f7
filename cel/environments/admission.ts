// What expressions of admission may name besides the object: the request, its namespace, and who may do what.
// Mirrors: BuildRequestType and BuildNamespaceType in staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/compile.go.
// Used by: apiserver/kinds/admission/expressions.ts and controllers/validatingAdmissionPolicyStatus/.
import {
  authorizerType,
  boolType,
  type CelType,
  dynType,
  intType,
  listType,
  mapType,
  objectType,
  opaqueType,
  stringType,
  timestampType,
} from '../types.ts';

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

/** `request` and `namespaceObject`. */
export const admissionVariables: Readonly<Record<string, CelType>> = { request, namespaceObject };

/** Who may do what; not everywhere. */
export const authorizerVariables: Readonly<Record<string, CelType>> = {
  authorizer: authorizerType,
  'authorizer.requestResource': opaqueType('kubernetes.authorization.ResourceCheck'),
};

/** The variables of a policy, as far as they are known: `variables.name`. */
export const composedVariables = (types: ReadonlyMap<string, CelType>): CelType =>
  objectType('kubernetes.variables', Object.fromEntries(types));
