// The facts of Kubernetes v1.35's types: every definition's fields, types, list types and merge keys, without prose.
// Reads: definitions/<package>.json, one file a Go package, each parsed on the first look at one of its definitions.
// Next: ../../apimachinery/schema.ts compiles them into nodes; document.ts writes them out.
import { readdirSync, readFileSync } from 'node:fs';
import { type OpenAPISchema, SchemaSet } from '../../apimachinery/schema.ts';

const folder = new URL('./definitions/', import.meta.url);
const packages = new Map<string, Record<string, OpenAPISchema>>();

/** The definitions of one package, such as `io.k8s.api.apps.v1`; empty when there is none. */
export function packageDefinitions(name: string): Record<string, OpenAPISchema> {
  let found = packages.get(name);
  if (!found) {
    found = read(name);
    packages.set(name, found);
  }
  return found;
}

function read(name: string): Record<string, OpenAPISchema> {
  try {
    return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** One definition by its full name; undefined when v1.35 has none of that name. */
export const definition = (name: string): OpenAPISchema | undefined =>
  packageDefinitions(name.slice(0, name.lastIndexOf('.')))[name];

/** All packages that have definitions. */
export const packageNames = (): string[] => readdirSync(folder).map((file) => file.slice(0, -'.json'.length));

/** Nodes of the built-in kinds; a CustomResourceDefinition brings a set of its own. */
export const builtinSchemas = new SchemaSet(definition);
