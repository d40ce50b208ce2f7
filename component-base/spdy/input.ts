// A socket's bytes as they are asked for. Used by: connection.ts, which reads frames by it.
// An async iterator would destroy the socket at the end of its readable half, and with it what is still on its way out.
import type { Duplex } from 'node:stream';

/** The socket's bytes as they are asked for; nothing is read ahead of what is asked. */
export class Input {
  readonly #socket: Duplex;
  #rest: Buffer;
  #wake: () => void = () => {};

  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    this.#rest = head;
    for (const event of ['readable', 'end', 'close', 'error']) socket.on(event, () => this.#wake());
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const chunk: Buffer | null = this.#socket.read();
      if (chunk) {
        this.#rest = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk;
        return true;
      }
      if (this.#socket.readableEnded || this.#socket.destroyed) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Undefined at the end of the socket between two frames; throws in the middle of one. */
  async take(length: number): Promise<Buffer | undefined> {
    while (this.#rest.length < length) {
      if (await this.#more()) continue;
      if (this.#rest.length) throw new Error('the connection ended in a frame');
      return undefined;
    }
    const out = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return out;
  }

  async takeAll(length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0);
    const bytes = await this.take(length);
    if (!bytes) throw new Error('the connection ended in a frame');
    return bytes;
  }

  /** What is there, up to `most` bytes, one at least. */
  async takeSome(most: number): Promise<Buffer> {
    if (!this.#rest.length && !(await this.#more())) throw new Error('the connection ended in a frame');
    const out = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(out.length);
    return out;
  }
}
