// PriorityClass: a name for how important pods are, and whether they may push others out.
// Read by the API server's mechanisms. Mirrors: pkg/registry/scheduling/priorityclass, pkg/apis/scheduling/{v1,validation}, pkg/printers.
// Next: admission resolves the name to a number in pods; the scheduler reads the number.
import { type FieldError, forbiddenField, immutable } from '../../apimachinery/fieldErrors.ts';
import { ageColumn, booleanColumn, column, countColumn, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';
import { checkPreemptionPolicy } from './pod/containers.ts';

/** Higher ones are for what the cluster itself needs. */
const highestOfUsers = 1_000_000_000;
const systemPrefix = 'system-';
const ofSystem = new Map([
  ['system-node-critical', 2_000_001_000],
  ['system-cluster-critical', 2_000_000_000],
]);

/** Why this is none of the classes that come with the system; undefined when it is. */
function notOfSystem({ metadata: { name }, value, globalDefault }: any): string | undefined {
  const known = ofSystem.get(name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validateCreate(object: any): FieldError[] {
  const errors: FieldError[] = [];
  if (object.metadata.name.startsWith(systemPrefix)) {
    const why = notOfSystem(object);
    const text = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${why}`;
    if (why) errors.push(forbiddenField('metadata.name', text));
  } else if (object.value > highestOfUsers)
    errors.push(forbiddenField('value', `maximum allowed value of a user defined priority is ${highestOfUsers}`));
  checkPreemptionPolicy(errors, 'preemptionPolicy', object.preemptionPolicy);
  return errors;
}

function validateUpdate(object: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  if (object.value !== old.value) errors.push(forbiddenField('value', 'may not be changed in an update.'));
  if (object.preemptionPolicy !== old.preemptionPolicy)
    errors.push(immutable('preemptionPolicy', object.preemptionPolicy));
  return errors;
}

export const priorityClass = defineKind({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  schema: 'io.k8s.api.scheduling.v1.PriorityClass',
  storage: 'priorityclasses',
  defaults: (object) => {
    object.value ??= 0;
    object.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validateCreate,
  validateUpdate,
  // It starts at 1 and stays there.
  generation: () => false,
  columns: [
    nameColumn,
    countColumn('Value', 'The priority: higher goes first.', (o) => o.value),
    booleanColumn('Global-Default', 'Whether pods without a class get this one.', (o) => o.globalDefault ?? false),
    ageColumn,
    column('PreemptionPolicy', 'Whether its pods push others out.', (o) => o.preemptionPolicy ?? ''),
  ],
});
