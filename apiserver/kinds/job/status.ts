// What the status of a Job may say. Rules about a part of it hold when that part changes: old Jobs may still be reported on.
// Mirrors: validateJobStatus, ValidateJobStatusUpdate in pkg/apis/batch/validation, getStatusValidationOptions in pkg/registry/batch/job.
// Used by: ../job.ts. Next: indexes.ts.
import { isConditionTrue } from '../../../apimachinery/conditions.ts';
import { duplicate, type FieldError, invalidValue, omitted, required } from '../../../apimachinery/fieldErrors.ts';
import { checkNotNegative } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { countIndexes, IndexesError, overlapOf } from './indexes.ts';

/** What the rules look at, of one state of the Job. */
function look(job: any) {
  const status = job.status ?? {};
  const is = (type: string) => isConditionTrue(status.conditions, type);
  const complete = is('Complete');
  const failed = is('Failed');
  return {
    status,
    complete,
    failed,
    finished: complete || failed,
    failureTarget: is('FailureTarget'),
    criteriaMet: is('SuccessCriteriaMet'),
    suspended: (status.conditions ?? []).find((c: any) => c.type === 'Suspended')?.status,
    active: status.active ?? 0,
  };
}
type Look = ReturnType<typeof look>;
interface Change {
  spec: any;
  now: Look;
  old: Look;
  /** Whether this part of the look, or else of the status, is another than before. */
  changed(...parts: string[]): boolean;
}
type Rule = (errors: FieldError[], change: Change) => void;

const refuseConditions = (errors: FieldError[], text: string) =>
  errors.push(invalidValue('status.conditions', omitted, text));

const checkCounts: Rule = (errors, { now: { status } }) => {
  for (const name of ['active', 'succeeded', 'failed', 'ready', 'terminating'])
    checkNotNegative(errors, `status.${name}`, status[name]);
  const seen = new Set<string>();
  for (const list of ['succeeded', 'failed'])
    (status.uncountedTerminatedPods?.[list] ?? []).forEach((uid: string, i: number) => {
      const field = `status.uncountedTerminatedPods.${list}[${i}]`;
      if (uid === '') errors.push(invalidValue(field, uid, 'must not be empty'));
      else if (seen.has(uid)) errors.push(duplicate(field, uid));
      seen.add(uid);
    });
};

