// The operations of version 2 as version 3 has them: parameters with schemas, bodies and answers by media type. Pure.
// Mirrors: kube-openapi's builder3. Called by documents.ts with what paths.ts and discoveryPaths.ts make.
import { type Parameter, type ParameterRef, resolved } from './parameters.ts';
import type { Operation, PathItem } from './paths.ts';

export function itemToV3(item: PathItem): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(item))
    out[key] = Array.isArray(value) ? value.map(parameterToV3) : operationToV3(value as Operation);
  return out;
}

function parameterToV3(of: Parameter | ParameterRef): object {
  const { type, uniqueItems, ...rest } = resolved(of);
  return { ...rest, schema: { type, ...(uniqueItems ? { uniqueItems } : {}) } };
}

function operationToV3(operation: Operation): object {
  const { consumes, produces, schemes: _, parameters = [], responses, ...rest } = operation;
  const body = parameters.map(resolved).find((p) => p.in === 'body');
  const others = parameters.filter((p) => resolved(p).in !== 'body').map(parameterToV3);
  return {
    ...rest,
    ...(others.length ? { parameters: others } : {}),
    ...(body
      ? { requestBody: { ...(body.required ? { required: true } : {}), content: content(consumes, body.schema!) } }
      : {}),
    responses: Object.fromEntries(
      Object.entries(responses).map(([code, { description, schema }]) => [
        code,
        schema ? { description, content: content(produces, schema) } : { description },
      ]),
    ),
  };
}

const content = (types: readonly string[] = ['*/*'], schema: object) =>
  Object.fromEntries(types.map((type) => [type, { schema }]));
