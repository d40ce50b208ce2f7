// Job: pods that are to succeed a number of times. Its defaults, its strategy and its columns; the rules are in job/.
// Mirrors: pkg/registry/batch/job, pkg/apis/batch/v1/defaults.go, pkg/printers.
// Next: job/spec.ts, which CronJobs share; job/status.ts for what its controller may report.

import { isConditionTrue } from '../../apimachinery/conditions.ts';
import type { FieldError } from '../../apimachinery/fieldErrors.ts';
import { ageColumn, column, humanDuration, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { checkGeneratedSelector, generateSelector, hasPrefixedLabels } from './job/generatedSelector.ts';
import { checkPodHostName, checkSelectedSpec, defaultJobSpec, jobWarnings } from './job/spec.ts';
import { validateStatus } from './job/status.ts';
import { checkFixedFields } from './job/update.ts';
import { defineKind } from './kind.ts';
import { containerImages, containerNames } from './podTemplate.ts';
import { hasInvalidValues, selectorText } from './selectors.ts';
import { statusSubresource } from './statusSubresource.ts';

function defaults(job: any): void {
  job.spec ??= {};
  const { spec } = job;
  defaultJobSpec(spec);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1;
  defaultLabels(job);
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
}

/** The very labels of the template: those that are generated below show on both. */
function defaultLabels(job: any): void {
  const { labels } = job.spec.template.metadata;
  if (labels && !Object.keys(job.metadata.labels ?? {}).length) job.metadata.labels = labels;
}

function prepareCreate(job: any): void {
  if (!job.spec.manualSelector) generateSelector(job);
  defaultLabels(job);
  job.status = {};
}

/** `old`: from before labels had prefixes, and values rules, what was stored may stay. */
function validate(job: any, old?: any): FieldError[] {
  const errors: FieldError[] = [];
  checkGeneratedSelector(errors, job, !old || hasPrefixedLabels(old));
  checkSelectedSpec(errors, job.spec, hasInvalidValues(old?.spec.selector));
  checkPodHostName(errors, job);
  return errors;
}

const states = ['Complete', 'Failed', 'Suspended', 'FailureTarget', 'SuccessCriteriaMet'];
function stateText(job: any): string {
  const state = states.find((type) => isConditionTrue(job.status?.conditions, type));
  if (state === 'Complete' || state === 'Failed') return state;
  return job.metadata.deletionTimestamp ? 'Terminating' : (state ?? 'Running');
}

function completionsText(job: any): string {
  const { completions, parallelism = 0 } = job.spec ?? {};
  const done = job.status?.succeeded ?? 0;
  if (completions !== undefined) return `${done}/${completions}`;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function durationText(job: any, now: number): string {
  const { startTime, completionTime } = job.status ?? {};
  if (!startTime) return '';
  return humanDuration((completionTime ? Date.parse(completionTime) : now) - Date.parse(startTime));
}

export const job = defineKind({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.batch.v1.Job',
  storage: 'jobs',
  defaults,
  prepareCreate,
  validateCreate: (object) => validate(object),
  validateUpdate: (object, old) => [...validate(object, old), ...checkFixedFields(object, old)],
  warnings: (object, old) => jobWarnings(object, old, object.spec, 'spec'),
  generation: (object, old) => !semanticEqual(object.spec, old.spec),
  defaultPropagation: 'Orphan',
  deletionWarnings: ({ propagationPolicy, orphanDependents }) =>
    propagationPolicy === undefined && orphanDependents === undefined
      ? [
          'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
        ]
      : [],
  subresources: [statusSubresource(validateStatus)],
  columns: [
    nameColumn,
    column('Status', 'How far the job is.', stateText),
    column('Completions', 'Pods that succeeded, of those wanted.', completionsText),
    column('Duration', 'Time that it took, or takes so far.', durationText),
    ageColumn,
    column('Containers', 'Containers of the template.', containerNames, 1),
    column('Images', 'Images of the template.', containerImages, 1),
    column('Selector', 'The labels of the pods that belong to it.', (o) => selectorText(o.spec?.selector), 1),
  ],
  selectableFields: { 'status.successful': (o) => String(o.status?.succeeded ?? 0) },
});
