// The Client over HTTPS: verbs to requests, answers to objects, refusals to StatusErrors, silence to ConnectionErrors.
// Reads the tokens of tokenSource.ts and the causes of causes.ts; sends through httpRequest.ts.
// Mirrors: client-go rest/request.go. Next along the chain: reflector.ts, which keeps a watch alive.
import { type Clock, realClock } from '../apimachinery/clock.ts';
import { apiVersionOf, type Resource } from '../apimachinery/resources.ts';
import type { KubeList, KubeObject } from '../apimachinery/types.ts';
import { errorFromAnswer } from './answers.ts';
import { causeHeaders } from './causes.ts';
import { type Client, ConnectionError, type ListOptions, type PatchType, type WatchOptions } from './client.ts';
import { type Pool, takePool } from './connectionPool.ts';
import { type Answer, type Exchange, exchange, neverSent, wasCut } from './httpRequest.ts';
import type { ClientConfig } from './kubeconfig.ts';
import { listQuery, query, resourcePath, watchQuery, writeQuery } from './paths.ts';
import { fileToken, fixedToken, type TokenSource } from './tokenSource.ts';
import { watchEvents } from './watchStream.ts';

export interface ClientOptions {
  /** The User-Agent's first word, from which the server takes the field manager: `kube-scheduler`. */
  component?: string;
  /** Milliseconds a call may take; a watch has only to begin within them. Default 60,000. */
  timeout?: number;
  /** Instead of the config's token or token file. */
  tokens?: TokenSource;
  clock?: Clock;
  /** Calls at a time, watches apart; each keeps a socket, 0.2 MB here and as much at the server. Default 48. */
  sockets?: number;
  /** Ends every request under way and refuses new ones: a leader that lost its lease must not write. */
  signal?: AbortSignal;
  /** Called after each answer, for metrics; code 0 when none came. */
  observe?(method: string, code: number, ms: number): void;
}

export const version = 'v1.35.0';

interface Request {
  method: string;
  /** With query. */
  path: string;
  body?: unknown;
  type?: string;
  accept?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  stream?: boolean;
}

type Send = (request: Request) => Promise<Answer>;

/** A client of one API server under one identity. `close` frees its sockets; calls after that open them anew. */
export function createClient(config: ClientConfig, options: ClientOptions = {}): Client {
  const pool = takePool(config, options.sockets);
  const send = retrying(makeSend(config, options, pool), options.clock ?? realClock);
  return { ...reads(send), ...writes(send), ...others(send), close: () => pool.release() };
}

// --- verbs -----------------------------------------------------------------------------------------------------------

function reads(send: Send): Pick<Client, 'get' | 'list' | 'watch'> {
  return {
    async get(r, name, namespace, o = {}) {
      const path = resourcePath(r, namespace, name, o.subresource) + query({ resourceVersion: o.resourceVersion });
      return read(send({ method: 'GET', path }));
    },
    async list<T extends KubeObject>(r: Resource<T>, o: ListOptions = {}) {
      const path = resourcePath(r, o.namespace) + listQuery(o);
      const list: KubeList<T> = await read(
        send({ method: 'GET', path, accept: o.metadataOnly ? partial('PartialObjectMetadataList') : json }),
      );
      return withKinds(r, list, o.metadataOnly);
    },
    async *watch<T extends KubeObject>(r: Resource<T>, o: WatchOptions, signal: AbortSignal) {
      const path = resourcePath(r, o.namespace) + watchQuery(o);
      const accept = o.metadataOnly ? partial('PartialObjectMetadata') : json;
      let answer: Answer | undefined;
      try {
        answer = await send({ method: 'GET', path, accept, signal, stream: true });
        yield* watchEvents<T>(answer.stream);
      } catch (error) {
        if (signal.aborted) return;
        throw answer ? new ConnectionError(`watch ${path}: ${(error as Error).message}`, error) : error;
      } finally {
        answer?.stream.destroy();
      }
    },
  };
}

function writes(send: Send): Pick<Client, 'create' | 'update' | 'updateStatus' | 'patch'> {
  return {
    async create(r, object, o = {}) {
      const path = resourcePath(r, object.metadata.namespace, undefined) + writeQuery(o);
      return read(
        send({
          method: 'POST',
          path,
          body: { apiVersion: apiVersionOf(r), kind: r.kind, ...object },
          signal: o.signal,
        }),
      );
    },
    async update(r, object, o = {}) {
      const { namespace, name } = object.metadata;
      return read(
        send({
          method: 'PUT',
          path: resourcePath(r, namespace, name, o.subresource) + writeQuery(o),
          body: object,
          signal: o.signal,
        }),
      );
    },
    async updateStatus(r, object, o = {}) {
      const { namespace, name } = object.metadata;
      return read(
        send({
          method: 'PUT',
          path: resourcePath(r, namespace, name, 'status') + writeQuery(o),
          body: object,
          signal: o.signal,
        }),
      );
    },
    async patch(r, name, namespace, type, patch, o = {}) {
      const path = resourcePath(r, namespace, name, o.subresource) + writeQuery(o);
      return read(send({ method: 'PATCH', path, body: patch, type: patchTypes[type], signal: o.signal }));
    },
  };
}

