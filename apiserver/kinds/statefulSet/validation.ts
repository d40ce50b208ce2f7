// Rules of a StatefulSet. On update, what cannot change and was stored before the rules of today is left in peace.
// Mirrors: ValidateStatefulSetSpec, ValidateStatefulSetUpdate and ValidateStatefulSetStatus in pkg/apis/apps/validation/validation.go.
// Used by: ../statefulSet.ts. Next: ../podTemplate.ts and ../claim/spec.ts.
import { type FieldError, forbiddenField, invalidValue, notSupported } from '../../../apimachinery/fieldErrors.ts';
import type { Selector } from '../../../apimachinery/labelSelector.ts';
import { isDNS1123Label } from '../../../apimachinery/names.ts';
import { checkAtMostAll, checkIntOrPercent, isNothing } from '../amounts.ts';
import { checkNotNegative, pushTexts } from '../check.ts';
import { checkClaimSpec } from '../claim/spec.ts';
import { checkCollisions } from '../collisions.ts';
import { semanticEqual } from '../equal.ts';
import { checkPodTemplate, checkRunsForever, checkSelected, checkTemplateMetadata } from '../podTemplate.ts';
import { checkSelector } from '../selectors.ts';

/** What is not looked at. */
interface Leave {
  serviceName?: boolean;
  claims?: boolean;
  template?: boolean;
}

function checkStrategy(errors: FieldError[], field: string, strategy: any): void {
  const { type, rollingUpdate: rolling } = strategy;
  // Upstream shows structs, with the names of their Go fields.
  const shown = rolling && { Partition: rolling.partition ?? 0, MaxUnavailable: rolling.maxUnavailable ?? null };
  if (type === 'OnDelete') {
    if (rolling)
      errors.push(invalidValue(`${field}.rollingUpdate`, shown, "only allowed for updateStrategy 'RollingUpdate'"));
  } else if (type !== 'RollingUpdate')
    errors.push(
      invalidValue(field, { Type: type, RollingUpdate: shown ?? null }, "must be 'RollingUpdate' or 'OnDelete'"),
    );
  else if (rolling) checkRolling(errors, `${field}.rollingUpdate`, rolling);
}

function checkRolling(errors: FieldError[], field: string, rolling: any): void {
  const { partition, maxUnavailable } = rolling;
  checkNotNegative(errors, `${field}.partition`, partition);
  if (maxUnavailable === undefined) return;
  checkIntOrPercent(errors, `${field}.maxUnavailable`, maxUnavailable);
  if (isNothing(maxUnavailable)) errors.push(invalidValue(`${field}.maxUnavailable`, maxUnavailable, 'cannot be 0'));
  checkAtMostAll(errors, `${field}.maxUnavailable`, maxUnavailable);
}

/** The template as its pods will be: the controller sets their host names, and mounts a claim for each claim template. */
function templateOfPods(spec: any): any {
  const claims: any[] = spec.volumeClaimTemplates ?? [];
  const { hostname: _h, subdomain: _s, ...podSpec } = spec.template.spec;
  if (claims.length) {
    const names = new Set(claims.map((claim) => claim.metadata?.name));
    const made = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
    podSpec.volumes = [...made, ...(podSpec.volumes ?? []).filter((v: any) => !names.has(v.name))];
  }
  return { ...spec.template, spec: podSpec };
}

function checkTemplate(errors: FieldError[], field: string, spec: any, selector: Selector, leave: Leave): void {
  const template = templateOfPods(spec);
  const { metadata = {} } = template;
  if (selector.nothing || selector.requirements.length) checkSelected(errors, field, metadata, selector);
  if (!leave.template) checkPodTemplate(errors, field, template);
  checkTemplateMetadata(errors, field, metadata, template.spec);
}

function checkSpec(spec: any, leave: Leave): FieldError[] {
  const errors: FieldError[] = [];
  const policy = spec.podManagementPolicy;
  if (policy !== 'OrderedReady' && policy !== 'Parallel')
    errors.push(invalidValue('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"));
  checkStrategy(errors, 'spec.updateStrategy', spec.updateStrategy);
  for (const when of ['whenDeleted', 'whenScaled']) {
    const value = spec.persistentVolumeClaimRetentionPolicy[when];
    if (value !== 'Retain' && value !== 'Delete')
      errors.push(notSupported(`spec.persistentVolumeClaimRetentionPolicy.${when}`, value, ['Retain', 'Delete']));
  }
  if (!leave.claims)
    (spec.volumeClaimTemplates ?? []).forEach((claim: any, i: number) => {
      checkClaimSpec(errors, `spec.volumeClaimTemplates[${i}].spec`, claim.spec);
    });
  checkNotNegative(errors, 'spec.replicas', spec.replicas);
  checkNotNegative(errors, 'spec.minReadySeconds', spec.minReadySeconds);
  checkNotNegative(errors, 'spec.ordinals.start', spec.ordinals?.start);
  if (!leave.serviceName && spec.serviceName)
    pushTexts(errors, 'spec.serviceName', spec.serviceName, isDNS1123Label(spec.serviceName));
  const selector = checkSelector(errors, 'spec.selector', spec.selector, 'statefulset', '');
  if (selector) checkTemplate(errors, 'spec.template', spec, selector, leave);
  checkRunsForever(errors, 'spec.template', spec.template.spec, 'StatefulSet');
  return errors;
}

export const validateCreate = (set: any): FieldError[] => checkSpec(set.spec, {});

const mayChange = [
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
];
const changeText =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

export function validateUpdate(set: any, old: any): FieldError[] {
  const leave = { serviceName: true, claims: true };
  const wasBroken = checkSpec(old.spec, leave).length > 0;
  const errors = checkSpec(set.spec, { ...leave, template: wasBroken });
  const kept = (spec: any) => Object.fromEntries(Object.entries(spec).filter(([name]) => !mayChange.includes(name)));
  if (!semanticEqual(kept(set.spec), kept(old.spec))) errors.push(forbiddenField('spec', changeText));
  return errors;
}

const counts = ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'];

export function validateStatus(set: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  const status = set.status ?? {};
  const of = (name: string): number => status[name] ?? 0;
  for (const name of [...counts, 'observedGeneration', 'collisionCount'])
    checkNotNegative(errors, `status.${name}`, status[name]);
  const atMost = (name: string, whole: string) => {
    if (of(name) > of(whole))
      errors.push(invalidValue(`status.${name}`, of(name), `cannot be greater than status.${whole}`));
  };
  for (const name of counts.slice(1)) atMost(name, 'replicas');
  atMost('availableReplicas', 'readyReplicas');
  checkCollisions(errors, set, old);
  return errors;
}
