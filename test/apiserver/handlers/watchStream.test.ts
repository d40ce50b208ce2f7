// Many watchers at once: they are written to in turns, requests come between, and what gathers meanwhile goes in one write.
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { WatchStream } from '../../../apiserver/handlers/watchStream.ts';

/** A response whose writes take the processor for `ms`. */
function slowResponse(ms: number, written: string[]): ServerResponse {
  const write = (bytes: Buffer) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
    written.push(bytes.toString());
    return true;
  };
  return Object.assign(new EventEmitter(), { destroyed: false, write, destroy() {}, end() {} }) as never;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('other work comes between watchers, and late events join those that wait', async () => {
  const written: string[][] = Array.from({ length: 40 }, () => []);
  const streams = written.map((into) => new WatchStream(slowResponse(1, into)));
  for (const stream of streams) stream.push(Buffer.from('a'));
  const sent = () => written.filter((writes) => writes.length).length;
  await turn();
  await turn();
  // 40 ms of writing do not come in one piece.
  expect(sent()).toBeGreaterThan(0);
  expect(sent()).toBeLessThan(40);
  for (const stream of streams) stream.push(Buffer.from('b'));
  while (written.some((writes) => writes.join('') !== 'ab')) await turn();
  expect(written.at(-1)).toEqual(['ab']);
});

it('events that wait together are put together once for all watchers who wait for the same', async () => {
  const written: Buffer[][] = [[], [], [], []];
  const streams = written.map((into) => {
    const write = (bytes: Buffer) => into.push(bytes) > 0;
    return new WatchStream(Object.assign(new EventEmitter(), { destroyed: false, write, end() {} }) as never);
  });
  const [a, b, c] = ['a', 'b', 'c'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
  const events = [
    [a, b],
    [a, b],
    [a, c],
    [a, b, c],
  ];
  for (const [i, stream] of streams.entries()) for (const event of events[i]!) stream.push(event);
  while (written.some((writes) => writes.length === 0)) await turn();
  expect(written.map((writes) => Buffer.concat(writes).toString())).toEqual(['ab', 'ab', 'ac', 'abc']);
  expect(written[1]![0]).toBe(written[0]![0]);
});
