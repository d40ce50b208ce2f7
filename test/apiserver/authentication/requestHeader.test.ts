// A front proxy in front of the server: whom it may speak for, and what its certificate is good for besides.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthenticator } from '../../../apiserver/authentication/authenticator.ts';
import type { PeerCertificate } from '../../../apiserver/authentication/clientCertificate.ts';
import { fingerprintsOf } from '../../../apiserver/authentication/requestHeader.ts';
import { issuePki } from '../../../cli/pki/issuePki.ts';
import { memoryCluster } from '../memoryCluster.ts';

let folder: string;
const pem = (name: string) => readFileSync(join(folder, name), 'utf8');
const certificate = (ca: string, more: Partial<PeerCertificate> = {}): PeerCertificate => ({
  commonName: 'front-proxy-client',
  organizations: [],
  chain: ['leaf', ...fingerprintsOf(pem(ca))],
  ...more,
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'request-header-'));
  await issuePki({ folder, nodes: [] });
});
afterAll(() => rmSync(folder, { recursive: true }));

const who = async (peer: PeerCertificate, headers: string[], allowedNames: string[] = []) => {
  const authenticator = createAuthenticator({
    trust: { clientCA: pem('ca.crt'), requestHeaderCA: pem('front-proxy-ca.crt') },
    requestHeader: {
      allowedNames,
      usernameHeaders: ['X-Remote-User', 'X-Other-User'],
      uidHeaders: ['X-Remote-Uid'],
      groupHeaders: ['X-Remote-Group'],
      extraPrefixes: ['X-Remote-Extra-'],
    },
    anonymous: true,
    lookups: memoryCluster(),
  });
  try {
    return await authenticator.authenticate({ certificate: peer, rawHeaders: headers });
  } catch (error) {
    return (error as Error).message;
  }
};

test('the proxy names the caller', async () => {
  const headers = ['X-Remote-User', 'jane', 'x-remote-group', 'a, b', 'X-Remote-Group', 'c', 'X-Remote-Uid', '7'];
  const extra = ['X-Remote-Extra-Acme.com%2Fproject', 'p1', 'x-remote-extra-acme.com%2fproject', 'p2'];
  expect(await who(certificate('front-proxy-ca.crt'), [...headers, ...extra])).toEqual({
    username: 'jane',
    uid: '7',
    groups: ['a, b', 'c', 'system:authenticated'],
    extra: { 'acme.com/project': ['p1', 'p2'] },
  });
  expect(await who(certificate('front-proxy-ca.crt'), ['X-Other-User', 'joe'], ['front-proxy-client'])).toMatchObject({
    username: 'joe',
  });
});

test.each<[string, () => PeerCertificate, string[], string | object]>([
  ['no name given', () => certificate('front-proxy-ca.crt'), [], 'Unauthorized'],
  [
    'a proxy of another name',
    () => certificate('front-proxy-ca.crt', { commonName: 'x' }),
    ['X-Remote-User', 'jane'],
    'Unauthorized',
  ],
  [
    'an expired one',
    () => certificate('front-proxy-ca.crt', { error: 'CERT_HAS_EXPIRED' }),
    ['X-Remote-User', 'jane'],
    'Unauthorized',
  ],
  [
    'a client of the other CA is itself',
    () => certificate('ca.crt', { commonName: 'joe' }),
    ['X-Remote-User', 'jane'],
    { username: 'joe' },
  ],
])('%s', async (_what, peer, headers, expected) => {
  const found = await who(peer(), headers, ['front-proxy-client']);
  if (typeof expected === 'string') expect(found).toBe(expected);
  else expect(found).toMatchObject(expected);
});
