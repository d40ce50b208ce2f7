import { expect, test } from 'vitest';
import { createMessageCutter } from '../../../apiserver/storage/messageCutter.ts';

const framed = (text: string): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(Buffer.byteLength(text), 1);
  return Buffer.concat([head, Buffer.from(text)]);
};
const texts = ['first', '', 'a'.repeat(300), 'last'];
const stream = Buffer.concat(texts.map(framed));

test('messages come whole, however the stream is cut', () => {
  for (let size = 1; size <= stream.length; size++) {
    const cutter = createMessageCutter();
    const found: string[] = [];
    for (let at = 0; at < stream.length; at += size)
      for (const message of cutter.add(stream.subarray(at, at + size))) found.push(message.toString());
    expect(found).toEqual(texts);
  }
});

test('a message that the chunk holds whole is not copied', () => {
  const chunk = framed('here');
  expect(createMessageCutter().add(chunk)[0]!.buffer).toBe(chunk.buffer);
});

test('what says that it is compressed is refused', () => {
  const chunk = framed('x');
  chunk[0] = 1;
  expect(() => createMessageCutter().add(chunk)).toThrow('compressed');
});
