// A server started as upstream's command tests start theirs: RBAC and AlwaysAllow together, static tokens, no anonymous requests.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../../kit/apiServer.ts';
import { type Http, httpTo } from '../../kit/http.ts';

const folder = mkdtempSync(join(tmpdir(), 'mk8s-'));
let server: TestApiServer;
let nobody: Http & { close(): void };

beforeAll(async () => {
  const tokens = join(folder, 'tokens.csv');
  writeFileSync(tokens, 'boss-token,boss,1,system:masters\nguest-token,guest,2\n');
  server = await startTestApiServer({
    flags: ['--authorization-mode=AlwaysAllow', `--token-auth-file=${tokens}`, '--runtime-config=api/v1'],
  });
  nobody = httpTo(server, 'none');
});
afterAll(async () => {
  nobody?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const as = (authorization: string) => nobody('/api/v1/secrets', { headers: { authorization } });

it('requests without credentials are 401, on health paths too', async () => {
  for (const path of ['/api/v1/namespaces', '/healthz', '/version']) expect((await nobody(path)).code).toBe(401);
});

it('a password is no credential', async () => {
  expect((await as(`Basic ${Buffer.from('bad:wrong').toString('base64')}`)).code).toBe(401);
});

it('any known token may do anything', async () => {
  expect((await as('Bearer boss-token')).code).toBe(200);
  expect((await as('Bearer guest-token')).code).toBe(200);
  expect((await as('Bearer other')).code).toBe(401);
});

it('a review sent without a media type is JSON, and answered for eyes when curl asks', async () => {
  const spec = { user: 'guest', resourceAttributes: { namespace: 'n', verb: 'get', resource: 'pods' } };
  const answer = await nobody('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    type: '',
    headers: { authorization: 'Bearer boss-token', 'user-agent': 'curl/8.0' },
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec },
  });
  expect([answer.code, answer.text]).toEqual([201, expect.stringContaining('"allowed": true')]);
});
