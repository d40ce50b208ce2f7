// What may change in a pod once it exists: images, a shorter deadline, more tolerations, fewer gates, and while gated its placement.
// Mirrors: ValidatePodUpdate in pkg/apis/core/validation/validation.go.
// Called by: ../pod.ts; ephemeral.ts and resize.ts share the annotation rules.

import { type FieldError, forbiddenField, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { inclusiveRangeError } from '../../../apimachinery/names.ts';
import { ownValue } from '../../../apimachinery/ownValue.ts';
import { maxInt32 } from '../check.ts';
import { diffLines, sameToGo, semanticEqual } from '../equal.ts';
import { appArmorPrefix, mirrorAnnotation } from './annotations.ts';

const mayChange = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** AppArmor and mirror annotations are fixed at creation. */
export function checkAnnotationUpdates(errors: FieldError[], pod: any, old: any): void {
  const now = pod.metadata.annotations ?? {};
  const before = old.metadata.annotations ?? {};
  const refuse = (key: string, verb: string) => {
    const what = key.startsWith(appArmorPrefix)
      ? 'AppArmor annotations'
      : key === mirrorAnnotation
        ? 'mirror pod annotation'
        : '';
    if (what) errors.push(forbiddenField(`metadata.annotations[${key}]`, `may not ${verb} ${what}`));
  };
  for (const key in before) if (now[key] !== before[key]) refuse(key, 'remove or update');
  for (const key in now) if (!(key in before)) refuse(key, 'add');
}

/** False when containers came or went: then nothing else can be compared. */
function sameContainers(errors: FieldError[], field: string, now: any[], old: any[]): boolean {
  if (now.length === old.length) return true;
  errors.push(forbiddenField(field, 'pod updates may not add or remove containers'));
  return false;
}

/** It may be set, and shortened. */
function deadlineIsFine(errors: FieldError[], now: number | undefined, old: number | undefined): boolean {
  const field = 'spec.activeDeadlineSeconds';
  if (now === undefined) {
    if (old !== undefined)
      errors.push(invalidValue(field, null, 'must not update from a positive integer to nil value'));
    return true;
  }
  if (now < 0 || now > maxInt32) errors.push(invalidValue(field, now, inclusiveRangeError(0, maxInt32)));
  else if (old !== undefined && old < now)
    errors.push(invalidValue(field, now, 'must be less than or equal to previous value'));
  else return true;
  return false;
}

const withoutSeconds = ({ tolerationSeconds: _, ...rest }: any) => rest;

function checkTolerationsKept(errors: FieldError[], now: any[], old: any[]): void {
  const kept = old.every((t) => now.some((n) => semanticEqual(withoutSeconds(t), withoutSeconds(n))));
  if (!kept)
    errors.push(
      forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
    );
}

function checkGatesOnlyRemoved(errors: FieldError[], now: any[], old: any[]): void {
  now.forEach((gate, i) => {
    if (!old.some((g) => g.name === gate.name))
      errors.push(
        forbiddenField(
          `spec.schedulingGates[${i}].name`,
          `only deletion is allowed, but found new scheduling gate '${gate.name}'`,
        ),
      );
  });
}

function checkSelectorAdditions(errors: FieldError[], now: any, old: any): void {
  for (const key in old)
    if (ownValue(now, key) !== old[key])
      return void errors.push(
        invalidValue(
          'spec.nodeSelector',
          now ?? null,
          'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
        ),
      );
}

const onlyLonger = (now: any[] = [], old: any[] = []) =>
  now.length >= old.length && old.every((requirement, i) => semanticEqual(now[i], requirement));

function termOnlyLonger(now: any, old: any): boolean {
  const matchedNothing = !old.matchExpressions?.length && !old.matchFields?.length;
  if (matchedNothing && (now.matchExpressions?.length || now.matchFields?.length)) return false;
  return onlyLonger(now.matchExpressions, old.matchExpressions) && onlyLonger(now.matchFields, old.matchFields);
}

/** Terms are alternatives, so none may come or go; requirements within one may be added. */
function checkAffinityAdditions(errors: FieldError[], now: any, old: any): void {
  const needed = old?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!needed) return;
  const field = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  const before: any[] = needed.nodeSelectorTerms ?? [];
  const after: any[] = now?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (before.length && before.length !== after.length)
    return void errors.push(
      invalidValue(field, after, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'),
    );
  before.forEach((term, i) => {
    if (!termOnlyLonger(after[i], term))
      errors.push(invalidValue(`${field}[${i}]`, after[i], 'only additions are allowed (no mutations or deletions)'));
  });
}

const withImagesOf = (now: any[] | undefined, old: any[] | undefined) =>
  now?.map((container, i) => ({ ...container, image: old?.[i]?.image }));

/** The affinity as it would be had its node part not changed. */
function affinityButNodes(now: any, old: any): any {
  if (!now && !old?.nodeAffinity) return now;
  if (now && !old && !now.podAffinity && !now.podAntiAffinity) return undefined;
  return { ...now, nodeAffinity: old?.nodeAffinity };
}

export function validateUpdate(pod: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = pod;
  const before = old.spec;
  checkAnnotationUpdates(errors, pod, old);
  for (const list of ['containers', 'initContainers'])
    if (!sameContainers(errors, `spec.${list}`, spec[list] ?? [], before[list] ?? [])) return errors;
  if (!deadlineIsFine(errors, spec.activeDeadlineSeconds, before.activeDeadlineSeconds)) return errors;
  checkTolerationsKept(errors, spec.tolerations ?? [], before.tolerations ?? []);
  checkGatesOnlyRemoved(errors, spec.schedulingGates ?? [], before.schedulingGates ?? []);
  if (sameToGo(spec, before)) return errors;
  // What is allowed to differ is set to what it was; any difference that is left is refused.
  const munged = {
    ...spec,
    containers: withImagesOf(spec.containers, before.containers),
    initContainers: withImagesOf(spec.initContainers, before.initContainers),
    activeDeadlineSeconds: before.activeDeadlineSeconds,
    schedulingGates: before.schedulingGates,
    tolerations: before.tolerations,
  };
  if (before.terminationGracePeriodSeconds < 0 && spec.terminationGracePeriodSeconds === 1)
    munged.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds;
  if (before.schedulingGates?.length) {
    checkSelectorAdditions(errors, spec.nodeSelector, before.nodeSelector);
    munged.nodeSelector = before.nodeSelector;
    if (!semanticEqual(spec.affinity?.nodeAffinity, before.affinity?.nodeAffinity)) {
      checkAffinityAdditions(errors, spec.affinity?.nodeAffinity, before.affinity?.nodeAffinity);
      munged.affinity = affinityButNodes(spec.affinity, before.affinity);
    }
  }
  if (!semanticEqual(munged, before)) {
    const diff = diffLines(before, munged, 'spec').join('\n');
    errors.push(forbiddenField('spec', `pod updates may not change fields other than ${mayChange}\n${diff}`));
  }
  return errors;
}
