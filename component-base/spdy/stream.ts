// One stream of a SPDY connection as a Duplex: its halves end by themselves, and a reader that is slow holds the connection up.
// Reads: what connection.ts hands over. Writes: data frames, through it. Mirrors: moby/spdystream stream.go. Used by: connection.ts.
import { Duplex } from 'node:stream';
import { flagFin, type SpdyHeaders } from './frames.ts';

export interface SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: SpdyHeaders;
  /** True when the connection was lost before the peer had ended or reset the stream. */
  readonly cutOff: boolean;
}

/** What a stream asks of its connection. */
export interface StreamOwner {
  /** True when nothing comes or goes any more. */
  readonly lost: boolean;
  sendData(id: number, data: Buffer, flags: number, done: (error?: Error | null) => void): void;
  forget(stream: Stream, cutOff: boolean): void;
}

/** What may wait in one stream for its reader before the whole connection is read no further. */
const longestBacklog = 1024 * 1024;
export class Stream extends Duplex implements SpdyStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly #connection: StreamOwner;
  #ended = false;
  #resume: (() => void) | undefined;
  cutOff = false;
  /** What is written goes nowhere any more. */
  #over = false;
  /** Settled by SYN_REPLY. */
  accepted: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(connection: StreamOwner, id: number, headers: SpdyHeaders) {
    super({ allowHalfOpen: true, emitClose: true });
    this.#connection = connection;
    this.id = id;
    this.headers = headers;
    // A stream whose peer is gone ends; those who care listen themselves.
    this.on('error', () => {});
  }

  /** Resolves when there is room for more. */
  async receive(data: Buffer): Promise<void> {
    if (this.destroyed || this.#ended) return;
    this.push(data);
    if (this.readableLength < longestBacklog || this.#connection.lost) return;
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
  }

  /** The peer says and hears no more: what came is still read, what is written is dropped, as with a Go server that closes at its end. */
  over(reason: string): void {
    this.#over = true;
    this.accepted?.reject(new Error(reason));
    this.accepted = undefined;
    if (this.destroyed) return;
    this.ended();
    this.end();
  }

  /** Nothing waits for a reader any more. */
  release(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  ended(): void {
    if (!this.#ended) this.push(null);
    this.#ended = true;
  }

  override _read(): void {
    this.release();
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#over) done();
    else this.#connection.sendData(this.id, data, 0, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#over) done();
    else this.#connection.sendData(this.id, Buffer.alloc(0), flagFin, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.release();
    this.#connection.forget(this, !(this.#ended && this.writableFinished));
    done(error);
  }
}
