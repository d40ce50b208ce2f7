// Paths through a schema as rules and selectable fields write them: `.spec.items`, `.metadata['name']`.
// Mirrors: ValidFieldPath in apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go.
// Used by: compiledRules.ts, ../validation/ruleRules.ts and selectableRules.ts.
import { itemsOf, type JSONSchema, valuesOf } from '../schema/jsonSchema.ts';

export interface FoundPath {
  /** As errors print it: `spec.items`, `map[key]`. */
  text: string;
  first: string;
  schema: JSONSchema;
}

/** Throws an Error that says why this is no path in the schema. `lists`: items may be pointed at. */
export function fieldPathIn(path: string, root: JSONSchema, lists = true): FoundPath {
  if (!path) throw new Error('must not be empty');
  const scanner = /\.([A-Za-z_][A-Za-z0-9_]*)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]/y;
  let schema = root;
  let text = '';
  let first = '';
  while (scanner.lastIndex < path.length) {
    const at = scanner.lastIndex;
    const found = scanner.exec(path);
    if (!found) throw new Error(unreadable(path, at));
    if (found[4] !== undefined) {
      if (!lists) throw new Error('array notation is not supported');
      throw new Error(`does not support list index: ${path}`);
    }
    const name = found[1] ?? (found[2] ?? found[3]!).replace(/\\(.)/g, '$1');
    const property = schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    const values = valuesOf(schema);
    if (property) text += text ? `.${name}` : name;
    else if (values) text += `[${name}]`;
    else throw new Error(`does not refer to a valid field`);
    schema = property ?? values!;
    if (!first) first = name;
    if (itemsOf(schema) && scanner.lastIndex < path.length && !lists) throw new Error(`does not support list indexing`);
  }
  return { text, first, schema };
}

function unreadable(path: string, at: number): string {
  return at === 0
    ? `expected [ or . but got: ${path.slice(0, 1)}`
    : `expected [ or . but got: ${path.slice(at, at + 1)}`;
}

/** Undefined: it is no path of this schema. */
export function normalFieldPath(path: string, schema: JSONSchema): string | undefined {
  try {
    return fieldPathIn(path.trim(), schema).text;
  } catch {
    return undefined;
  }
}
