// StorageVersionMigration: asks that all objects of a resource be written again, so that they are stored in the newest version.
// Read by the API server's mechanisms; beta: served with its feature gate and --runtime-config. Mirrors: pkg/apis/storagemigration/validation,
// pkg/registry/storagemigration. Next: conditions.ts, the rules of its conditions.
import { isConditionTrue } from '../../apimachinery/conditions.ts';
import { type FieldError, immutable, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { checkRequired, notNegativeText } from './check.ts';
import { column, nameColumn } from './columns.ts';
import { checkConditions } from './conditions.ts';
import { keepMetadata } from './keepMetadata.ts';
import { defineKind } from './kind.ts';
import { statusSubresource } from './statusSubresource.ts';

const maxInt64 = 2n ** 63n - 1n;

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkRequired(errors, 'spec.resource.resource', spec.resource?.resource, 'resource is required');
  return errors;
}

/** The paths lack what stands before them, as upstream's do. */
function validateUpdate({ spec }: any, old: any): FieldError[] {
  return ['group', 'resource'].flatMap((name) => {
    const value = spec.resource?.[name] ?? '';
    return value === (old.spec.resource?.[name] ?? '') ? [] : [immutable(name, value)];
  });
}

function checkVersion(errors: FieldError[], text: string, before: string): void {
  const field = 'status.resourceVersion';
  const number = /^[+-]?\d+$/.test(text) ? BigInt(text) : undefined;
  const why = number === undefined ? 'invalid syntax' : 'value out of range';
  if (text && (number === undefined || number > maxInt64 || number < -maxInt64 - 1n)) {
    const quoted = JSON.stringify(text);
    const parsing = `failed to parse resource version ${quoted}: strconv.ParseInt: parsing ${quoted}: ${why}`;
    errors.push(invalidValue(field, text, parsing));
  } else if (number !== undefined && number < 0n) errors.push(invalidValue(field, number, notNegativeText));
  if (before && before !== text) errors.push(invalidValue(field, text, 'cannot be updated'));
}

const endings: [type: 'Succeeded' | 'Failed', name: string][] = [
  ['Succeeded', 'Success'],
  ['Failed', 'Failed'],
];

function validateStatus({ status = {} }: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  const { conditions } = status;
  const is = (type: string) => isConditionTrue(conditions, type);
  const refuse = (why: string) => errors.push(invalidValue('status.conditions', conditions ?? null, why));
  checkVersion(errors, status.resourceVersion ?? '', old.status?.resourceVersion ?? '');
  checkConditions(errors, 'status.conditions', conditions);
  if (is('Succeeded') && is('Failed')) refuse('Both success and failed conditions cannot be true at the same time');
  for (const [type, name] of endings)
    if (is(type) && is('Running'))
      refuse(`Running condition cannot be true when ${name.toLowerCase()} condition is true`);
  for (const [type, name] of endings)
    if (isConditionTrue(old.status?.conditions, type) && !is(type))
      refuse(`${name} condition cannot be set to false once it is true`);
  return errors;
}

export const storageVersionMigration = defineKind({
  group: 'storagemigration.k8s.io',
  version: 'v1beta1',
  kind: 'StorageVersionMigration',
  plural: 'storageversionmigrations',
  namespaced: false,
  schema: 'io.k8s.api.storagemigration.v1beta1.StorageVersionMigration',
  storage: 'storageversionmigrations',
  gate: 'StorageVersionMigrator',
  defaults: (object) => {
    object.spec ??= {};
  },
  validate,
  validateUpdate,
  unconditionalUpdate: false,
  subresources: [statusSubresource(validateStatus, { keep: keepMetadata, resets: ['metadata'] })],
  columns: [
    nameColumn,
    column('Resource', 'What is written again.', ({ spec }) => {
      const { group, resource = '' } = spec?.resource ?? {};
      return group ? `${resource}.${group}` : resource;
    }),
  ],
});
