// One HTTP/2 connection to a gRPC server, as its client: requests out, answers in. Node's own client makes a stream object with its
// listeners and buffers of every request, which costs more than all the rest of a small call.
// Mirrors: RFC 9113, with flow control both ways; no push, no priorities. Opened by connectHttp2.ts, used by grpcChannel.ts.
// Next along the chain: http2Frames.ts, hpack.ts.
import type { Socket } from 'node:net';
import { createHeaderDecoder, createHeaderEncoder, type Headers } from './hpack.ts';
import { createFrameReader, createFrameWriter, type Frame, flag, maxFrame, setting, type } from './http2Frames.ts';

/** Who made a request hears of its answer. Must not throw. */
export interface Http2Listener {
  /** Twice when all is well: before the data and behind it. */
  headers(headers: Headers): void;
  /** A view of what was received. */
  data(bytes: Buffer): void;
  /** Once. `lost`: why it ended otherwise than by the server's own end of it. */
  ended(lost: Lost | undefined): void;
}

export interface Lost {
  reason: string;
  /** The server has certainly not acted on the request. */
  refused: boolean;
}

export interface Http2Stream {
  /** So many bytes of data have been used: the server may send as many more. */
  used(bytes: number): void;
  /** The answer is not wanted any more; nothing more is told of it. */
  cancel(): void;
}

export interface Http2Connection {
  /** False: no further requests are taken. */
  readonly usable: boolean;
  /** `last`: `body` is all there is to send. */
  request(headers: Headers, body: Buffer, last: boolean, listener: Http2Listener): Http2Stream;
  close(): void;
}

const refusedStream = 7;
const cancelled = 8;

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const defaultWindow = 65_535;
/** Of one stream, of all: a page of a list needs no pause half-way. */
const streamWindow = 8 * 1024 * 1024;
const connectionWindow = 64 * 1024 * 1024;
/** Stream ids end at 2^31: long before, another connection takes over. */
const lastId = 2 ** 30;

/** No table of headers for the server's answers, no pushes. */
const ourSettings = settingsOf([
  [setting.tableSize, 0],
  [setting.push, 0],
  [setting.window, streamWindow],
]);

export interface KeepAlive {
  everyMs: number;
  /** A server that says nothing for so long after a ping is gone. */
  timeoutMs: number;
}

interface Stream {
  id: number;
  listener: Http2Listener;
  /** What the server may still be sent. */
  window: number;
  /** What waits for that. */
  rest: Buffer | undefined;
  last: boolean;
  /** We have nothing more to say on it. */
  finished: boolean;
  /** Used, but not given back to the server yet. */
  used: number;
}

