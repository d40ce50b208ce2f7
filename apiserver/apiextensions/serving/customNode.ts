// A custom resource's schema as the nodes that server-side apply and managedFields walk.
// Reads: openAPIV3Schema. Mirrors: the OpenAPI document that upstream's NewCRDFieldManager builds its types from (openapi/builder).
// Next: ../../../apimachinery/managedfields/.
import {
  type FieldNode,
  type OpenAPISchema,
  type SchemaNode,
  SchemaSet,
  type StructNode,
} from '../../../apimachinery/schema.ts';
import { itemsOf, type JSONSchema, valuesOf } from '../schema/jsonSchema.ts';
import { objectMetaNode } from '../schema/objectMeta.ts';

const plain = new SchemaSet(() => undefined);
const text: SchemaNode = { type: 'scalar', scalar: 'string', format: '' };

/** `kind` stands in error texts. */
export function customNode(schema: JSONSchema, kind: string): StructNode {
  return resource(structOf(schema, kind));
}

/** What every resource has, whatever its schema says. */
function resource(node: StructNode): StructNode {
  const field = (inner: SchemaNode): FieldNode => ({ node: inner, required: false, patchStrategies: [] });
  node.fields.set('apiVersion', field(text));
  node.fields.set('kind', field(text));
  node.fields.set('metadata', field(objectMetaNode()));
  return node;
}

function structOf(schema: JSONSchema, name: string): StructNode {
  const node: StructNode = {
    type: 'struct',
    name,
    fields: new Map(),
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    preserveUnknown: schema['x-kubernetes-preserve-unknown-fields'] === true,
  };
  const required = new Set(schema.required);
  for (const [key, property] of Object.entries(schema.properties ?? {}))
    node.fields.set(key, {
      node: nodeOf(property, key),
      required: required.has(key),
      patchStrategies: [],
      default: property.default,
    });
  return node;
}

function nodeOf(schema: JSONSchema, name: string): SchemaNode {
  if (schema['x-kubernetes-embedded-resource']) return resource(structOf(schema, name));
  if (schema.properties) return structOf(schema, name);
  const values = valuesOf(schema);
  const atomic = schema['x-kubernetes-map-type'] === 'atomic';
  if (values) return { type: 'map', values: nodeOf(values, name), atomic };
  const items = itemsOf(schema);
  if (schema.type === 'array' && items) return listOf(schema, nodeOf(items, name));
  // An object that specifies nothing and preserves nothing is empty after pruning.
  if (schema.type === 'object') return atomic ? { type: 'any', atomic } : { type: 'any' };
  return plain.compile(schema as OpenAPISchema, name);
}

function listOf(schema: JSONSchema, items: SchemaNode): SchemaNode {
  const mapKeys = schema['x-kubernetes-list-map-keys'] ?? [];
  const keyDefaults: Record<string, unknown> = {};
  for (const key of mapKeys) {
    const value = items.type === 'struct' ? items.fields.get(key)?.default : undefined;
    if (value !== undefined) keyDefaults[key] = value;
  }
  const listType = (schema['x-kubernetes-list-type'] ?? 'atomic') as 'atomic' | 'set' | 'map';
  return { type: 'list', items, listType, mapKeys, keyDefaults };
}
