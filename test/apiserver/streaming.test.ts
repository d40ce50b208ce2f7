// exec, attach and port-forward at the API server, in front of a small kubelet that answers in good and in bad ways.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import WebSocket, { createWebSocketStream } from 'ws';
import { createSpdyConnection, type SpdyConnection } from '../../component-base/spdy/connection.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';
import { containersOfStreamingKubelet, type StreamingKubelet, startStreamingKubelet } from '../kit/streamingKubelet.ts';

let server: TestApiServer;
let http: Http & { close(): void };
let kubelet: StreamingKubelet;
const base = '/api/v1/namespaces/default/pods';

beforeAll(async () => {
  server = await startTestApiServer({ nodes: ['n1'], flags: ['--kubelet-preferred-address-types=InternalIP'] });
  http = httpTo(server);
  kubelet = await startStreamingKubelet(server, 'n1');
  await until(async () => (await http('/api/v1/namespaces/default')).code === 200);
  await http('/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'default' } } });
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
  };
  await http('/api/v1/nodes', { body: { metadata: { name: 'n1' }, status } });
  const containers = containersOfStreamingKubelet.map((name) => ({ name, image: 'x' }));
  const spec = { nodeName: 'n1', automountServiceAccountToken: false, containers };
  for (const [name, more] of [
    ['p', {}],
    ['free', { nodeName: undefined }],
    ['stray', { nodeName: 'n2' }],
  ] as const)
    await until(
      async () => (await http(base, { body: { metadata: { name }, spec: { ...spec, ...more } } })).code < 300,
    );
});
afterAll(async () => {
  http?.close();
  await server?.stop();
  kubelet?.close();
});

const tls = () => {
  const read = (name: string) => readFileSync(join(server.folder, 'pki', name));
  return { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key'), agent: false as const };
};

function exec(container: string, query = 'stdout=1', protocol = 'v5.channel.k8s.io') {
  const ws = new WebSocket(
    `${server.url.replace('https', 'wss')}${base}/p/exec?container=${container}&${query}`,
    [protocol],
    tls(),
  );
  const channels: string[] = ['', '', '', '', ''];
  ws.on('message', (data: Buffer) => (channels[data[0]!] += data.toString('utf8', 1)));
  ws.on('error', () => {});
  const opened = new Promise((resolve) => ws.on('open', resolve));
  const closed = new Promise<number>((resolve) => ws.on('close', resolve));
  return { ws, channels, opened, closed, status: () => JSON.parse(channels[3]!) };
}

describe('v5 becomes SPDY', () => {
  it('with the options under the kubelet’s names', async () => {
    const run = exec('echo', 'command=a%20b&command=%C3%A4%26&stdout=true&stderr=1');
    expect(await run.closed).toBe(1000);
    expect(run.channels[1]).toBe('3 a b\n2 ä&\n');
    expect(run.status().details.causes).toEqual([{ reason: 'ExitCode', message: '2' }]);
    expect(kubelet.asked.at(-1)).toBe(
      'POST /exec/default/p/echo?command=a+b&command=%C3%A4%26&error=1&output=1 SPDY/3.1',
    );
  });

  it('stdin flows and half closes; sizes reach a terminal', async () => {
    const cat = exec('cat', 'stdin=1&stdout=1');
    await cat.opened;
    for (let i = 0; i < 100; i++) cat.ws.send(Buffer.concat([Buffer.from([0]), Buffer.alloc(10_000, 'x')]));
    cat.ws.send(Buffer.from([255, 0]));
    await cat.closed;
    expect([cat.channels[1]!.length, cat.status().status]).toEqual([1_000_000, 'Success']);
    const sizes = exec('sizes', 'stdout=1&stdin=1&tty=1');
    await sizes.opened;
    for (const size of ['{"Width":80,"Height":24}', '{"Width":1', '00,"Height":30}'])
      sizes.ws.send(Buffer.from(`\x04${size}`));
    await until(() => sizes.channels[1] === '80x24\n100x30\n');
    sizes.ws.close();
    await sizes.closed;
  });

  it.each([
    ['refused', 'Internal error occurred: unable to upgrade connection: not here'],
    ['status', 'gone'],
    ['deaf', 'Internal error occurred: unable to upgrade connection: status code 200'],
    ['broken', 'Internal error occurred: error executing command in container: no such file'],
    ['garbage', 'Internal error occurred: the connection has ended'],
    ['lost', 'Internal error occurred: the connection to the kubelet was lost'],
  ])('%s: the error channel says so', async (container, message) => {
    const run = exec(container);
    expect(await run.closed).toBe(1000);
    expect(run.status()).toMatchObject({ status: 'Failure', message });
    if (container === 'lost') expect(run.channels[1]).toBe('half of ');
  });
});

describe('the end', () => {
  it.each(['v5.channel.k8s.io', 'v4.channel.k8s.io'])(
    'of the connection follows the close frame: %s',
    async (protocol) => {
      const headers = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'sec-websocket-protocol': protocol,
      };
      const request = https.get(`${server.url}${base}/p/exec?container=echo&command=x&stdout=1`, { ...tls(), headers });
      // A client that answers nothing, and reads on until there is nothing more.
      const socket = await new Promise<Duplex>((resolve) =>
        request.on('upgrade', (_answer, socket) => resolve(socket)),
      );
      const started = Date.now();
      socket.resume();
      await new Promise((resolve) => socket.once('end', resolve));
      socket.destroy();
      expect(Date.now() - started).toBeLessThan(10_000);
    },
  );
});

