// A kind's structure as a graph of nodes: what decoding, server-side apply, strategic merge and pruning walk.
// Reads: OpenAPI definitions (the facts of the built-in kinds, or a CustomResourceDefinition's schema).
// Next: managedfields/ and strategicMerge.ts walk it; apiserver/codecs decode by it.

/** The part of an OpenAPI v2/v3 schema that shapes objects. */
export interface OpenAPISchema {
  $ref?: string;
  type?: string;
  format?: string;
  properties?: Record<string, OpenAPISchema>;
  additionalProperties?: OpenAPISchema | boolean;
  items?: OpenAPISchema;
  required?: string[];
  default?: unknown;
  allOf?: OpenAPISchema[];
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  [extension: string]: unknown;
}

export type ScalarType =
  | 'string'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'intOrString'
  | 'quantity'
  | 'time'
  | 'microTime'
  | 'bytes';

/** A struct with named fields. `name` is the definition's last segment (`PodSpec`), as Go's error texts say it. */
export interface StructNode {
  type: 'struct';
  name: string;
  fields: Map<string, FieldNode>;
  atomic: boolean;
  preserveUnknown: boolean;
  /** A type of Kubernetes itself, which Go encodes: struct fields by value are always there. */
  native?: boolean;
}
/** `patchStrategies` is strategic merge's: any of merge, replace, retainKeys. */
export interface FieldNode {
  node: SchemaNode;
  required: boolean;
  patchStrategies: readonly string[];
  patchMergeKey?: string;
  default?: unknown;
  /** `f:name`, the field as a path element; filled in when it is first asked for. */
  element?: string;
}
export interface MapNode {
  type: 'map';
  values: SchemaNode;
  atomic: boolean;
}
/** `keyDefaults` fills a missing key of a map entry before it is compared, as `protocol: TCP` does for ports. */
export interface ListNode {
  type: 'list';
  items: SchemaNode;
  listType: 'atomic' | 'set' | 'map';
  mapKeys: readonly string[];
  keyDefaults: Record<string, unknown>;
}
export interface ScalarNode {
  type: 'scalar';
  scalar: ScalarType;
  format: string;
}
/** Anything: RawExtension, JSON, FieldsV1. Server-side apply merges objects in it, unless it is `atomic`. */
export interface AnyNode {
  type: 'any';
  atomic?: boolean;
}
export type SchemaNode = StructNode | MapNode | ListNode | ScalarNode | AnyNode;

export const anyNode: AnyNode = { type: 'any' };

const byDefinition: Record<string, SchemaNode> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'scalar', scalar: 'quantity', format: '' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: 'scalar', scalar: 'intOrString', format: 'int-or-string' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { type: 'scalar', scalar: 'time', format: 'date-time' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': { type: 'scalar', scalar: 'microTime', format: 'date-time' },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'any', atomic: true },
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': anyNode,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': anyNode,
};

/** Key defaults that Go's types carry and the OpenAPI facts lost: a port without protocol is TCP. */
const keyDefaults: Record<string, unknown> = { protocol: 'TCP' };

const refName = (ref: string) => ref.slice(ref.lastIndexOf('/') + 1);
const lastSegment = (name: string) => name.slice(name.lastIndexOf('.') + 1);

/**
 * Resolves definitions into nodes, each once; recursive definitions become cyclic graphs.
 * Throws when a $ref names a definition that `lookup` does not know.
 */
export class SchemaSet {
  readonly #lookup: (name: string) => OpenAPISchema | undefined;
  readonly #nodes = new Map<string, SchemaNode>();

  constructor(lookup: (name: string) => OpenAPISchema | undefined) {
    this.#lookup = lookup;
  }

