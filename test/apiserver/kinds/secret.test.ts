import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { secret } from '../../../apiserver/kinds/secret.ts';
import { selfSigned } from '../../../component-base/selfSigned.ts';
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

const { cert, key } = selfSigned('a', [], Date.parse('2026-01-01T00:00:00Z'));
const other = selfSigned('b', [], Date.parse('2026-01-01T00:00:00Z'));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaKey = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;
const publicKey = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const blockOf = (type: string) => `-----BEGIN ${type}-----\nAAAA\n-----END ${type}-----\n`;
test.each<[string, string, string, string[]]>([
  ['fits', cert, key, []],
  ['chain and a key after its parameters', `# a\n${cert}${other.cert}`, `${blockOf('EC PARAMETERS')}${key}`, []],
  ['empty', '', '', ['tls: failed to find any PEM data in certificate input']],
  ['no key', cert, 'x', ['tls: failed to find any PEM data in key input']],
  [
    'switched',
    key,
    cert,
    [
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    ],
  ],
  ['twice the certificate', cert, cert, ['tls: found a certificate rather than a key in the PEM for the private key']],
  [
    'a public key for a certificate',
    publicKey + publicKey,
    key,
    [
      'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [PUBLIC KEY PUBLIC KEY]',
    ],
  ],
  [
    'a public key for a key',
    cert,
    publicKey,
    [
      'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [PUBLIC KEY]',
    ],
  ],
  ['no certificate within', blockOf('CERTIFICATE'), key, ['x509: malformed certificate']],
  ['no key within', cert, blockOf('PRIVATE KEY'), ['tls: failed to parse private key']],
  ['another type of key', cert, rsaKey, ['tls: private key type does not match public key type']],
  ['another key', cert, other.key, ['tls: private key does not match public key']],
])('a TLS pair that %s', (_what, crt, own, expected) => {
  const data = { 'tls.crt': b64(crt), 'tls.key': b64(own) };
  const pair = made(secret, { type: 'kubernetes.io/tls', data });
  expect(created(secret, pair)).toEqual([]);
  expect(secret.warnings!(pair, pair)).toEqual(expected);
  expect(secret.warnings!(made(secret, { data }), undefined)).toEqual([]);
});
