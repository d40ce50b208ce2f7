// What `kubectl explain` says: the text of each type and field, and which component reads and writes it.
// Reads: descriptions/<package>.json (`""` is the type itself) and descriptions/common.json, what every object has.
// Mirrors: the SwaggerDoc of k8s.io/api's types, in our own words. Next: document.ts puts the texts in.
import { readFileSync } from 'node:fs';
import type { OpenAPISchema } from '../../apimachinery/schema.ts';

/** Texts by field name; `""` is the type's own. */
export type Texts = Record<string, string>;
/**
 * Texts by type name. `$like` names whose texts to take where there are none of its own: a package, or a type of the same.
 * `$written` and `$read` name who writes and reads a type's fields; they end the text of each field that does not say it itself.
 */
type PackageTexts = Record<string, Texts> & { $like?: string };

const folder = new URL('./descriptions/', import.meta.url);

/** The texts of apiVersion, kind and metadata that every object has, of a custom resource too. */
export const commonTexts = (): Texts => read('common') as unknown as Texts;

/**
 * A look-up of the texts of a definition by its full name and schema. It keeps the files that it read, so drop it when the
 * documents are made: nothing of them stays in memory.
 */
export function descriptionReader(): (definition: string, schema: OpenAPISchema) => Texts {
  const files = new Map<string, PackageTexts>();
  const file = (name: string): PackageTexts => {
    const found = files.get(name) ?? read(name);
    files.set(name, found);
    return found;
  };
  const textsOf = (packageName: string, type: string): Texts => {
    const texts = file(packageName);
    const own = texts[type] ?? {};
    if (own['$like']) return { ...textsOf(packageName, own['$like']), ...own };
    return texts.$like ? { ...textsOf(texts.$like, type), ...own } : own;
  };
  const common = commonTexts();
  return (definition, schema) => {
    const dot = definition.lastIndexOf('.');
    const type = definition.slice(dot + 1);
    return { ...ofEveryObject(common, type, schema), ...withParties(textsOf(definition.slice(0, dot), type)) };
  };
}

function withParties({ $like: _, $written, $read, ...texts }: Texts): Texts {
  const ended = ([field, text]: [string, string]) => {
    const written = $written && !/\bwritten by\b/i.test(text) && `written by ${$written}`;
    const read = $read && !/\bread by\b/i.test(text) && `read by ${$read}`;
    const end = [written, read].filter(Boolean).join(', ');
    return [field, field && end ? `${text} ${end[0]!.toUpperCase()}${end.slice(1)}.` : text];
  };
  return Object.fromEntries(Object.entries(texts).map(ended));
}

/** The common texts that fit a type: a list's, an object's, or none. */
function ofEveryObject(common: Texts, type: string, schema: OpenAPISchema): Texts {
  const out: Texts = {};
  if (!schema['x-kubernetes-group-version-kind']) return out;
  const { apiVersion, kind, metadata, listMetadata, list, items } = common as Record<string, string>;
  Object.assign(out, { apiVersion, kind });
  const ref = schema.properties?.['metadata']?.$ref;
  if (ref?.endsWith('.ObjectMeta')) out['metadata'] = metadata!;
  if (ref?.endsWith('.ListMeta')) out['metadata'] = listMetadata!;
  if (!type.endsWith('List') || !schema.properties?.['items']) return out;
  const name = type.slice(0, -'List'.length);
  return { ...out, '': list!.replace('{kind}', name), items: items!.replace('{kind}', name) };
}

/** A definition with its texts. A $ref moves into an allOf, since OpenAPI v3 ignores what stands beside it. */
export function describe(schema: OpenAPISchema, texts: Texts): OpenAPISchema {
  const out: OpenAPISchema = texts[''] ? { description: texts[''], ...schema } : { ...schema };
  if (!schema.properties) return out;
  out.properties = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const { $ref, ...rest } = property;
    const description = texts[name];
    const said = description ? { description, ...rest } : rest;
    out.properties[name] = $ref && Object.keys(said).length ? { allOf: [{ $ref }], ...said } : { ...property, ...said };
  }
  return out;
}

function read(name: string): PackageTexts {
  try {
    return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
