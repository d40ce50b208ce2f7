// The fewest bytes that a value of a schema takes in JSON: how often it can stand in one request.
// Mirrors: MinSerializedSize in apiserver/pkg/cel/common/schemas.go. Used by: ruleRules.ts.
import type { JSONSchema } from '../schema/jsonSchema.ts';

export function smallestSize(s: JSONSchema): number {
  if (s['x-kubernetes-int-or-string']) return 1;
  switch (s.type) {
    case 'boolean':
      return 4;
    case 'number':
    case 'integer':
      return 1;
    case 'object':
      return s.additionalProperties && typeof s.additionalProperties === 'object' ? 2 : smallestObject(s);
    case 'string':
      return s.format === 'date' ? 12 : s.format === 'date-time' ? 21 : s.format === 'duration' ? 3 : 2;
    default:
      return 2;
  }
}

function smallestObject(s: JSONSchema): number {
  let bytes = 2;
  for (const name of s.required ?? []) {
    const property = s.properties?.[name];
    if (property && property.default === undefined) bytes += Buffer.byteLength(name) + smallestSize(property) + 4;
  }
  return bytes;
}
