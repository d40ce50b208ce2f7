// Rules of openAPIV3Schema: what of OpenAPI a CustomResourceDefinition may use, structural schemas, lists, defaults, CEL.
// Reads: a version's schema. Writes: FieldErrors. Mirrors: validateCustomResourceDefinitionValidation and
// ValidateCustomResourceDefinitionOpenAPISchema (apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go).
// Called by validateDefinition.ts. Next: structuralRules.ts, defaultRules.ts, listRules.ts, ruleRules.ts.
import { type FieldError, forbiddenField, invalidValue, notSupported } from '../../../apimachinery/fieldErrors.ts';
import { type JSONSchema, valuesOf } from '../schema/jsonSchema.ts';
import { defaultErrors } from './defaultRules.ts';
import { listRuleErrors } from './listRules.ts';
import {
  type Cardinality,
  childCardinality,
  ruleCompileErrors,
  ruleShapeErrors,
  type TotalCost,
  totalCostErrors,
} from './ruleRules.ts';
import { structuralErrors } from './structuralRules.ts';

export interface SchemaOptions {
  requireStructural: boolean;
  requirePrunedDefaults: boolean;
  requireValidTypes: boolean;
  requireAtomicSets: boolean;
  requireMapKeys: boolean;
  /** The schema is what it was: its rules may be as dear as they were. */
  unchanged: boolean;
}

/** `path` ends in `openAPIV3Schema`'s parent: `spec.validation` or `spec.versions[0].schema`. */
export function schemaRuleErrors(
  schema: JSONSchema,
  hasStatus: boolean,
  path: string,
  options: SchemaOptions,
): FieldError[] {
  const at = `${path}.openAPIV3Schema`;
  const errors: FieldError[] = [];
  if (hasStatus) errors.push(...rootErrors(schema, at));
  if (schema.nullable) errors.push(forbiddenField(`${at}.nullable`, 'nullable cannot be true at the root'));
  const structural = options.requireStructural ? structuralErrors(schema, at) : [];
  const defaults =
    options.requireStructural && !structural.length
      ? defaultErrors(schema, at, { requirePruned: options.requirePrunedDefaults })
      : [];
  errors.push(...structural, ...defaults);
  const total: TotalCost = { total: 0n, most: [] };
  const walk: Walk = {
    options,
    total,
    compileRules: options.requireStructural && !structural.length && !defaults.length,
    schemaErrors: [],
    ruleErrors: [],
  };
  visit(schema, at, { root: true, allowDefaults: true, meta: false, cardinality: 1n, rules: true }, walk);
  return [
    ...errors,
    ...walk.schemaErrors,
    ...walk.ruleErrors,
    ...(walk.compileRules ? totalCostErrors(total, at) : []),
  ];
}

interface Walk {
  options: SchemaOptions;
  total: TotalCost;
  compileRules: boolean;
  schemaErrors: FieldError[];
  ruleErrors: FieldError[];
}

/** What the surroundings of a schema say of it. */
interface Place {
  root: boolean;
  allowDefaults: boolean;
  /** Why not. */
  noDefaults?: string;
  /** Inside of apiVersion, kind or metadata. */
  meta: boolean;
  uncorrelatable?: string;
  cardinality: Cardinality;
  /** False inside of junctors, where rules are not compiled. */
  rules: boolean;
}

/** Go's names of what may stand at the root beside a status subresource, and how JSON calls them. */
const rootMembers: [go: string, name: keyof JSONSchema][] = [
  ['Description', 'description'],
  ['Type', 'type'],
  ['Format', 'format'],
  ['Title', 'title'],
  ['Maximum', 'maximum'],
  ['ExclusiveMaximum', 'exclusiveMaximum'],
  ['Minimum', 'minimum'],
  ['ExclusiveMinimum', 'exclusiveMinimum'],
  ['MaxLength', 'maxLength'],
  ['MinLength', 'minLength'],
  ['Pattern', 'pattern'],
  ['MaxItems', 'maxItems'],
  ['MinItems', 'minItems'],
  ['UniqueItems', 'uniqueItems'],
  ['MultipleOf', 'multipleOf'],
  ['Required', 'required'],
  ['Items', 'items'],
  ['Properties', 'properties'],
  ['ExternalDocs', 'externalDocs'],
  ['Example', 'example'],
  ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields'],
  ['XValidations', 'x-kubernetes-validations'],
];
const allowedAtRoot = new Set<string>(rootMembers.map(([, name]) => name));

function rootErrors(schema: JSONSchema, at: string): FieldError[] {
  if (schema.type && schema.type !== 'object') {
    const text = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    return [invalidValue(`${at}.type`, schema.type, text)];
  }
  const wrong = Object.entries(schema).some(([name, v]) => v !== undefined && v !== false && !allowedAtRoot.has(name));
  if (!wrong) return [];
  const allowed = `[${rootMembers.map(([go]) => go).join(' ')}]`;
  const text = `only ${allowed} fields are allowed at the root of the schema if the status subresource is enabled`;
  return [invalidValue(at, schema, text)];
}

const metaFields = new Set(['metadata', 'kind', 'apiVersion']);

