// The definitions that documents are made of, each written out once: the built-in ones with their descriptions, and those of custom resources.
// Reads: definitions.ts, defaults.ts, descriptions.ts, enums.json, customResource.ts. Mirrors: kube-openapi's builder and builder3. Used by v2.ts and v3.ts.
import { readFileSync } from 'node:fs';
import type { OpenAPISchema } from '../../apimachinery/schema.ts';
import type { Served } from '../kinds/registry.ts';
import { flatReference, type OpenAPIVersion, publishedSchemas } from './customResource.ts';
import { defaultsReader } from './defaults.ts';
import { definition } from './definitions.ts';
import { describe, descriptionReader } from './descriptions.ts';
import { listDefinition } from './paths.ts';

/** One definition: its schema with `#/definitions/` references, and the definitions that it refers to. */
export interface Described {
  schema: OpenAPISchema;
  refs: string[];
}
export type Definitions = (name: string) => Described | undefined;

/**
 * A look-up that makes each definition once; drop it when the documents are made, so that nothing of it stays in memory.
 */
export function describedDefinitions(to: OpenAPIVersion): Definitions {
  const made = new Map<string, Described | undefined>();
  const textsOf = descriptionReader();
  const withDefaults = to === 'v3' && defaultsReader(definition);
  const enums: Enums = JSON.parse(readFileSync(new URL('./enums.json', import.meta.url), 'utf8'));
  const make = (name: string): Described | undefined => {
    const found = definition(name);
    if (!found) return undefined;
    const all = withEnums((to === 'v3' && special[name]) || found, enums[name]);
    const facts = withDefaults ? withDefaults(name, all) : all;
    const said = describe(facts, textsOf(name, found));
    return withRefs(to === 'v2' ? flat(said) : said);
  };
  return (name) => {
    if (!made.has(name)) made.set(name, make(name));
    return made.get(name);
  };
}

/** By definition and field: the values that upstream marks as all there are. */
type Enums = Record<string, Record<string, string[]>>;

function withEnums(schema: OpenAPISchema, fields: Record<string, string[]> | undefined): OpenAPISchema {
  if (!fields) return schema;
  const properties = { ...schema.properties };
  for (const [field, values] of Object.entries(fields)) properties[field] = { ...properties[field], enum: values };
  return { ...schema, properties };
}

const withRefs = (schema: OpenAPISchema): Described => {
  const refs = new Set([...JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g)].map(([, ref]) => ref!));
  return { schema, refs: [...refs] };
};

/** Version 2 says a description beside a reference. */
function flat(schema: OpenAPISchema): OpenAPISchema {
  if (!schema.properties) return schema;
  const properties = Object.entries(schema.properties).map(([name, p]) => [name, flatReference(p)]);
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** The definitions of a custom resource and its list; undefined for a built-in kind. */
function customDefinitions({ kind }: Served, to: OpenAPIVersion): Map<string, Described> | undefined {
  if (!kind.custom) return undefined;
  const { group, version, listKind = `${kind.kind}List`, schema: name, custom } = kind;
  const published = publishedSchemas({ ...custom, group, version, kind: kind.kind, listKind, name }, to);
  const finished = (schema: OpenAPISchema) => withRefs(to === 'v2' ? flatAll(schema) : schema);
  return new Map(Object.entries(published).map(([key, schema]) => [key, finished(schema)]));
}

/** The same at every depth: embedded resources have metadata of their own. */
function flatAll(schema: OpenAPISchema): OpenAPISchema {
  const out = flat(schema);
  if (out.properties)
    out.properties = Object.fromEntries(Object.entries(out.properties).map(([name, p]) => [name, flatAll(p)]));
  if (out.items) out.items = flatAll(out.items);
  if (typeof out.additionalProperties === 'object') out.additionalProperties = flatAll(out.additionalProperties);
  return out;
}

const always = ['DeleteOptions', 'Status', 'WatchEvent', 'Patch', 'APIResourceList'].map(
  (name) => `io.k8s.apimachinery.pkg.apis.meta.v1.${name}`,
);

/** Adds what the rows, their paths, and further `roots` refer to, and all that these refer to. */
export function collect(
  rows: readonly Served[],
  roots: readonly string[],
  definitions: Definitions,
  to: OpenAPIVersion,
  into = new Map<string, OpenAPISchema>(),
): Map<string, OpenAPISchema> {
  let custom: Map<string, Described> | undefined;
  const add = (name: string): void => {
    const found = into.has(name) ? undefined : (custom?.get(name) ?? definitions(name));
    if (!found) return;
    into.set(name, found.schema);
    for (const ref of found.refs) add(ref);
  };
  for (const row of rows) {
    custom = customDefinitions(row, to);
    add(row.kind.schema);
    add(listDefinition(row));
    for (const sub of row.kind.subresources ?? []) if (sub.body) add(sub.body.schema);
  }
  for (const name of [...(rows.length ? always : []), ...roots]) add(name);
  return into;
}

/** What version 3 can say better than version 2. */
const special: Record<string, OpenAPISchema> = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
};
