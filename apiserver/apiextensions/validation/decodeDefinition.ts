// A CustomResourceDefinition's body by its types, those included that OpenAPI has no words for: a schema or a list, a schema or a boolean.
// Reads: a parsed body. Mirrors: the UnmarshalJSON of JSONSchemaPropsOrArray, OrBool and OrStringArray (apis/apiextensions/v1/marshal.go).
// Called by ../../codecs/ for each body; next: validateDefinition.ts.
import type { StructNode } from '../../../apimachinery/schema.ts';
import { decode } from '../../decode.ts';
import { builtinSchemas } from '../../openapi/definitions.ts';
import { isObject } from '../schema/jsonSchema.ts';

const pkg = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

export function decodeDefinition(body: any): { object: any; unknown: string[] } {
  const decoded = decode(body, builtinSchemas.node(`${pkg}.CustomResourceDefinition`) as StructNode);
  const versions = decoded.object.spec?.versions ?? [];
  for (const version of versions) mend(version.schema?.openAPIV3Schema);
  return decoded;
}

/** Go decodes what stands in these by itself and names no unknown field of theirs; it drops them all the same. */
function mend(schema: any): void {
  if (!isObject(schema)) return;
  for (const name of ['items', 'additionalProperties', 'additionalItems'])
    if (name in schema) schema[name] = schemaOr(schema[name]);
  if (isObject(schema['dependencies']))
    for (const key in schema['dependencies']) schema['dependencies'][key] = schemaOr(schema['dependencies'][key]);
  for (const name of ['properties', 'patternProperties', 'definitions'])
    for (const inner of Object.values(schema[name] ?? {})) mend(inner);
  for (const name of ['allOf', 'anyOf', 'oneOf']) for (const inner of (schema[name] as any[]) ?? []) mend(inner);
  mend(schema['not']);
}

function schemaOr(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (isObject(item) ? schemaOr(item) : item));
  if (!isObject(value)) return value;
  const { object } = decode(value, builtinSchemas.node(`${pkg}.JSONSchemaProps`) as StructNode);
  mend(object);
  return object;
}