function visit(schema: JSONSchema, path: string, place: Place, walk: Walk): void {
  const before = walk.schemaErrors.length;
  const errors = walk.schemaErrors;
  errors.push(...memberErrors(schema, path, place, walk.options));
  if (schema.uniqueItems)
    errors.push(
      forbiddenField(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  visitValues(schema, path, place, walk);
  visitProperties(schema, path, place, walk);
  visitJunctors(schema, path, place, walk);
  visitItems(schema, path, place, walk);
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  errors.push(...listRuleErrors(schema, path, walk.options));
  visitRules(schema, path, place, walk, before);
}

function visitValues(schema: JSONSchema, path: string, place: Place, walk: Walk): void {
  const { additionalProperties, properties } = schema;
  if (additionalProperties === undefined || additionalProperties === null) return;
  const at = `${path}.additionalProperties`;
  if (properties && Object.keys(properties).length && additionalProperties !== true)
    walk.schemaErrors.push(forbiddenField(at, 'additionalProperties and properties are mutual exclusive'));
  const values = valuesOf(schema);
  if (!values) return;
  const inner: Place = {
    ...place,
    root: false,
    cardinality: childCardinality(place.cardinality, schema.maxProperties),
    ...(place.meta && { allowDefaults: false, noDefaults: 'inside additionalProperties applying to object metadata' }),
  };
  visit(values, at, inner, walk);
}

function visitProperties(schema: JSONSchema, path: string, place: Place, walk: Walk): void {
  const atomic = schema['x-kubernetes-map-type'] === 'atomic';
  const resource = place.root || schema['x-kubernetes-embedded-resource'] === true;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const inner: Place = { ...place, root: false };
    if (atomic) inner.uncorrelatable ??= path;
    if (resource && metaFields.has(name)) {
      inner.meta = true;
      if (place.root) Object.assign(inner, { allowDefaults: false, noDefaults: `in top-level ${name}` });
    }
    visit(property, `${path}.properties[${name}]`, inner, walk);
  }
}

function visitJunctors(schema: JSONSchema, path: string, place: Place, walk: Walk): void {
  const inner: Place = { ...place, root: false, rules: false };
  if (schema.not) visit(schema.not, `${path}.not`, inner, walk);
  for (const name of ['allOf', 'oneOf', 'anyOf'] as const)
    for (const [i, s] of (schema[name] ?? []).entries()) visit(s, `${path}.${name}[${i}]`, inner, walk);
  for (const [name, s] of Object.entries(schema.definitions ?? {}))
    visit(s, `${path}.definitions[${name}]`, inner, walk);
  for (const [name, s] of Object.entries(schema.dependencies ?? {}))
    if (!Array.isArray(s)) visit(s, `${path}.dependencies[${name}]`, inner, walk);
}

function visitItems(schema: JSONSchema, path: string, place: Place, walk: Walk): void {
  if (!schema.items) return;
  const inner: Place = { ...place, root: false, cardinality: childCardinality(place.cardinality, schema.maxItems) };
  if (schema['x-kubernetes-list-type'] !== 'map') inner.uncorrelatable ??= path;
  if (Array.isArray(schema.items))
    for (const [i, s] of schema.items.entries()) visit(s, `${path}.items[${i}]`, inner, walk);
  else visit(schema.items, `${path}.items`, inner, walk);
}

function visitRules(schema: JSONSchema, path: string, place: Place, walk: Walk, before: number): void {
  const rules = schema['x-kubernetes-validations'];
  if (!rules?.length) return;
  const at = `${path}.x-kubernetes-validations`;
  for (const [i, rule] of rules.entries()) walk.schemaErrors.push(...ruleShapeErrors(rule, schema, `${at}[${i}]`));
  // Rules over a schema that is wrong, here or below, would only be refused for that once more.
  if (walk.schemaErrors.length > before || !walk.compileRules || !place.rules) return;
  walk.ruleErrors.push(
    ...ruleCompileErrors(schema, at, {
      root: place.root || schema['x-kubernetes-embedded-resource'] === true,
      cardinality: place.cardinality,
      uncorrelatable: place.uncorrelatable,
      costly: walk.options.unchanged,
      total: walk.total,
    }),
  );
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const given = (value: unknown) => value !== undefined && value !== null;

/** Members that definitions may not use, wherever they stand. */
function memberErrors(s: JSONSchema, path: string, place: Place, options: SchemaOptions): FieldError[] {
  const errors: FieldError[] = [];
  const forbid = (name: string, text = `${name} is not supported`) =>
    errors.push(forbiddenField(`${path}.${name}`, text));
  if (options.requireValidTypes && s.type && !types.includes(s.type))
    errors.push(notSupported(`${path}.type`, s.type, types));
  if (given(s.default) && !place.allowDefaults)
    forbid('default', place.noDefaults ? `must not be set ${place.noDefaults}` : 'must not be set');
  if (s.id) forbid('id');
  if (given(s.additionalItems)) forbid('additionalItems');
  if (s.patternProperties && Object.keys(s.patternProperties).length) forbid('patternProperties');
  if (s.definitions && Object.keys(s.definitions).length) forbid('definitions');
  if (given(s.dependencies)) forbid('dependencies');
  if (given(s.$ref)) forbid('$ref');
  if (s.type === 'null') forbid('type', 'type cannot be set to null, use nullable as an alternative');
  if (Array.isArray(s.items) && s.items.length) forbid('items', 'items must be a schema object and not an array');
  if (place.meta && s['x-kubernetes-embedded-resource'])
    forbid('x-kubernetes-embedded-resource', 'must not be used inside of resource meta');
  return errors;
}
