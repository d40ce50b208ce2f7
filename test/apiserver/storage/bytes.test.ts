import { describe, expect, test } from 'vitest';
import { encodeStored, served, withRevision } from '../../../apiserver/storage/bytes.ts';

const stored = (object: object): string => encodeStored(object as any).toString();
const parsed = (bytes: Buffer) => JSON.parse(bytes.toString());

describe('encodeStored', () => {
  test.each([
    [
      'canonical order, whatever order came in',
      { spec: { a: 1 }, metadata: { name: 'a' }, apiVersion: 'v1', kind: 'Pod' },
      '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},"spec":{"a":1}}',
    ],
    [
      'no resourceVersion, no empty selfLink',
      { kind: 'Pod', apiVersion: 'v1', metadata: { selfLink: '', name: 'a', resourceVersion: '7' } },
      '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}',
    ],
    [
      'empty metadata',
      { kind: 'Pod', apiVersion: 'v1', metadata: {} },
      '{"kind":"Pod","apiVersion":"v1","metadata":{}}',
    ],
  ])('%s', (_, object, wanted) => {
    const before = JSON.stringify(object);
    expect(stored(object)).toBe(wanted);
    expect(JSON.stringify(object)).toBe(before);
  });
});

const canonical = (metadata: string, rest = '') => `{"kind":"Pod","apiVersion":"v1","metadata":${metadata}${rest}}`;

describe('served', () => {
  const spliced: [string, string, string][] = [
    ['metadata with members', canonical('{"name":"a"}'), canonical('{"resourceVersion":"12","name":"a"}')],
    ['empty metadata', canonical('{}'), canonical('{"resourceVersion":"12"}')],
    [
      'the marker inside strings',
      canonical('{"name":"\\"metadata\\":{"}', ',"data":{"x":"\\"metadata\\":{\\"resourceVersion\\":\\"5\\""}'),
      canonical(
        '{"resourceVersion":"12","name":"\\"metadata\\":{"}',
        ',"data":{"x":"\\"metadata\\":{\\"resourceVersion\\":\\"5\\""}',
      ),
    ],
    [
      'resourceVersions of others, behind metadata and inside it',
      canonical(
        '{"name":"a","managedFields":[{"x":{"resourceVersion":"1"}}]}',
        ',"involvedObject":{"resourceVersion":"3"}',
      ),
      canonical(
        '{"resourceVersion":"12","name":"a","managedFields":[{"x":{"resourceVersion":"1"}}]}',
        ',"involvedObject":{"resourceVersion":"3"}',
      ),
    ],
    [
      'a string that ends like the marker',
      canonical('{"annotations":{"x\\"resourceVersion":"5","y":"}"}}'),
      canonical('{"resourceVersion":"12","annotations":{"x\\"resourceVersion":"5","y":"}"}}'),
    ],
  ];
  test.each(spliced)('splices: %s', (_, value, wanted) => {
    expect(served(Buffer.from(value), 12).toString()).toBe(wanted);
  });

  const rewritten: [string, string][] = [
    ['kubectl order', '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{}}'],
    ['white space', '{ "kind": "Pod", "apiVersion": "v1", "metadata": { "name": "a" }, "spec": {} }'],
    ['white space in metadata', canonical('{ "name":"a"}', ',"spec":{}')],
    ['white space in empty metadata, then more', '{"kind":"Pod","apiVersion":"v1","metadata":{ },"spec":{}}'],
    ['a resourceVersion already, first', canonical('{"resourceVersion":"5","name":"a"}', ',"spec":{}')],
    [
      'a resourceVersion already, last',
      canonical('{"name":"a","labels":{"a":"b"},"resourceVersion": "5"}', ',"spec":{}'),
    ],
    ['an escape in the kind', '{"kind":"P\\u006fd","apiVersion":"v1","metadata":{"name":"a"},"spec":{}}'],
  ];
  test.each(rewritten)('parses and writes anew: %s', (_, value) => {
    const out = served(Buffer.from(value), 12);
    const wanted = JSON.parse(value);
    expect(parsed(out)).toEqual({ ...wanted, metadata: { ...wanted.metadata, resourceVersion: '12' } });
    expect(out.toString().match(/"resourceVersion"/g)).toHaveLength(1);
    expect(out.toString().startsWith('{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"12"')).toBe(true);
  });

  test.each([
    '',
    'no json',
    'null',
    '[]',
    '1',
    '{}',
    '{"kind":"Pod","apiVersion":"v1"}',
    canonical('null'),
    canonical('[]'),
  ])('refuses %j', (value) => {
    expect(() => served(Buffer.from(value), 12)).toThrow(SyntaxError);
  });

  test('text beyond ASCII, plain Uint8Arrays, memory of its own', () => {
    const object = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'ä', annotations: { x: '\u{1F600}\u2028"\\' } } };
    const out = served(new Uint8Array(encodeStored(object as any)), 9_007_199_254_740_991);
    expect(parsed(out)).toEqual({ ...object, metadata: { ...object.metadata, resourceVersion: '9007199254740991' } });
    expect(out.buffer.byteLength).toBe(out.length);
  });
});

test('withRevision changes nothing but the version', () => {
  for (const [, value] of [
    ['', canonical('{}')],
    ['', canonical('{"name":"a"}', ',"spec":{"resourceVersion":"12"}')],
  ]) {
    const before = served(Buffer.from(value!), 12);
    expect(withRevision(before, 1234).toString()).toBe(served(Buffer.from(value!), 1234).toString());
    expect(withRevision(before, 5).toString()).toBe(served(Buffer.from(value!), 5).toString());
  }
});
