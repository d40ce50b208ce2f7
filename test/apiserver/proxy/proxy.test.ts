// pods, services and nodes proxy against real servers: methods, bodies as they stream, headers, redirects, links, upgrades, refusals.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type Http, httpTo } from '../../kit/http.ts';

/** Proxies refuse loopback addresses, so the backends stand at an address of this machine. */
const address = Object.values(networkInterfaces())
  .flat()
  .find((a) => a && !a.internal && a.family === 'IPv4')?.address;

let server: TestApiServer;
let http: Http & { close(): void };
let backend: Server;
let secure: https.Server;
let kubelet: https.Server;
const sockets = new Set<Socket>();
const base = '/api/v1/namespaces/default';

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  if (path.startsWith('/page')) {
    const html = '<html><a href="/rewriteme">test</a><a href="https://example.com/">b</a></html>';
    const gzip = path.includes('gzip');
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    });
    response.end(gzip ? gzipSync(html) : html);
  } else if (path === '/moved') response.writeHead(302, { location: '/else/where/?x=1' }).end();
  else if (path === '/cut') {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('some of it');
    setTimeout(() => response.destroy(), 50);
  } else if (path === '/slow') {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('first ');
    request.once('close', () => {});
    setTimeout(() => response.end('second'), 100);
  } else {
    let length = 0;
    let beginning = '';
    request.on('data', (part: Buffer) => {
      length += part.length;
      if (beginning.length < 100) beginning += part.toString();
    });
    request.on('end', () => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'access-control-allow-origin': '*',
        'set-cookie': ['a=1', 'b=2'],
      });
      response.end(
        request.method === 'HEAD'
          ? undefined
          : JSON.stringify({
              method: request.method,
              path,
              length,
              beginning: beginning.slice(0, 10),
              headers: request.headers,
            }),
      );
    });
  }
}

const listening = async <S extends Server | https.Server>(s: S): Promise<S> => {
  s.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  s.listen(0, '0.0.0.0');
  await once(s, 'listening');
  const wss = new WebSocketServer({ server: s });
  wss.on('connection', (ws) => {
    ws.send('welcome');
    ws.on('message', (data) => ws.send(`echo ${data}`));
  });
  return s;
};
const portOf = (s: Server | https.Server) => (s.address() as AddressInfo).port;

beforeAll(async () => {
  server = await startTestApiServer({ nodes: ['n1'], flags: ['--kubelet-preferred-address-types=InternalIP'] });
  http = httpTo(server);
  const read = (name: string) => readFileSync(join(server.folder, 'pki', name));
  const serving = { cert: read('nodes/n1/serving.crt'), key: read('nodes/n1/serving.key') };
  backend = await listening(createServer(answer));
  secure = await listening(https.createServer(serving, answer));
  kubelet = await listening(https.createServer({ ...serving, ca: read('ca.crt'), requestCert: true }, answer));
  await until(async () => (await http('/api/v1/namespaces/default')).code === 200);
  await http(`${base}/serviceaccounts`, { body: { metadata: { name: 'default' } } });
  const ports = [{ containerPort: portOf(backend) }];
  await makePod('web', ports, address ?? '10.0.0.1');
  await makePod('lost', [{ containerPort: 1 }], '127.0.0.1');
  const spec = {
    ports: [
      { name: 'main', port: 80 },
      { name: 'tls', port: 443 },
    ],
  };
  await http(`${base}/services`, { body: { metadata: { name: 'svc' }, spec } });
  await http(`${base}/services`, { body: { metadata: { name: 'none' }, spec } });
  const slice = {
    metadata: { name: 'svc-1', labels: { 'kubernetes.io/service-name': 'svc' } },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['192.0.2.200'], conditions: { ready: false } },
      { addresses: ['192.0.2.201'] },
      { addresses: [address ?? '10.0.0.1'], targetRef: { kind: 'Pod', namespace: 'default', name: 'web' } },
    ],
    ports: [
      { name: 'main', port: portOf(backend) },
      { name: 'tls', port: portOf(secure) },
    ],
  };
  await http('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', { body: slice });
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: portOf(kubelet) } },
  };
  await http('/api/v1/nodes', { body: { metadata: { name: 'n1' }, status } });
});

