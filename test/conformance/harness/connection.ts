// HTTP/2 to an API server under a kubeconfig's identity: whole answers, and streams for watches. Knows nothing of objects.
// One connection carries all rows; a row that wants one of its own opens it. Next along the chain: resource.ts, watch.ts.
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { ClientConfig } from '../../../client/kubeconfig.ts';

export interface Ask {
  method?: string;
  /** An object goes as JSON; text and bytes as they are. */
  body?: unknown;
  /** Of the body. Absent: application/json for objects, no header for text and bytes. */
  type?: string;
  accept?: string;
  headers?: Record<string, string>;
  /** Milliseconds until the whole answer must be there. */
  timeout?: number;
}

export interface Reply {
  code: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
  readonly text: string;
  /** The body as JSON; throws when it is none. */
  readonly json: any;
}

export interface Stream {
  code: number;
  headers: Record<string, string | string[] | undefined>;
  stream: ClientHttp2Stream;
}

export interface Connection {
  ask(path: string, ask?: Ask): Promise<Reply>;
  /** Resolves with the answer's head; the caller reads the stream and closes it. */
  open(path: string, ask?: Ask): Promise<Stream>;
  close(): void;
}

export const userAgent = 'conformance/v1.35.0';

export function openConnection(config: ClientConfig): Connection {
  let session: ClientHttp2Session | undefined;
  const live = () => {
    if (session && !session.closed && !session.destroyed) return session;
    session = connect(new URL(config.server).origin, {
      ca: config.ca,
      cert: config.cert,
      key: config.key,
      rejectUnauthorized: !config.insecureSkipTlsVerify,
      ...(config.tlsServerName ? { servername: config.tlsServerName } : {}),
    });
    // Each request hears of it by its own error.
    session.on('error', () => undefined);
    session.setMaxListeners(0);
    return session;
  };
  const open = (path: string, ask: Ask = {}) => openStream(live(), config, path, ask);
  return {
    open,
    async ask(path, ask = {}) {
      const { code, headers, stream } = await open(path, ask);
      return reply(code, headers, await wholeBody(stream, path, ask.timeout ?? 60_000));
    },
    close: () => session?.destroy(),
  };
}

function openStream(session: ClientHttp2Session, config: ClientConfig, path: string, ask: Ask): Promise<Stream> {
  const body = bodyOf(ask.body);
  const type =
    ask.type ?? (body && typeof ask.body === 'object' && !Buffer.isBuffer(ask.body) ? 'application/json' : '');
  const stream = session.request(
    {
      ':method': ask.method ?? (body ? 'POST' : 'GET'),
      ':path': new URL(config.server).pathname.replace(/\/$/, '') + path,
      'user-agent': userAgent,
      ...(config.token ? { authorization: `Bearer ${config.token}` } : {}),
      ...(body ? { 'content-length': String(body.length) } : {}),
      ...(type ? { 'content-type': type } : {}),
      ...(ask.accept ? { accept: ask.accept } : {}),
      ...ask.headers,
    },
    { endStream: !body },
  );
  return new Promise((resolve, reject) => {
    stream.once('error', (error) => reject(new Error(`${ask.method ?? 'GET'} ${path}: ${error.message}`)));
    stream.once('close', () => reject(new Error(`${ask.method ?? 'GET'} ${path}: closed without an answer`)));
    stream.once('response', (headers) => resolve({ code: Number(headers[':status']), headers, stream }));
    if (body) stream.end(body);
  });
}

function bodyOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function wholeBody(stream: ClientHttp2Stream, path: string, timeout: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      stream.destroy();
      reject(new Error(`${path}: no whole answer within ${timeout} ms`));
    }, timeout);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => settle(() => resolve(Buffer.concat(chunks))));
    stream.once('error', (error) => settle(() => reject(error)));
    stream.once('close', () => settle(() => reject(new Error(`${path}: the answer was cut off`))));
  });
}

const reply = (code: number, headers: Reply['headers'], bytes: Buffer): Reply => ({
  code,
  headers,
  bytes,
  get text() {
    return bytes.toString('utf8');
  },
  get json() {
    return JSON.parse(bytes.toString('utf8'));
  },
});
