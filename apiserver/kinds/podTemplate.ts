// What workload kinds share: defaults, rules and warnings of the template that their pods are made from.
// Mirrors: ValidatePodTemplateSpec (core/validation), ValidatePodTemplateSpecForReplicaSet (apps/validation), GetWarningsForPodTemplate.
// Used by: replicaSet.ts, deployment.ts, statefulSet.ts, daemonSet.ts, job.ts and others. Next: pod/spec.ts.
import { type FieldError, forbiddenField, invalidValue, notSupported } from '../../apimachinery/fieldErrors.ts';
import { type Selector, validateLabels } from '../../apimachinery/labelSelector.ts';
import { validateAnnotations } from '../../apimachinery/objectMeta.ts';
import { checkAppArmorMatches, checkPodAnnotations, checkSeccompMatches } from './pod/annotations.ts';
import { defaultPodSpec, dropOldAnnotations } from './pod/defaults.ts';
import { checkPodSpec, eachContainer } from './pod/spec.ts';
import { nameWarnings, specWarnings } from './pod/warnings.ts';

/** `holder.template` in place: whatever is missing down to its spec is made. */
export function defaultPodTemplate(holder: any): void {
  holder.template ??= {};
  const template = holder.template;
  template.metadata ??= {};
  template.spec ??= {};
  dropOldAnnotations(template.metadata);
  defaultPodSpec(template.spec);
}

/** The paths are upstream's: without `metadata`. */
export function checkTemplateMetadata(errors: FieldError[], field: string, metadata: any, spec: any): void {
  errors.push(...validateLabels(metadata.labels, `${field}.labels`));
  errors.push(...validateAnnotations(metadata.annotations, `${field}.annotations`));
  checkPodAnnotations(errors, `${field}.annotations`, metadata.annotations, spec);
}

export function checkPodTemplate(errors: FieldError[], field: string, template: any): void {
  const { metadata = {}, spec = {} } = template;
  checkTemplateMetadata(errors, field, metadata, spec);
  checkPodSpec(errors, `${field}.spec`, spec);
  const each = eachContainer(spec, `${field}.spec`);
  checkSeccompMatches(errors, `${field}.spec`, metadata.annotations, spec, each);
  checkAppArmorMatches(errors, metadata.annotations, spec, each);
  if (spec.ephemeralContainers?.length)
    errors.push(
      forbiddenField(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'),
    );
}

/** A template whose pods run for good: they are restarted, and have no deadline. */
export function checkRunsForever(errors: FieldError[], field: string, spec: any, kind: string): void {
  if (spec.restartPolicy !== 'Always')
    errors.push(notSupported(`${field}.spec.restartPolicy`, spec.restartPolicy ?? '', ['Always']));
  if (spec.activeDeadlineSeconds !== undefined)
    errors.push(
      forbiddenField(`${field}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${kind} is not Supported`),
    );
}

export function checkSelected(errors: FieldError[], field: string, metadata: any, selector: Selector): void {
  if (!selector.matches(metadata.labels ?? {}))
    errors.push(
      invalidValue(`${field}.metadata.labels`, metadata.labels ?? null, '`selector` does not match template `labels`'),
    );
}

/** For kinds that keep a number of equal pods running. */
export function checkReplicatedTemplate(
  errors: FieldError[],
  field: string,
  template: any,
  selector: Selector,
  replicas: number,
): void {
  const { metadata = {}, spec = {} } = template;
  checkSelected(errors, field, metadata, selector);
  checkPodTemplate(errors, field, template);
  if (replicas > 1)
    (spec.volumes ?? []).forEach((volume: any, i: number) => {
      if (volume.gcePersistentDisk && !volume.gcePersistentDisk.readOnly)
        errors.push(
          invalidValue(
            `${field}.spec.volumes[${i}].gcePersistentDisk.readOnly`,
            false,
            'must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines if it is read-only',
          ),
        );
    });
  checkRunsForever(errors, field, spec, 'ReplicaSet');
}

/** What `object.spec.template` may suffer from, without a word about names. */
export function bareTemplateWarnings(object: any): string[] {
  const { spec = {}, metadata } = object.spec.template ?? {};
  return specWarnings('spec.template', spec, metadata);
}

/** On create, and on an update that changes more than metadata and status. */
export function templateWarnings(object: any, old: any | undefined): string[] {
  if (old && old.metadata.generation === object.metadata.generation) return [];
  const names = old ? [] : nameWarnings(object.metadata.name, 'Pod names and hostnames');
  return [...names, ...bareTemplateWarnings(object)];
}

const containersOf = (object: any): any[] => object.spec?.template?.spec?.containers ?? [];
/** The two wide columns that every workload has. */
export const containerNames = (object: any): string =>
  containersOf(object)
    .map((c) => c.name)
    .join(',');
export const containerImages = (object: any): string =>
  containersOf(object)
    .map((c) => c.image)
    .join(',');
