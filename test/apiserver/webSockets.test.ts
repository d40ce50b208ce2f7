// Watches over WebSocket, and upgrades that are refused or ignored, as a browser's client sees them.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
const maps = '/api/v1/namespaces/default/configmaps';

beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  await until(async () => (await http('/api/v1/namespaces/default')).code === 200);
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

const tls = (identity = 'admin') => {
  const read = (name: string) => readFileSync(join(server.folder, 'pki', name));
  return { ca: read('ca.crt'), ...(identity ? { cert: read(`${identity}.crt`), key: read(`${identity}.key`) } : {}) };
};

function open(path: string, protocols: string[] = [], identity = 'admin') {
  const ws = new WebSocket(`${server.url.replace('https', 'wss')}${path}`, protocols, tls(identity));
  const messages: { text: string; binary: boolean }[] = [];
  ws.on('message', (data, binary) => messages.push({ text: data.toString(), binary }));
  const closed = new Promise<number>((resolve) => ws.on('close', resolve));
  const refused = new Promise<{ code: number; body: string }>((resolve) =>
    ws.on('unexpected-response', (_request, answer) => {
      let body = '';
      answer.on('data', (part) => (body += part)).on('end', () => resolve({ code: answer.statusCode ?? 0, body }));
    }),
  );
  ws.on('error', () => {});
  const opened = new Promise<void>((resolve) => ws.on('open', resolve));
  return { ws, messages, closed, refused, opened };
}

test.each([
  ['text', [], false, (t: string) => t],
  ['binary.k8s.io', ['binary.k8s.io'], true, (t: string) => t],
  ['base64.binary.k8s.io', ['base64.binary.k8s.io'], false, (t: string) => Buffer.from(t, 'base64').toString()],
])('a watch as %s: each event is a message', async (name, protocols, binary, decode) => {
  const label = name.replace(/\W/g, '-');
  const watch = open(`${maps}?watch=true&labelSelector=of=${label}`, protocols);
  await watch.opened;
  expect(watch.ws.protocol).toBe(protocols[0] ?? '');
  for (const i of [1, 2, 3]) await http(maps, { body: { metadata: { name: `${label}-${i}`, labels: { of: label } } } });
  await until(() => watch.messages.length === 3);
  const events = watch.messages.map((m) => JSON.parse(decode(m.text)));
  expect(events.map((e) => [e.type, e.object.metadata.name])).toEqual([1, 2, 3].map((i) => ['ADDED', `${label}-${i}`]));
  expect(watch.messages.every((m) => m.binary === binary)).toBe(true);
  watch.ws.close();
  expect(await watch.closed).toBe(1005);
});

test('a bearer token may come as a sub-protocol beside another one, and is not answered', async () => {
  const path = '/api/v1/namespaces/default/serviceaccounts';
  await http(path, { body: { metadata: { name: 'reader' } } });
  const { token } = (await http(`${path}/reader/token`, { body: { spec: {} } })).json.status;
  const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`;
  const asReader = await open(`${maps}?watch=true`, [protocol, 'binary.k8s.io'], '').refused;
  expect(asReader.body).toContain('system:serviceaccount:default:reader');
  const alone = await open(`${maps}?watch=true`, [protocol], '').refused;
  expect(alone.body).toContain('system:anonymous');
  const admin = open(`${maps}?watch=true`, [protocol, 'binary.k8s.io']);
  await admin.opened;
  expect(admin.ws.protocol).toBe('binary.k8s.io');
  admin.ws.close();
});

test('a watch ends with a clean close when its time is up', async () => {
  const watch = open(`${maps}?watch=true&timeoutSeconds=1`);
  expect(await watch.closed).toBe(1000);
});

test('upgrades pass the same filters as other requests', async () => {
  const nobody = open(`${maps}?watch=true`, [], '');
  const refused = await nobody.refused;
  expect([refused.code, JSON.parse(refused.body).reason]).toEqual([403, 'Forbidden']);
  const missing = await open('/api/v1/namespaces/default/pods/none/exec?command=true&stdout=true', [
    'v5.channel.k8s.io',
  ]).refused;
  expect([missing.code, JSON.parse(missing.body).message]).toEqual([404, 'pods "none" not found']);
  const bad = await open(`${maps}?watch=true&sendInitialEvents=true`).refused;
  expect(bad.code).toBe(422);
});

test('an upgrade that nothing here asks for is answered as an ordinary request', async () => {
  const list = await open(maps).refused;
  expect([list.code, JSON.parse(list.body).kind]).toEqual([200, 'ConfigMapList']);
  const other = await http('/version', { headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c' } });
  expect([other.code, other.json.major]).toEqual([200, '1']);
});

test('a write that asks for an upgrade has no body and does not wait for one', async () => {
  const answer = await new Promise<{ statusCode?: number }>((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'content-length': 100 };
    const request = https.request(`${server.url}${maps}`, { ...tls(), method: 'POST', headers }, resolve);
    request.on('error', reject);
    request.flushHeaders();
  });
  expect(answer.statusCode).toBe(400);
});

test('malformed frames close the connection and nothing else', async () => {
  const watch = open(`${maps}?watch=true`);
  await watch.opened;
  (watch.ws as unknown as { _socket: import('node:net').Socket })._socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
  await watch.closed;
  expect((await http('/readyz')).code).toBe(200);
});

test('a client that breaks off in the middle of a body is forgotten', async () => {
  const request = https.request(`${server.url}${maps}`, {
    ...tls(),
    method: 'POST',
    headers: { 'content-length': 1000 },
  });
  request.on('error', () => {});
  request.write('{"half');
  await new Promise((resolve) => request.once('socket', (s) => s.once('secureConnect', resolve)));
  request.destroy();
  expect((await http('/readyz')).code).toBe(200);
});
