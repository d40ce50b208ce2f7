// Namespace: a room for names. Its deletion takes two steps: it turns Terminating, and is gone once its finalizers are.
// Read by the API server's mechanisms. Mirrors: pkg/registry/core/namespace, pkg/apis/core/validation (ValidateNamespace*).
// Next: ../admission/namespaceLifecycle.ts, which keeps others out of a Terminating one; the namespace controller empties it.
import { type FieldError, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { isQualifiedName, nameIsDNSLabel } from '../../apimachinery/names.ts';
import { pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';
import { nullTimes } from './pod/statusDefaults.ts';

const ownFinalizer = 'kubernetes';
const unqualified = new Set([ownFinalizer, 'orphan', 'foregroundDeletion']);
const nameLabel = 'kubernetes.io/metadata.name';

function finalizerErrors(field: string, name: string): FieldError[] {
  const errors: FieldError[] = [];
  pushTexts(errors, field, name, isQualifiedName(name));
  if (!name.includes('/') && !unqualified.has(name)) {
    errors.push(invalidValue(field, name, 'name is neither a standard finalizer name nor is it fully qualified'));
  }
  return errors;
}

function defaults(namespace: any): void {
  namespace.spec ??= {};
  namespace.status ??= {};
  namespace.status.phase ||= 'Active';
  nullTimes(namespace.status.conditions, 'lastTransitionTime');
  const name = namespace.metadata.name;
  if (!name) return;
  namespace.metadata.labels ??= {};
  namespace.metadata.labels[nameLabel] = name;
}

function prepareCreate(namespace: any): void {
  // Once more: a generated name comes after the defaults.
  defaults(namespace);
  namespace.status = { phase: 'Active' };
  const finalizers: string[] = namespace.spec.finalizers ?? [];
  namespace.spec.finalizers = finalizers.includes(ownFinalizer) ? finalizers : [...finalizers, ownFinalizer];
}

/** spec holds finalizers alone, which the `finalize` subresource changes. */
function keepSpec(namespace: any, old: any): void {
  if (old.spec === undefined) delete namespace.spec;
  else namespace.spec = structuredClone(old.spec);
}

function statusErrors(namespace: any): FieldError[] {
  const phase = namespace.status?.phase ?? '';
  const ending = Boolean(namespace.metadata.deletionTimestamp);
  if (phase === (ending ? 'Terminating' : 'Active')) return [];
  const rule = ending
    ? "'Terminating' if `deletionTimestamp` is not empty"
    : "'Active' if `deletionTimestamp` is empty";
  return [invalidValue('status.Phase', phase, `may only be ${rule}`)];
}

export const namespace = defineKind({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  schema: 'io.k8s.api.core.v1.Namespace',
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  storage: 'namespaces',
  defaults,
  prepareCreate,
  prepareUpdate: keepSpec,
  validateName: nameIsDNSLabel,
  validateCreate: (object) =>
    (object.spec?.finalizers ?? []).flatMap((f: string) => finalizerErrors('spec.finalizers', f)),
  markDeleted(object) {
    object.status = { ...object.status, phase: 'Terminating' };
    delete object.metadata.deletionGracePeriodSeconds;
  },
  heldByFinalizers: (object) => Boolean(object.spec?.finalizers?.length),
  subresources: [
    {
      name: 'status',
      verbs: ['get', 'patch', 'update'],
      keep: keepSpec,
      validateUpdate: statusErrors,
      resets: ['spec'],
    },
    {
      name: 'finalize',
      verbs: ['update'],
      keep(object, old) {
        object.status = structuredClone(old.status);
      },
      validateUpdate: (object) =>
        (object.spec?.finalizers ?? []).flatMap((f: string, i: number) => finalizerErrors(`spec.finalizers[${i}]`, f)),
      resets: ['status'],
    },
  ],
  selectableFields: { 'status.phase': (o) => o.status?.phase ?? '' },
  columns: [
    nameColumn,
    column('Status', 'Active, or Terminating while it is emptied.', (o) => o.status?.phase ?? ''),
    ageColumn,
  ],
});
