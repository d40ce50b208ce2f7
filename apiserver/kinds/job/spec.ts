// Rules of a Job's spec, of Jobs and of the template in a CronJob alike.
// Mirrors: ValidateJobSpec and validateJobSpec in pkg/apis/batch/validation/validation.go, pkg/api/job/warnings.go.
// Used by: ../job.ts and ../cronJob.ts. Next: failurePolicy.ts and successPolicy.ts.
import { type FieldError, invalidValue, notSupported, required, tooLong } from '../../../apimachinery/fieldErrors.ts';
import { selectorOf, validateLabelSelector } from '../../../apimachinery/labelSelector.ts';
import { byteLength, isDNS1123Label, isDomainPrefixedPath } from '../../../apimachinery/names.ts';
import { checkNotNegative } from '../check.ts';
import { nameWarnings, specWarnings } from '../pod/warnings.ts';
import { checkPodTemplate, checkSelected, defaultPodTemplate } from '../podTemplate.ts';
import { checkFailurePolicy } from './failurePolicy.ts';
import { checkSuccessPolicy, shownPolicy } from './successPolicy.ts';

/** So many indexes fit into the status; with fewer of them at a time, more in all are allowed. */
const manyIndexes = 100_000;
const fewAtOnce = 10_000;
const maxManagedBy = 63;

/** What a Job and a CronJob's template have in common. */
export function defaultJobSpec(spec: any): void {
  defaultPodTemplate(spec);
  // Go writes the list out, empty or not.
  if (spec.podFailurePolicy) spec.podFailurePolicy.rules ??= null;
  for (const rule of spec.podFailurePolicy?.rules ?? [])
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
}

const isIndexed = (spec: any): boolean => spec.completionMode === 'Indexed';

function checkCounts(errors: FieldError[], field: string, spec: any): void {
  for (const name of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ])
    checkNotNegative(errors, `${field}.${name}`, spec[name]);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  if (spec.managedBy === undefined) return;
  errors.push(...isDomainPrefixedPath(`${field}.managedBy`, spec.managedBy));
  if (byteLength(spec.managedBy) > maxManagedBy) errors.push(tooLong(`${field}.managedBy`, maxManagedBy));
}

function checkIndexed(errors: FieldError[], field: string, spec: any): void {
  const { completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const atMost = (name: string, value: number, limit: number, more = '') => {
    if (value > limit)
      errors.push(invalidValue(`${field}.${name}`, value, `must be less than or equal to ${limit}${more}`));
  };
  if (completions === undefined) errors.push(required(`${field}.completions`, 'when completion mode is Indexed'));
  atMost('parallelism', parallelism, manyIndexes, ' when completion mode is Indexed');
  const failed = maxFailedIndexes ?? 0;
  if (completions !== undefined && failed > completions)
    errors.push(invalidValue(`${field}.maxFailedIndexes`, failed, 'must be less than or equal to completions'));
  atMost('maxFailedIndexes', failed, manyIndexes);
  if (!(completions > manyIndexes) || backoffLimitPerIndex === undefined) return;
  if (maxFailedIndexes === undefined)
    errors.push(required(`${field}.maxFailedIndexes`, `must be specified when completions is above ${manyIndexes}`));
  const why = ` when completions are above ${manyIndexes} and used with backoff limit per index`;
  atMost('parallelism', parallelism, fewAtOnce, why);
  atMost('maxFailedIndexes', failed, fewAtOnce, why);
}

function checkMode(errors: FieldError[], field: string, spec: any): void {
  const { completionMode: mode } = spec;
  if (mode !== undefined && mode !== 'NonIndexed' && mode !== 'Indexed')
    errors.push(notSupported(`${field}.completionMode`, mode, ['NonIndexed', 'Indexed']));
  if (isIndexed(spec)) checkIndexed(errors, field, spec);
  if (mode !== undefined && mode !== 'NonIndexed') return;
  for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'])
    if (spec[name] !== undefined)
      errors.push(invalidValue(`${field}.${name}`, spec[name], 'requires indexed completion mode'));
}

function checkPolicies(errors: FieldError[], field: string, spec: any): void {
  if (spec.podFailurePolicy) checkFailurePolicy(errors, `${field}.podFailurePolicy`, spec);
  if (spec.successPolicy) {
    const at = `${field}.successPolicy`;
    if (isIndexed(spec)) checkSuccessPolicy(errors, at, spec);
    else errors.push(invalidValue(at, shownPolicy(spec.successPolicy), 'requires indexed completion mode'));
  }
  const replacement = spec.podReplacementPolicy;
  const valid = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  if (replacement !== undefined && !valid.includes(replacement))
    errors.push(notSupported(`${field}.podReplacementPolicy`, replacement, valid));
}

/** Pods of a Job end: somebody must say whether they are tried again in place. */
function checkRestartPolicy(errors: FieldError[], field: string, spec: any): void {
  const policy = spec.template.spec.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') errors.push(required(field, 'valid values: "OnFailure", "Never"'));
  else if (policy !== 'OnFailure' && policy !== 'Never')
    errors.push(notSupported(field, policy, ['OnFailure', 'Never']));
  else if (spec.podFailurePolicy && policy !== 'Never')
    errors.push(invalidValue(field, policy, 'only "Never" is supported when podFailurePolicy is specified'));
}

/** Everything but the selector. */
export function checkJobSpec(errors: FieldError[], field: string, spec: any): void {
  checkCounts(errors, field, spec);
  checkMode(errors, field, spec);
  checkPolicies(errors, field, spec);
  checkPodTemplate(errors, `${field}.template`, spec.template);
  checkRestartPolicy(errors, `${field}.template.spec.restartPolicy`, spec);
}

export function checkSelectedSpec(errors: FieldError[], spec: any, allowInvalidValues: boolean): void {
  checkJobSpec(errors, 'spec', spec);
  if (!spec.selector) errors.push(required('spec.selector'));
  errors.push(...validateLabelSelector(spec.selector, 'spec.selector', { allowInvalidValues }));
  try {
    checkSelected(errors, 'spec.template', spec.template.metadata ?? {}, selectorOf(spec.selector));
  } catch {
    // A broken selector has just been refused.
  }
}

/** Pods of an Indexed Job have host names that end in their index. */
export function checkPodHostName(errors: FieldError[], job: any): void {
  const { name } = job.metadata;
  const { completions } = job.spec;
  if (!isIndexed(job.spec) || !(completions > 0)) return;
  const longest = `${name}-${completions - 1}`;
  if (isDNS1123Label(longest).length)
    errors.push(invalidValue('metadata.name', name, `will not able to create pod with invalid DNS label: ${longest}`));
}

const manyText =
  'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';

/** `spec` is the Job's within `object`, `at` its path. */
export function jobWarnings(object: any, old: any | undefined, spec: any, at: string): string[] {
  if (old && old.metadata.generation === object.metadata.generation) return [];
  const names = old ? [] : nameWarnings(object.metadata.name, 'Pod names and hostnames');
  const many = isIndexed(spec) && spec.completions > manyIndexes && spec.parallelism > fewAtOnce;
  const { spec: podSpec = {}, metadata } = spec.template ?? {};
  return [...names, ...(many ? [`${at}: ${manyText}`] : []), ...specWarnings(`${at}.template`, podSpec, metadata)];
}
