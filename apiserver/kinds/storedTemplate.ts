// PodTemplate: a template of pods kept by itself, for controllers outside that want one by name.
// Read by the API server's mechanisms. Mirrors: pkg/registry/core/podtemplate, ValidatePodTemplate in pkg/apis/core/validation, pkg/printers.
// Next: podTemplate.ts, the rules of templates wherever they are.
import type { FieldError } from '../../apimachinery/fieldErrors.ts';
import { column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';
import { specWarnings } from './pod/warnings.ts';
import { checkPodTemplate, containerImages, containerNames, defaultPodTemplate } from './podTemplate.ts';
import { labelsText } from './selectors.ts';

function validate(object: any): FieldError[] {
  const errors: FieldError[] = [];
  checkPodTemplate(errors, 'template', object.template);
  return errors;
}

function warnings({ metadata, template }: any, old: any): string[] {
  if (old && old.metadata.generation === metadata.generation) return [];
  return specWarnings('template', template.spec ?? {}, template.metadata);
}

export const storedTemplate = defineKind({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.PodTemplate',
  storage: 'podtemplates',
  defaults: defaultPodTemplate,
  validate,
  warnings,
  generation: ({ template }, old) => !semanticEqual(template, old.template),
  deleteReturnsObject: true,
  columns: [
    nameColumn,
    column('Containers', 'Containers of the template.', (o) => containerNames({ spec: o })),
    column('Images', 'Images of the template.', (o) => containerImages({ spec: o })),
    column('Pod Labels', 'Labels of the pods made from it.', (o) => labelsText(o.template?.metadata?.labels)),
  ],
});
