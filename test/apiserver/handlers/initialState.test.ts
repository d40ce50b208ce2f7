import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { sendState } from '../../../apiserver/handlers/initialState.ts';
import { WatchStream } from '../../../apiserver/handlers/watchStream.ts';

/** A client that takes `room` bytes and then no more until it is told to. */
class Client extends EventEmitter {
  destroyed = false;
  taken = 0;
  room: number;
  constructor(room: number) {
    super();
    this.room = room;
  }
  write(bytes: Buffer): boolean {
    this.taken += bytes.length;
    return this.taken < this.room;
  }
  end(): void {
    this.emit('close');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
  reads(room: number): void {
    this.room = this.taken + room;
    this.emit('drain');
  }
}

const bytes = Buffer.alloc(64 * 1024);
const parts = (client: Client) => {
  const out = new WatchStream(client as never);
  let made = 0;
  const send = () => {
    made++;
    out.push(bytes);
  };
  return { out, send, made: () => made };
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the state that a watch begins with', () => {
  it('goes out at once when it is short', () => {
    const { out, send, made } = parts(new Client(1e9));
    // A busy machine may take the processor away in the middle: short in time, too.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    expect(sendState([1, 2, 3], send, out)).toBeUndefined();
    clock.mockRestore();
    expect(made()).toBe(3);
  });

  it('is made only as fast as the client takes it', async () => {
    const client = new Client(1024 * 1024);
    const { out, send, made } = parts(client);
    const items = Array.from({ length: 1000 }, (_, i) => i);
    const all = sendState(items, send, out)!;
    for (let i = 0; i < 20; i++) await turn();
    expect(made()).toBeLessThan(200);
    while (made() < items.length) {
      client.reads(8 * 1024 * 1024);
      await turn();
    }
    await all;
    expect(made()).toBe(items.length);
  });

  it('gives others their turn when it takes long', async () => {
    const { out, made } = parts(new Client(1e9));
    let turns = 0;
    let done = false;
    const count = () => {
      turns++;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    const slow = () => {
      const end = performance.now() + 4;
      while (performance.now() < end);
    };
    await sendState(Array(30).fill(0), slow, out);
    done = true;
    expect(turns).toBeGreaterThan(3);
    expect(made()).toBe(0);
  });

  it('ends when the client goes', async () => {
    const client = new Client(1024);
    const { out, send, made } = parts(client);
    const all = sendState(Array(1000).fill(0), send, out)!;
    await turn();
    client.destroy();
    await all;
    expect(made()).toBeLessThan(200);
  });
});
