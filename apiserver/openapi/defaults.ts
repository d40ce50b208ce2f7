// What version 3 says of defaults: what Go writes for a field that nobody set, and the few values that upstream's markers name.
// Reads: defaults.json, which knows by type what the facts do not: the structs that are no pointers (`values`), the required fields
// that are (`pointers`), and the marked values (`named`). Mirrors: mustEnforceDefault of kube-openapi's generator. Used by document.ts.
import { readFileSync } from 'node:fs';
import type { OpenAPISchema } from '../../apimachinery/schema.ts';

interface Facts {
  values: Record<string, string[]>;
  pointers: Record<string, string[]>;
  named: Record<string, Record<string, unknown>>;
}
/** The definition of that full name. */
type LookUp = (name: string) => OpenAPISchema | undefined;
/** A definition by its full name with the defaults of its fields; the one given is not changed. */
export type WithDefaults = (name: string, schema: OpenAPISchema) => OpenAPISchema;

/** What every object has by value. */
const always = ['metadata', 'spec', 'status'];
const zeros: Record<string, unknown> = { boolean: false, integer: 0, number: 0, string: '' };

/** Holds on to the facts that it read, so drop it when the documents are made. */
export function defaultsReader(lookUp: LookUp): WithDefaults {
  const facts: Facts = JSON.parse(readFileSync(new URL('./defaults.json', import.meta.url), 'utf8'));
  return (name, schema) => {
    if (!schema.properties) return schema;
    const type = name.slice(name.lastIndexOf('.') + 1);
    const fields = Object.entries(schema.properties).map(([field, property]) => {
      const within = inElements(property, lookUp);
      const value = defaultOf(facts, type, field, schema, lookUp);
      return [field, value === undefined ? within : { ...within, default: value }];
    });
    return { ...schema, properties: Object.fromEntries(fields) };
  };
}

function defaultOf({ values, pointers, named }: Facts, type: string, field: string, of: OpenAPISchema, lookUp: LookUp) {
  const property = of.properties![field]!;
  const marked = named[type]?.[field];
  if (marked !== undefined) return marked;
  if (pointers[type]?.includes(field)) return undefined;
  const written = property.$ref
    ? always.includes(field) || values[type]?.includes(field)
    : of.required?.includes(field);
  return written ? zeroOf(property, lookUp) : undefined;
}

/** Go's zero; types that write themselves, such as times and quantities, have none, and neither have lists and maps. */
function zeroOf({ $ref, type, format }: OpenAPISchema, lookUp: LookUp): unknown {
  if ($ref) return lookUp($ref.slice('#/definitions/'.length))?.properties ? {} : undefined;
  return format === 'byte' ? undefined : zeros[type ?? ''];
}

/** Elements of lists and maps are never pointers. */
function inElements(property: OpenAPISchema, lookUp: LookUp): OpenAPISchema {
  const { items, additionalProperties: values } = property;
  if (items) return { ...property, items: element(items, lookUp) };
  return typeof values === 'object' ? { ...property, additionalProperties: element(values, lookUp) } : property;
}

function element(schema: OpenAPISchema, lookUp: LookUp): OpenAPISchema {
  const zero = zeroOf(schema, lookUp);
  if (zero === undefined) return inElements(schema, lookUp);
  const { $ref, ...rest } = schema;
  return $ref ? { allOf: [{ $ref }], ...rest, default: zero } : { ...rest, default: zero };
}
