// What OpenAPI says of a custom resource: the definition of version 2 and the schema of version 3, each with its list. Pure.
// Reads: a CRD version's schema.openAPIV3Schema, which must be structural. Mirrors: apiextensions-apiserver/pkg/controller/openapi/builder
// (buildKubeNative, buildListSchema) and openapi/v2 (ToStructuralOpenAPIV2). Used by definitionsOf.ts.
import type { OpenAPISchema } from '../../apimachinery/schema.ts';
import { commonTexts } from './descriptions.ts';

export interface PublishedResource {
  group: string;
  version: string;
  kind: string;
  listKind: string;
  /** `com.example.stable.v1.CronTab`. */
  name: string;
  /** Absent: anything is fine. */
  schema: object | undefined;
  selectableFields?: readonly { jsonPath: string }[];
  /** spec.preserveUnknownFields of old. */
  preservesAll?: boolean;
}

export type OpenAPIVersion = 'v2' | 'v3';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** `com.example.stable.v1.CronTab`: the group turned round. */
export const publishedName = (group: string, version: string, kind: string): string =>
  [...group.split('.').reverse(), version, kind].join('.');

/** The resource and its list, by their names; references are `#/definitions/…` in both versions. */
export function publishedSchemas(r: PublishedResource, to: OpenAPIVersion): Record<string, OpenAPISchema> {
  const listName = publishedName(r.group, r.version, r.listKind);
  return { [r.name]: objectSchema(r, to), [listName]: listSchema(r) };
}

const reference = (name: string, description: string): OpenAPISchema => ({
  allOf: [{ $ref: `#/definitions/${name}` }],
  description,
});

/** Version 2 takes a description beside a reference, and knows no allOf that kubectl would follow. */
export const flatReference = (schema: OpenAPISchema): OpenAPISchema => {
  const { allOf, ...rest } = schema;
  return allOf?.length === 1 && allOf[0]!.$ref ? { ...rest, $ref: allOf[0]!.$ref } : schema;
};

const typeTexts = () => {
  const { apiVersion, kind } = commonTexts() as Record<string, string>;
  return {
    apiVersion: { type: 'string', description: apiVersion! },
    kind: { type: 'string', description: kind! },
  };
};

const gvk = (r: PublishedResource, kind: string) => [{ group: r.group, kind, version: r.version }];

function objectSchema(r: PublishedResource, to: OpenAPIVersion): OpenAPISchema {
  const given = r.schema as OpenAPISchema | undefined;
  const open = !given || (to === 'v2' && (given['x-kubernetes-preserve-unknown-fields'] === true || r.preservesAll));
  // Properties of an object of which nothing else is known would tell kubectl that there are no others.
  const schema: OpenAPISchema = open ? { type: 'object' } : native(structural(given, to), to, true);
  schema['x-kubernetes-group-version-kind'] = gvk(r, r.kind);
  if (r.selectableFields?.length)
    schema['x-kubernetes-selectable-fields'] = r.selectableFields.map(({ jsonPath }) => ({
      fieldPath: jsonPath.replace(/^\./, ''),
    }));
  return schema;
}

function listSchema(r: PublishedResource): OpenAPISchema {
  const { listMetadata, items } = commonTexts() as Record<string, string>;
  return {
    description: `${r.listKind} is a list of ${r.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeTexts(),
      items: {
        type: 'array',
        items: { $ref: `#/definitions/${r.name}` },
        description: items!.replace('{kind}', r.kind),
      },
      metadata: reference(`${meta}.ListMeta`, listMetadata!),
    },
    'x-kubernetes-group-version-kind': gvk(r, r.listKind),
  };
}

/** apiVersion, kind and metadata, of the root and of each embedded resource. */
function native(schema: OpenAPISchema, to: OpenAPIVersion, root = false): OpenAPISchema {
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true && to === 'v2';
  const embedded = schema['x-kubernetes-embedded-resource'] === true && !open;
  const properties = schema.properties && mapValues(schema.properties, (p) => native(p, to));
  const out: OpenAPISchema = { ...schema, ...(properties ? { properties } : {}) };
  if (schema.items) out.items = native(schema.items, to);
  if (typeof schema.additionalProperties === 'object')
    out.additionalProperties = native(schema.additionalProperties, to);
  if (root || embedded)
    out.properties = {
      ...properties,
      ...typeTexts(),
      metadata: reference(`${meta}.ObjectMeta`, commonTexts()['metadata']!),
    };
  return out;
}

const mapValues = (of: Record<string, OpenAPISchema>, by: (one: OpenAPISchema) => OpenAPISchema) =>
  Object.fromEntries(Object.entries(of).map(([key, one]) => [key, by(one)]));

/** What a structural schema keeps of what was written. */
const kept = [
  'title',
  'description',
  'type',
  'default',
  'nullable',
  'format',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'uniqueItems',
  'multipleOf',
  'enum',
  'maxProperties',
  'minProperties',
  'required',
] as const;
const combined = ['allOf', 'anyOf', 'oneOf'] as const;

function structural(from: OpenAPISchema, to: OpenAPIVersion): OpenAPISchema {
  const out: OpenAPISchema = {};
  const asWritten: Record<string, unknown> = out;
  for (const key of kept) if (from[key] !== undefined) asWritten[key] = from[key];
  for (const [key, value] of Object.entries(from)) if (key.startsWith('x-kubernetes-') && value) out[key] = value;
  const { properties, items, additionalProperties } = from;
  if (properties) out.properties = mapValues(properties, (p) => structural(p, to));
  if (items) out.items = structural(items, to);
  if (typeof additionalProperties === 'object') out.additionalProperties = structural(additionalProperties, to);
  else if (additionalProperties !== undefined) out.additionalProperties = additionalProperties;
  if (to === 'v2') return withoutWhatV2CannotSay(out, from);
  for (const key of combined)
    if (from[key]) out[key] = (from[key] as OpenAPISchema[]).map((one) => structural(one, to));
  if (from['not']) out['not'] = structural(from['not'] as OpenAPISchema, to);
  return out;
}

function withoutWhatV2CannotSay(out: OpenAPISchema, from: OpenAPISchema): OpenAPISchema {
  if (from['nullable'] === true) {
    delete out['nullable'];
    delete out.type;
    // kubectl takes what has properties or items for an object or a list, which null is not.
    delete out.items;
    delete out.properties;
  }
  // A field that may be null may as well be away.
  const required = out.required?.filter((name) => from.properties?.[name]?.['nullable'] !== true);
  if (required?.length) out.required = required;
  else delete out.required;
  if (out['x-kubernetes-preserve-unknown-fields'] === true) {
    delete out.items;
    delete out.properties;
  }
  if (out['x-kubernetes-int-or-string'] === true) delete out.type;
  return out;
}
