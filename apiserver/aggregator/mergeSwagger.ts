// OpenAPI version 2 is one document: what those of extension servers add to ours, as far as they tell of their group versions.
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
 * Paths and definitions to add, those given stay as they are. Of one path the first document's counts. A definition that has the name of
 * another but says something else is renamed, `Name_v2`; one that says the same is not added. `own` is our definition of a name.
 */
export function additionsTo(
  own: (name: string) => unknown,
  additions: readonly Addition[],
): { paths: Record<string, any>; definitions: Record<string, any> } {
  const paths: Record<string, any> = {};
  const definitions: Record<string, any> = {};
  const taken = (name: string) => (Object.hasOwn(definitions, name) ? definitions[name] : own(name));
  for (const { document, prefixes } of additions) {
    const wanted = Object.entries(document.paths ?? {}).filter(
      ([path]) => prefixes.some((prefix) => `${path}/`.startsWith(prefix)) && !Object.hasOwn(paths, path),
    );
    const used = usedBy(wanted, document.definitions ?? {});
    const names = namesIn(taken, used);
    for (const [name, definition] of Object.entries(used)) {
      const free = names.get(name)!;
      if (own(free) === undefined) definitions[free] = renamed(definition, names);
    }
    for (const [path, item] of wanted) paths[path] = renamed(item, names);
  }
  return { paths, definitions };
}

const prefix = '#/definitions/';

/** The definitions that a part of a document leads to, straight or over others. */
function usedBy(part: unknown, definitions: Record<string, any>): Record<string, any> {
  const used: Record<string, any> = {};
  const collect = (from: unknown): void => {
    for (const name of refsIn(from)) {
      if (Object.hasOwn(used, name) || !Object.hasOwn(definitions, name)) continue;
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
function namesIn(taken: (name: string) => unknown, definitions: Record<string, any>): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, definition] of Object.entries(definitions)) {
    let free = name;
    for (let i = 2; !isFree(taken(free), definition); i++) free = `${name}_v${i}`;
    names.set(name, free);
  }
  return names;
}

const isFree = (other: unknown, definition: unknown): boolean =>
  other === undefined || deepEqual(facts(other), facts(definition));

/** Without what two servers may say in other words, or of other versions, of the same thing. */
function facts(value: any): any {
  if (Array.isArray(value)) return value.map(facts);
  if (!value || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(
    ([key, inner]) =>
      !(key === 'description' && typeof inner === 'string') && key !== 'x-kubernetes-group-version-kind',
  );
  return Object.fromEntries(kept.map(([key, inner]) => [key, facts(inner)]));
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
