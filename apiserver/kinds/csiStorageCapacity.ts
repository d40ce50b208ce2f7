// CSIStorageCapacity: how much of a class of storage there is at some nodes.
// Read by the API server's mechanisms. Mirrors: pkg/registry/storage/csistoragecapacity, pkg/apis/storage/validation, pkg/printers.
// Next: the scheduler reads it for claims that wait for their first pod.
import { type FieldError, immutable, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { validateLabelSelector } from '../../apimachinery/labelSelector.ts';
import { nameIsDNSSubdomain } from '../../apimachinery/names.ts';
import { canonicalQuantity, parseQuantity, quantityText, signOf } from '../../apimachinery/quantity.ts';
import { notNegativeText, pushTexts } from './check.ts';
import { column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';
import { deprecatedLabel, labelWarnings } from './pod/warnings.ts';

function check(object: any, allowInvalidValues = false): FieldError[] {
  const errors = validateLabelSelector(object.nodeTopology, 'nodeTopology', { allowInvalidValues });
  const className = object.storageClassName ?? '';
  pushTexts(errors, 'storageClassName', className, nameIsDNSSubdomain(className, false));
  if (object.capacity === undefined) return errors;
  const amount = parseQuantity(object.capacity);
  if (signOf(amount) < 0) errors.push(invalidValue('capacity', quantityText(amount), notNegativeText));
  return errors;
}

/** What the driver was asked stays; the answer may change. */
function validateUpdate(object: any, old: any): FieldError[] {
  const errors = check(object, validateLabelSelector(old.nodeTopology, '').length > 0);
  if (!semanticEqual(object.nodeTopology, old.nodeTopology))
    errors.push(immutable('nodeTopology', object.nodeTopology ?? null));
  if (object.storageClassName !== old.storageClassName)
    errors.push(immutable('storageClassName', object.storageClassName ?? ''));
  return errors;
}

const warnings = ({ nodeTopology }: any): string[] => [
  ...labelWarnings('nodeTopology', nodeTopology),
  ...Object.keys(nodeTopology?.matchLabels ?? {}).flatMap((key) => {
    const text = deprecatedLabel(key);
    return text ? [`nodeTopology.matchLabels.${key}: ${text}`] : [];
  }),
];

export const csiStorageCapacity = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  namespaced: true,
  schema: 'io.k8s.api.storage.v1.CSIStorageCapacity',
  storage: 'csistoragecapacities',
  validateCreate: (object) => check(object),
  validateUpdate,
  warnings,
  unconditionalUpdate: false,
  columns: [
    nameColumn,
    column('StorageClassName', 'The class that it counts for.', (o) => o.storageClassName ?? ''),
    column('Capacity', 'How much there is.', (o) =>
      o.capacity === undefined ? '<unset>' : canonicalQuantity(o.capacity),
    ),
  ],
});
