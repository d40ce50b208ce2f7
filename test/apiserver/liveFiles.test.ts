// Certificates that are exchanged while the server runs: what it shows, whom it believes, how it calls on kubelets.
import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { issuePki } from '../../cli/pki/issuePki.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
let kubelet: https.Server;
const used = (name: string) => join(server.folder, 'pki', name);
/** Of another cluster, as a rotation would issue them. */
const other = (name: string) => join(server.folder, 'other', name);
const text = (path: string) => readFileSync(path, 'utf8');
const exchange = (name: string) => copyFileSync(other(name), used(name));

beforeAll(async () => {
  const further = (pki: string) => [`--tls-sni-cert-key=${pki}/admin.crt,${pki}/admin.key:foo,*.bar`];
  server = await startTestApiServer({ flagsFor: further });
  http = httpTo(server);
  await issuePki({ folder: join(server.folder, 'other'), nodes: [] });
  const options = { cert: text(used('apiserver.crt')), key: text(used('apiserver.key')), ca: text(used('ca.crt')) };
  kubelet = https.createServer({ ...options, requestCert: true, rejectUnauthorized: false }, (request, response) =>
    response.end((request.socket as TLSSocket).getPeerCertificate().fingerprint256),
  );
  await new Promise<void>((resolve) => kubelet.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  http?.close();
  kubelet?.closeAllConnections();
  kubelet?.close();
  await server?.stop();
});

/** What the server shows to a new connection. */
const shown = (servername?: string) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect({ port: server.port, host: '127.0.0.1', servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()!.toString());
      socket.destroy();
    });
    socket.once('error', reject);
  });

/** The code that the administrator of the other PKI gets, over a new connection. */
const codeOfOther = () =>
  new Promise<number>((resolve, reject) => {
    const own = {
      cert: text(other('admin.crt')),
      key: text(other('admin.key')),
      agent: false,
      rejectUnauthorized: false,
    };
    https.get(`${server.url}/api/v1/nodes`, own, (answer) => resolve(answer.resume().statusCode!)).on('error', reject);
  });

const nodes = async () => (await http('/api/v1/nodes')).code;

test('clients are believed by the CA file as it is, on open connections too; the CA is published', async () => {
  const first = text(used('ca.crt'));
  expect([await nodes(), await codeOfOther()]).toEqual([200, 401]);
  writeFileSync(used('ca.crt'), first + text(other('ca.crt')));
  await until(async () => (await codeOfOther()) === 200);
  expect(await nodes()).toBe(200);
  await until(async () => {
    const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
    return (await http(path)).json.data['client-ca-file'].includes(text(other('ca.crt')).trim());
  });
  exchange('ca.crt');
  await until(async () => (await nodes()) === 401);
  writeFileSync(used('ca.crt'), first);
  await until(async () => (await nodes()) === 200);
});

test('a new certificate is shown once its key is there', async () => {
  const pem = (path: string) => text(path).trim();
  const first = pem(used('apiserver.crt'));
  exchange('apiserver.crt');
  writeFileSync(used('ca.crt'), `${text(used('ca.crt'))}\n`);
  expect((await shown()).trim()).toBe(first);
  exchange('apiserver.key');
  await until(async () => (await shown()).trim() === pem(other('apiserver.crt')));
  expect(await nodes()).toBe(200);
});

test('other names have certificates of their own, as their files are', async () => {
  const first = text(used('admin.crt')).trim();
  const names = ['foo', 'b.bar', 'other'];
  const all = async () => Promise.all(names.map(async (name) => (await shown(name)).trim()));
  const own = text(used('apiserver.crt')).trim();
  expect(await all()).toEqual([first, first, own]);
  exchange('admin.crt');
  exchange('admin.key');
  const next = text(other('admin.crt')).trim();
  await until(async () => (await shown('b.bar')).trim() === next);
  expect(await all()).toEqual([next, next, own]);
});

test('kubelets are called on with the client certificate of now', async () => {
  const kubeletEndpoint = { Port: (kubelet.address() as AddressInfo).port };
  const status = { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint } };
  await http('/api/v1/nodes', { body: { metadata: { name: 'n' }, status } });
  const caller = async () => (await http('/api/v1/nodes/n/proxy/who')).text;
  const mark = (path: string) => new X509Certificate(text(path)).fingerprint256;
  expect(await caller()).toBe(mark(used('apiserver-kubelet-client.crt')));
  exchange('apiserver-kubelet-client.crt');
  exchange('apiserver-kubelet-client.key');
  await until(async () => (await caller()) === mark(other('apiserver-kubelet-client.crt')));
});
