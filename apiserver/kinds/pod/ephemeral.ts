// pods/ephemeralcontainers: containers for debugging, which may be added to a running pod and never changed or removed.
// Mirrors: podEphemeralContainersStrategy in pkg/registry/core/pod/strategy.go, ValidatePodEphemeralContainersUpdate.
// Called by: ../pod.ts.
import { type FieldError, forbiddenField } from '../../../apimachinery/fieldErrors.ts';
import { diffLines, semanticEqual } from '../equal.ts';
import { keepMetadata } from '../keepMetadata.ts';
import type { Subresource } from '../kind.ts';
import { mirrorAnnotation } from './annotations.ts';
import { bumpGeneration } from './generation.ts';
import { checkAnnotationUpdates } from './update.ts';
import { validatePod } from './validatePod.ts';

function keep(pod: any, old: any): void {
  const containers = pod.spec?.ephemeralContainers;
  pod.spec = { ...old.spec, ephemeralContainers: containers };
  if (!containers?.length) delete pod.spec.ephemeralContainers;
  pod.status = old.status;
  keepMetadata(pod, old);
  bumpGeneration(pod, old);
}

function validateUpdate(pod: any, old: any): FieldError[] {
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined)
    return [forbiddenField('', 'static pods do not support ephemeral containers')];
  const errors = validatePod(pod);
  checkAnnotationUpdates(errors, pod, old);
  const now: any[] = pod.spec.ephemeralContainers ?? [];
  for (const was of old.spec.ephemeralContainers ?? []) {
    const is = now.find((c) => c.name === was.name);
    const text = `existing ephemeral containers ${JSON.stringify(was.name)} may not be`;
    if (!is) errors.push(forbiddenField('spec.ephemeralContainers', `${text} removed\n`));
    else if (!semanticEqual(was, is))
      errors.push(forbiddenField('spec.ephemeralContainers', `${text} changed\n${diffLines(was, is).join('\n')}`));
  }
  return errors;
}

export const ephemeralContainers: Subresource = {
  name: 'ephemeralcontainers',
  verbs: ['get', 'patch', 'update'],
  keep,
  validateUpdate,
  resets: ['status', 'metadata.labels', 'metadata.annotations', 'metadata.finalizers', 'metadata.ownerReferences'],
};
