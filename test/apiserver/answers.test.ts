// What answers carry whatever they are about: headers, and the refusals of how an answer is asked for.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer({ flags: ['--strict-transport-security-directives=max-age=60,includeSubDomains'] });
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

test('what a Table may include', async () => {
  const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1';
  const { code, json } = await http('/api/v1/nodes?includeObject=all', { accept });
  expect(code).toBe(400);
  expect(json.message).toBe(
    `Unable to convert to Table as requested: includeObject: Invalid value: "all": must be 'Metadata', 'Object', 'None', or empty`,
  );
});
