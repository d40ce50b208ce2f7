// The kinds that this server serves right now: a live table, to which CustomResourceDefinitions add rows while it runs.
// Reads: the Kind values of this folder. Next: ../dispatch.ts looks a request's resource up here; discovery and OpenAPI list it.

import type { SchemaNode, StructNode } from '../../apimachinery/schema.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { CacheSpec } from '../storage/cached.ts';
import type { Kind } from './kind.ts';

/** One served row: a kind in one version, and the row that its objects are stored as. */
export interface Served {
  readonly kind: Kind;
  readonly apiVersion: string;
  /** Compiled on first use. */
  readonly node: StructNode;
  /** Itself, unless the kind is stored as another version. */
  readonly home: Served;
  /** `/registry/pods/`; empty for kinds that are not stored. */
  readonly prefix: string;
  readonly cacheSpec: CacheSpec;
  /** Items of a list leave kind and apiVersion out, as typed lists do. */
  readonly bareItems: boolean;
}

export interface Registry {
  /** `hidden`: not served, but other versions are stored as it, and the server itself works with its objects. */
  add(
    kind: Kind,
    schema: (definition: string) => SchemaNode,
    options?: { bareItems?: boolean; hidden?: boolean },
  ): void;
  remove(kind: Kind): void;
  find(group: string, version: string, plural: string): Served | undefined;
  /** The preferred version of a resource, by its name alone; the hidden one where none is served. */
  byResource(group: string, plural: string): Served | undefined;
  byKind(group: string, version: string, kind: string): Served | undefined;
  all(): Served[];
  /** Those that are stored but not served. */
  hidden(): Served[];
  /** Grows with each change: what discovery and OpenAPI are cached by. */
  readonly generation: number;
  onChange(listener: () => void): void;
}

export function createRegistry(keyPrefix = '/registry'): Registry {
  const rows = new Map<string, Served>();
  const hiddenRows = new Map<string, Served>();
  const listeners: (() => void)[] = [];
  let generation = 0;
  const changed = () => {
    generation++;
    for (const listener of listeners) listener();
  };
  const find = (group: string, version: string, plural: string) => rows.get(`${group}/${version}/${plural}`);
  const findHome = (group: string, version: string, plural: string) =>
    find(group, version, plural) ?? hiddenRows.get(`${group}/${version}/${plural}`);
  return {
    add(kind, schema, options = {}) {
      const row = new Row(kind, schema, keyPrefix, options.bareItems ?? true, findHome);
      (options.hidden ? hiddenRows : rows).set(`${kind.group}/${kind.version}/${kind.plural}`, row);
      changed();
    },
    remove(kind) {
      if (rows.delete(`${kind.group}/${kind.version}/${kind.plural}`)) changed();
    },
    find,
    byResource: (group, plural) =>
      [...rows.values(), ...hiddenRows.values()].find((r) => r.kind.group === group && r.kind.plural === plural),
    byKind: (group, version, kind) =>
      [...rows.values()].find((r) => r.kind.group === group && r.kind.version === version && r.kind.kind === kind),
    all: () => [...rows.values()],
    hidden: () => [...hiddenRows.values()],
    get generation() {
      return generation;
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

class Row implements Served {
  readonly kind: Kind;
  readonly apiVersion: string;
  readonly prefix: string;
  readonly bareItems: boolean;
  readonly cacheSpec: CacheSpec;
  readonly #schema: (definition: string) => SchemaNode;
  readonly #find: (group: string, version: string, plural: string) => Served | undefined;
  #node: StructNode | undefined;

  constructor(
    kind: Kind,
    schema: (definition: string) => SchemaNode,
    keyPrefix: string,
    bareItems: boolean,
    find: (group: string, version: string, plural: string) => Served | undefined,
  ) {
    this.kind = kind;
    this.apiVersion = kind.group ? `${kind.group}/${kind.version}` : kind.version;
    this.prefix = kind.storage ? `${keyPrefix}/${kind.storage}/` : '';
    this.bareItems = bareItems;
    this.#schema = schema;
    this.#find = find;
    this.cacheSpec = { prefix: this.prefix, namespaced: kind.namespaced, fields: fieldsOf(kind) };
  }

  get node(): StructNode {
    if (!this.#node) {
      const node = this.#schema(this.kind.schema);
      if (node.type !== 'struct') throw new Error(`schema ${this.kind.schema} has no fields`);
      this.#node = node;
    }
    return this.#node;
  }

  get home(): Served {
    const as = this.kind.storedAs;
    if (!as) return this;
    const home = this.#find(as.group, as.version, as.plural);
    if (!home)
      throw new Error(
        `${this.kind.plural}.${this.kind.group} is stored as ${as.plural}.${as.group}, which is not served`,
      );
    return home;
  }
}

/** The value of every selectable field of an object. */
export function fieldsOf(kind: Kind): (object: KubeObject) => Record<string, string> {
  const extra = Object.entries(kind.selectableFields ?? {});
  return (object) => {
    const fields: Record<string, string> = { 'metadata.name': object.metadata?.name ?? '' };
    if (kind.namespaced) fields['metadata.namespace'] = object.metadata?.namespace ?? '';
    for (const [name, value] of extra) fields[name] = String(value(object) ?? '');
    return fields;
  };
}

/** The key of an object: `/registry/pods/default/web`. Names are path segments, checked before they come here. */
export const keyOf = (served: Served, namespace: string, name: string): string =>
  served.kind.namespaced ? `${served.home.prefix}${namespace}/${name}` : `${served.home.prefix}${name}`;

/** What every path that names nothing gets: plain text, not a Status, as upstream's mux answers. */
export class PageNotFound extends StatusError {
  constructor() {
    super({ code: 404, reason: 'NotFound', message: '404 page not found' });
  }
}
