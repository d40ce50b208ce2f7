// One OpenAPI v3 document as text: the paths and schemas of a group version, with the descriptions that kubectl explain prints.
// Reads: definitions.ts, descriptions.ts, paths.ts. Mirrors: kube-openapi's builder3. Called by v3.ts.
import type { OpenAPISchema } from '../../apimachinery/schema.ts';
import type { Served } from '../kinds/registry.ts';
import { version } from '../version.ts';
import { definition } from './definitions.ts';
import { describe, descriptionReader } from './descriptions.ts';
import { pathsOf } from './paths.ts';

interface SchemaText {
  json: string;
  /** Definitions that it refers to. */
  refs: string[];
}
export type SchemaTexts = (definition: string) => SchemaText | undefined;

/**
 * Definitions as they stand in documents, each written out once: most documents hold the same few hundred. Drop it when the
 * documents are made, so that nothing of it stays in memory.
 */
export function schemaTexts(): SchemaTexts {
  const texts = new Map<string, SchemaText | undefined>();
  const textsOf = descriptionReader();
  const make = (name: string): SchemaText | undefined => {
    const found = definition(name);
    if (!found) return undefined;
    const json = JSON.stringify(describe(special[name] ?? found, textsOf(name, found)));
    const refs = new Set([...json.matchAll(/"#\/definitions\/([^"]+)"/g)].map(([, ref]) => ref!));
    return { json: json.replaceAll('"#/definitions/', '"#/components/schemas/'), refs: [...refs] };
  };
  return (name) => {
    if (!texts.has(name)) texts.set(name, make(name));
    return texts.get(name);
  };
}

/** The document of the given rows, which are those of one group version, in parts: a hash needs no more. */
export function documentParts(rows: readonly Served[], texts: SchemaTexts): string[] {
  const schemas = new Map<string, string>();
  for (const { kind } of rows) {
    collect(kind.schema, schemas, texts);
    collect(`${kind.schema}List`, schemas, texts);
    for (const sub of kind.subresources ?? []) if (sub.body) collect(sub.body.schema, schemas, texts);
  }
  for (const name of ['DeleteOptions', 'Status', 'WatchEvent', 'Patch'])
    collect(`io.k8s.apimachinery.pkg.apis.meta.v1.${name}`, schemas, texts);
  const info = JSON.stringify({ title: 'Kubernetes', version: version.gitVersion });
  const paths = JSON.stringify(Object.assign({}, ...rows.map(pathsOf)));
  const all = [...schemas].flatMap(([name, json], i) => [`${i ? ',' : ''}"${name}":`, json]);
  return [`{"openapi":"3.0.0","info":${info},"paths":`, paths, ',"components":{"schemas":{', ...all, `},${security}}}`];
}

const security =
  '"securitySchemes":{"BearerToken":{"type":"apiKey","name":"authorization","in":"header","description":"Bearer Token authentication"}}';

/** Adds a definition and all that it refers to. */
function collect(name: string, into: Map<string, string>, texts: SchemaTexts): void {
  if (into.has(name)) return;
  const found = texts(name);
  if (!found) return;
  into.set(name, found.json);
  for (const ref of found.refs) collect(ref, into, texts);
}

/** What version 3 can say better than version 2. */
const special: Record<string, OpenAPISchema> = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
};
