// JSONSchemaProps as a CustomResourceDefinition brings it: plain JSON with the members that apiextensions/v1 knows.
// Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/types_jsonschema.go.
// Next: schemaTree.ts, which turns one into what the walks of this folder need.

export interface ValidationRule {
  rule?: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

export interface JSONSchema {
  id?: string;
  $schema?: string;
  $ref?: string;
  description?: string;
  title?: string;
  type?: string;
  format?: string;
  default?: unknown;
  nullable?: boolean;
  maximum?: number;
  exclusiveMaximum?: boolean;
  minimum?: number;
  exclusiveMinimum?: boolean;
  multipleOf?: number;
  maxLength?: number;
  minLength?: number;
  pattern?: string;
  maxItems?: number;
  minItems?: number;
  uniqueItems?: boolean;
  maxProperties?: number;
  minProperties?: number;
  required?: string[];
  enum?: unknown[];
  items?: JSONSchema | JSONSchema[];
  allOf?: JSONSchema[];
  oneOf?: JSONSchema[];
  anyOf?: JSONSchema[];
  not?: JSONSchema;
  properties?: Record<string, JSONSchema>;
  additionalProperties?: JSONSchema | boolean;
  patternProperties?: Record<string, JSONSchema>;
  dependencies?: Record<string, JSONSchema | string[]>;
  additionalItems?: JSONSchema | boolean;
  definitions?: Record<string, JSONSchema>;
  externalDocs?: unknown;
  example?: unknown;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-validations'?: ValidationRule[];
}

export type JSONObject = Record<string, unknown>;
export const isObject = (value: unknown): value is JSONObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The one schema of a list's items; undefined when there is none or a list of them. */
export const itemsOf = (schema: JSONSchema): JSONSchema | undefined =>
  schema.items && !Array.isArray(schema.items) ? schema.items : undefined;

/** The schema of a map's values; undefined when any value is fine or none. */
export const valuesOf = (schema: JSONSchema): JSONSchema | undefined =>
  isObject(schema.additionalProperties) ? (schema.additionalProperties as JSONSchema) : undefined;

/** Every schema inside of one, itself first, those of junctors too. `visit` returning true ends the walk, and is the result. */
export function someSchema(schema: JSONSchema | undefined, visit: (schema: JSONSchema) => boolean): boolean {
  if (!schema) return false;
  if (visit(schema)) return true;
  const inner = [
    ...(Array.isArray(schema.items) ? schema.items : [schema.items]),
    ...(schema.allOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    schema.not,
    ...Object.values(schema.properties ?? {}),
    valuesOf(schema),
    ...Object.values(schema.patternProperties ?? {}),
    isObject(schema.additionalItems) ? (schema.additionalItems as JSONSchema) : undefined,
    ...Object.values(schema.definitions ?? {}),
    ...Object.values(schema.dependencies ?? {}).map((d) => (Array.isArray(d) ? undefined : d)),
  ];
  return inner.some((s) => someSchema(s, visit));
}
