// What both kinds of flow control have alike: conditions, a status of its own, fixed specs of mandatory objects.
// Mirrors: pkg/apis/flowcontrol/validation/validation.go, the strategies of pkg/registry/flowcontrol.
// Used by: ../flowSchema.ts, ../priorityLevelConfiguration.ts.
import { duplicate, type FieldError, required } from '../../../apimachinery/fieldErrors.ts';
import type { Subresource } from '../kind.ts';

export function validateStatus({ status }: any): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { type = '' }] of (status?.conditions ?? []).entries()) {
    const field = `status.conditions[${i}].type`;
    if (seen.has(type)) errors.push(duplicate(field, type));
    seen.add(type);
    if (!type) errors.push(required(field, 'must not be empty'));
  }
  return errors;
}

/** A write of status changes nothing else, metadata included. */
export const statusAlone: Subresource = {
  name: 'status',
  verbs: ['get', 'patch', 'update'],
  keep: (object, old) => {
    const { managedFields, resourceVersion } = object.metadata;
    object.metadata = { ...old.metadata, resourceVersion };
    if (managedFields) object.metadata.managedFields = managedFields;
    object.spec = old.spec;
  },
  validateUpdate: validateStatus,
  resets: ['spec', 'metadata'],
};

/** An object as Go prints a struct without JSON names: `fields` in Go's order, null for what is not set. */
export const goStruct = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value ?? null]));
