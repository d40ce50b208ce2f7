// Rules and defaults of what a claim asks for, wherever it is written: in a claim, a StatefulSet's template or a pod's ephemeral volume.
// Mirrors: ValidatePersistentVolumeClaimSpec in pkg/apis/core/validation/validation.go, pkg/api/persistentvolumeclaim/util.go.
// Used by: ../persistentVolumeClaim.ts, ../statefulSet.ts, ../pod/ephemeralVolume.ts.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { validateLabelSelector } from '../../../apimachinery/labelSelector.ts';
import { isDNS1123Subdomain, nameIsDNSLabel, nameIsDNSSubdomain } from '../../../apimachinery/names.ts';
import { milliValue, parseQuantity, quantityText, signOf } from '../../../apimachinery/quantity.ts';
import { checkOneOf, checkRequired, pushTexts } from '../check.ts';
import { nullTimes } from '../pod/statusDefaults.ts';
import { roundAmounts, roundResources } from '../resourceLists.ts';

const accessModes: readonly string[] = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const volumeModes: readonly string[] = ['Block', 'Filesystem'];

/** Of claims and of volumes alike; `alone` is said when a mode for one pod alone stands beside others. */
export function checkAccessModes(errors: FieldError[], field: string, modes: readonly string[], alone: string): void {
  for (const mode of modes) if (!accessModes.includes(mode)) errors.push(notSupported(field, mode, accessModes));
  const others = modes.some((m) => m !== 'ReadWriteOncePod' && accessModes.includes(m));
  if (modes.includes('ReadWriteOncePod') && others) errors.push(forbiddenField(field, alone));
}

function checkDataSource(errors: FieldError[], field: string, source: any): void {
  checkRequired(errors, `${field}.name`, source.name);
  checkRequired(errors, `${field}.kind`, source.kind);
  const group = source.apiGroup ?? '';
  if (!group && source.kind !== 'PersistentVolumeClaim')
    errors.push(
      invalidValue(field, source.kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
    );
  if (group) pushTexts(errors, `${field}.apiGroup`, group, isDNS1123Subdomain(group));
  if (source.namespace)
    pushTexts(errors, `${field}.namespace`, source.namespace, nameIsDNSLabel(source.namespace, false));
}

/** The old field and the new one must say the same; the value of these refusals is upstream's. */
function checkBothSources(errors: FieldError[], field: string, source: any, ref: any): void {
  if (!source || !ref) return;
  if (ref.namespace)
    errors.push(invalidValue(field, {}, 'may not be specified when dataSourceRef.namespace is specified'));
  else if (['apiGroup', 'kind', 'name'].some((key) => (source[key] ?? '') !== (ref[key] ?? '')))
    errors.push(invalidValue(field, {}, 'must match dataSourceRef'));
}

function checkSize(errors: FieldError[], field: string, storage: string | undefined): void {
  if (storage === undefined) errors.push(required(field));
  else if (signOf(parseQuantity(storage)) <= 0)
    errors.push(invalidValue(field, quantityText(parseQuantity(storage)), 'must be greater than zero'));
}

export function checkClaimSpec(errors: FieldError[], field: string, spec: any): void {
  const modes: string[] = spec.accessModes ?? [];
  if (!modes.length) errors.push(required(`${field}.accessModes`, 'at least 1 access mode is required'));
  if (spec.selector) errors.push(...validateLabelSelector(spec.selector, `${field}.selector`));
  checkAccessModes(errors, `${field}.accessModes`, modes, 'may not use ReadWriteOncePod with other access modes');
  checkSize(errors, `${field}.resources[storage]`, spec.resources?.requests?.storage);
  const checkClass = (name: string) => {
    if (spec[name]) pushTexts(errors, `${field}.${name}`, spec[name], nameIsDNSSubdomain(spec[name], false));
  };
  checkClass('storageClassName');
  checkOneOf(errors, `${field}.volumeMode`, spec.volumeMode, volumeModes);
  if (spec.dataSource) checkDataSource(errors, `${field}.dataSource`, spec.dataSource);
  if (spec.dataSourceRef) checkDataSource(errors, `${field}.dataSourceRef`, spec.dataSourceRef);
  checkBothSources(errors, field, spec.dataSource, spec.dataSourceRef);
  checkClass('volumeAttributesClassName');
}

export function defaultClaim(claim: any): void {
  claim.spec ??= {};
  claim.spec.volumeMode ??= 'Filesystem';
  claim.spec.resources ??= {};
  roundResources(claim.spec.resources);
  // Go writes the group out, named or not.
  for (const source of [claim.spec.dataSource, claim.spec.dataSourceRef]) if (source) source.apiGroup ??= null;
  claim.status ??= {};
  claim.status.phase ||= 'Pending';
  roundAmounts(claim.status.capacity);
  roundAmounts(claim.status.allocatedResources);
  nullTimes(claim.status.conditions, 'lastProbeTime', 'lastTransitionTime');
}

/** Sizes of less than a byte are taken, and are most likely a slip. */
export function claimSpecWarnings(field: string, spec: any): string[] {
  return ['requests', 'limits'].flatMap((list) => {
    const storage = spec?.resources?.[list]?.storage;
    if (storage === undefined || milliValue(parseQuantity(storage)) % 1000 === 0) return [];
    const text = JSON.stringify(quantityText(parseQuantity(storage)));
    return [`${field}.resources.${list}[storage]: fractional byte value ${text} is invalid, must be an integer`];
  });
}
