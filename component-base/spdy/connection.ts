// One SPDY/3.1 connection on a socket, either end: streams as Node's Duplexes, pings answered, a slow reader waited for.
// Reads and writes: the socket after its HTTP upgrade. Mirrors: moby/spdystream connection.go. Next: frames.ts, headerBlock.ts.
// Used by: apiserver/streaming (towards kubelets), runtime/ (its streaming server). In component-base because both need it.
import type { Duplex } from 'node:stream';
import {
  controlFrame,
  dataHead,
  type FrameHead,
  flagFin,
  frameType,
  headBytes,
  readHead,
  rstStatus,
  type SpdyHeaders,
  streamOf,
  words,
} from './frames.ts';
import { createBlockReader, createBlockWriter } from './headerBlock.ts';
import { Input } from './input.ts';
import { type SpdyStream, Stream, type StreamOwner } from './stream.ts';

export type { SpdyStream } from './stream.ts';

export interface SpdyConnection {
  /** Resolves when the peer has taken the stream; rejects when it refuses or is gone. */
  createStream(headers: SpdyHeaders): Promise<SpdyStream>;
  /** Sends GOAWAY and what is under way, then ends the socket. */
  close(): void;
  /** Ends at once. */
  destroy(): void;
  readonly closed: Promise<void>;
}

export interface SpdyOptions {
  role: 'client' | 'server';
  /** A stream that the peer opens. */
  onStream?(stream: SpdyStream): void;
  /** Milliseconds without a frame, pings apart, after which the connection ends; 0 or absent: never. */
  idleTimeout?: number;
  /** Milliseconds between pings of ours; 0 or absent: none. */
  pingInterval?: number;
}

// Windows are neither watched nor updated, as Go's clients and servers do: TCP holds a fast writer back. To send updates would do harm:
// a Go server that ends closes at once, and bytes that it has not read make its kernel reset the connection and lose what is under way.
const longestFrame = 0xffffff;
const mostStreams = 10_000;
/** Streams stay refusable until the peer has answered for them. */
const replyTimeout = 30_000;

export function createSpdyConnection(socket: Duplex, head: Buffer, options: SpdyOptions): SpdyConnection {
  const connection = new Connection(socket, options);
  void connection.run(head);
  return connection;
}