async function makePod(name: string, ports: object[], ip: string): Promise<void> {
  const spec = { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'x', ports }] };
  await until(async () => (await http(`${base}/pods`, { body: { metadata: { name }, spec } })).code < 300);
  const pod = (await http(`${base}/pods/${name}`)).json;
  pod.status = { phase: 'Running', podIP: ip, podIPs: [{ ip }] };
  expect((await http(`${base}/pods/${name}/status`, { method: 'PUT', body: pod })).code).toBe(200);
}

afterAll(async () => {
  http?.close();
  await server?.stop();
  for (const socket of sockets) socket.destroy();
  for (const s of [backend, secure, kubelet]) s?.close();
});

describe.skipIf(!address)('pods and services', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    '%s reaches the pod and the service',
    async (method) => {
      for (const name of [
        'pods/web',
        'services/svc:main',
        'services/svc:80',
        'services/https:svc:tls',
        `pods/https:web:${portOf(secure)}`,
      ]) {
        const body = ['GET', 'OPTIONS'].includes(method) ? undefined : 'foo';
        const r = await http(`${base}/${name}/proxy/some/path//with%2F/${method}/?q=a%20b&q=c`, {
          method,
          body,
          type: 'text/plain',
        });
        expect([r.code, r.json.method, r.json.path, r.json.length]).toEqual([
          200,
          method,
          `/some/path//with%2F/${method}/?q=a%20b&q=c`,
          body ? 3 : 0,
        ]);
      }
    },
  );

  it('sends headers of the client but not its credentials, and says for whom', async () => {
    const r = await http(`${base}/pods/web/proxy/x`, {
      headers: {
        'x-mine': '1',
        authorization: 'Bearer not-a-token',
        'impersonate-user': 'jane',
        'impersonate-group': 'system:masters',
        connection: 'x-hop',
        'x-hop': '1',
      },
    });
    expect(r.json.headers).toMatchObject({
      'x-mine': '1',
      'x-forwarded-uri': `${base}/pods/web/proxy/x`,
      'x-forwarded-for': '127.0.0.1',
    });
    for (const name of ['authorization', 'impersonate-user', 'impersonate-group', 'x-hop'])
      expect(r.json.headers[name]).toBeUndefined();
    expect(r.headers['access-control-allow-origin']).toBeUndefined();
    expect(r.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(r.headers['audit-id']).toBeDefined();
  });

  it('without a path GET and HEAD are sent to the path with a slash, other methods go through', async () => {
    for (const method of ['GET', 'HEAD']) {
      const r = await http(`${base}/pods/web/proxy?method=${method}`, { method });
      expect([r.code, r.headers['location']]).toEqual([301, `${base}/pods/web/proxy/?method=${method}`]);
    }
    const r = await http(`${base}/pods/web/proxy?method=POST`, { method: 'POST', body: 'foo' });
    expect([r.code, r.json.path]).toEqual([200, '/?method=POST']);
    expect((await http(`${base}/pods/web/proxy/`)).json.path).toBe('/');
  });

  it('leads redirects and links back through the proxy', async () => {
    const moved = await http(`${base}/pods/web/proxy/moved`);
    expect([moved.code, moved.headers['location']]).toEqual([302, `${base}/pods/web/proxy/else/where/?x=1`]);
    const html = `<html><a href="${base}/services/svc:main/proxy/rewriteme">test</a><a href="https://example.com/">b</a></html>`;
    expect((await http(`${base}/services/svc:main/proxy/page`)).text).toBe(html);
    const zipped = await raw(`${base}/services/svc:main/proxy/page-gzip`);
    expect(gunzipSync(zipped).toString()).toBe(html);
  });

  it('a body larger than what the API takes streams through, and an answer comes as it is made', async () => {
    const r = await http(`${base}/pods/web/proxy/big`, {
      method: 'POST',
      body: Buffer.alloc(8 << 20, 'x'),
      type: 'application/octet-stream',
    });
    expect([r.code, r.json.length]).toEqual([200, 8 << 20]);
    const slow = https.get(`${server.url}${base}/pods/web/proxy/slow`, tls());
    const [response] = (await once(slow, 'response')) as [IncomingMessage];
    const parts: string[] = [];
    for await (const part of response) parts.push(String(part));
    expect(parts).toEqual(['first ', 'second']);
  });

  it('an answer that is cut off there is cut off here', async () => {
    await expect(raw(`${base}/pods/web/proxy/cut`)).rejects.toThrow(/aborted|hang up/);
  });

  it('WebSockets go through', async () => {
    for (const name of ['pods/web', 'services/https:svc:tls']) {
      const ws = new WebSocket(`${server.url.replace('https', 'wss')}${base}/${name}/proxy/ws`, tls());
      const heard: string[] = [];
      ws.on('message', (data) => heard.push(String(data)));
      await once(ws, 'open');
      ws.send('hello');
      await until(() => heard.length === 2);
      expect(heard).toEqual(['welcome', 'echo hello']);
      ws.close();
      await once(ws, 'close');
    }
  });
});

