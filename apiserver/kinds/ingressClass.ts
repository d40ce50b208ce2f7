// IngressClass: which controller makes Ingresses of a name work, and with what settings.
// Read by the API server's mechanisms. Mirrors: pkg/registry/networking/ingressclass, pkg/apis/networking/{v1/defaults,validation}, pkg/printers.
// Next: ingress.ts names it.
import {
  type FieldError,
  forbiddenField,
  immutable,
  notSupported,
  required,
  tooLong,
} from '../../apimachinery/fieldErrors.ts';
import { byteLength, isDomainPrefixedPath, nameIsDNSLabel } from '../../apimachinery/names.ts';
import { pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { checkObjectRef } from './ingress/backend.ts';
import { defineKind } from './kind.ts';

const maxController = 250;
const scopes: readonly string[] = ['Cluster', 'Namespace'];

function checkParameters(errors: FieldError[], field: string, parameters: any): void {
  checkObjectRef(errors, field, parameters);
  const { scope, namespace } = parameters;
  if (scope === undefined) return void errors.push(required(`${field}.scope`));
  if (!scopes.includes(scope)) return void errors.push(notSupported(`${field}.scope`, scope, scopes));
  const at = `${field}.namespace`;
  if (scope === 'Cluster') {
    if (namespace !== undefined) errors.push(forbiddenField(at, "`parameters.scope` is set to 'Cluster'"));
  } else if (namespace === undefined) errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
  else pushTexts(errors, at, namespace, nameIsDNSLabel(namespace, false));
}

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  const controller = spec.controller ?? '';
  if (byteLength(controller) > maxController) errors.push(tooLong('spec.controller', maxController));
  errors.push(...isDomainPrefixedPath('spec.controller', controller));
  if (spec.parameters) checkParameters(errors, 'spec.parameters', spec.parameters);
  return errors;
}

function parametersText({ spec }: any): string {
  const { apiGroup, kind, name } = spec?.parameters ?? {};
  if (!spec?.parameters) return '<none>';
  return `${apiGroup === undefined || apiGroup === null ? kind : `${kind}.${apiGroup}`}/${name}`;
}

export const ingressClass = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.IngressClass',
  storage: 'ingressclasses',
  defaults: (object) => {
    object.spec ??= {};
    if (object.spec.parameters) object.spec.parameters.scope ??= 'Cluster';
  },
  validate,
  validateUpdate: ({ spec }, old) =>
    spec.controller === old.spec.controller ? [] : [immutable('spec.controller', spec.controller ?? '')],
  generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
  columns: [
    nameColumn,
    column('Controller', 'Who makes its Ingresses work.', (o) => o.spec?.controller ?? ''),
    column('Parameters', 'Where its settings are.', parametersText),
    ageColumn,
  ],
});
