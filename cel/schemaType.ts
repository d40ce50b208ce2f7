// The CEL type of an OpenAPI v3 schema, with the sizes that bound the cost of an expression over it.
// Reads: structural schemas of CustomResourceDefinitions, schemas of built-in kinds. Writes: CelTypes.
// Mirrors: apiserver/pkg/cel/common/schemas.go (SchemaDeclType), types.go (MaybeAssignTypeName), limits.go.
// Next: the checker selects fields of it; eval/adapt.ts makes CEL values of JSON by it.
import { escapeName } from './escape.ts';
import {
  boolType,
  bytesType,
  type CelField,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  stringType,
  timestampType,
} from './types.ts';

type Schema = Record<string, any>;
/** A type, and the fewest bytes that a value of it takes in JSON. */
interface Sized {
  type: CelType;
  bytes: number;
}

const maxRequest = 3 * 1024 * 1024;
const dateSize = 12;
const minDateTime = 21;
const maxDateTime = 32;
const minDuration = 3;
const maxDuration = 32;

export interface SchemaTypeOptions {
  /** The schema is of a whole object, which has apiVersion, kind and metadata's names whatever it says. */
  resourceRoot?: boolean;
  /** How error texts call the type; types of fields are called `name.field`. */
  name?: string;
}

/** Undefined: a rule cannot see it (no type, or unknown fields only). */
export function celTypeOf(schema: Schema, options: SchemaTypeOptions = {}): CelType | undefined {
  return sized(schema, options.resourceRoot === true, options.name ?? 'selfType')?.type;
}

function sized(schema: Schema, isRoot: boolean, name: string): Sized | undefined {
  if (schema['x-kubernetes-int-or-string'])
    return { type: { ...dynType, maxSize: maxLength(schema, maxRequest - 2) } as CelType, bytes: 1 };
  const s = isRoot ? withObjectMeta(schema) : schema;
  switch (s.type) {
    case 'array':
      return arrayType(s, name);
    case 'object':
      return s.additionalProperties !== null && typeof s.additionalProperties === 'object'
        ? additional(s, name)
        : properties(s, name);
    case 'string':
      return text(s);
    case 'boolean':
      return { type: boolType, bytes: 4 };
    case 'number':
      return { type: doubleType, bytes: 1 };
    case 'integer':
      return { type: intType, bytes: 1 };
    default:
      return undefined;
  }
}

const embedded = (s: Schema) => s['x-kubernetes-embedded-resource'] === true;
const limit = (n: number) => Math.max(0, n);
/** Characters may take four bytes each. */
const maxLength = (s: Schema, otherwise: number) =>
  typeof s.maxLength === 'number' ? limit(s.maxLength) * 4 : otherwise;

function arrayType(s: Schema, name: string): Sized | undefined {
  if (!s.items) return undefined;
  const items = sized(s.items, embedded(s.items), `${name}.@idx`);
  if (!items) return undefined;
  const maxSize = typeof s.maxItems === 'number' ? limit(s.maxItems) : Math.floor((maxRequest - 2) / (items.bytes + 1));
  const listType = s['x-kubernetes-list-type'];
  const marked = listType === 'set' || listType === 'map' ? { listType, mapKeys: s['x-kubernetes-list-map-keys'] } : {};
  return { type: { kind: 'list', elem: items.type, maxSize, ...marked }, bytes: 2 };
}

function additional(s: Schema, name: string): Sized | undefined {
  const values = sized(s.additionalProperties, embedded(s.additionalProperties), `${name}.@elem`);
  if (!values) return undefined;
  const fitting = Math.floor((maxRequest - 2) / (values.bytes + 6));
  const maxSize = typeof s.maxProperties === 'number' ? limit(s.maxProperties) : fitting;
  return { type: { kind: 'map', key: stringType, value: values.type, maxSize }, bytes: 2 };
}

function properties(s: Schema, name: string): Sized {
  const fields = new Map<string, CelField>();
  const required = new Set<string>(s.required ?? []);
  let bytes = 2;
  for (const [property, schema] of Object.entries<Schema>(s.properties ?? {})) {
    const escaped = escapeName(property);
    const field = sized(schema, embedded(schema), `${name}.${escaped ?? property}`);
    if (!field) continue;
    if (escaped !== undefined) fields.set(escaped, { type: field.type, ...(escaped !== property && { property }) });
    if (required.has(property) && schema.default === undefined) bytes += Buffer.byteLength(property) + field.bytes + 4;
  }
  return { type: { kind: 'object', name, fields }, bytes };
}

function text(s: Schema): Sized {
  switch (s.format) {
    case 'byte': {
      const maxSize = typeof s.maxLength === 'number' ? limit(s.maxLength) : maxRequest - 2;
      return { type: { ...bytesType, maxSize } as CelType, bytes: 2 };
    }
    case 'duration':
      return { type: { ...durationType, maxSize: maxDuration } as CelType, bytes: minDuration };
    case 'date':
      return { type: { ...timestampType, maxSize: dateSize } as CelType, bytes: dateSize };
    case 'date-time':
      return { type: { ...timestampType, maxSize: maxDateTime } as CelType, bytes: minDateTime };
  }
  const longest = (s.enum ?? []).map((v: unknown) => (typeof v === 'string' ? Buffer.byteLength(v) : 0));
  const otherwise = longest.length > 0 ? Math.max(...longest) : maxRequest - 2;
  return { type: { ...stringType, maxSize: maxLength(s, otherwise) } as CelType, bytes: 2 };
}

/** kind, apiVersion, metadata.name and metadata.generateName can be read of every object. */
function withObjectMeta(s: Schema): Schema {
  const meta = s.properties?.metadata;
  const is = (p: Schema | undefined, type: string) => p?.type === type;
  const whole =
    is(s.properties?.kind, 'string') &&
    is(s.properties?.apiVersion, 'string') &&
    is(meta, 'object') &&
    is(meta.properties?.name, 'string') &&
    is(meta.properties?.generateName, 'string');
  if (whole) return s;
  const string = { type: 'string' };
  const metadata = { type: 'object', properties: { name: string, generateName: string } };
  return { ...s, type: s.type, properties: { ...s.properties, kind: string, apiVersion: string, metadata } };
}
