// What mutating policies make: applied objects of any fields, steps of JSON patches, and keys within their paths.
// Mirrors: apiserver/pkg/cel/mutation (DynamicTypeResolver, JSONPatchType, dynamic.ObjectType) and pkg/cel/library/jsonpatch.go.
// Used by: ../cel.ts, where `patches` is asked for; apiserver/kinds/admission/mutatingPolicy.ts.
import { type Overload, overload } from '../libraries/declare.ts';
import { type CelField, type CelType, dynType, type ObjectType, objectType, stringType } from '../types.ts';

/** Whatever the field is called, it is there, and may hold anything. */
class AnyField extends Map<string, CelField> {
  override get(_name: string): CelField {
    return { type: dynType };
  }
}

/** `Object`, `Object.spec`, `Object.spec.template`: called after where they stand. */
const patchObject = (name: string): ObjectType => ({ kind: 'object', name, fields: new AnyField() });

export const appliedType: CelType = patchObject('Object');
export const patchStepType: CelType = objectType('JSONPatch', {
  op: stringType,
  path: stringType,
  from: stringType,
  value: dynType,
});

export function patchType(name: string): CelType | undefined {
  if (name === 'JSONPatch') return patchStepType;
  return name === 'Object' || name.startsWith('Object.') ? patchObject(name) : undefined;
}

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

export const patchLibrary: Overload[] = [
  overload('jsonpatch.escapeKey', 'string_jsonpatch_escapeKey_string', '(string) -> string', escaped),
];
