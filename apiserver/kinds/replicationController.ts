// ReplicationController: a number of equal pods, kept; ReplicaSet's ancestor, whose selector is plain labels.
// Mirrors: pkg/registry/core/replicationcontroller, pkg/apis/core/{v1/defaults,validation}, pkg/printers.
// Next: podTemplate.ts for the template, scale.ts; replicaSet.ts is what took its place.
import { type FieldError, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { selectorFromLabels } from '../../apimachinery/labelSelector.ts';
import { checkNotNegative } from './check.ts';
import { ageColumn, column, countColumn, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';
import { nullTimes } from './pod/statusDefaults.ts';
import { nameWarnings } from './pod/warnings.ts';
import {
  bareTemplateWarnings,
  checkPodTemplate,
  checkRunsForever,
  checkSelected,
  containerImages,
  containerNames,
  defaultPodTemplate,
} from './podTemplate.ts';
import { scaleOf } from './scale.ts';
import { labelsText } from './selectors.ts';
import { statusSubresource } from './statusSubresource.ts';

const isEmpty = (labels: object | undefined): boolean => !labels || Object.keys(labels).length === 0;

/** What is not said is taken from the template. */
function defaults(controller: any): void {
  controller.spec ??= {};
  const { spec } = controller;
  spec.replicas ??= 1;
  nullTimes(controller.status?.conditions, 'lastTransitionTime');
  if (!spec.template) return;
  defaultPodTemplate(spec);
  const { labels } = spec.template.metadata;
  if (!labels) return;
  if (isEmpty(spec.selector)) spec.selector = { ...labels };
  if (isEmpty(controller.metadata.labels)) controller.metadata.labels = { ...labels };
}

function validate(controller: any): FieldError[] {
  const errors: FieldError[] = [];
  const { selector, template, replicas, minReadySeconds } = controller.spec;
  checkNotNegative(errors, 'spec.minReadySeconds', minReadySeconds);
  if (isEmpty(selector)) errors.push(required('spec.selector'));
  checkNotNegative(errors, 'spec.replicas', replicas);
  if (!template) return [...errors, required('spec.template')];
  const { metadata = {}, spec = {} } = template;
  if (!isEmpty(selector)) checkSelected(errors, 'spec.template', metadata, selectorFromLabels(selector));
  checkPodTemplate(errors, 'spec.template', template);
  checkRunsForever(errors, 'spec.template', spec, 'ReplicationController');
  return errors;
}

const counts = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];

function validateStatus(controller: any): FieldError[] {
  const errors: FieldError[] = [];
  const status = controller.status ?? {};
  const of = (name: string): number => status[name] ?? 0;
  for (const name of [...counts, 'observedGeneration']) checkNotNegative(errors, `status.${name}`, status[name]);
  const atMost = (name: string, whole: string, text: string) => {
    if (of(name) > of(whole)) errors.push(invalidValue(`status.${name}`, of(name), `cannot be greater than ${text}`));
  };
  for (const name of counts.slice(1)) atMost(name, 'replicas', 'status.replicas');
  atMost('availableReplicas', 'readyReplicas', 'readyReplicas');
  return errors;
}

/** On update upstream looks at the old template. */
function warnings(controller: any, old: any): string[] {
  if (!old)
    return [...nameWarnings(controller.metadata.name, 'Pod names and hostnames'), ...bareTemplateWarnings(controller)];
  return old.metadata.generation === controller.metadata.generation ? [] : bareTemplateWarnings(old);
}

export const replicationController = defineKind({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ReplicationController',
  storage: 'controllers',
  defaults,
  prepareCreate: (controller) => {
    controller.status = { replicas: 0 };
  },
  validate,
  warnings,
  generation: (controller, old) => !semanticEqual(controller.spec, old.spec),
  defaultPropagation: 'Orphan',
  subresources: [
    statusSubresource(validateStatus),
    scaleOf((controller) => selectorFromLabels(controller.spec.selector)),
  ],
  columns: [
    nameColumn,
    countColumn('Desired', 'Pods that should be there.', (o) => o.spec?.replicas),
    countColumn('Current', 'Pods that are there.', (o) => o.status?.replicas),
    countColumn('Ready', 'Pods that are ready.', (o) => o.status?.readyReplicas),
    ageColumn,
    column('Containers', 'Containers of the template.', containerNames, 1),
    column('Images', 'Images of the template.', containerImages, 1),
    column('Selector', 'The labels of the pods that belong to it.', (o) => labelsText(o.spec?.selector), 1),
  ],
  selectableFields: { 'status.replicas': (o) => String(o.status?.replicas ?? 0) },
});
