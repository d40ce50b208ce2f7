// SPDY as both ends speak it: streams, halves that end, refusals, slow readers, and bytes that are no SPDY.
import { duplexPair } from 'node:stream';
import { constants, createDeflate } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createSpdyConnection, type SpdyConnection, type SpdyStream } from '../../../component-base/spdy/connection.ts';
import { controlFrame, dataHead, frameType, words, writePairs } from '../../../component-base/spdy/frames.ts';
import { createBlockReader, createBlockWriter, dictionary } from '../../../component-base/spdy/headerBlock.ts';

/** All that comes; the stream's other half stays open. */
const buffer = (stream: SpdyStream): Promise<Buffer> =>
  new Promise((resolve) => {
    const parts: Buffer[] = [];
    stream.on('data', (part) => parts.push(part)).on('end', () => resolve(Buffer.concat(parts)));
  });
const text = async (stream: SpdyStream) => (await buffer(stream)).toString();
const none = Buffer.alloc(0);
const open: SpdyConnection[] = [];
afterEach(() => {
  for (const c of open.splice(0)) c.destroy();
});

function connected(onStream: (stream: SpdyStream) => void) {
  const [a, b] = duplexPair();
  const client = createSpdyConnection(a, none, { role: 'client' });
  const server = createSpdyConnection(b, none, { role: 'server', onStream });
  open.push(client, server);
  return { client, server, a, b };
}

describe('streams', () => {
  it('carry their headers and what is written, both ways, each half ending by itself', async () => {
    const { client } = connected((stream) => {
      void text(stream).then((got) => stream.end(`${stream.headers['streamtype']} ${got}`));
    });
    const streams = await Promise.all(['stdin', 'stdout'].map((streamtype) => client.createStream({ streamtype })));
    for (const s of streams) s.end(`to ${s.id}`);
    expect(await Promise.all(streams.map((s) => text(s)))).toEqual(['stdin to 1', 'stdout to 3']);
  });

  it('carry more than one frame holds', async () => {
    const { client } = connected((stream) => void stream.pipe(stream));
    const stream = await client.createStream({});
    const sent = Buffer.alloc(17 * 1024 * 1024, 'abcdefg');
    stream.end(sent);
    expect((await buffer(stream)).equals(sent)).toBe(true);
  });

  it('are refused where nobody takes them, and fail with their connection', async () => {
    const { client, server, a } = connected(() => {});
    await expect(server.createStream({})).rejects.toThrow('refused');
    const stream = await client.createStream({});
    a.destroy();
    expect(await text(stream)).toBe('');
    expect(stream.cutOff).toBe(true);
    await expect(client.createStream({})).rejects.toThrow('ended');
  });

  it('end for the peer when they are destroyed', async () => {
    let theirs: SpdyStream | undefined;
    const { client } = connected((stream) => (theirs = stream));
    const stream = await client.createStream({});
    stream.write('the last word');
    stream.destroy();
    expect(await text(theirs!)).toBe('the last word');
    expect(theirs!.cutOff).toBe(false);
  });

  it('wait for a slow reader instead of filling memory', async () => {
    let theirs: SpdyStream | undefined;
    const { client } = connected((stream) => (theirs = stream));
    const stream = await client.createStream({});
    let taken = 0;
    const piece = Buffer.alloc(64 * 1024);
    const writing = (async () => {
      for (let i = 0; i < 100; i++) {
        if (!stream.write(piece)) await new Promise((resolve) => stream.once('drain', resolve));
        taken += piece.length;
      }
      stream.end();
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(taken).toBeLessThan(3 * 1024 * 1024);
    expect((await buffer(theirs!)).length).toBe(100 * piece.length);
    await writing;
  });
});

describe('header blocks', () => {
  it('are read as zlib with the dictionary writes them, one stream for all', async () => {
    const deflate = createDeflate({ dictionary, flush: constants.Z_SYNC_FLUSH });
    const compressed = (headers: Record<string, string>) =>
      new Promise<Buffer>((resolve) => {
        const parts: Buffer[] = [];
        deflate.removeAllListeners('data').on('data', (d) => parts.push(d));
        deflate.write(writePairs(headers), () => setImmediate(() => resolve(Buffer.concat(parts))));
      });
    const reader = createBlockReader();
    for (const streamtype of ['error', 'stdin', 'stdout'])
      expect(await reader.read(await compressed({ streamtype, port: '80' }))).toEqual({ streamtype, port: '80' });
    reader.close();
  });

  it('are read as they are written here, and refused when they are cut short or inflate without end', async () => {
    const [write, reader] = [createBlockWriter(), createBlockReader()];
    expect(await reader.read(write({ A: 'x' }))).toEqual({ a: 'x' });
    expect(await reader.read(write({}))).toEqual({});
    await expect(reader.read(Buffer.from('no zlib at all'))).rejects.toThrow();
    const bomb = await new Promise<Buffer>((resolve) => {
      const deflate = createDeflate({ dictionary });
      const parts: Buffer[] = [];
      deflate.on('data', (d) => parts.push(d)).on('end', () => resolve(Buffer.concat(parts)));
      deflate.end(Buffer.alloc(10 * 1024 * 1024));
    });
    await expect(createBlockReader().read(bomb)).rejects.toThrow();
  });
});

describe('malformed input', () => {
  const syn = (id: number) =>
    controlFrame(frameType.synStream, 0, words(id, 0), Buffer.alloc(2), createBlockWriter()({}));
  it.each([
    ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n and more of it')],
    ['another version', Buffer.from('8002000100000000', 'hex')],
    ['a control frame without end', Buffer.from('8003000100ffffff', 'hex')],
    [
      'a cut header block',
      controlFrame(frameType.synStream, 0, words(1, 0), Buffer.alloc(2), Buffer.from('78bb', 'hex')),
    ],
    ['a stream id of the other side', syn(2)],
    ['a stream id twice', Buffer.concat([syn(3), syn(3)])],
    ['an empty reset', controlFrame(frameType.rstStream, 0)],
  ])('%s ends the connection and nothing else', async (_name, bytes) => {
    const { a, server } = { ...connected(() => {}) };
    a.removeAllListeners('data');
    a.write(bytes);
    a.end();
    await server.closed;
  });

  it('data for no stream are answered with a reset and skipped', async () => {
    const { client, a } = connected((stream) => void stream.pipe(stream));
    a.write(Buffer.concat([dataHead(99, 0, 5), Buffer.from('hello')]));
    const stream = await client.createStream({});
    stream.end('still here');
    expect(await text(stream)).toBe('still here');
  });

  it('frames with any bytes changed end the connection or are borne, and nothing is left hanging', async () => {
    const frames = Buffer.concat([
      syn(1),
      dataHead(1, 0, 20),
      Buffer.alloc(20, 'x'),
      controlFrame(frameType.ping, 0, words(1)),
      controlFrame(frameType.settings, 0, words(1, 4, 65536)),
      controlFrame(frameType.windowUpdate, 0, words(1, 100)),
      controlFrame(frameType.rstStream, 0, words(1, 5)),
      controlFrame(frameType.goAway, 0, words(0, 0)),
    ]);
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let i = 0; i < 300; i++) {
      const [a, b] = duplexPair();
      const server = createSpdyConnection(b, none, { role: 'server', onStream: (stream) => void stream.resume() });
      const bytes = Buffer.from(frames);
      for (let n = 0; n <= random(4); n++) bytes[random(bytes.length)] = random(256);
      a.resume();
      a.on('error', () => {});
      a.end(bytes);
      await server.closed;
    }
  });
});