const checkCompletion: Rule = (errors, { now, changed }) => {
  const { complete, status } = now;
  const field = 'status.completionTime';
  const time = status.completionTime;
  if (changed('complete', 'failed') && complete && now.failed)
    refuseConditions(errors, 'cannot set Complete=True and Failed=true conditions');
  if (changed('complete', 'failureTarget') && complete && now.failureTarget)
    refuseConditions(errors, 'cannot set Complete=True and FailureTarget=true conditions');
  if (changed('complete', 'completionTime')) {
    if (time && !complete)
      errors.push(invalidValue(field, time, 'cannot set completionTime when there is no Complete=True condition'));
    if (!time && complete) errors.push(required(field, 'completionTime is required for Complete jobs'));
  }
  if (changed('startTime', 'completionTime') && Date.parse(time) < Date.parse(status.startTime))
    errors.push(invalidValue(field, time, 'must be equal to or after `startTime`'));
  if (changed('failed', 'failedIndexes') && now.failed && !now.failureTarget)
    refuseConditions(errors, 'cannot set Failed=True condition without the FailureTarget=true condition');
  if (changed('complete', 'criteriaMet') && complete && !now.criteriaMet)
    refuseConditions(errors, 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
};

const checkFinished: Rule = (errors, { spec, now, changed }) => {
  const { status, finished } = now;
  if (changed('finished', 'active') && finished && now.active > 0)
    errors.push(invalidValue('status.active', now.active, 'active>0 is invalid for finished job'));
  const neverRan = spec.suspend === true && spec.completions === 0;
  if (changed('finished', 'startTime') && !neverRan && finished && !status.startTime)
    errors.push(required('status.startTime', 'startTime is required for finished job'));
  const { succeeded, failed } = status.uncountedTerminatedPods ?? {};
  if (changed('finished', 'uncountedTerminatedPods') && finished && (succeeded?.length || failed?.length))
    errors.push(
      invalidValue(
        'status.uncountedTerminatedPods',
        { Succeeded: succeeded ?? null, Failed: failed ?? null },
        'must be empty for finished job',
      ),
    );
};

function checkFormat(errors: FieldError[], name: string, text: string, completions: number): void {
  try {
    countIndexes(text, completions);
  } catch (error) {
    if (!(error instanceof IndexesError)) throw error;
    errors.push(invalidValue(`status.${name}`, text, `error parsing ${name}: ${error.message}`));
  }
}

const checkIndexes: Rule = (errors, { spec, now: { status }, changed }) => {
  const { completedIndexes: done = '', failedIndexes: failed } = status;
  const { completions, backoffLimitPerIndex } = spec;
  const perIndex = backoffLimitPerIndex !== undefined;
  const counted = completions !== undefined;
  if (changed('completedIndexes') && counted) checkFormat(errors, 'completedIndexes', done, completions);
  if (changed('failedIndexes') && counted && perIndex && failed !== undefined)
    checkFormat(errors, 'failedIndexes', failed, completions);
  if (changed('completedIndexes') && done !== '' && spec.completionMode !== 'Indexed')
    errors.push(
      invalidValue(
        'status.completedIndexes',
        done,
        'cannot set non-empty completedIndexes when non-indexed completion mode',
      ),
    );
  if (changed('failedIndexes') && !perIndex && failed !== undefined)
    errors.push(
      invalidValue(
        'status.failedIndexes',
        failed,
        'cannot set non-null failedIndexes when backoffLimitPerIndex is null',
      ),
    );
  if (!changed('failedIndexes', 'completedIndexes') || !counted || !done || !failed) return;
  const index = overlapOf(done, failed, completions);
  if (index !== undefined)
    errors.push(
      invalidValue('status.failedIndexes', failed, `failedIndexes and completedIndexes overlap at index: ${index}`),
    );
};

const checkPods: Rule = (errors, { now, changed }) => {
  const { status, finished } = now;
  if (changed('finished', 'terminating') && finished && status.terminating > 0)
    errors.push(invalidValue('status.terminating', status.terminating, 'terminating>0 is invalid for finished job'));
  if (changed('ready', 'active') && status.ready > now.active)
    errors.push(invalidValue('status.ready', status.ready, 'cannot set more ready pods than active'));
};

const checkCriteria: Rule = (errors, { spec, now }) => {
  if (now.criteriaMet && now.failed)
    refuseConditions(errors, 'cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (now.criteriaMet && now.failureTarget)
    refuseConditions(errors, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  if (spec.successPolicy && now.complete && !now.criteriaMet)
    refuseConditions(errors, 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
};

/** Nothing goes back: neither an outcome nor a count. */
const checkSteps: Rule = (errors, { spec, now, old, changed }) => {
  const lost = (was: boolean, is: boolean, type: string) => {
    if (was && !is) refuseConditions(errors, `cannot disable the terminal ${type}=True condition`);
  };
  lost(old.failed, now.failed, 'Failed');
  lost(old.complete, now.complete, 'Complete');
  lost(old.failureTarget, now.failureTarget, 'FailureTarget');
  const shrinks = (name: string) => {
    const count = now.status[name] ?? 0;
    if (count < (old.status[name] ?? 0))
      errors.push(invalidValue(`status.${name}`, count, `cannot decrease the ${name} counter`));
  };
  shrinks('failed');
  const elastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (!elastic) shrinks('succeeded');
  const time = now.status.completionTime;
  if (time && old.status.completionTime && changed('completionTime'))
    errors.push(invalidValue('status.completionTime', time, 'field is immutable'));
  const resuming = old.suspended === 'True' && now.suspended === 'False';
  if (old.status.startTime && changed('startTime') && !resuming && !spec.suspend)
    errors.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'));
  if (old.criteriaMet && !now.criteriaMet)
    refuseConditions(errors, 'cannot disable the SuccessCriteriaMet=True condition');
  if (old.complete && !old.criteriaMet && now.criteriaMet)
    refuseConditions(errors, 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
};

const rules: readonly Rule[] = [
  checkCounts,
  checkCompletion,
  checkFinished,
  checkIndexes,
  checkPods,
  checkCriteria,
  checkSteps,
];

export function validateStatus(job: any, before: any): FieldError[] {
  const now: any = look(job);
  const old: any = look(before);
  const changed = (...parts: string[]) =>
    parts.some((part) =>
      part in now ? now[part] !== old[part] : !semanticEqual(now.status[part], old.status[part], part),
    );
  const errors: FieldError[] = [];
  for (const rule of rules) rule(errors, { spec: job.spec, now, old, changed });
  return errors;
}
