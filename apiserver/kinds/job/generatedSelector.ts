// The selector of a Job: made from its uid, so that no two Jobs fight over pods, unless the user says that theirs is meant.
// Mirrors: generateSelector in pkg/registry/batch/job/strategy.go, validateGeneratedSelector in pkg/apis/batch/validation.
// Used by: ../job.ts. Next: spec.ts.
import { type FieldError, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import { selectorOf } from '../../../apimachinery/labelSelector.ts';

const prefix = 'batch.kubernetes.io/';
const nameLabels = ['job-name', `${prefix}job-name`];
const uidLabels = ['controller-uid', `${prefix}controller-uid`];

/** Labels that the user set stay; they are judged below. */
export function generateSelector(job: any): void {
  const { spec, metadata } = job;
  spec.template.metadata.labels ??= {};
  const { labels } = spec.template.metadata;
  for (const label of nameLabels) labels[label] ??= metadata.name ?? '';
  for (const label of uidLabels) labels[label] ??= metadata.uid;
  spec.selector ??= {};
  spec.selector.matchLabels ??= {};
  spec.selector.matchLabels[`${prefix}controller-uid`] ??= metadata.uid;
}

/** Jobs from before v1.27 have the short labels alone. */
export function hasPrefixedLabels(job: any): boolean {
  const labels = job.spec.template.metadata?.labels ?? {};
  return [...nameLabels, ...uidLabels].filter((l) => l.startsWith(prefix)).every((l) => labels[l] !== undefined);
}

export function checkGeneratedSelector(errors: FieldError[], job: any, prefixed: boolean): void {
  const { spec, metadata } = job;
  if (spec.manualSelector || !spec.selector) return;
  if (!metadata.uid) errors.push(required('metadata.uid'));
  const wanted = new Map<string, string>([
    ['controller-uid', metadata.uid ?? ''],
    ['job-name', metadata.name ?? ''],
  ]);
  if (prefixed) for (const [label, value] of [...wanted]) wanted.set(prefix + label, value);
  for (const [label, value] of wanted) checkLabel(errors, spec.template.metadata?.labels, label, value);
  try {
    if (!selectorOf(spec.selector).matches(Object.fromEntries(wanted)))
      errors.push(invalidValue('spec.selector', spec.selector, '`selector` not auto-generated'));
  } catch {
    // A broken selector is refused by its own rules.
  }
}

function checkLabel(errors: FieldError[], labels: any, label: string, value: string): void {
  const field = 'spec.template.metadata.labels';
  const actual = labels?.[label];
  if (actual === undefined) errors.push(required(`${field}[${label}]`, `must be '${value}'`));
  else if (actual !== value) errors.push(invalidValue(`${field}[${label}]`, labels, `must be '${value}'`));
}
