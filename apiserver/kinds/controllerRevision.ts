// ControllerRevision: a frozen copy of what a StatefulSet or DaemonSet once asked for, to roll back to.
// Read by the API server's mechanisms. Mirrors: ValidateControllerRevision* in pkg/apis/apps/validation, pkg/registry/apps/controllerrevision.
// Next: statefulSet.ts and daemonSet.ts, whose controllers write them.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { type FieldError, immutable, required } from '../../apimachinery/fieldErrors.ts';
import { controllerOf } from '../../apimachinery/ownerRef.ts';
import { checkNotNegative } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';

function validateCreate(revision: any): FieldError[] {
  const { data } = revision;
  if (data === undefined || data === null) return [required('data', 'data is mandatory')];
  const isObject = typeof data === 'object' && !Array.isArray(data);
  return isObject ? [] : [required('data', 'data must be a valid JSON object')];
}

function validate(revision: any): FieldError[] {
  const errors: FieldError[] = [];
  checkNotNegative(errors, 'revision', revision.revision);
  return errors;
}

/** `statefulset.apps/web` */
function controller(revision: any): string {
  const owner = controllerOf(revision);
  if (!owner) return '<none>';
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
  return `${owner.kind}${group}`.toLowerCase().concat('/', owner.name);
}

export const controllerRevision = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.ControllerRevision',
  storage: 'controllerrevisions',
  defaults: (revision) => {
    revision.revision ??= 0;
  },
  validate,
  validateCreate,
  validateUpdate: (revision, old) => (deepEqual(revision.data, old.data) ? [] : [immutable('data', revision.data)]),
  columns: [
    nameColumn,
    column('Controller', 'Whose revision it is.', controller),
    column('Revision', 'Which one in the order of revisions.', (o) => o.revision),
    ageColumn,
  ],
});