/** `ready` is called once the server has spoken. */
export function speakHttp2(socket: Socket, keepAlive: KeepAlive, ready: () => void): Http2Connection {
  const write = createFrameWriter(socket, preface);
  const streams = new Map<number, Stream>();
  /** Those that have something to send and no window for it. */
  const held = new Set<Stream>();
  /** Requests beyond what the server takes at once. */
  const queue: (() => void)[] = [];
  const encode = createHeaderEncoder();
  const decode = createHeaderDecoder();
  let nextId = 1;
  let usable = true;
  let window = defaultWindow;
  let received = 0;
  let settled = false;
  const peer = { table: 4096, window: defaultWindow, frame: maxFrame, streams: Number.POSITIVE_INFINITY };
  /** The server keeps a table of our headers. */
  let indexed = true;

  // --- out ---

  function begin(stream: Stream, headers: Headers, body: Buffer): void {
    stream.id = nextId;
    nextId += 2;
    stream.window = peer.window;
    streams.set(stream.id, stream);
    if (nextId > lastId) retire();
    write.frame(type.headers, flag.endHeaders, stream.id, encode(headers, indexed));
    stream.rest = body;
    pump(stream);
  }

  /** Sends of it what the windows allow. */
  function pump(stream: Stream): void {
    while (stream.rest) {
      const bytes = stream.rest;
      const size = Math.min(bytes.length, window, stream.window, peer.frame);
      if (size <= 0 && bytes.length > 0) {
        held.add(stream);
        return;
      }
      stream.rest = size < bytes.length ? bytes.subarray(size) : undefined;
      window -= size;
      stream.window -= size;
      stream.finished = stream.last && !stream.rest;
      write.frame(type.data, stream.finished ? flag.end : 0, stream.id, stream.rest ? bytes.subarray(0, size) : bytes);
    }
    held.delete(stream);
  }

  // --- in ---

  const takers: Readonly<Record<number, (frame: Frame) => void>> = {
    [type.data]: takeData,
    [type.headers]: takeHeaders,
    [type.reset]: takeReset,
    [type.settings]: ({ flags, payload }) => flags & flag.ack || takeSettings(payload),
    [type.ping]: ({ flags, payload }) => flags & flag.ack || write.frame(type.ping, flag.ack, 0, Buffer.from(payload)),
    [type.goAway]: ({ payload }) => takeGoAway(payload.readUInt32BE(0) & 0x7fffffff),
    [type.window]: ({ id, payload }) => takeWindow(id, payload.readUInt32BE(0) & 0x7fffffff),
    [type.push]: () => {
      throw new Error('a push, which nobody asked for');
    },
  };
  const read = createFrameReader((frame) => {
    if (!settled && frame.kind !== type.settings) throw new Error('no HTTP/2');
    takers[frame.kind]?.(frame);
  });

  function takeData({ flags, id, payload, size }: Frame): void {
    received += size;
    if (received > connectionWindow / 2) {
      write.number(type.window, 0, received);
      received = 0;
    }
    const stream = streams.get(id);
    if (!stream) return;
    stream.used += size - payload.length;
    if (payload.length > 0) stream.listener.data(payload);
    if (flags & flag.end) end(stream, undefined);
  }

  function takeHeaders({ flags, id, payload }: Frame): void {
    const stream = streams.get(id);
    if (!stream) return;
    stream.listener.headers(decode(payload));
    if (flags & flag.end) end(stream, undefined);
  }

  function takeReset({ id, payload }: Frame): void {
    const code = payload.readUInt32BE(0);
    const stream = streams.get(id);
    if (!stream) return;
    stream.finished = true;
    end(stream, { reason: `the server reset the stream (${code})`, refused: code === refusedStream });
  }

  function takeSettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      const name = payload.readUInt16BE(at);
      if (name === setting.tableSize) peer.table = value;
      else if (name === setting.concurrent) peer.streams = value;
      else if (name === setting.frameSize) peer.frame = value;
      else if (name === setting.window) {
        for (const stream of streams.values()) stream.window += value - peer.window;
        peer.window = value;
      }
    }
    write.frame(type.settings, flag.ack, 0, Buffer.alloc(0));
    if (!settled) {
      settled = true;
      indexed = peer.table >= 4096;
      ready();
    } else if (indexed && peer.table < 4096) retire();
    for (const stream of held) pump(stream);
    startQueued();
  }

  function takeGoAway(last: number): void {
    retire();
    for (const stream of streams.values())
      if (stream.id > last) end(stream, { reason: 'the server is going away', refused: true });
  }

  function takeWindow(id: number, bytes: number): void {
    const stream = streams.get(id);
    if (id === 0) window += bytes;
    else if (stream) stream.window += bytes;
    for (const waiting of held) pump(waiting);
  }

  // --- streams ---

  function end(stream: Stream, lost: Lost | undefined): void {
    if (forget(stream)) stream.listener.ended(lost);
  }

  /** False: it was forgotten before, or has not begun. */
  function forget(stream: Stream): boolean {
    held.delete(stream);
    stream.rest = undefined;
    if (!streams.delete(stream.id)) return false;
    // What the server answers before it has heard everything, and what nobody wants to hear any more, ends by this.
    if (!stream.finished) write.number(type.reset, stream.id, cancelled);
    startQueued();
    return true;
  }

  function startQueued(): void {
    while (queue.length > 0 && streams.size < peer.streams) queue.shift()!();
    if (!usable && streams.size === 0 && queue.length === 0) socket.destroySoon();
  }

  /** What has begun goes on. */
  function retire(): void {
    usable = false;
    for (const start of queue.splice(0)) start();
    if (streams.size === 0) socket.destroySoon();
  }

  write.frame(type.settings, 0, 0, ourSettings);
  write.number(type.window, 0, connectionWindow - defaultWindow);

  let silent: NodeJS.Timeout | undefined;
  const pings = setInterval(() => {
    // Servers take pings without a request for an attack. What is dead then shows at the next one.
    if (streams.size === 0) return;
    write.frame(type.ping, 0, 0, Buffer.alloc(8));
    silent ??= setTimeout(() => socket.destroy(new Error('the server has fallen silent')), keepAlive.timeoutMs);
  }, keepAlive.everyMs);
  let reason = 'the connection was lost';
  socket.on('data', (chunk: Buffer) => {
    if (silent) {
      clearTimeout(silent);
      silent = undefined;
    }
    try {
      read(chunk);
    } catch (error) {
      // What no server should send, or a frame that ends before what it must hold.
      socket.destroy(error as Error);
    }
  });
  socket.on('error', (error) => {
    reason = error.message;
  });
  socket.on('close', () => {
    usable = false;
    clearInterval(pings);
    clearTimeout(silent);
    for (const start of queue.splice(0)) start();
    for (const stream of streams.values()) end(stream, { reason, refused: false });
  });

  return {
    get usable() {
      return usable;
    },
    request(headers, body, last, listener) {
      const stream: Stream = { id: 0, listener, window: 0, rest: undefined, last, finished: false, used: 0 };
      let gone = false;
      const start = () => {
        if (gone) return;
        if (usable) begin(stream, headers, body);
        else listener.ended({ reason, refused: true });
      };
      if (streams.size < peer.streams) start();
      else queue.push(start);
      return {
        used(bytes) {
          stream.used += bytes;
          if (stream.used < streamWindow / 2 || !streams.has(stream.id)) return;
          write.number(type.window, stream.id, stream.used);
          stream.used = 0;
        },
        cancel() {
          gone = true;
          stream.finished = false;
          forget(stream);
        },
      };
    },
    close: () => socket.destroy(),
  };
}

function settingsOf(values: [name: number, value: number][]): Buffer {
  const bytes = Buffer.alloc(6 * values.length);
  for (const [i, [name, value]] of values.entries()) {
    bytes.writeUInt16BE(name, i * 6);
    bytes.writeUInt32BE(value, i * 6 + 2);
  }
  return bytes;
}
