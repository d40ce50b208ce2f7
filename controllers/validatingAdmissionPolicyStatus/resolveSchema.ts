// One schema of an OpenAPI v3 document with everything that it refers to in its place.
// Pure. Mirrors: PopulateRefs in staging/src/k8s.io/apiserver/pkg/cel/openapi/resolver/refs.go. Used by: schemas.ts.

export type Schema = Record<string, any>;
export type Schemas = Readonly<Record<string, Schema>>;

const prefix = '#/components/schemas/';

/** A schema that leads back to itself ends there, as an object of which nothing is known. */
export function resolveSchema(schemas: Schemas, name: string): Schema {
  const within = new Set<string>();

  function named(ref: string): Schema {
    const found = schemas[ref];
    if (!found || within.has(ref)) return { type: 'object' };
    within.add(ref);
    const resolved = resolve(found);
    within.delete(ref);
    return resolved;
  }

  function resolve(schema: Schema): Schema {
    // A reference beside a default is wrapped.
    const ref: string | undefined = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0].$ref : undefined);
    if (ref) return named(ref.slice(prefix.length));
    if (schema.format === 'int-or-string' || (!schema.type && schema.oneOf))
      return { 'x-kubernetes-int-or-string': true };
    return {
      ...schema,
      ...(schema.items && { items: resolve(schema.items) }),
      ...(isObject(schema.additionalProperties) && { additionalProperties: resolve(schema.additionalProperties) }),
      ...(schema.properties && {
        properties: Object.fromEntries(
          Object.entries<Schema>(schema.properties).map(([key, value]) => [key, resolve(value)]),
        ),
      }),
    };
  }

  return named(name);
}

const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null;
