// ReplicaSet: a number of equal pods, kept. All that is true of ReplicaSets alone.
// Mirrors: pkg/registry/apps/replicaset, pkg/apis/apps/{v1/defaults,validation}, pkg/printers.
// Next: podTemplate.ts for the template, scale.ts; ../../controllers/replicaset acts on them.
import { type FieldError, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { checkNotNegative } from './check.ts';
import { ageColumn, column, countColumn, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';
import {
  checkReplicatedTemplate,
  containerImages,
  containerNames,
  defaultPodTemplate,
  templateWarnings,
} from './podTemplate.ts';
import { scale } from './scale.ts';
import { checkSelector, selectorFixed, selectorText } from './selectors.ts';
import { statusSubresource } from './statusSubresource.ts';

function validate(set: any): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = set;
  checkNotNegative(errors, 'spec.replicas', spec.replicas);
  checkNotNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds);
  const selector = checkSelector(errors, 'spec.selector', spec.selector);
  if (selector) checkReplicatedTemplate(errors, 'spec.template', spec.template, selector, spec.replicas);
  return errors;
}

const counts = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
  'terminatingReplicas',
];

/** Counts are not negative, and parts not larger than the whole. */
function validateStatus(set: any): FieldError[] {
  const errors: FieldError[] = [];
  const status = set.status ?? {};
  for (const name of counts) checkNotNegative(errors, `status.${name}`, status[name]);
  const of = (name: string): number => status[name] ?? 0;
  const atMost = (name: string, whole: string, text: string) => {
    if (of(name) > of(whole)) errors.push(invalidValue(`status.${name}`, of(name), `cannot be greater than ${text}`));
  };
  atMost('fullyLabeledReplicas', 'replicas', 'status.replicas');
  atMost('readyReplicas', 'replicas', 'status.replicas');
  atMost('availableReplicas', 'replicas', 'status.replicas');
  atMost('availableReplicas', 'readyReplicas', 'readyReplicas');
  return errors;
}

export const replicaSet = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.ReplicaSet',
  storage: 'replicasets',
  defaults: (set) => {
    set.spec ??= {};
    const spec = set.spec;
    spec.replicas ??= 1;
    defaultPodTemplate(spec);
  },
  prepareCreate: (set) => {
    set.status = { replicas: 0 };
  },
  validate,
  validateUpdate: (set, old) => selectorFixed(set.spec.selector, old.spec.selector),
  warnings: templateWarnings,
  generation: (set, old) => !semanticEqual(set.spec, old.spec),
  subresources: [statusSubresource(validateStatus), scale],
  columns: [
    nameColumn,
    countColumn('Desired', 'Pods that should be there.', (set) => set.spec?.replicas),
    countColumn('Current', 'Pods that are there.', (set) => set.status?.replicas),
    countColumn('Ready', 'Pods that are ready.', (set) => set.status?.readyReplicas),
    ageColumn,
    column('Containers', 'Containers of the template.', containerNames, 1),
    column('Images', 'Images of the template.', containerImages, 1),
    column('Selector', 'The labels of the pods that belong to it.', (set) => selectorText(set.spec?.selector), 1),
  ],
  selectableFields: { 'status.replicas': (set) => String(set.status?.replicas ?? 0) },
});