describe('other protocols pass through', () => {
  it.each([
    ['echo', 'v4.channel.k8s.io', 1000],
    ['echo', 'channel.k8s.io', 1000],
  ])('%s as %s', async (container, protocol, code) => {
    const run = exec(container, 'command=x&stdout=1', protocol);
    expect([await run.closed, run.channels[1]]).toEqual([code, '1 x\n']);
    expect(kubelet.asked.at(-1)).toMatch(/^GET .* websocket$/);
  });

  it.each([
    ['refused', 403, 'not here\n'],
    ['deaf', 500, 'invalid upgrade response: status code 200'],
  ])('%s is answered as HTTP', async (container, code, text) => {
    const refused = exec(container, 'stdout=1', 'v4.channel.k8s.io');
    const answer = await new Promise<{ code: number; body: string }>((resolve) =>
      refused.ws.on('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (part) => (body += part)).on('end', () => resolve({ code: response.statusCode!, body }));
      }),
    );
    expect([answer.code, answer.body.startsWith('{') ? JSON.parse(answer.body).message : answer.body]).toEqual([
      code,
      text,
    ]);
  });

  it('plain SPDY', async () => {
    const { connection } = await spdy(`${base}/p/exec?container=echo&command=y&stdout=1`, 'v4.channel.k8s.io');
    const [error, stdout] = [
      await connection.createStream({ streamtype: 'error' }),
      await connection.createStream({ streamtype: 'stdout' }),
    ];
    expect([await text(stdout), JSON.parse(await text(error)).reason]).toEqual(['1 y\n', 'NonZeroExitCode']);
    connection.destroy();
  });
});

const text = (stream: Duplex): Promise<string> =>
  new Promise((resolve) => {
    let all = '';
    stream.on('data', (part) => (all += part)).on('end', () => resolve(all));
  });

function spdy(path: string, version: string): Promise<{ connection: SpdyConnection; socket: Duplex }> {
  const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': version };
  return new Promise((resolve, reject) => {
    const request = https.request(server.url + path, { ...tls(), method: 'POST', headers });
    request.on('upgrade', (_answer, socket, head) =>
      resolve({ socket, connection: createSpdyConnection(socket, head, { role: 'client' }) }),
    );
    request.on('response', (answer) => reject(new Error(`answered ${answer.statusCode}`)));
    request.on('error', reject);
    request.end();
  });
}

describe('port-forward', () => {
  const echo = createServer((socket) => void socket.pipe(socket));
  beforeAll(() => new Promise<void>((resolve) => void echo.listen(0, '127.0.0.1', resolve)));
  afterAll(() => void echo.close());
  const port = () => String((echo.address() as AddressInfo).port);

  async function echoed(connection: SpdyConnection): Promise<void> {
    const error = await connection.createStream({ streamtype: 'error', port: port(), requestid: '0' });
    const data = await connection.createStream({ streamtype: 'data', port: port(), requestid: '0' });
    data.end('there and back');
    expect([await text(data), await text(error)]).toEqual(['there and back', '']);
    const [refusal, none] = [
      await connection.createStream({ streamtype: 'error', port: '1', requestid: '1' }),
      await connection.createStream({ streamtype: 'data', port: '1', requestid: '1' }),
    ];
    expect([await text(refusal), await text(none)]).toEqual([expect.stringContaining('ECONNREFUSED'), '']);
  }

  it('plain SPDY', async () => {
    const { connection } = await spdy(`${base}/p/portforward`, 'portforward.k8s.io');
    await echoed(connection);
    connection.destroy();
    expect(kubelet.asked.at(-1)).toBe('POST /portForward/default/p SPDY/3.1');
  });

  it('SPDY tunnelled in a WebSocket', async () => {
    const ws = tunnelled(`${base}/p/portforward`);
    const socket = createWebSocketStream(await ws);
    const connection = createSpdyConnection(socket, Buffer.alloc(0), { role: 'client' });
    await echoed(connection);
    (await ws).close();
    expect(kubelet.asked.at(-1)).toBe('POST /portForward/default/p SPDY/3.1');
  });

  /** ws itself would refuse the sub-protocol for its slash. */
  function tunnelled(path: string): Promise<WebSocket> {
    return new Promise((resolve, reject) => {
      const request = https.request(server.url + path, {
        ...tls(),
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
        },
      });
      request.on('upgrade', (answer, socket, head) => {
        expect(answer.headers['sec-websocket-protocol']).toBe('SPDY/3.1+portforward.k8s.io');
        // What its own client does after the handshake.
        const ws = new WebSocket(null as never, undefined, {});
        const inner = ws as unknown as { _isServer: boolean; setSocket(s: unknown, h: Buffer, o: object): void };
        inner._isServer = false;
        inner.setSocket(socket, head, { maxPayload: 0, allowSynchronousEvents: true, skipUTF8Validation: false });
        resolve(ws);
      });
      request.on('error', reject);
      request.end();
    });
  }
});

test.each([
  ['free/exec?container=echo&stdout=1', 400, 'pod free does not have a host assigned'],
  ['stray/exec?container=echo&stdout=1', 404, 'nodes "n2" not found'],
  ['p/attach?container=none&stdout=1', 400, 'container none is not valid for pod p'],
  ['free/log?container=echo', 204, ''],
])('%s: %i', async (path, code, message) => {
  const r = await http(`${base}/${path}`);
  expect([r.code, r.text ? r.json.message : '']).toEqual([code, message]);
});

test('what is open ends when the server stops', async () => {
  const run = exec('cat', 'stdin=1&stdout=1');
  await run.opened;
  const { socket } = await spdy(`${base}/p/portforward`, 'portforward.k8s.io');
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await server.stop();
  await Promise.all([run.closed, ended]);
  server = undefined as never;
});
