import { expect, test } from 'vitest';
import { configMap } from '../../../apiserver/kinds/configMap.ts';
import { cells, created, made, updated } from './said.ts';

const keyRule =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

test.each<[string, Record<string, unknown>, string[]]>([
  ['plain keys', { data: { 'a.b': '1', 'C_d-e': '' }, binaryData: { bytes: 'AAE=' } }, []],
  ['no keys', {}, []],
  ['bad key', { data: { 'a/b': '1' } }, [`data[a/b]: Invalid value: "a/b": ${keyRule}`]],
  ['bad binary key', { binaryData: { '..': '' } }, [`binaryData[..]: Invalid value: "..": must not be '..'`]],
  [
    'the same key twice',
    { data: { k: '1' }, binaryData: { k: 'AAE=' } },
    [
      'data[k]: Invalid value: "k": duplicate of key present in binaryData',
      'binaryData[k]: Invalid value: "k": duplicate of key present in data',
    ],
  ],
  ['1 MiB', { data: { k: 'x'.repeat(1 << 20) } }, []],
  ['over 1 MiB', { data: { k: 'x'.repeat(1 << 20), l: 'y' } }, ['[]: Too long: may not be more than 1048576 bytes']],
  [
    'over 1 MiB of bytes',
    { data: { k: 'xyz' }, binaryData: { b: Buffer.alloc(1 << 20).toString('base64') } },
    ['[]: Too long: may not be more than 1048576 bytes'],
  ],
])('%s', (_name, fields, expected) => {
  expect(created(configMap, made(configMap, fields))).toEqual(expected);
});

const frozen = 'Forbidden: field is immutable when `immutable` is set';
test.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
  ['data may change', { data: { a: '1' } }, { data: { a: '2' } }, []],
  ['freezing', { data: { a: '1' } }, { data: { a: '1' }, immutable: true }, []],
  ['labels of a frozen one', { data: { a: '1' }, immutable: true }, { data: { a: '1' }, immutable: true }, []],
  ['thawing', { immutable: true }, { immutable: false }, [`immutable: ${frozen}`]],
  [
    'all of a frozen one',
    { data: { a: '1' }, binaryData: { b: 'AA==' }, immutable: true },
    { data: { a: '2' } },
    [`immutable: ${frozen}`, `data: ${frozen}`, `binaryData: ${frozen}`],
  ],
])('update: %s', (_name, old, now, expected) => {
  expect(updated(configMap, made(configMap, now), made(configMap, old))).toEqual(expected);
});

test('the Data column counts both bags', () => {
  expect(cells(configMap, made(configMap, { data: { a: '', b: '' }, binaryData: { c: '' } })).Data).toBe(3);
});
