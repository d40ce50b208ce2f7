// Deployment: pods of one template, replaced step by step when the template changes. All that is true of Deployments alone.
// Mirrors: pkg/registry/apps/deployment, pkg/apis/apps/{v1/defaults,validation}, pkg/printers.
// Next: podTemplate.ts for the template, scale.ts; ../../controllers/deployment acts on them.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../apimachinery/fieldErrors.ts';
import { checkAtMostAll, checkIntOrPercent, isNothing } from './amounts.ts';
import { checkNotNegative } from './check.ts';
import { checkCollisions } from './collisions.ts';
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

function defaults(deployment: any): void {
  deployment.spec ??= {};
  const spec = deployment.spec;
  spec.replicas ??= 1;
  defaultPodTemplate(spec);
  spec.strategy ??= {};
  const strategy = spec.strategy;
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    const rolling = strategy.rollingUpdate;
    rolling.maxUnavailable ??= '25%';
    rolling.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
}

function checkRollingUpdate(errors: FieldError[], field: string, rolling: any): void {
  const { maxUnavailable, maxSurge } = rolling;
  checkIntOrPercent(errors, `${field}.maxUnavailable`, maxUnavailable);
  checkIntOrPercent(errors, `${field}.maxSurge`, maxSurge);
  if (isNothing(maxUnavailable) && isNothing(maxSurge))
    errors.push(invalidValue(`${field}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  checkAtMostAll(errors, `${field}.maxUnavailable`, maxUnavailable);
}

const shownStrategy = ({ type, rollingUpdate: rolling }: any): unknown => ({
  Type: type,
  RollingUpdate: rolling ? { MaxUnavailable: rolling.maxUnavailable ?? 0, MaxSurge: rolling.maxSurge ?? 0 } : null,
});

function checkStrategy(errors: FieldError[], field: string, strategy: any): void {
  const at = `${field}.rollingUpdate`;
  const rolling = strategy.rollingUpdate;
  if (strategy.type === 'Recreate') {
    if (rolling) errors.push(forbiddenField(at, "may not be specified when strategy `type` is 'Recreate'"));
  } else if (strategy.type !== 'RollingUpdate')
    // Upstream shows the struct, with the names of its Go fields.
    errors.push(notSupported(field, shownStrategy(strategy), ['Recreate', 'RollingUpdate']));
  else if (!rolling) errors.push(required(at, 'this should be defaulted and never be nil'));
  else checkRollingUpdate(errors, at, rolling);
}

function validate(deployment: any): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = deployment;
  const { minReadySeconds = 0, progressDeadlineSeconds: deadline } = spec;
  checkNotNegative(errors, 'spec.replicas', spec.replicas);
  const selector = checkSelector(errors, 'spec.selector', spec.selector);
  if (selector) checkReplicatedTemplate(errors, 'spec.template', spec.template, selector, spec.replicas);
  checkStrategy(errors, 'spec.strategy', spec.strategy);
  checkNotNegative(errors, 'spec.minReadySeconds', minReadySeconds);
  checkNotNegative(errors, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit);
  checkNotNegative(errors, 'spec.progressDeadlineSeconds', deadline);
  if (deadline !== undefined && deadline <= minReadySeconds)
    errors.push(invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  return errors;
}

const counts = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
];

function validateStatusUpdate(deployment: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  const status = deployment.status ?? {};
  for (const name of counts) checkNotNegative(errors, `status.${name}`, status[name]);
  const of = (name: string): number => status[name] ?? 0;
  for (const name of ['updatedReplicas', 'readyReplicas', 'availableReplicas'])
    if (of(name) > of('replicas'))
      errors.push(invalidValue(`status.${name}`, of(name), 'cannot be greater than status.replicas'));
  if (of('availableReplicas') > of('readyReplicas'))
    errors.push(
      invalidValue('status.availableReplicas', of('availableReplicas'), 'cannot be greater than readyReplicas'),
    );
  checkCollisions(errors, deployment, old);
  return errors;
}

/** Labels of the stored one stay: the controllers of old corrupted them through status. */
function keepLabels(deployment: any, old: any): void {
  if (old.metadata.labels) deployment.metadata.labels = old.metadata.labels;
  else delete deployment.metadata.labels;
}

export const deployment = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.Deployment',
  storage: 'deployments',
  defaults,
  prepareCreate: (object) => {
    object.status = {};
  },
  validate,
  validateUpdate: (object, old) => selectorFixed(object.spec.selector, old.spec.selector),
  warnings: templateWarnings,
  // Annotations are copied to ReplicaSets, so they count as well.
  generation: (object, old) =>
    !semanticEqual(object.spec, old.spec) ||
    !semanticEqual(object.metadata.annotations, old.metadata.annotations, 'annotations'),
  subresources: [statusSubresource(validateStatusUpdate, { keep: keepLabels, resets: ['metadata.labels'] }), scale],
  columns: [
    nameColumn,
    column(
      'Ready',
      'Pods that are ready, of those wanted.',
      (d) => `${d.status?.readyReplicas ?? 0}/${d.spec?.replicas ?? 0}`,
    ),
    countColumn('Up-to-date', 'Pods made from the present template.', (d) => d.status?.updatedReplicas),
    countColumn('Available', 'Pods that have been ready for minReadySeconds.', (d) => d.status?.availableReplicas),
    ageColumn,
    column('Containers', 'Containers of the template.', containerNames, 1),
    column('Images', 'Images of the template.', containerImages, 1),
    column('Selector', 'The labels of the pods that belong to it.', (d) => selectorText(d.spec?.selector), 1),
  ],
});