const tls = () => {
  const read = (name: string) => readFileSync(join(server.folder, 'pki', name));
  return { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key'), agent: false as const };
};

function raw(path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    https
      .get(`${server.url}${path}`, tls(), (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part) => parts.push(part));
        response.on('end', () => resolve(Buffer.concat(parts)));
        response.on('error', reject);
      })
      .on('error', reject);
  });
}

test('nodes/proxy speaks with the kubelet as the API server; its certificate is checked', async () => {
  for (const name of ['n1', `n1:${portOf(kubelet)}`, `https:n1:${portOf(kubelet)}`])
    expect((await http(`/api/v1/nodes/${name}/proxy/pods`)).json.path).toBe('/pods');
  const other = await http(`/api/v1/nodes/n1:${portOf(backend)}/proxy/x`);
  expect([other.code, other.json.message]).toEqual([400, 'address not allowed']);
});

test.each([
  ['pods/lost/proxy/', 400, 'address not allowed'],
  ['pods/nope/proxy/', 404, 'pods "nope" not found'],
  ['pods/ftp:web:21/proxy/', 400, 'invalid pod request "ftp:web:21"'],
  ['services/nope/proxy/', 404, 'services "nope" not found'],
  ['services/svc/proxy/', 503, 'no endpoints available for service "svc"'],
  ['services/none:main/proxy/', 503, 'no endpoints available for service "none:main"'],
  ['services/svc:81/proxy/', 503, 'no service port 81 found for service "svc"'],
  [
    `pods/web:1/proxy/`,
    503,
    `error trying to reach service: dial tcp ${address ?? '10.0.0.1'}:1: connect: connection refused`,
  ],
])('%s is refused with %i', async (path, code, message) => {
  if (path.startsWith('pods/web') && !address) return;
  const r = await http(`${base}/${path}`);
  expect([r.code, r.json.message]).toEqual([code, message]);
});

test('the verb of RBAC is the method’s', async () => {
  const user = { 'impersonate-user': 'jane' };
  const rules = [{ apiGroups: [''], resources: ['pods/proxy'], verbs: ['get'] }];
  await http('/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles', {
    body: { metadata: { name: 'r' }, rules },
  });
  await http('/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
    body: {
      metadata: { name: 'r' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
      subjects: [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  });
  await until(async () => (await http(`${base}/pods/lost/proxy/`, { headers: user })).code === 400);
  const refused = await http(`${base}/pods/lost/proxy/`, { method: 'POST', body: 'x', headers: user });
  expect([refused.code, refused.json.message]).toEqual([
    403,
    'pods "lost" is forbidden: User "jane" cannot create resource "pods/proxy" in API group "" in the namespace "default"',
  ]);
});
