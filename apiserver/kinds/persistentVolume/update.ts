// What of a PersistentVolume stays: where its bytes are, how they look, and from where they can be reached.
// Mirrors: ValidatePersistentVolumeUpdate in pkg/apis/core/validation/validation.go.
// Used by: ../persistentVolume.ts.
import { type FieldError, forbiddenField, immutable, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { diffLines, semanticEqual } from '../equal.ts';
import { labelSuccessor } from '../pod/warnings.ts';
import { sourceNames } from './sources.ts';

const sourcesOf = (spec: any): any =>
  Object.fromEntries(sourceNames.filter((name) => spec[name]).map((name) => [name, spec[name]]));

/** The secret for growing a CSI volume may be added once. */
function comparable(spec: any, old: any): any {
  const sources = sourcesOf(spec);
  if (!sources.csi?.controllerExpandSecretRef || !old.csi || old.csi.controllerExpandSecretRef) return sources;
  const { controllerExpandSecretRef: _, ...csi } = sources.csi;
  return { ...sources, csi };
}

/** The old affinity, each label in its new name where the new one says so already. */
function renamed(old: any, now: any): any {
  const result = structuredClone(old);
  (result?.required?.nodeSelectorTerms ?? []).forEach((term: any, i: number) => {
    for (const list of ['matchExpressions', 'matchFields'])
      (term[list] ?? []).forEach((requirement: any, j: number) => {
        const key = now?.required?.nodeSelectorTerms?.[i]?.[list]?.[j]?.key;
        if (key !== undefined && labelSuccessor(requirement.key) === key) requirement.key = key;
      });
  });
  return result;
}

export function validateUpdate(volume: any, before: any): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = volume;
  const { spec: old } = before;
  const [now, was] = [comparable(spec, old), sourcesOf(old)];
  if (!semanticEqual(now, was))
    errors.push(
      forbiddenField(
        'spec.persistentvolumesource',
        `spec.persistentvolumesource is immutable after creation\n${diffLines(was, now).join('\n')}`,
      ),
    );
  if (spec.volumeMode !== old.volumeMode) errors.push(immutable('volumeMode', spec.volumeMode));
  const affinity = spec.nodeAffinity ?? null;
  if (old.nodeAffinity && !semanticEqual(affinity, renamed(old.nodeAffinity, affinity)))
    errors.push(
      invalidValue('nodeAffinity', affinity, 'field is immutable, except for updating from beta label to GA'),
    );
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined)
    errors.push(forbiddenField('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  return errors;
}
