// A version's schema, compiled once: what pruning, defaulting and validation walk beside an object.
// Reads: openAPIV3Schema. Mirrors: structuralschema.Structural (apiextensions-apiserver/pkg/apiserver/schema/structural.go).
// Next: prune.ts, defaulting.ts, schemaErrors.ts, embeddedErrors.ts, listErrors.ts.

import { isObject, itemsOf, type JSONSchema, type ValidationRule, valuesOf } from './jsonSchema.ts';
import type { ValueChecks } from './valueChecks.ts';

export interface SchemaTree {
  /** The schema that this is of. */
  readonly raw: JSONSchema;
  readonly type: string;
  readonly nullable: boolean;
  readonly preserve: boolean;
  readonly embedded: boolean;
  readonly intOrString: boolean;
  /** By name; a Map, since a property may be called `constructor`. */
  readonly properties: ReadonlyMap<string, SchemaTree> | undefined;
  /** Of a map's values. */
  readonly values: SchemaTree | undefined;
  /** additionalProperties is given: true or a schema allows names that `properties` has not, false refuses them. */
  readonly additional: boolean | undefined;
  readonly items: SchemaTree | undefined;
  readonly listType: 'atomic' | 'set' | 'map';
  readonly mapKeys: readonly string[];
  readonly mapAtomic: boolean;
  readonly hasDefault: boolean;
  /** Names of properties with a default. */
  readonly defaulted: readonly string[];
  /** Somewhere below stands a default, an embedded resource, a set or map list, or a rule: else those walks turn back here. */
  readonly below: { defaults: boolean; embedded: boolean; uniqueLists: boolean; rules: boolean };
  readonly allOf: readonly SchemaTree[];
  readonly anyOf: readonly SchemaTree[];
  readonly oneOf: readonly SchemaTree[];
  readonly not: SchemaTree | undefined;
  readonly rules: readonly ValidationRule[];
  readonly required: readonly string[];
  /** Compiled by schemaErrors.ts when the first value comes. */
  checks: ValueChecks | undefined;
}

const none: readonly never[] = [];

export function schemaTree(raw: JSONSchema): SchemaTree {
  const items = itemsOf(raw);
  const values = valuesOf(raw);
  const tree = {
    raw,
    type: raw.type ?? '',
    nullable: raw.nullable === true,
    preserve: raw['x-kubernetes-preserve-unknown-fields'] === true,
    embedded: raw['x-kubernetes-embedded-resource'] === true,
    intOrString: raw['x-kubernetes-int-or-string'] === true,
    properties: raw.properties && new Map(Object.entries(raw.properties).map(([k, s]) => [k, schemaTree(s)])),
    values: values && schemaTree(values),
    additional: additionalOf(raw),
    items: items && schemaTree(items),
    listType: (raw['x-kubernetes-list-type'] ?? 'atomic') as SchemaTree['listType'],
    mapKeys: raw['x-kubernetes-list-map-keys'] ?? none,
    mapAtomic: raw['x-kubernetes-map-type'] === 'atomic',
    hasDefault: hasDefault(raw),
    defaulted: Object.entries(raw.properties ?? {}).flatMap(([name, s]) => (hasDefault(s) ? [name] : [])),
    allOf: raw.allOf?.map(schemaTree) ?? none,
    anyOf: raw.anyOf?.map(schemaTree) ?? none,
    oneOf: raw.oneOf?.map(schemaTree) ?? none,
    not: raw.not && schemaTree(raw.not),
    rules: raw['x-kubernetes-validations'] ?? none,
    required: raw.required ?? none,
    checks: undefined,
  };
  return { ...tree, below: belowOf(tree) };
}

const hasDefault = (raw: JSONSchema) => raw.default !== undefined && raw.default !== null;

function additionalOf(raw: JSONSchema): boolean | undefined {
  if (raw.additionalProperties === undefined || raw.additionalProperties === null) return undefined;
  return isObject(raw.additionalProperties) ? true : raw.additionalProperties === true;
}

function belowOf(tree: Omit<SchemaTree, 'below'>): SchemaTree['below'] {
  const inner: SchemaTree[] = tree.properties ? [...tree.properties.values()] : [];
  if (tree.values) inner.push(tree.values);
  if (tree.items) inner.push(tree.items);
  const any = (own: boolean, key: keyof SchemaTree['below']) => own || inner.some((t) => t.below[key]);
  return {
    defaults: any(
      inner.some((t) => t.hasDefault || !t.nullable),
      'defaults',
    ),
    embedded: any(tree.embedded, 'embedded'),
    uniqueLists: any(tree.listType !== 'atomic', 'uniqueLists'),
    rules: any(tree.rules.length > 0, 'rules'),
  };
}