function others(send: Send): Pick<Client, 'delete' | 'deleteCollection' | 'post' | 'raw'> {
  const deletion = (o?: object) => (o && { kind: 'DeleteOptions', apiVersion: 'v1', ...o }) as unknown;
  return {
    async delete(r, name, namespace, o) {
      return read(send({ method: 'DELETE', path: resourcePath(r, namespace, name), body: deletion(o) }));
    },
    async deleteCollection(r, list, o) {
      await read(
        send({ method: 'DELETE', path: resourcePath(r, list.namespace) + listQuery(list), body: deletion(o) }),
      );
    },
    async post(r, name, namespace, subresource, body) {
      return read(send({ method: 'POST', path: resourcePath(r, namespace, name, subresource), body }));
    },
    async raw<Reply>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      return (await read(send({ method, path, body, headers, accept: headers.accept ?? '*/*' }))) as Reply;
    },
  };
}

const json = 'application/json';
const partial = (as: string) => `application/json;as=${as};g=meta.k8s.io;v=v1`;
const patchTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** Items of a list come without apiVersion and kind; everything after us wants them. */
function withKinds<T extends KubeObject>(r: Resource<T>, list: KubeList<T>, metadataOnly?: boolean): KubeList<T> {
  const apiVersion = metadataOnly ? 'meta.k8s.io/v1' : apiVersionOf(r);
  const kind = metadataOnly ? 'PartialObjectMetadata' : r.kind;
  list.items ??= [];
  for (let i = 0; i < list.items.length; i++) list.items[i] = { ...list.items[i]!, apiVersion, kind };
  return list;
}

async function read(answer: Promise<Answer>): Promise<any> {
  const got = await answer;
  const text = await got.text();
  if (!text) return undefined;
  return (got.headers['content-type'] ?? json).includes('json') ? JSON.parse(text) : text;
}

// --- one request -----------------------------------------------------------------------------------------------------

/** Sends a request as this identity. A code of 400 and more becomes a StatusError. */
function makeSend(config: ClientConfig, options: ClientOptions, pool: Pool): Send {
  const clock = options.clock ?? realClock;
  const tokens = options.tokens ?? (config.tokenFile ? fileToken(config.tokenFile, clock) : fixedToken(config.token));
  const agent = `${options.component ?? 'mini-k8s'}/${version}`;
  const server = new URL(config.server);
  const prefix = server.pathname.replace(/\/$/, '');
  return async (r) => {
    const token = await tokens.token();
    const headers: Record<string, string> = {
      accept: r.accept ?? json,
      'accept-encoding': 'identity',
      'user-agent': agent,
    };
    if (token) headers.authorization = `Bearer ${token}`;
    Object.assign(headers, causeHeaders(), r.headers);
    const body = r.body === undefined ? undefined : typeof r.body === 'string' ? r.body : JSON.stringify(r.body);
    if (body !== undefined) headers['content-type'] ??= r.type ?? json;
    const started = clock.now();
    const e: Exchange = {
      method: r.method,
      server,
      path: prefix + (isPlain(r.path) ? r.path : escaped(r.path)),
      headers,
      body,
      timeout: options.timeout ?? 60_000,
      signal: options.signal && r.signal ? AbortSignal.any([options.signal, r.signal]) : (r.signal ?? options.signal),
      stream: r.stream,
    };
    const answer = await exchange(pool, e).catch((error) => {
      options.observe?.(r.method, 0, clock.now() - started);
      throw error;
    });
    options.observe?.(r.method, answer.code, clock.now() - started);
    if (answer.code === 401) tokens.refused?.();
    if (answer.code < 400) return answer;
    throw errorFromAnswer(answer.code, await answer.text(), answer.headers['retry-after']);
  };
}

const isPlain = (path: string) => /^[\x21-\x7e]*$/.test(path);
const escaped = (path: string) => path.replace(/[^\x21-\x7e]+/g, encodeURIComponent);

// --- retries ---------------------------------------------------------------------------------------------------------

const most = 10;

/** Tries again where no write can happen twice: when the server asks for it, and reads that met no listener. */
function retrying(send: Send, clock: Clock): Send {
  return async (r) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await send(r);
      } catch (error) {
        const wait = attempt < most ? retryDelay(r.method, error, attempt) : undefined;
        if (wait === undefined || r.signal?.aborted) throw error;
        await new Promise<void>((resolve) => clock.setTimeout(resolve, wait));
      }
    }
  };
}

/** Milliseconds until the next try; undefined: none. `attempt` counts from 0. */
export function retryDelay(method: string, error: unknown, attempt: number): number | undefined {
  const asked = Number((error as { headers?: Record<string, string> }).headers?.['retry-after']);
  const code = (error as { code?: number }).code ?? 0;
  if (code === 429 && asked > 0) return Math.min(asked, 30) * 1000;
  if (method !== 'GET') return undefined;
  if (code === 503 && asked > 0) return Math.min(asked, 30) * 1000;
  if (error instanceof ConnectionError && attempt < 2 && (wasCut(error) || neverSent(error))) return attempt * 100;
  return undefined;
}
