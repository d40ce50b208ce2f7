// A watch as a row reads it: the next event within a time, nothing for a time, and that it does not close by itself.
// BOOKMARK events are kept aside, as clients that reopen watches swallow them. Reads frames of connection.ts.
import assert from 'node:assert/strict';
import { apiError } from './apiError.ts';
import type { Connection, Reply, Stream } from './connection.ts';
import { readProtobufFrames } from './protobuf.ts';

export interface Event {
  type: string;
  object: any;
  /** The frame as it came. */
  frame: Buffer;
}

export interface Watch {
  /** The next event that is no bookmark; fails when none comes within `ms`, or the stream closes. */
  next(ms?: number): Promise<Event>;
  /** The next event has this type and, if given, exactly this object. */
  expect(type: string, object?: any, ms?: number): Promise<Event>;
  /** Passes events by until one fits. */
  until(what: string, fits: (event: Event) => boolean, ms?: number): Promise<Event>;
  /** No event for so long, and still open. */
  none(ms: number): Promise<void>;
  bookmarks: Event[];
  /** Events that came and that nobody has asked for yet. */
  pending(): Event[];
  closed(): boolean;
  close(): void;
}

export async function openWatch(connection: Connection, path: string, accept: string): Promise<Watch> {
  const answer = await connection.open(path, { accept });
  if (answer.code !== 200) throw apiError(`watch ${path}`, await refusal(answer));
  const queue: Event[] = [];
  const bookmarks: Event[] = [];
  let wake: () => void = () => undefined;
  let ended = false;
  const take = (event: Event) => {
    (event.type === 'BOOKMARK' ? bookmarks : queue).push(event);
    wake();
  };
  const protobuf = String(answer.headers['content-type']).startsWith('application/vnd.kubernetes.protobuf');
  (protobuf ? readProtobufFrames : readLines)(answer.stream, take);
  answer.stream.on('error', () => undefined);
  answer.stream.once('close', () => {
    ended = true;
    wake();
  });
  /** True when something may have come, false when the time is over. */
  const arrival = (ms: number) =>
    new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(ms, 0));
      wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  const watch: Watch = {
    bookmarks,
    async next(ms = 60_000) {
      const end = Date.now() + ms;
      while (!queue.length) {
        assert.ok(!ended, `watch ${path}: closed`);
        if (!(await arrival(end - Date.now()))) assert.fail(`watch ${path}: no event within ${ms} ms`);
      }
      return queue.shift()!;
    },
    async expect(type, object, ms) {
      const event = await watch.next(ms);
      assert.equal(event.type, type, `watch ${path}: ${JSON.stringify(event.object)}`);
      if (object) assert.deepEqual(event.object, object);
      return event;
    },
    async until(what, fits, ms = 60_000) {
      const end = Date.now() + ms;
      for (;;) {
        const event = await watch.next(end - Date.now()).catch((e) => assert.fail(`${what}: ${e.message}`));
        if (fits(event)) return event;
      }
    },
    async none(ms) {
      const end = Date.now() + ms;
      while (Date.now() < end && !queue.length && !ended) await arrival(end - Date.now());
      assert.deepEqual(queue, [], `watch ${path}: an event that must not come`);
      assert.ok(!ended, `watch ${path}: closed`);
    },
    pending: () => queue,
    closed: () => ended,
    close: () => answer.stream.destroy(),
  };
  return watch;
}

async function refusal({ code, headers, stream }: Stream): Promise<Reply> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return { code, headers, bytes, text: bytes.toString(), json: JSON.parse(bytes.toString()) };
}

/** JSON frames, a line each. A frame that is no event (an answer `{}`) is one with an empty type. */
function readLines(stream: Stream['stream'], take: (event: Event) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  const line = (frame: Buffer) => {
    if (!frame.length) return;
    const { type = '', object } = JSON.parse(frame.toString('utf8'));
    take({ type, object, frame });
  };
  stream.on('data', (chunk: Buffer) => {
    rest = rest.length ? Buffer.concat([rest, chunk]) : chunk;
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      line(rest.subarray(0, at));
      rest = rest.subarray(at + 1);
    }
  });
  stream.once('end', () => line(rest));
}