  /** The node of a definition, such as `io.k8s.api.apps.v1.Deployment`. */
  node(definition: string): SchemaNode {
    const known = byDefinition[definition] ?? this.#nodes.get(definition);
    if (known) return known;
    const schema = this.#lookup(definition);
    if (!schema) throw new Error(`no schema definition ${definition}`);
    if (!schema.properties) {
      const node = this.compile(schema, lastSegment(definition));
      this.#nodes.set(definition, node);
      return node;
    }
    const struct = emptyStruct(schema, lastSegment(definition));
    struct.native = definition.startsWith('io.k8s.');
    this.#nodes.set(definition, struct);
    this.#fill(struct, schema);
    return struct;
  }

  /** The node of an inline schema; `name` stands in error texts. */
  compile(schema: OpenAPISchema, name = ''): SchemaNode {
    if (schema.$ref) return withMapType(this.node(refName(schema.$ref)), schema);
    if (schema.allOf?.length === 1 && schema.allOf[0]!.$ref)
      return withMapType(this.node(refName(schema.allOf[0]!.$ref)), schema);
    if (schema['x-kubernetes-int-or-string']) return { type: 'scalar', scalar: 'intOrString', format: 'int-or-string' };
    if (schema.type === 'array') return this.#list(schema, name);
    if (schema.type === 'object' || schema.properties) return this.#object(schema, name);
    return scalarNode(schema);
  }

  #object(schema: OpenAPISchema, name: string): SchemaNode {
    if (schema.properties) {
      const struct = emptyStruct(schema, name);
      this.#fill(struct, schema);
      return struct;
    }
    const values = schema.additionalProperties;
    if (values && typeof values === 'object') {
      return { type: 'map', values: this.compile(values, name), atomic: schema['x-kubernetes-map-type'] === 'atomic' };
    }
    return schema['x-kubernetes-preserve-unknown-fields'] || values === true || !name
      ? anyNode
      : emptyStruct(schema, name);
  }

  #list(schema: OpenAPISchema, name: string): ListNode {
    const items = schema.items ? this.compile(schema.items, name) : anyNode;
    const mapKeys = schema['x-kubernetes-list-map-keys'] ?? [];
    return {
      type: 'list',
      items,
      listType: schema['x-kubernetes-list-type'] ?? 'atomic',
      mapKeys,
      keyDefaults: defaultsOf(items, mapKeys),
    };
  }

  #fill(struct: StructNode, schema: OpenAPISchema): void {
    const required = new Set(schema.required);
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      struct.fields.set(key, {
        node: this.compile(property, key),
        required: required.has(key),
        patchStrategies: property['x-kubernetes-patch-strategy']?.split(',') ?? [],
        patchMergeKey: property['x-kubernetes-patch-merge-key'],
        default: property.default,
      });
    }
  }
}

/** A field may say of its own how a struct merges: a claimRef is granular although ObjectReference is atomic. */
function withMapType(node: SchemaNode, schema: OpenAPISchema): SchemaNode {
  const type = schema['x-kubernetes-map-type'];
  if (!type || node.type !== 'struct' || node.atomic === (type === 'atomic')) return node;
  return { ...node, atomic: type === 'atomic' };
}

function emptyStruct(schema: OpenAPISchema, name: string): StructNode {
  return {
    type: 'struct',
    name,
    fields: new Map(),
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    preserveUnknown: schema['x-kubernetes-preserve-unknown-fields'] === true,
  };
}

function scalarNode(schema: OpenAPISchema): SchemaNode {
  const format = schema.format ?? '';
  if (schema.type === 'string' && format === 'byte') return { type: 'scalar', scalar: 'bytes', format };
  if (schema.type === 'string' || schema.type === 'integer' || schema.type === 'number' || schema.type === 'boolean') {
    return { type: 'scalar', scalar: schema.type, format };
  }
  return anyNode;
}

/** Evaluated when the list is compiled; a cyclic item has no keys yet, which no real map list has. */
function defaultsOf(items: SchemaNode, keys: readonly string[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  if (items.type !== 'struct') return found;
  for (const key of keys) {
    const value = items.fields.get(key)?.default ?? keyDefaults[key];
    if (value !== undefined) found[key] = value;
  }
  return found;
}
