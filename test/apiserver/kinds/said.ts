// What the rules of a kind say of an object, as one text a broken rule: `spec.ports: Required value`.
import { errorBody, type FieldError } from '../../../apimachinery/fieldErrors.ts';
import type { Kind } from '../../../apiserver/kinds/kind.ts';

export const texts = (errors: readonly FieldError[] | undefined): string[] =>
  (errors ?? []).map((e) => `${e.field}: ${errorBody(e)}`);

/** An object of the kind with its defaults, as the handlers have it when they validate. */
export function made(kind: Kind, fields: Record<string, unknown>, metadata: Record<string, unknown> = {}): any {
  const apiVersion = kind.group ? `${kind.group}/${kind.version}` : kind.version;
  const namespace = kind.namespaced ? { namespace: 'default' } : {};
  const object = {
    apiVersion,
    kind: kind.kind,
    metadata: { name: 'x', ...namespace, ...metadata },
    ...structuredClone(fields),
  };
  kind.defaults?.(object);
  return object;
}

/** Both rules of a creation; the object must come out unchanged. */
export function created(kind: Kind, object: any): string[] {
  const before = structuredClone(object);
  const errors = [...(kind.validate?.(object) ?? []), ...(kind.validateCreate?.(object) ?? [])];
  if (JSON.stringify(before) !== JSON.stringify(object)) throw new Error('validation changed its input');
  return texts(errors);
}

export const updated = (kind: Kind, object: any, old: any): string[] =>
  texts([...(kind.validate?.(object) ?? []), ...(kind.validateUpdate?.(object, old) ?? [])]);

/** The cells of -o wide by column name. */
export const cells = (kind: Kind, object: any, now = 0): Record<string, unknown> =>
  Object.fromEntries((kind.columns ?? []).map((c) => [c.name, c.value(object, now)]));
