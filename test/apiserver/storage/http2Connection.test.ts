// Our HTTP/2 client against Node's server with every setting that matters, and against bytes that no server should send.
import { once } from 'node:events';
import { constants, createServer, type ServerHttp2Stream, type ServerOptions } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { connectHttp2 } from '../../../apiserver/storage/connectHttp2.ts';
import type { Http2Connection, Lost } from '../../../apiserver/storage/http2Connection.ts';
import { startProxy } from './etcdServer.ts';

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

async function listening(server: Pick<Server, 'listen' | 'address' | 'close' | 'once'>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server as Server, 'listening');
  undo.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers what it was sent, and the request's headers behind it. */
async function echo(options: ServerOptions = {}): Promise<Http2Connection> {
  const server = createServer(options);
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ said: String(headers['say'] ?? ''), path: headers[':path']! }),
    );
    stream.pipe(stream);
  });
  return connected(await listening(server as never));
}

async function connected(address: string): Promise<Http2Connection> {
  const connection = await connectHttp2(address, undefined);
  undo.push(() => connection.close());
  return connection;
}

interface Heard {
  headers: Record<string, string>;
  body: Buffer;
  lost: Lost | undefined;
}

const headOf = (path: string, more: Record<string, string> = {}) => ({
  ':scheme': 'http',
  ':path': path,
  ':authority': 'x',
  ...more,
});

function ask(on: Http2Connection, body: Buffer, headers = headOf('/a')): Promise<Heard> {
  return new Promise((resolve) => {
    const heard = { headers: {}, parts: [] as Buffer[] };
    const stream = on.request(headers, body, true, {
      headers: (h) => Object.assign(heard.headers, h),
      data(bytes) {
        heard.parts.push(Buffer.from(bytes));
        stream.used(bytes.length);
      },
      ended: (lost) => resolve({ headers: heard.headers, body: Buffer.concat(heard.parts), lost }),
    });
  });
}

/** The same bytes each time, of any size. */
function bytesOf(size: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let i = 0, x = seed + 1; i < size; i++) {
    x = (x * 48_271) % 2_147_483_647;
    bytes[i] = x;
  }
  return bytes;
}

const servers: [name: string, ServerOptions][] = [
  ['its own settings', {}],
  ['small windows', { settings: { initialWindowSize: 1_000 } }],
  ['large frames', { settings: { maxFrameSize: 1_000_000, initialWindowSize: 10_000_000 } }],
  ['no table of headers', { settings: { headerTableSize: 0 } }],
  ['padding', { paddingStrategy: constants.PADDING_STRATEGY_MAX }],
  ['two requests at once', { settings: { maxConcurrentStreams: 2 } }],
];

test.each(servers)('a server with %s: what is sent comes back, many at once', async (_, options) => {
  const connection = await echo(options);
  const bodies = [0, 1, 100, 16_383, 16_384, 16_385, 70_000, 400_000].map((size, i) => bytesOf(size, i));
  const rounds = [...bodies, ...bodies, ...bodies];
  const answers = await Promise.all(rounds.map((body, i) => ask(connection, body, headOf(`/p${i % 3}`))));
  for (const [i, { body, headers, lost }] of answers.entries()) {
    expect(lost).toBeUndefined();
    expect(body.equals(rounds[i]!)).toBe(true);
    expect(headers).toMatchObject({ ':status': '200', path: `/p${i % 3}` });
  }
});

test('more than any window in all', async () => {
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 });
    stream.end(Buffer.alloc(10_000_000));
  });
  const connection = await connected(await listening(server as never));
  for (let i = 0; i < 7; i++) expect((await ask(connection, Buffer.from(''))).body.length).toBe(10_000_000);
});

test('headers hold every printable character', async () => {
  const connection = await echo();
  const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
  for (const say of [printable.slice(1), ...printable.slice(1)]) {
    const { headers } = await ask(connection, Buffer.from(''), headOf('/a', { say }));
    expect(headers.said).toBe(say);
  }
});

test('long headers come in several frames', async () => {
  const connection = await echo();
  const say = 'x'.repeat(40_000);
  const server = createServer({ maxHeaderListPairs: 100 });
  server.on('stream', (stream: ServerHttp2Stream) =>
    stream.respond({ ':status': 200, said: say }, { endStream: true }),
  );
  const other = await connected(await listening(server as never));
  expect((await ask(other, Buffer.from(''))).headers.said).toBe(say);
  expect((await ask(connection, Buffer.from('y'))).body.toString()).toBe('y');
});

