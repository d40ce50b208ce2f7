// What answers carry whatever they are about: headers, and the refusals of how an answer is asked for.
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { corsOf } from '../../apiserver/cors.ts';
import { tlsChoice } from '../../apiserver/tlsChoice.ts';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer({
    flags: [
      '--strict-transport-security-directives=max-age=60,includeSubDomains',
      '--tls-cipher-suites=TLS_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
      '--cors-allowed-origins=//127.0.0.1(:[0-9]+)?$,//pages\\.example(:|$)',
    ],
  });
  http = httpTo(server);
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

test.each(['/', '/livez', '/api', '/apis/apps/v1', '/openapi/v2', '/api/v1/nodes', '/api/v1/nodes/none', '/none'])(
  'nobody keeps %s, and browsers come by TLS only, where a flag says so',
  async (path) => {
    const { headers } = await http(path);
    expect(headers['cache-control']).toContain('private');
    expect(headers['strict-transport-security']).toBe('max-age=60; includeSubDomains');
  },
);

test('directives that no browser knows are refused at the start', async () => {
  const flags = ['--strict-transport-security-directives=forever'];
  await expect(startTestApiServer({ flags })).rejects.toThrow('allowed values: max-age=expireTime, includeSubDomains');
});

test('pages of origins that a flag names may call, and are told so before they have credentials', async () => {
  const origin = 'https://pages.example:8443';
  const stranger = httpTo(server, 'none');
  const ahead = await stranger('/api/v1/nodes', { method: 'OPTIONS', headers: { origin } });
  expect([ahead.code, ahead.text]).toEqual([204, '']);
  expect(ahead.headers).toMatchObject({
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE, PATCH',
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'Date',
  });
  const refused = await stranger('/api/v1/nodes', { headers: { origin } });
  expect([refused.code, refused.headers['access-control-allow-origin']]).toEqual([403, origin]);
  stranger.close();
  for (const other of ['https://pages.example.evil', 'https://example'])
    expect((await http('/api', { headers: { origin: other } })).headers['access-control-allow-origin']).toBeUndefined();
  expect((await http('/api')).headers['access-control-allow-origin']).toBeUndefined();
});

test.each([
  ['example.com', 'does not pin to start/end of host'],
  ['//example.com', 'does not pin to start/end of host'],
  ['//(example$', 'has an invalid regular expression'],
])('the origin %s is refused', (origin, why) => {
  expect(() => corsOf([origin])).toThrow(why);
});

test('below TLS 1.3 the cipher suites of a flag are spoken, and no others', async () => {
  const cipherOf = (options: object) =>
    new Promise<string>((done, failed) => {
      const socket = connect({ port: server.port, rejectUnauthorized: false, ...options }, () => {
        done(socket.getCipher().standardName);
        socket.destroy();
      }).once('error', failed);
    });
  const old = { maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' };
  expect(await cipherOf(old)).toMatch(/^TLS_ECDHE_(ECDSA|RSA)_WITH_AES_256_CBC_SHA$/);
  await expect(
    cipherOf({ ...old, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256' }),
  ).rejects.toThrow();
  expect(await cipherOf({ minVersion: 'TLSv1.3' })).toMatch(/^TLS_AES_/);
});

test.each([
  ['VersionTLS13', [], { minVersion: 'TLSv1.3' }],
  ['', [], {}],
  ['', ['TLS_RSA_WITH_AES_128_GCM_SHA256'], { ciphers: expect.stringMatching(/:AES128-GCM-SHA256$/) }],
  ['', ['TLS_RSA_WITH_AES_128_CBC_SHA256'], { ciphers: expect.stringMatching(/:AES128-SHA256$/) }],
  [
    '',
    ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305'],
    { ciphers: expect.stringMatching(/SHA256:ECDHE-RSA-CHACHA20-POLY1305$/) },
  ],
])('TLS %s %j', (version, suites, choice) => {
  expect(tlsChoice(version, suites)).toEqual(choice);
});

test('TLS that there is not is refused', () => {
  expect(() => tlsChoice('VersionTLS9', [])).toThrow('unknown tls version "VersionTLS9"');
  for (const suite of ['TLS_RSA_WITH_RC4_128_SHA', 'AES128-SHA', 'x'])
    expect(() => tlsChoice('', [suite])).toThrow(`Cipher suite ${suite} not supported`);
});

test('what a Table may include', async () => {
  const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1';
  const { code, json } = await http('/api/v1/nodes?includeObject=all', { accept });
  expect(code).toBe(400);
  expect(json.message).toBe(
    `Unable to convert to Table as requested: includeObject: Invalid value: "all": must be 'Metadata', 'Object', 'None', or empty`,
  );
});
