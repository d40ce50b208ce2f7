// The fields of a version's selectableFields, as field selectors name and compare them.
// Mirrors: customResourceStrategy.selectableFields in apiextensions-apiserver/pkg/registry/customresource/strategy.go.
import type { KubeObject } from '../../../apimachinery/types.ts';
import { valueAt } from './scale.ts';

type Reader = (object: any) => string;

/** `.spec.host` is selected by as `spec.host`; an absent value is empty. */
export function selectableFieldsOf(fields: readonly { jsonPath: string }[] | undefined): Record<string, Reader> {
  const out: Record<string, Reader> = {};
  for (const { jsonPath } of fields ?? []) {
    out[jsonPath.replace(/^\./, '')] = (object) => String(valueAt(object, jsonPath) ?? '');
  }
  return out;
}

/** All of them at once; undefined when there are none. */
export function selectableValues(
  fields: readonly { jsonPath: string }[] | undefined,
): ((object: KubeObject) => Record<string, string>) | undefined {
  if (!fields?.length) return undefined;
  const readers = Object.entries(selectableFieldsOf(fields));
  return (object) => Object.fromEntries(readers.map(([name, read]) => [name, read(object)]));
}
