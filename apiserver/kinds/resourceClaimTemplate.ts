// ResourceClaimTemplate: what the claim of each pod that names it will be.
// Read by the API server's mechanisms. Mirrors: pkg/registry/resource/resourceclaimtemplate, pkg/apis/resource/{v1,validation}.
// Next: resourceClaim.ts; a controller makes those from it.
import { type FieldError, immutable } from '../../apimachinery/fieldErrors.ts';
import { validateLabels } from '../../apimachinery/labelSelector.ts';
import { validateAnnotations } from '../../apimachinery/objectMeta.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { checkAdminRequests } from './devices/adminAccess.ts';
import { checkClaimSpec, defaultClaimSpec } from './devices/claimSpec.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';

function validateCreate({ spec }: any): FieldError[] {
  const { annotations, labels } = spec.metadata ?? {};
  const errors = [
    ...validateAnnotations(annotations, 'spec.metadata.annotations'),
    ...validateLabels(labels, 'spec.metadata.labels'),
  ];
  checkClaimSpec(errors, 'spec.spec', spec.spec);
  return errors;
}

export const resourceClaimTemplate = defineKind({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  namespaced: true,
  schema: 'io.k8s.api.resource.v1.ResourceClaimTemplate',
  storage: 'resourceclaimtemplates',
  defaults: (template) => {
    template.spec ??= {};
    template.spec.metadata ??= {};
    template.spec.spec ??= {};
    defaultClaimSpec(template.spec.spec);
  },
  authorizeWrite: async (template, _, context) =>
    checkAdminRequests('ResourceClaimTemplate', template, template.spec.spec.devices, context),
  validateCreate,
  validateUpdate: ({ spec }, old) => (semanticEqual(spec, old.spec) ? [] : [immutable('spec', spec)]),
  deleteReturnsObject: true,
  columns: [nameColumn, ageColumn],
});
