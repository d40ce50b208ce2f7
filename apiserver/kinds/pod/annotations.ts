// Rules of the annotations that mean something for pods: mirror pods, deletion cost, the old profiles of seccomp and AppArmor.
// Mirrors: ValidatePodSpecificAnnotations, validateSeccompAnnotationsAndFields in pkg/apis/core/validation/validation.go.
// Called by: spec.ts for pods and templates; update.ts for changes.
import { type FieldError, forbiddenField, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { goSyntaxError } from '../../goSyntaxError.ts';
import { checkDescendingPath } from '../check.ts';
import { checkTolerations } from './scheduling.ts';
import type { VisitContainer } from './security.ts';

export const mirrorAnnotation = 'kubernetes.io/config.mirror';
export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
export const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
export const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
const tolerationsAnnotation = 'scheduler.alpha.kubernetes.io/tolerations';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const localhost = 'localhost/';

function checkSeccompValue(errors: FieldError[], field: string, profile: string): void {
  if (profile === 'runtime/default' || profile === 'docker/default' || profile === 'unconfined') return;
  if (profile.startsWith(localhost)) checkDescendingPath(errors, field, profile.slice(localhost.length));
  else errors.push(invalidValue(field, profile, 'must be a valid seccomp profile'));
}

function checkAppArmorValue(errors: FieldError[], field: string, name: string, profile: string, spec: any): void {
  const lists = [spec.initContainers, spec.containers, spec.ephemeralContainers];
  if (!lists.some((list) => list?.some((c: any) => c.name === name)))
    errors.push(invalidValue(field, name, 'container not found'));
  if (profile !== '' && profile !== 'runtime/default' && profile !== 'unconfined' && !profile.startsWith(localhost))
    errors.push(invalidValue(field, profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`));
}

/** An integer of 32 bits, without a plus sign in front; behind a minus zeros may be. */
function isDeletionCost(text: string): boolean {
  return /^(0|-[0-9]+|[1-9][0-9]*)$/.test(text) && Math.abs(Number(text)) <= 2147483648 && Number(text) < 2147483648;
}

function checkOldTolerations(errors: FieldError[], field: string, text: string): void {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    errors.push(invalidValue(field, tolerationsAnnotation, goSyntaxError(text)));
  }
  if (Array.isArray(list)) checkTolerations(errors, `${field}.${tolerationsAnnotation}`, list);
}

export function checkPodAnnotations(errors: FieldError[], field: string, annotations: any, spec: any): void {
  for (const key in annotations) {
    const value = annotations[key];
    const at = `${field}[${key}]`;
    if (key === mirrorAnnotation) {
      if (!spec.nodeName)
        errors.push(invalidValue(at, value, 'must set spec.nodeName if mirror pod annotation is set'));
    } else if (key === tolerationsAnnotation) {
      if (value) checkOldTolerations(errors, field, value);
    } else if (key === deletionCost) {
      if (!isDeletionCost(value)) errors.push(invalidValue(at, value, 'must be a 32bit integer'));
    } else if (key === seccompPod || key.startsWith(seccompPrefix)) checkSeccompValue(errors, `${field}.${key}`, value);
    else if (key.startsWith(appArmorPrefix))
      checkAppArmorValue(errors, at, key.slice(appArmorPrefix.length), value, spec);
  }
}

interface ProfileKind {
  what: string;
  defaults: readonly string[];
}
const seccompKind: ProfileKind = { what: 'seccomp', defaults: ['runtime/default', 'docker/default'] };
const appArmorKind: ProfileKind = { what: 'apparmor', defaults: ['runtime/default'] };

/** Where a profile is said twice, in an annotation and in a field, both must say the same. */
function checkMatch(errors: FieldError[], field: string, annotation: string, profile: any, kind: ProfileKind): void {
  const typesDiffer = () =>
    void errors.push(forbiddenField(`${field}.type`, `${kind.what} type in annotation and field must match`));
  if (profile.type === 'Unconfined') {
    if (annotation !== 'unconfined') typesDiffer();
  } else if (profile.type === 'RuntimeDefault') {
    if (!kind.defaults.includes(annotation)) typesDiffer();
  } else if (profile.type === 'Localhost') {
    if (!annotation.startsWith(localhost)) typesDiffer();
    else if (annotation.slice(localhost.length) !== profile.localhostProfile)
      errors.push(
        forbiddenField(`${field}.localhostProfile`, `${kind.what} profile in annotation and field must match`),
      );
  }
}

type Each = (visit: VisitContainer) => void;

export function checkSeccompMatches(
  errors: FieldError[],
  field: string,
  annotations: any,
  spec: any,
  each: Each,
): void {
  if (!annotations) return;
  const ofPod = spec.securityContext?.seccompProfile;
  if (ofPod && annotations[seccompPod] !== undefined)
    checkMatch(errors, `${field}.securityContext.seccompProfile`, annotations[seccompPod], ofPod, seccompKind);
  each((container, at) => {
    const profile = container.securityContext?.seccompProfile;
    const annotation = annotations[seccompPrefix + container.name];
    if (profile && annotation !== undefined)
      checkMatch(errors, `${at}.securityContext.seccompProfile`, annotation, profile, seccompKind);
  });
}

/** On create, and of templates. */
export function checkAppArmorMatches(errors: FieldError[], annotations: any, spec: any, each: Each): void {
  if (!annotations || spec.os?.name === 'windows') return;
  each((container, at) => {
    const profile = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    const annotation = annotations[appArmorPrefix + container.name];
    if (profile && annotation !== undefined)
      checkMatch(errors, `${at}.securityContext.appArmorProfile`, annotation, profile, appArmorKind);
  });
}
