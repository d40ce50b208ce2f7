import { expect, test } from 'vitest';
import { secret } from '../../../apiserver/kinds/secret.ts';
import { cells, created, made, updated } from './said.ts';

const b64 = (text: string) => Buffer.from(text).toString('base64');

test('stringData goes over data, and the type is Opaque', () => {
  const object = made(secret, { data: { a: b64('old'), b: b64('b') }, stringData: { a: 'new' } });
  expect(object).toMatchObject({ type: 'Opaque', data: { a: b64('new'), b: b64('b') } });
  expect(object).not.toHaveProperty('stringData');
  const again = structuredClone(object);
  secret.defaults!(again);
  expect(again).toEqual(object);
});

const name = 'kubernetes.io/service-account.name';
test.each<[string, Record<string, unknown>, string[], Record<string, unknown>?]>([
  ['opaque', { data: { k: b64('v') } }, []],
  ['own type', { type: 'example.com/x' }, []],
  ['bad key', { data: { '..a': '' } }, [`data[..a]: Invalid value: "..a": must not start with '..'`]],
  [
    'too large',
    { data: { k: Buffer.alloc((1 << 20) + 1).toString('base64') } },
    ['data: Too long: may not be more than 1048576 bytes'],
  ],
  [
    'token without account',
    { type: 'kubernetes.io/service-account-token' },
    [`metadata.annotations[${name}]: Required value`],
  ],
  ['token', { type: 'kubernetes.io/service-account-token' }, [], { annotations: { [name]: 'default' } }],
  ['dockercfg without its key', { type: 'kubernetes.io/dockercfg' }, ['data[.dockercfg]: Required value']],
  ['dockercfg', { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': b64('{}') } }, []],
  [
    'dockerconfigjson that is no object',
    { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': b64('[]') } },
    [
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
  ],
  [
    'dockerconfigjson that is empty',
    { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': '' } },
    ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input'],
  ],
  [
    'dockercfg that is no JSON',
    { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': b64('{"a":x}') } },
    [
      `data[.dockercfg]: Invalid value: "<secret contents redacted>": invalid character 'x' looking for beginning of value`,
    ],
  ],
  [
    'basic-auth with neither',
    { type: 'kubernetes.io/basic-auth' },
    ['data[username]: Required value', 'data[password]: Required value'],
  ],
  ['basic-auth with one, empty', { type: 'kubernetes.io/basic-auth', data: { password: '' } }, []],
  [
    'ssh-auth with an empty key',
    { type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } },
    ['data[ssh-privatekey]: Required value'],
  ],
  ['ssh-auth', { type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': b64('k') } }, []],
  ['tls without key', { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }, ['data[tls.key]: Required value']],
  ['tls', { type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } }, []],
  ['a type that every JavaScript object has a member of', { type: 'constructor' }, []],
])('%s', (_name, fields, expected, metadata) => {
  expect(created(secret, made(secret, fields, metadata))).toEqual(expected);
});

test.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
  ['data', { data: { a: 'AA==' } }, { data: { a: 'AQ==' } }, []],
  ['type', { type: 'a/b' }, {}, ['type: Invalid value: "Opaque": field is immutable']],
  [
    'frozen data',
    { immutable: true },
    { immutable: true, data: { a: 'AA==' } },
    ['data: Forbidden: field is immutable when `immutable` is set'],
  ],
])('update: %s', (_name, old, now, expected) => {
  expect(updated(secret, made(secret, now), made(secret, old))).toEqual(expected);
});

test('columns and the selectable type', () => {
  const object = made(secret, { data: { a: '' } });
  expect(cells(secret, object)).toMatchObject({ Name: 'x', Type: 'Opaque', Data: 1 });
  expect(secret.selectableFields!.type!(object)).toBe('Opaque');
});
