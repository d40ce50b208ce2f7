// OpenAPI version 2 is one document: that of extension servers is merged into ours, as far as it tells of their group versions.
// Pure. Mirrors: kube-openapi/pkg/aggregator/aggregator.go. Reads what extensionOpenapi.ts keeps; used by ../openapi/v2.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';

export interface Swagger {
  paths?: Record<string, any>;
  definitions?: Record<string, any>;
  [more: string]: unknown;
}

/** `prefixes`: what of the document's paths is taken, such as `/apis/wardle.example.com/v1alpha1/`. */
export interface Addition {
  document: Swagger;
  prefixes: readonly string[];
}

/**
 * A new document; those given stay as they are. Of one path the first document's counts. A definition that has the name of another but
 * is not the same is renamed: `Name_v2`.
 */
export function mergeSwagger(own: Swagger, additions: readonly Addition[]): Swagger {
  const merged = { ...own, paths: { ...own.paths }, definitions: { ...own.definitions } };
  for (const { document, prefixes } of additions) {
    const taken = Object.entries(document.paths ?? {}).filter(
      ([path]) => prefixes.some((prefix) => `${path}/`.startsWith(prefix)) && !(path in merged.paths),
    );
    const used = usedBy(taken, document.definitions ?? {});
    const names = namesIn(merged.definitions, used);
    for (const [name, definition] of Object.entries(used))
      merged.definitions[names.get(name)!] = renamed(definition, names);
    for (const [path, item] of taken) merged.paths[path] = renamed(item, names);
  }
  return merged;
}

const prefix = '#/definitions/';

/** The definitions that a part of a document leads to, straight or over others. */
function usedBy(part: unknown, definitions: Record<string, any>): Record<string, any> {
  const used: Record<string, any> = {};
  const collect = (from: unknown): void => {
    for (const name of refsIn(from)) {
      if (name in used || !Object.hasOwn(definitions, name)) continue;
      used[name] = definitions[name];
      collect(definitions[name]);
    }
  };
  collect(part);
  return used;
}

function* refsIn(value: unknown): Generator<string> {
  if (!value || typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref' && typeof inner === 'string' && inner.startsWith(prefix)) yield inner.slice(prefix.length);
    else yield* refsIn(inner);
  }
}

/** The name that each gets: its own, unless another definition has that. */
function namesIn(taken: Record<string, any>, definitions: Record<string, any>): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, definition] of Object.entries(definitions)) {
    let free = name;
    for (let i = 2; Object.hasOwn(taken, free) && !deepEqual(taken[free], definition); i++) free = `${name}_v${i}`;
    names.set(name, free);
  }
  return names;
}

function renamed(value: any, names: ReadonlyMap<string, string>): any {
  if (Array.isArray(value)) return value.map((item) => renamed(item, names));
  if (!value || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const name = key === '$ref' && typeof inner === 'string' ? names.get(inner.slice(prefix.length)) : undefined;
      return [key, name ? prefix + name : renamed(inner, names)];
    }),
  );
}
