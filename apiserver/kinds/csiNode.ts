// CSINode: the storage drivers that a node has, by what name they know it, and how many volumes it takes.
// Read by the API server's mechanisms. Mirrors: pkg/registry/storage/csinode, pkg/apis/storage/validation, pkg/printers.
// Next: ../../kubelet/ writes it as drivers register; the scheduler counts by it.
import { duplicate, type FieldError, immutable, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { byteLength, isQualifiedName } from '../../apimachinery/names.ts';
import { checkNotNegative, pushTexts } from './check.ts';
import { ageColumn, countColumn, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';
import { checkDriverName } from './pod/volumes.ts';

const maxNodeID = 256;

function checkDriver(errors: FieldError[], field: string, driver: any): void {
  checkDriverName(errors, `${field}.name`, driver.name);
  const id = driver.nodeID ?? '';
  if (!id) errors.push(required(`${field}.nodeID`));
  if (byteLength(id) > maxNodeID)
    errors.push(invalidValue(`${field}.nodeID`, id, `must be ${maxNodeID} characters or less`));
  checkNotNegative(errors, `${field}.allocatable.count`, driver.allocatable?.count);
}

function checkTopologyKeys(errors: FieldError[], field: string, keys: string[]): void {
  const seen = new Set<string>();
  for (const key of keys) {
    if (!key) errors.push(required(field));
    if (seen.has(key)) errors.push(duplicate(field, key));
    seen.add(key);
    pushTexts(errors, field, key, isQualifiedName(key));
  }
}

function validate(object: any): FieldError[] {
  const errors: FieldError[] = [];
  const drivers: any[] = object.spec.drivers ?? [];
  const names = new Set<string>();
  drivers.forEach((driver, i) => {
    const field = `spec.drivers[${i}]`;
    checkDriver(errors, field, driver);
    if (names.has(driver.name)) errors.push(duplicate(`${field}.name`, driver.name));
    names.add(driver.name);
    checkTopologyKeys(errors, field, driver.topologyKeys ?? []);
  });
  return errors;
}

const withoutCount = ({ allocatable: _, ...driver }: any): any => driver;

/** A driver may come, go and change how many volumes it takes. */
function validateUpdate(object: any, old: any): FieldError[] {
  const before = new Map<string, any>((old.spec.drivers ?? []).map((driver: any) => [driver.name, driver]));
  return (object.spec.drivers ?? []).flatMap((is: any) => {
    const was = before.get(is.name);
    if (!was || semanticEqual(withoutCount(is), withoutCount(was))) return [];
    // Upstream shows the struct, with the names of its Go fields.
    const shown = { Name: is.name, NodeID: is.nodeID, TopologyKeys: is.topologyKeys ?? null, Allocatable: null };
    return [immutable('spec.drivers', shown)];
  });
}

export const csiNode = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.CSINode',
  storage: 'csinodes',
  defaults: (object) => {
    object.spec ??= {};
    // Go writes these lists out, empty or not.
    object.spec.drivers ??= null;
    for (const driver of object.spec.drivers ?? []) driver.topologyKeys ??= null;
  },
  validate,
  validateUpdate,
  unconditionalUpdate: false,
  deleteReturnsObject: true,
  columns: [
    nameColumn,
    countColumn('Drivers', 'How many drivers the node has.', (o) => o.spec?.drivers?.length),
    ageColumn,
  ],
});