class Connection implements SpdyConnection, StreamOwner {
  readonly closed: Promise<void>;
  /** The socket is closed; frames that came before may still be under way to their streams. */
  lost = false;
  readonly #socketClosed: Promise<void>;
  readonly #ended = Promise.withResolvers<void>();
  readonly #socket: Duplex;
  readonly #options: SpdyOptions;
  readonly #streams = new Map<number, Stream>();
  readonly #encode = createBlockWriter();
  readonly #blocks = createBlockReader();
  #nextId: number;
  #lastPeerId = 0;
  #goneAway = false;
  #lastActive = Date.now();
  #pingId: number;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(socket: Duplex, options: SpdyOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#nextId = options.role === 'client' ? 1 : 2;
    this.#pingId = this.#nextId;
    this.closed = this.#ended.promise;
    this.#socketClosed = new Promise((resolve) => {
      const closed = () => {
        this.lost = true;
        for (const stream of this.#streams.values()) stream.release();
        resolve();
      };
      if (socket.closed) closed();
      else socket.once('close', closed);
    });
    socket.on('error', () => socket.destroy());
    if (options.idleTimeout) this.#every(Math.min(options.idleTimeout, 30_000), () => this.#checkIdle());
    if (options.pingInterval) this.#every(options.pingInterval, () => this.#ping());
  }

  #every(ms: number, work: () => void): void {
    const timer = setInterval(work, ms);
    timer.unref();
    this.#timers.push(timer);
  }

  #checkIdle(): void {
    if (Date.now() - this.#lastActive >= this.#options.idleTimeout!) this.close();
  }

  #ping(): void {
    this.write(controlFrame(frameType.ping, 0, words(this.#pingId)));
    this.#pingId += 2;
  }

  #end(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#blocks.close();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) {
      stream.cutOff = !stream.isEnded;
      stream.over('the connection has ended');
    }
  }

  /** Reads frames until the socket ends; anything malformed ends it. */
  async run(head: Buffer): Promise<void> {
    try {
      const input = new Input(this.#socket, head);
      for (;;) {
        const bytes = await input.take(headBytes);
        if (!bytes) break;
        const frame = readHead(bytes);
        if (frame.type === undefined) await this.#data(frame, input);
        else await this.#control(frame, await input.takeAll(frame.length));
      }
      this.#socket.end();
    } catch {
      this.#socket.destroy();
    }
    this.#end();
    await this.#socketClosed;
    this.#ended.resolve();
  }

  async #data(frame: FrameHead, input: Input): Promise<void> {
    this.#lastActive = Date.now();
    const stream = this.#streams.get(frame.stream);
    if (!stream) this.write(controlFrame(frameType.rstStream, 0, words(frame.stream, rstStatus.invalidStream)));
    for (let left = frame.length; left > 0; ) {
      const piece = await input.takeSome(left);
      left -= piece.length;
      await stream?.receive(piece);
    }
    if (frame.flags & flagFin) stream?.ended();
  }

  async #control(frame: FrameHead, payload: Buffer): Promise<void> {
    switch (frame.type) {
      case frameType.synStream:
        return this.#opened(frame, payload);
      case frameType.synReply:
      case frameType.headers:
        return this.#answered(frame, payload);
      case frameType.rstStream:
        return this.#reset(streamOf(payload));
      case frameType.ping:
        // Pings of ours come back: their ids are odd from a client, even from a server.
        if ((streamOf(payload) & 1) !== (this.#nextId & 1)) this.write(controlFrame(frameType.ping, 0, payload));
        return;
      case frameType.goAway:
        this.#goneAway = true;
        return;
      default:
      // SETTINGS and WINDOW_UPDATE change nothing here, other types are to be ignored.
    }
  }

  async #opened(frame: FrameHead, payload: Buffer): Promise<void> {
    this.#lastActive = Date.now();
    const id = streamOf(payload);
    const headers = await this.#blocks.read(payload.subarray(10));
    const theirs = id !== 0 && (id & 1) !== (this.#nextId & 1);
    if (!theirs || id <= this.#lastPeerId) throw new Error('a stream id out of turn');
    this.#lastPeerId = id;
    if (!this.#options.onStream || this.#goneAway || this.#streams.size >= mostStreams) {
      this.write(controlFrame(frameType.rstStream, 0, words(id, rstStatus.refusedStream)));
      return;
    }
    const stream = new Stream(this, id, headers);
    this.#streams.set(id, stream);
    this.write(controlFrame(frameType.synReply, 0, words(id), this.#encode({})));
    if (frame.flags & flagFin) stream.ended();
    this.#options.onStream(stream);
  }

  async #answered(frame: FrameHead, payload: Buffer): Promise<void> {
    const stream = this.#streams.get(streamOf(payload));
    await this.#blocks.read(payload.subarray(4));
    stream?.accepted?.resolve();
    if (stream) stream.accepted = undefined;
    if (frame.flags & flagFin) stream?.ended();
  }

  #reset(id: number): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    this.#streams.delete(id);
    stream.over('the peer refused the stream');
  }

  createStream(headers: SpdyHeaders): Promise<SpdyStream> {
    if (this.#goneAway || this.#socket.destroyed) return Promise.reject(new Error('the connection has ended'));
    const id = this.#nextId;
    this.#nextId += 2;
    const stream = new Stream(this, id, headers);
    this.#streams.set(id, stream);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the peer did not answer for the stream')), replyTimeout);
      timer.unref();
      stream.accepted = {
        resolve: () => {
          clearTimeout(timer);
          resolve(stream);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const slots = Buffer.alloc(2);
      this.write(controlFrame(frameType.synStream, 0, words(id, 0), slots, this.#encode(headers)));
    });
  }

  write(bytes: Buffer): void {
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(bytes);
  }

  /** `done` once the socket has taken it: streams are written at the pace of the peer. */
  sendData(id: number, data: Buffer, flags: number, done: (error?: Error | null) => void): void {
    if (this.#socket.destroyed || !this.#socket.writable || !this.#streams.has(id)) {
      done(new Error('the stream has ended'));
      return;
    }
    this.#lastActive = Date.now();
    let at = 0;
    for (; data.length - at > longestFrame; at += longestFrame) {
      this.#socket.write(dataHead(id, 0, longestFrame));
      this.#socket.write(data.subarray(at, at + longestFrame));
    }
    this.#socket.cork();
    this.#socket.write(dataHead(id, flags, data.length - at));
    if (data.length > at) this.#socket.write(data.subarray(at), done);
    this.#socket.uncork();
    if (data.length === at) done();
  }

  forget(stream: Stream, cutOff: boolean): void {
    if (this.#streams.get(stream.id) !== stream) return;
    this.#streams.delete(stream.id);
    if (cutOff) this.write(controlFrame(frameType.rstStream, 0, words(stream.id, rstStatus.cancel)));
  }

  close(): void {
    if (this.#socket.destroyed) return;
    this.write(controlFrame(frameType.goAway, 0, words(this.#lastPeerId, 0)));
    this.#socket.end(() => setTimeout(() => this.#socket.destroy(), 1000).unref());
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
