// StorageClass: a kind of volumes that can be had, and who makes them.
// Read by the API server's mechanisms. Mirrors: pkg/registry/storage/storageclass, pkg/apis/storage/{v1/defaults,validation}, pkg/printers.
// Next: persistentVolumeClaim.ts names it; provisioners read it.
import { duplicate, type FieldError, immutable, notSupported, required } from '../../apimachinery/fieldErrors.ts';
import { isQualifiedName } from '../../apimachinery/names.ts';
import { checkOneOf, checkUnique, pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';
import { deprecatedLabel } from './pod/warnings.ts';
import { checkParameters, checkProvisioner, keptFields } from './storage/classRules.ts';

const bindingModes: readonly string[] = ['Immediate', 'WaitForFirstConsumer'];
const defaultMarks = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

function checkTerm(errors: FieldError[], field: string, expressions: any[]): void {
  const keys = new Set<string>();
  expressions.forEach((expression, i) => {
    const at = `${field}[${i}]`;
    const { key = '', values = [] } = expression;
    if (!values.length) errors.push(required(`${at}.values`));
    checkUnique(errors, values, (j) => `${at}.values[${j}]`);
    pushTexts(errors, `${at}.key`, key, isQualifiedName(key));
    if (keys.has(key)) errors.push(duplicate(`${at}.key`, key));
    keys.add(key);
  });
}

/** What a term says, whatever the order. */
const meaning = (expressions: any[]): string =>
  JSON.stringify(expressions.map((e) => [e.key, [...new Set<string>(e.values)].toSorted()]).toSorted());

function checkTopologies(errors: FieldError[], terms: any[]): void {
  // Upstream counts an empty term as a duplicate of one that is not there.
  const seen = new Set([meaning([])]);
  terms.forEach((term, i) => {
    const expressions = term.matchLabelExpressions ?? [];
    const field = `allowedTopologies[${i}].matchLabelExpressions`;
    checkTerm(errors, field, expressions);
    const means = meaning(expressions);
    if (seen.has(means)) errors.push(duplicate(field, ''));
    seen.add(means);
  });
}

function validate(object: any): FieldError[] {
  const errors: FieldError[] = [];
  checkProvisioner(errors, 'provisioner', object.provisioner);
  checkParameters(errors, object.parameters);
  checkOneOf(errors, 'reclaimPolicy', object.reclaimPolicy, ['Delete', 'Retain']);
  if (!bindingModes.includes(object.volumeBindingMode))
    errors.push(notSupported('volumeBindingMode', object.volumeBindingMode, bindingModes));
  checkTopologies(errors, object.allowedTopologies ?? []);
  return errors;
}

const warnings = (object: any): string[] =>
  (object.allowedTopologies ?? []).flatMap((term: any, i: number) =>
    (term.matchLabelExpressions ?? []).flatMap((expression: any, j: number) => {
      const text = deprecatedLabel(expression.key);
      return text ? [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${text}`] : [];
    }),
  );

const isDefault = (object: any): boolean => defaultMarks.some((mark) => object.metadata.annotations?.[mark] === 'true');

export const storageClass = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.StorageClass',
  storage: 'storageclasses',
  defaults: (object) => {
    object.reclaimPolicy ??= 'Delete';
    object.volumeBindingMode ??= 'Immediate';
  },
  validate,
  validateUpdate: (object, old) => [
    ...keptFields(object, old, ['parameters', 'provisioner', 'reclaimPolicy']),
    ...(object.volumeBindingMode === old.volumeBindingMode
      ? []
      : [immutable('volumeBindingMode', object.volumeBindingMode)]),
  ],
  warnings,
  deleteReturnsObject: true,
  columns: [
    { ...nameColumn, value: (o) => (isDefault(o) ? `${o.metadata.name} (default)` : o.metadata.name) },
    column('Provisioner', 'Who makes the volumes.', (o) => o.provisioner ?? ''),
    column('ReclaimPolicy', 'What becomes of a volume that is no longer claimed.', (o) => o.reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', 'When a volume is made: at once, or for the first pod.', (o) => o.volumeBindingMode),
    column('AllowVolumeExpansion', 'Whether claims may grow.', (o) => o.allowVolumeExpansion ?? false),
    ageColumn,
  ],
});