test('a reader that takes nothing stops the server, not other streams', async () => {
  const server = createServer();
  let sent = 0;
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    stream.respond({ ':status': 200 });
    if (headers[':path'] === '/short') return stream.end('short');
    const more = () => {
      while (sent < 50_000_000 && stream.write(Buffer.alloc(100_000))) sent += 100_000;
    };
    stream.on('drain', more);
    more();
  });
  const connection = await connected(await listening(server as never));
  let received = 0;
  const stream = connection.request(headOf('/long'), Buffer.from(''), true, {
    headers() {},
    data(bytes) {
      received += bytes.length;
    },
    ended() {},
  });
  await expect.poll(() => received, { timeout: 5_000 }).toBe(8 * 1024 * 1024);
  expect((await ask(connection, Buffer.from(''), headOf('/short'))).body.toString()).toBe('short');
  expect(received).toBe(8 * 1024 * 1024);
  stream.used(received);
  await expect.poll(() => received, { timeout: 5_000 }).toBe(16 * 1024 * 1024);
});

test('a ping is answered', async () => {
  const server = createServer();
  const session = once(server, 'session');
  await connected(await listening(server as never));
  const [one] = (await session) as any[];
  const payload = await new Promise((resolve) =>
    one.ping(Buffer.from('12345678'), (_e: unknown, _d: unknown, p: unknown) => resolve(p)),
  );
  expect(String(payload)).toBe('12345678');
});

test('a server that falls silent is noticed by those who wait for it; without requests nobody asks', async () => {
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) => stream.on('error', () => {}));
  let pings = 0;
  server.on('session', (session) => session.on('ping', () => pings++));
  await listening(server as never);
  const proxy = await startProxy((server.address() as AddressInfo).port);
  undo.push(() => proxy.close());
  const address = proxy.endpoint.replace('http://', '');
  const connection = await connectHttp2(address, undefined, { everyMs: 20, timeoutMs: 100 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(pings).toBe(0);
  const asked = ask(connection, Buffer.from('x'));
  await expect.poll(() => pings).toBeGreaterThan(3);
  expect(connection.usable).toBe(true);
  proxy.mute = true;
  expect((await asked).lost).toEqual({ reason: 'the server has fallen silent', refused: false });
});

describe('bytes that no server should send end the connection, and nothing else', () => {
  const frame = (type: number, flags: number, id: number, payload = Buffer.alloc(0), size = payload.length): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(size, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(id, 5);
    return Buffer.concat([head, payload]);
  };
  const settings = frame(4, 0, 0);
  const cases: [name: string, Buffer][] = [
    ['a reset without its code', frame(3, 0, 1)],
    ['a window without its size', frame(8, 0, 0, Buffer.alloc(2))],
    ['a GOAWAY of nothing', frame(7, 0, 0)],
    ['a frame larger than allowed', frame(0, 0, 1, Buffer.alloc(9), 1_000_000)],
    ['a continuation of nothing', frame(9, 4, 1)],
    ['headers with data in between', Buffer.concat([frame(1, 0, 1, Buffer.from([0x88])), frame(0, 0, 1)])],
    ['a push', frame(5, 4, 1, Buffer.alloc(4))],
    ['headers without end', Buffer.concat([frame(1, 0, 1), ...Array(70).fill(frame(9, 0, 1, Buffer.alloc(16_000)))])],
  ];

  async function sending(bytes: Buffer): Promise<string> {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {}).write(settings);
      // Behind the preface, the settings and the window comes the request.
      let heard = 0;
      socket.on('data', (chunk) => {
        heard += chunk.length;
        if (heard > 24 + 27 + 13 + 9) socket.write(bytes);
      });
      undo.push(() => socket.destroy());
    });
    return listening(server);
  }

  test.each(cases)('%s', async (_, bytes) => {
    const connection = await connected(await sending(bytes));
    const { lost } = await ask(connection, Buffer.from('x'));
    expect(lost).toMatchObject({ refused: false });
    expect(connection.usable).toBe(false);
  });

  test('what is unknown is passed over', async () => {
    const answer = Buffer.concat([frame(77, 3, 1, Buffer.from('?')), frame(1, 5, 1, Buffer.from([0x88, 0xbf, 0x3f]))]);
    const connection = await connected(await sending(answer));
    expect(await ask(connection, Buffer.from('x'))).toMatchObject({ headers: { ':status': '200' }, lost: undefined });
  });
});
