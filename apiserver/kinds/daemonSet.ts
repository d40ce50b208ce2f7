// DaemonSet: one pod of a template on each node that fits. All that is true of DaemonSets alone.
// Mirrors: pkg/registry/apps/daemonset, pkg/apis/apps/{v1/defaults,v1/conversion,validation}, pkg/printers.
// Next: podTemplate.ts for the template; controllerRevision.ts, which keeps its history.
import { type FieldError, invalidValue, notSupported, required } from '../../apimachinery/fieldErrors.ts';
import { selectorOf, validateLabelSelector } from '../../apimachinery/labelSelector.ts';
import { badRequest } from '../../apimachinery/status.ts';
import { checkAtMostAll, checkIntOrPercent, isNothing } from './amounts.ts';
import { checkNotNegative } from './check.ts';
import { checkCollisions } from './collisions.ts';
import { ageColumn, column, countColumn, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';
import {
  bareTemplateWarnings,
  checkPodTemplate,
  checkRunsForever,
  checkSelected,
  containerImages,
  containerNames,
  defaultPodTemplate,
} from './podTemplate.ts';
import { hasInvalidValues, labelsText, selectorFixed, selectorText } from './selectors.ts';
import { statusSubresource } from './statusSubresource.ts';

/** Counts the templates that there have been; old clients read it, and it is no longer a field. */
const generationAnnotation = 'deprecated.daemonset.template.generation';

function defaults(set: any): void {
  set.metadata ??= {};
  // Upstream has it as a number inside, so that whoever writes without it writes a 0, and owns that.
  set.metadata.annotations ??= {};
  set.metadata.annotations[generationAnnotation] ??= '0';
  set.spec ??= {};
  const { spec } = set;
  defaultPodTemplate(spec);
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= 1;
    strategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  if (set.status) for (const name of alwaysThere) set.status[name] ??= 0;
}

const alwaysThere = ['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady'];

function templateGeneration(set: any): number {
  const text = set.metadata.annotations?.[generationAnnotation] ?? '0';
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw badRequest(
    `DaemonSet in version "v1" cannot be handled as a DaemonSet: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

function setTemplateGeneration(set: any, value: number): void {
  set.metadata.annotations = { ...set.metadata.annotations, [generationAnnotation]: String(value) };
}

function prepareCreate(set: any): void {
  set.status = Object.fromEntries(alwaysThere.map((name) => [name, 0]));
  setTemplateGeneration(set, Math.max(templateGeneration(set), 1));
}

function prepareUpdate(set: any, old: any): void {
  templateGeneration(set);
  const changed = !semanticEqual(set.spec.template, old.spec.template);
  setTemplateGeneration(set, templateGeneration(old) + (changed ? 1 : 0));
}

function checkRollingUpdate(errors: FieldError[], field: string, rolling: any): void {
  const { maxUnavailable, maxSurge } = rolling;
  checkIntOrPercent(errors, `${field}.maxUnavailable`, maxUnavailable);
  checkIntOrPercent(errors, `${field}.maxSurge`, maxSurge);
  checkAtMostAll(errors, `${field}.maxUnavailable`, maxUnavailable);
  checkAtMostAll(errors, `${field}.maxSurge`, maxSurge);
  const none = isNothing(maxUnavailable);
  if (!none && !isNothing(maxSurge))
    errors.push(invalidValue(`${field}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  else if (none && isNothing(maxSurge))
    errors.push(required(`${field}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
}

function checkStrategy(errors: FieldError[], field: string, strategy: any): void {
  const { type, rollingUpdate } = strategy;
  if (type === 'RollingUpdate') checkRollingUpdate(errors, `${field}.rollingUpdate`, rollingUpdate);
  else if (type !== 'OnDelete') {
    // Upstream shows the struct, with the names of its Go fields.
    const shown = { Type: type, RollingUpdate: rollingUpdate ?? null };
    errors.push(notSupported(field, shown, ['RollingUpdate', 'OnDelete']));
  }
}

/** An absent selector is no error of its own: it matches nothing, the template included. */
function checkTemplateSelector(errors: FieldError[], spec: any, allowInvalidValues: boolean): void {
  const { selector } = spec;
  errors.push(...validateLabelSelector(selector, 'spec.selector', { allowInvalidValues }));
  try {
    checkSelected(errors, 'spec.template', spec.template.metadata, selectorOf(selector));
  } catch {
    // Said above already.
  }
  if (selector && !Object.keys(selector.matchLabels ?? {}).length && !selector.matchExpressions?.length)
    errors.push(invalidValue('spec.selector', selector, 'empty selector is invalid for daemonset'));
}

function check(set: any, allowInvalidValues = false): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = set;
  checkTemplateSelector(errors, spec, allowInvalidValues);
  checkPodTemplate(errors, 'spec.template', spec.template);
  checkRunsForever(errors, 'spec.template', spec.template.spec, 'DaemonSet');
  checkNotNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds);
  checkStrategy(errors, 'spec.updateStrategy', spec.updateStrategy);
  checkNotNegative(errors, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit);
  return errors;
}

const counts = [
  ...alwaysThere,
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
];

function validateStatus(set: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of counts) checkNotNegative(errors, `status.${name}`, set.status?.[name]);
  checkCollisions(errors, set, old);
  return errors;
}

export const daemonSet = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.DaemonSet',
  storage: 'daemonsets',
  defaults,
  prepareCreate,
  prepareUpdate,
  validateCreate: (set) => check(set),
  validateUpdate: (set, old) => [
    ...check(set, hasInvalidValues(old.spec.selector)),
    ...selectorFixed(set.spec.selector, old.spec.selector),
  ],
  warnings: (set, old) => (old && templateGeneration(old) === templateGeneration(set) ? [] : bareTemplateWarnings(set)),
  generation: (set, old) => !semanticEqual(set.spec, old.spec),
  subresources: [
    statusSubresource(validateStatus, { keep: (set, old) => setTemplateGeneration(set, templateGeneration(old)) }),
  ],
  columns: [
    nameColumn,
    countColumn('Desired', 'Nodes that should run a pod.', (o) => o.status?.desiredNumberScheduled),
    countColumn('Current', 'Nodes that run a pod and should.', (o) => o.status?.currentNumberScheduled),
    countColumn('Ready', 'Nodes whose pod is ready.', (o) => o.status?.numberReady),
    countColumn('Up-to-date', 'Nodes whose pod is of the present template.', (o) => o.status?.updatedNumberScheduled),
    countColumn('Available', 'Nodes whose pod has been ready for minReadySeconds.', (o) => o.status?.numberAvailable),
    column('Node Selector', 'Labels of the nodes that are meant.', (o) =>
      labelsText(o.spec?.template?.spec?.nodeSelector),
    ),
    ageColumn,
    column('Containers', 'Containers of the template.', containerNames, 1),
    column('Images', 'Images of the template.', containerImages, 1),
    column('Selector', 'The labels of the pods that belong to it.', (o) => selectorText(o.spec?.selector), 1),
  ],
});
