// LeaseCandidate: a process that would lead, with the versions by which the API server chooses among several.
// Read by the API server's mechanisms; beta: served when --runtime-config asks for it. Mirrors: pkg/apis/coordination/validation,
// pkg/registry/coordination/leasecandidate. Next: lease.ts, what the chosen one holds.
import { type FieldError, immutable, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { isConfigMapKey } from '../../apimachinery/names.ts';
import { compareSemvers, parseSemver } from '../../cel/libraries/semvers.ts';
import { checkRequired } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';
import { checkStrategy } from './lease.ts';

const versionText = 'must be a valid semantic version';

/** The version; undefined when the text is empty, or none and refused. */
function readVersion(errors: FieldError[], field: string, text: string) {
  const version = text ? parseSemver(text) : undefined;
  if (typeof version !== 'string') return version;
  errors.push(invalidValue(field, text, versionText));
  return undefined;
}

function checkVersions(errors: FieldError[], { emulationVersion = '', binaryVersion = '' }: any) {
  const emulated = readVersion(errors, 'spec.emulationVersion', emulationVersion);
  checkRequired(errors, 'spec.binaryVersion', binaryVersion);
  const binary = readVersion(errors, 'spec.binaryVersion', binaryVersion);
  const text = 'must be greater than or equal to `emulationVersion`';
  // One that is none counts as 0.0.0.
  if (emulated && binaryVersion && (!binary || compareSemvers(binary, emulated) < 0) && emulated.numbers.some(Boolean))
    errors.push(invalidValue('spec.binaryVersion', binaryVersion, text));
  return emulated;
}

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkRequired(errors, 'spec.leaseName', spec.leaseName);
  const emulated = checkVersions(errors, spec);
  if (!checkRequired(errors, 'spec.strategy', spec.strategy)) return errors;
  if (spec.strategy === 'OldestEmulationVersion' && !emulated?.numbers.some(Boolean))
    errors.push(required('spec.emulationVersion', "must be specified when `strategy` is 'OldestEmulationVersion'"));
  checkStrategy(errors, spec.strategy);
  return errors;
}

export const leaseCandidate = defineKind({
  group: 'coordination.k8s.io',
  version: 'v1beta1',
  kind: 'LeaseCandidate',
  plural: 'leasecandidates',
  namespaced: true,
  schema: 'io.k8s.api.coordination.v1beta1.LeaseCandidate',
  storage: 'leasecandidates',
  defaults: (object) => {
    object.spec ??= {};
  },
  validateName: (name) => isConfigMapKey(name),
  validate,
  validateUpdate: ({ spec }, old) =>
    spec.leaseName === old.spec.leaseName ? [] : [immutable('spec.leaseName', spec.leaseName)],
  createOnUpdate: true,
  unconditionalUpdate: false,
  columns: [
    nameColumn,
    column('LeaseName', 'The lease that it would hold.', ({ spec }) => spec?.leaseName ?? ''),
    column('BinaryVersion', 'The version of its program.', ({ spec }) => spec?.binaryVersion ?? ''),
    column('EmulationVersion', 'The version that it behaves as.', ({ spec }) => spec?.emulationVersion ?? ''),
    ageColumn,
  ],
});
