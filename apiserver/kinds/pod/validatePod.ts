// All rules of a whole Pod: those of any write, and those of its creation.
// Mirrors: validatePodMetadataAndSpec and ValidatePodCreate in pkg/apis/core/validation/validation.go.
// Called by: ../pod.ts and the subresources that change spec.
import { type FieldError, forbiddenField } from '../../../apimachinery/fieldErrors.ts';
import { checkAppArmorMatches, checkPodAnnotations, checkSeccompMatches } from './annotations.ts';
import { checkPodOnly, checkPodSpec, eachContainer } from './spec.ts';
import { nameWarnings } from './warnings.ts';

export function validatePod(pod: any): FieldError[] {
  const errors: FieldError[] = [];
  const { metadata, spec = {} } = pod;
  if (metadata.annotations) checkPodAnnotations(errors, 'metadata.annotations', metadata.annotations, spec);
  checkPodSpec(errors, 'spec', spec, metadata);
  checkPodOnly(errors, 'spec', spec);
  return errors;
}

export function validatePodCreate(pod: any): FieldError[] {
  const errors: FieldError[] = [];
  const { metadata, spec = {} } = pod;
  if (spec.ephemeralContainers?.length)
    errors.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'));
  if (spec.nodeName && spec.schedulingGates?.length)
    errors.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  const each = eachContainer(spec, 'spec');
  checkSeccompMatches(errors, 'spec', metadata.annotations, spec, each);
  checkAppArmorMatches(errors, metadata.annotations, spec, each);
  return errors;
}

/** Some annotations count, and the name where it is part of others: of claims made for volumes, of warnings. */
export function judgedBy({ metadata, spec = {} }: any): string | undefined {
  if (nameWarnings(metadata.name, '').length || spec.volumes?.some((volume: any) => volume.ephemeral)) return undefined;
  for (const key in metadata.annotations)
    if (key.includes('kubernetes.io/')) return JSON.stringify(metadata.annotations);
  return '';
}
