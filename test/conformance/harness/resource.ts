// The verbs over one resource, as a client has them. Every answer must be an object of the kind that was asked for: an answer
// without kind is an error here, so that a row cannot pass by not looking. Typed ones speak protobuf where the run says so.
// Reads and writes through connection.ts. Used by all rows; next along the chain: context.ts.
import assert from 'node:assert/strict';
import { type ApiError, apiError } from './apiError.ts';
import type { Connection } from './connection.ts';
import { objectOf, protobufType, writeProtobuf } from './protobuf.ts';
import { openWatch, type Watch } from './watch.ts';

export const patchTypes = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;
export type PatchType = keyof typeof patchTypes;

export type Query = Record<string, string | number | boolean | undefined>;

export interface Resource {
  apiVersion: string;
  kind: string;
  /** The resource's name in paths. */
  plural: string;
  path(name?: string, sub?: string): string;
  create(body: any, query?: Query): Promise<any>;
  get(name: string, sub?: string): Promise<any>;
  list(query?: Query): Promise<any>;
  update(object: any, sub?: string, query?: Query): Promise<any>;
  patch(name: string, type: PatchType, body: unknown, sub?: string, query?: Query): Promise<any>;
  /** GET, change, PUT; again while the answer is 409 Conflict, twenty times: controllers write much while a slow client thinks. */
  change(name: string, change: (object: any) => void, sub?: string): Promise<any>;
  delete(name: string, options?: object): Promise<any>;
  deleteCollection(query?: Query, options?: object): Promise<void>;
  watch(query?: Query): Promise<Watch>;
}

export interface Where {
  connection: Connection;
  apiVersion: string;
  kind: string;
  namespace?: string;
  protobuf: boolean;
  headers?: Record<string, string>;
  /** When it is not what the kind's name leads to. */
  plural?: string;
}

export function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (name === 'endpoints') return name;
  if (name.endsWith('s')) return `${name}es`;
  return name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`;
}

export const queryText = (query: Query = {}): string => {
  const set = Object.entries(query).filter(([, v]) => v !== undefined);
  return set.length ? `?${new URLSearchParams(set.map(([k, v]) => [k, String(v)]))}` : '';
};

export function resource(where: Where): Resource {
  const { connection, apiVersion, kind, namespace, protobuf } = where;
  const plural = where.plural ?? pluralOf(kind);
  const base = `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}${namespace ? `/namespaces/${namespace}` : ''}/${plural}`;
  const path = (name = '', sub = '') => base + (name && `/${name}`) + (sub && `/${sub}`);
  const accept = protobuf ? `${protobufType},application/json` : 'application/json';

  /** Asks, throws what is no success, and gives back the answer's object, which must be of one of `kinds`. */
  async function call(method: string, at: string, body: any, type: string, kinds: string[]): Promise<any> {
    const reply = await connection.ask(at, {
      method,
      body,
      type: body === undefined ? '' : type,
      accept,
      headers: where.headers,
    });
    if (reply.code < 200 || reply.code > 299) throw apiError(`${method} ${at}`, reply);
    const object = objectOf(reply);
    assert.ok(
      kinds.includes(object.kind),
      `${method} ${at}: ${reply.code} with kind ${object.kind} instead of ${kinds}`,
    );
    return object;
  }
  const whole = (method: string, at: string, object: any, kinds: string[]) =>
    protobuf
      ? call(method, at, writeProtobuf(object), protobufType, kinds)
      : call(method, at, object, 'application/json', kinds);
  const full = (body: any) => ({ apiVersion, kind, ...body });
  const kindOf = (body: any) => [body.kind ?? kind];
  const deletion = (options?: object) => ({ apiVersion: 'v1', kind: 'DeleteOptions', ...options });

  const self: Resource = {
    apiVersion,
    kind,
    plural,
    path,
    create: (body, query) => whole('POST', path() + queryText(query), full(body), kindOf(body)),
    get: async (name, sub) =>
      call('GET', path(name, sub), undefined, '', [kind, ...(sub === 'scale' ? ['Scale'] : [])]),
    async list(query) {
      const list = await call('GET', path() + queryText(query), undefined, '', [`${kind}List`]);
      assert.ok(Array.isArray(list.items ?? []), 'items of a list');
      return { ...list, items: list.items ?? [] };
    },
    update: (object, sub, query) =>
      whole('PUT', path(object.metadata.name, sub) + queryText(query), full(object), kindOf(object)),
    patch: (name, type, body, sub, query) =>
      call('PATCH', path(name, sub) + queryText(query), body, patchTypes[type], [kind]),
    async change(name, change, sub) {
      for (let tries = 20; ; tries--) {
        const object = await self.get(name, sub);
        change(object);
        try {
          return await self.update(object, sub);
        } catch (error) {
          if ((error as ApiError).reason !== 'Conflict' || tries === 1) throw error;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
    },
    delete: (name, options) => whole('DELETE', path(name), deletion(options), ['Status', kind]),
    async deleteCollection(query, options) {
      await whole('DELETE', path() + queryText(query), deletion(options), ['Status', `${kind}List`]);
    },
    watch: (query) =>
      openWatch(
        connection,
        path() + queryText({ watch: true, ...query }),
        protobuf ? `${protobufType};stream=watch,application/json` : 'application/json',
      ),
  };
  return self;
}
