// Rules of generic ephemeral volumes: the claim that is made with the pod.
// Mirrors: validateEphemeralVolumeSource in pkg/apis/core/validation/validation.go.
// Called by: volumes.ts. Next: ../claim/spec.ts.
import { type FieldError, forbiddenField, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import { validateLabels } from '../../../apimachinery/labelSelector.ts';
import { nameIsDNSSubdomain } from '../../../apimachinery/names.ts';
import { validateAnnotations } from '../../../apimachinery/objectMeta.ts';
import { isSet } from '../check.ts';
import { checkClaimSpec } from '../claim/spec.ts';
import type { VolumeContext } from './volumes.ts';

function checkTemplateMeta(errors: FieldError[], field: string, metadata: any): void {
  errors.push(...validateAnnotations(metadata.annotations, `${field}.annotations`));
  errors.push(...validateLabels(metadata.labels, `${field}.labels`));
  for (const name in metadata)
    if (name !== 'annotations' && name !== 'labels' && isSet(metadata[name]))
      errors.push(forbiddenField(`${field}.${name}`, 'cannot be set'));
}

export function checkEphemeralVolume(errors: FieldError[], field: string, source: any, context: VolumeContext): void {
  const template = source.volumeClaimTemplate;
  if (!template) errors.push(required(`${field}.volumeClaimTemplate`));
  else {
    checkTemplateMeta(errors, `${field}.volumeClaimTemplate.metadata`, template.metadata ?? {});
    checkClaimSpec(errors, `${field}.volumeClaimTemplate.spec`, template.spec ?? {});
  }
  const { volume, podName } = context;
  if (!podName || !volume.name) return;
  const claim = `${podName}-${volume.name}`;
  for (const text of nameIsDNSSubdomain(claim, false))
    errors.push(invalidValue(`${field}.name`, volume.name, `PVC name "${claim}": ${text}`));
}
