// A node without an identity gets one with the token, and keeps no key behind at the setup service.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PkiOptions } from '../../cli/pki/identities.ts';
import { issuePki } from '../../cli/pki/issuePki.ts';
import { parseKubeconfig } from '../../client/kubeconfig.ts';
import { ensureIdentity, isCurrent } from '../../compose/join.ts';
import { createJoinServer } from '../../compose/joinServer.ts';

const folder = mkdtempSync(join(tmpdir(), 'join-'));
const pki: PkiOptions = {
  folder: join(folder, 'authorities'),
  nodes: [],
  more: [{ file: 'setup', authority: 'ca', commonName: 'mini-k8s-setup', names: ['setup', 'localhost'] }],
};
const token = 'a-secret';
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
let server: Server;
let url: string;
let asked = 0;

beforeAll(async () => {
  await issuePki(pki);
  server = createJoinServer({ pki, token, server: 'https://apiserver:6443' });
  server.on('request', () => asked++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://localhost:${(server.address() as AddressInfo).port}`;
  mkdirSync(join(folder, 'join'));
  writeFileSync(join(folder, 'join/ca.crt'), read('authorities/ca.crt'));
  writeFileSync(join(folder, 'join/token'), token);
  writeFileSync(join(folder, 'join/ready'), '');
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const ask = (body: string, secret = token, path = '/join', method = 'POST'): Promise<{ code?: number; text: string }> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${secret}` };
    const asking = request(url + path, { method, headers, ca: read('authorities/ca.crt') }, (answer) => {
      let text = '';
      answer.on('data', (d) => {
        text += d;
      });
      answer.on('end', () => resolve({ code: answer.statusCode, text }));
    });
    asking.on('error', reject);
    asking.end(method === 'POST' ? body : undefined);
  });

it('gives the identity of the node that asks, and forgets its keys', async () => {
  const { code, text } = await ask(JSON.stringify({ name: 'node-7' }));
  expect(code).toBe(200);
  const files = JSON.parse(text);
  expect(Object.keys(files).sort()).toEqual([
    'ca.crt',
    'kubelet.kubeconfig',
    'proxy.kubeconfig',
    'serving.crt',
    'serving.key',
  ]);
  const kubelet = await parseKubeconfig(files['kubelet.kubeconfig']);
  expect(kubelet.server).toBe('https://apiserver:6443');
  expect(new X509Certificate(kubelet.cert!).subject.split('\n').sort()).toEqual([
    'CN=system:node:node-7',
    'O=system:nodes',
  ]);
  expect(new X509Certificate((await parseKubeconfig(files['proxy.kubeconfig'])).cert!).subject).toBe(
    'CN=system:kube-proxy',
  );
  expect(new X509Certificate(files['serving.crt']).checkHost('node-7')).toBe('node-7');
  expect(readdirSync(join(folder, 'authorities/nodes'))).toEqual([]);
  expect(text).not.toContain(read('authorities/ca.key').split('\n')[1]);
});

it('two that ask at once for the same name both get keys that fit', async () => {
  const both = await Promise.all([1, 2, 3].map(() => ask(JSON.stringify({ name: 'twin' }))));
  for (const { text } of both) {
    const files = JSON.parse(text);
    expect(new X509Certificate(files['serving.crt']).checkPrivateKey(createPrivateKey(files['serving.key']))).toBe(
      true,
    );
  }
});

it.each([
  ['the wrong token', '{"name":"node-7"}', 'wrong', '/join', 'POST', 401],
  ['no JSON', 'name', token, '/join', 'POST', 400],
  ['null', 'null', token, '/join', 'POST', 422],
  ['no name', '{}', token, '/join', 'POST', 422],
  ['a way out of the folder', '{"name":"../ca"}', token, '/join', 'POST', 422],
  ['capitals', '{"name":"Node"}', token, '/join', 'POST', 422],
  ['too long a name', JSON.stringify({ name: 'a'.repeat(64) }), token, '/join', 'POST', 422],
  ['too long a body', ' '.repeat(10_000), token, '/join', 'POST', 413],
  ['another path', '{}', token, '/', 'POST', 404],
  ['another verb', '', token, '/join', 'GET', 404],
])('refuses %s', async (_, body, secret, path, method, code) => {
  expect((await ask(body, secret, path, method)).code).toBe(code);
});

it('a node asks once, and again only when its identity is not of this cluster or about to end', async () => {
  const identityFolder = join(folder, 'identity');
  const log: string[] = [];
  const o = {
    name: 'node-9',
    joinFolder: join(folder, 'join'),
    identityFolder,
    setup: url,
    log: (t: string) => log.push(t),
  };
  const before = asked;
  await ensureIdentity(o);
  await ensureIdentity(o);
  expect([asked - before, log]).toEqual([1, []]);
  expect(statSync(join(identityFolder, 'serving.key')).mode & 0o777).toBe(0o600);
  const ca = read('authorities/ca.crt');
  const year = 365 * 24 * 3600 * 1000;
  expect(isCurrent(identityFolder, ca, Date.now())).toBe(true);
  expect(isCurrent(identityFolder, ca, Date.now() + year)).toBe(false);
  expect(isCurrent(identityFolder, read('authorities/front-proxy-ca.crt'), Date.now())).toBe(false);
  expect(isCurrent(join(folder, 'nowhere'), ca, Date.now())).toBe(false);
});
