// The channel against servers that do every wrong thing: what a failed call says of itself decides whether a write is sent again.
import { once } from 'node:events';
import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createGrpcChannel, type GrpcChannel, type GrpcError, status } from '../../../apiserver/storage/grpcChannel.ts';
import { selfSigned } from '../../../component-base/selfSigned.ts';

const framed = (text: string): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(Buffer.byteLength(text), 1);
  return Buffer.concat([head, Buffer.from(text)]);
};

type Pair = ReturnType<typeof selfSigned>;
type Respond = (stream: ServerHttp2Stream, body: Buffer, path: string) => void;
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

async function serve(respond: Respond, server: Http2Server = createServer()): Promise<string> {
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => respond(stream, Buffer.concat(chunks), headers[':path']!));
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answer(stream: ServerHttp2Stream, body: Buffer | string, trailers: Record<string, string>): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

function channelTo(address: string, tls?: { ca: string }, callMs?: number): GrpcChannel {
  const channel = createGrpcChannel(address, tls, { hasleader: 'true' }, callMs);
  undo.push(() => channel.close());
  return channel;
}

const failureOf = (call: Promise<unknown>): Promise<GrpcError> =>
  call.then(
    () => {
      throw new Error('the call went well');
    },
    (error) => error,
  );

test('a call: what is sent arrives, what is answered comes back', async () => {
  const channel = channelTo(
    await serve((stream, body, path) => answer(stream, framed(`${path} ${body.subarray(5)}`), { 'grpc-status': '0' })),
  );
  const calls = ['one', 'two', 'x'.repeat(3_000_000)].map((text) => channel.call('/s/m', framed(text)));
  const answers = (await Promise.all(calls)).map(String);
  expect(answers.slice(0, 2)).toEqual(['/s/m one', '/s/m two']);
  expect(answers[2]).toHaveLength(3_000_005);
});

const wrong: [name: string, Respond, Partial<GrpcError>][] = [
  [
    'a refusal behind a message',
    (s) => answer(s, framed('x'), { 'grpc-status': '11', 'grpc-message': 'too%20late %E2%82%AC' }),
    { code: 11, message: 'too late €', neverLeft: false },
  ],
  [
    'a refusal without a message',
    (s) => s.respond({ ':status': 200, 'grpc-status': '14', 'grpc-message': '100% odd' }, { endStream: true }),
    { code: status.unavailable, message: '100% odd', neverLeft: false },
  ],
  [
    'an answer without a status',
    (s) => s.respond({ ':status': 200 }, { endStream: true }),
    { code: 14, neverLeft: false },
  ],
  ['a proxy that answers', (s) => s.respond({ ':status': 503 }, { endStream: true }), { code: 14, neverLeft: false }],
  ['success without a message', (s) => answer(s, '', { 'grpc-status': '0' }), { code: status.internal }],
  [
    'a message that is compressed',
    (s) => answer(s, Buffer.from([1, 0, 0, 0, 1, 7]), { 'grpc-status': '0' }),
    { code: status.internal },
  ],
  ['a stream that is refused', (s) => s.close(7), { code: 14, neverLeft: true }],
  ['a stream that is cut off', (s) => s.close(2), { code: 14, neverLeft: false }],
  ['a connection that is cut', (s) => s.session!.destroy(), { code: 14, neverLeft: false }],
  ['no answer', () => {}, { code: status.deadlineExceeded, neverLeft: false }],
];

test.each(wrong)('%s', async (_, respond, expected) => {
  const channel = channelTo(await serve(respond), undefined, 500);
  expect(await failureOf(channel.call('/s/m', framed('x')))).toMatchObject(expected);
});

describe('connections', () => {
  test('nobody listens: the call has never left, and at once', async () => {
    const channel = channelTo('127.0.0.1:1');
    const failure = await failureOf(channel.call('/s/m', framed('x')));
    expect(failure).toMatchObject({ code: 14, neverLeft: true, message: expect.stringContaining('ECONNREFUSED') });
  });

  test('what is there speaks no HTTP/2: the call has never left', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    undo.push(() => server.close());
    const channel = channelTo(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await failureOf(channel.call('/s/m', framed('x')))).toMatchObject({ code: 14, neverLeft: true });
  });

  test('a server that goes away finishes what it has begun; later calls get a new connection', async () => {
    let first = true;
    const connections = new Set();
    const address = await serve((stream, body) => {
      connections.add(stream.session);
      if (first) stream.session!.goaway(0);
      first = false;
      setTimeout(() => answer(stream, body, { 'grpc-status': '0' }), 50);
    });
    const channel = channelTo(address);
    expect(String(await channel.call('/s/m', framed('a')))).toBe('a');
    expect(String(await channel.call('/s/m', framed('b')))).toBe('b');
    expect(connections.size).toBe(2);
  });

  test('what a server has not taken up when it goes away is sent again, once', async () => {
    let seen = 0;
    const address = await serve((stream, body) => {
      if (++seen === 2) return stream.close(7);
      answer(stream, body, { 'grpc-status': '0' });
    });
    const channel = channelTo(address);
    expect(String(await channel.call('/s/m', framed('a')))).toBe('a');
    expect(String(await channel.call('/s/m', framed('b')))).toBe('b');
    expect(seen).toBe(3);
  });

  test('over TLS: with the right authority, and not with another', async () => {
    const [one, other] = [0, 1].map(() => selfSigned('127.0.0.1', [], Date.now())) as [Pair, Pair];
    const address = await serve((s, body) => answer(s, body, { 'grpc-status': '0' }), createSecureServer(one));
    expect(String(await channelTo(address, { ca: one.cert }).call('/s/m', framed('a')))).toBe('a');
    const failure = await failureOf(channelTo(address, { ca: other.cert }).call('/s/m', framed('a')));
    expect(failure).toMatchObject({ code: 14, neverLeft: true, message: expect.stringContaining('self-signed') });
  });
});

test('a stream of answers: they come as they are sent, and its end is told', async () => {
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 });
    stream.once('data', (chunk: Buffer) => {
      stream.write(Buffer.concat([chunk, framed('two'), framed('three').subarray(0, 6)]));
      setTimeout(() => stream.write(framed('three').subarray(6)), 20);
      setTimeout(() => stream.session!.destroy(), 60);
    });
    stream.on('error', () => {});
  });
  const channel = channelTo(await serve(() => {}, server));
  const seen: string[] = [];
  const failure = await failureOf(
    (async () => {
      for await (const messages of await channel.listen('/s/m', framed('one'))) seen.push(...messages.map(String));
    })(),
  );
  expect(seen).toEqual(['one', 'two', 'three']);
  expect(failure.code).toBe(14);
});

test('a stream of answers that its reader cancels', async () => {
  const gone = Promise.withResolvers<number>();
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 });
    stream.on('data', (chunk: Buffer) => stream.write(chunk));
    stream.on('close', () => gone.resolve(stream.rstCode));
  });
  const channel = channelTo(await serve(() => {}, server));
  const answers = await channel.listen('/s/m', framed('one'));
  for await (const _ of answers) break;
  answers.cancel();
  expect(await gone.promise).toBe(8);
});
