import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { deployments, nodes, pods } from '../../apimachinery/resources.ts';
import { isReason, StatusError } from '../../apimachinery/status.ts';
import { withCauses } from '../../client/causes.ts';
import { ConnectionError } from '../../client/client.ts';
import { createClient, retryDelay } from '../../client/transport.ts';
import { fakeClock } from './fakeClock.ts';
import { json, scriptedServer } from './scriptedServer.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(answer: Parameters<typeof scriptedServer>[0], options: Parameters<typeof createClient>[1] = {}) {
  const server = await scriptedServer(answer);
  const client = createClient({ server: server.server, token: 'T' }, options);
  cleanups.push(
    () => client.close(),
    () => server.close(),
  );
  return { ...server, client };
}

describe('requests', () => {
  it('have the path, query, headers and body of their verb', async () => {
    const { client, seen } = await serve((_s, r) => json(r, 200, { metadata: {}, items: [] }), { component: 'kube-x' });
    await client.get(pods, 'a b', 'ns', { subresource: 'status' });
    await client.list(deployments, { namespace: 'ns', labelSelector: 'a in (b,c)', limit: 5 });
    await client.create(pods, { metadata: { name: 'p', namespace: 'ns' } }, { fieldManager: 'me', dryRun: true });
    await client.update(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } } as never);
    await client.updateStatus(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'ns' },
    } as never);
    await client.patch(pods, 'p', 'ns', 'apply', { a: 1 }, { fieldManager: 'me', force: true });
    await client.delete(pods, 'p', 'ns', { propagationPolicy: 'Foreground' });
    await client.deleteCollection(pods, { namespace: 'ns', labelSelector: 'a=b' });
    await client.post(pods, 'p', 'ns', 'binding', { x: 1 });
    expect(seen.map((s) => `${s.method} ${s.url.pathname}${decodeURIComponent(s.url.search)}`)).toEqual([
      'GET /api/v1/namespaces/ns/pods/a%20b/status',
      'GET /apis/apps/v1/namespaces/ns/deployments?labelSelector=a in (b,c)&limit=5',
      'POST /api/v1/namespaces/ns/pods?fieldManager=me&dryRun=All',
      'PUT /api/v1/nodes/n',
      'PUT /api/v1/namespaces/ns/pods/p/status',
      'PATCH /api/v1/namespaces/ns/pods/p?fieldManager=me&force=true',
      'DELETE /api/v1/namespaces/ns/pods/p',
      'DELETE /api/v1/namespaces/ns/pods?labelSelector=a=b',
      'POST /api/v1/namespaces/ns/pods/p/binding',
    ]);
    expect(seen[0]!.headers).toMatchObject({
      'user-agent': 'kube-x/v1.35.0',
      authorization: 'Bearer T',
      'accept-encoding': 'identity',
    });
    expect(seen[2]!.body).toMatchObject({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } });
    expect(seen[5]!.headers['content-type']).toBe('application/apply-patch+yaml');
    expect(seen[6]!.body).toMatchObject({ kind: 'DeleteOptions', propagationPolicy: 'Foreground' });
  });

  it('name the causes they run under', async () => {
    const { client, seen } = await serve((_s, r) => json(r, 200, {}));
    await withCauses([{ resource: 'pods', namespace: 'd', name: 'p', resourceVersion: '7' }], () =>
      client.get(pods, 'p', 'd'),
    );
    await client.get(pods, 'p', 'd');
    expect(seen[0]!.headers.baggage).toBe('mk8s-cause=pods%2Fd%2Fp%407');
    expect(seen[1]!.headers.baggage).toBeUndefined();
  });

  it('give kind and apiVersion to the items of a list, also of metadata alone', async () => {
    const { client, seen } = await serve((_s, r) =>
      json(r, 200, { metadata: {}, items: [{ metadata: { name: 'p' } }] }),
    );
    expect((await client.list(pods)).items[0]).toMatchObject({ apiVersion: 'v1', kind: 'Pod' });
    expect((await client.list(pods, { metadataOnly: true })).items[0]!.kind).toBe('PartialObjectMetadata');
    expect(seen[1]!.headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
  });

  it('use one connection for calls that follow each other', async () => {
    const ports = new Set<number>();
    const { client } = await serve((_s, r) => {
      ports.add(r.socket!.remotePort!);
      json(r, 200, {});
    });
    for (let i = 0; i < 5; i++) await client.get(pods, 'p', 'd');
    expect(ports.size).toBe(1);
  });

  it('read a token file again when the server refuses the token', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'token-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'one\n');
    const server = await scriptedServer((s, r) => json(r, s.headers.authorization === 'Bearer two' ? 200 : 401, {}));
    const client = createClient({ server: server.server, tokenFile });
    cleanups.push(
      () => client.close(),
      () => server.close(),
    );
    await writeFile(tokenFile, 'one');
    await expect(client.get(pods, 'p', 'd')).rejects.toMatchObject({ code: 401 });
    await writeFile(tokenFile, 'two');
    await client.get(pods, 'p', 'd');
  });
});

describe('refusals', () => {
  it('become the StatusError that the server sent', async () => {
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      reason: 'NotFound',
      code: 404,
      message: 'pods "p" not found',
      details: { name: 'p', kind: 'pods' },
    };
    const { client } = await serve((_s, r) => json(r, 404, status));
    const error = await client.get(pods, 'p', 'd').catch((e) => e);
    expect(isReason(error, 'NotFound')).toBe(true);
    expect(error.status).toEqual(status);
  });

  it('of another form become what their code stands for', async () => {
    const { client } = await serve((_s, r) => void r.writeHead(503).end('try later'));
    const error = await client.create(pods, { metadata: { name: 'p' } }).catch((e) => e);
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({ code: 503, reason: 'ServiceUnavailable' });
    expect(error.message).toContain('try later');
  });

  it('without any answer become a ConnectionError', async () => {
    const server = await scriptedServer(() => {});
    await server.close();
    const client = createClient({ server: server.server });
    cleanups.push(() => client.close());
    const error = await client.create(pods, { metadata: { name: 'p', namespace: 'd' } }).catch((e) => e);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toMatch(/POST .*pods: connection refused/);
  });

  it('too late, or ended by the caller, too', async () => {
    const { client } = await serve(() => {}, { timeout: 50 });
    await expect(client.create(pods, { metadata: { name: 'p' } })).rejects.toThrow(/no answer within 50 ms/);
    const ending = new AbortController();
    const update = client.update(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } } as never, {
      signal: ending.signal,
    });
    ending.abort();
    await expect(update).rejects.toThrow(/aborted/);
  });

  it('of a client that must not write any more come before anything is sent', async () => {
    const ending = new AbortController();
    const { client, seen } = await serve((_s, r) => json(r, 200, {}), { signal: ending.signal });
    await client.get(pods, 'p', 'd');
    ending.abort();
    await expect(client.create(pods, { metadata: { name: 'p' } })).rejects.toBeInstanceOf(ConnectionError);
    expect(seen).toHaveLength(1);
  });
});

describe('retries', () => {
  const refused = new ConnectionError('x', Object.assign(new Error(), { code: 'ECONNREFUSED' }));
  const busy = new StatusError({ code: 429, reason: 'TooManyRequests' }, { 'retry-after': '2' });
  it.each([
    ['POST', busy, 0, 2000],
    ['POST', new StatusError({ code: 429 }), 0, undefined],
    ['POST', refused, 0, undefined],
    ['GET', refused, 1, 100],
    ['GET', refused, 2, undefined],
    ['GET', new StatusError({ code: 500 }), 0, undefined],
    ['PUT', new StatusError({ code: 503 }, { 'retry-after': '1' }), 0, undefined],
    ['GET', new StatusError({ code: 503 }, { 'retry-after': '1' }), 0, 1000],
  ])('%s after %s, attempt %d', (method, error, attempt, wait) => {
    expect(retryDelay(method as string, error, attempt as number)).toBe(wait);
  });

  it('wait as long as the server asks, then succeed', async () => {
    let calls = 0;
    const clock = fakeClock();
    const { client, seen } = await serve(
      (_s, r) => (++calls === 1 ? json(r, 429, {}, { 'retry-after': '3' }) : json(r, 201, { metadata: { name: 'p' } })),
      { clock },
    );
    const created = client.create(pods, { metadata: { name: 'p' } });
    while (calls < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    while (calls < 2) {
      await clock.advance(1000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect((await created).metadata.name).toBe('p');
    expect(seen).toHaveLength(2);
  });
});

describe('watch', () => {
  it('gives events however their bytes are cut, until the server ends it', async () => {
    const events = Array.from({ length: 50 }, (_, i) => ({
      type: 'ADDED',
      object: { metadata: { name: `ä${i}` }, pad: 'x'.repeat(i * 37) },
    }));
    const bytes = Buffer.from(events.map((e) => `${JSON.stringify(e)}\n`).join(''));
    const { client } = await serve(async (_s, r) => {
      r.writeHead(200, { 'content-type': 'application/json' });
      for (let i = 0; i < bytes.length; i += 997) {
        r.write(bytes.subarray(i, i + 997));
        await new Promise((resolve) => setImmediate(resolve));
      }
      r.end();
    });
    const got = [];
    for await (const event of client.watch(pods, {}, new AbortController().signal)) got.push(event);
    expect(got).toEqual(events);
  });

  it('throws a ConnectionError when it is cut, and ends quietly when the caller ends it', async () => {
    let cut = true;
    const { client } = await serve((_s, r) => {
      r.writeHead(200);
      r.write(`${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'a' } } })}\n{"type":"MOD`);
      if (cut) setTimeout(() => r.destroy(), 20);
    });
    const collect = async (signal: AbortSignal, after?: () => void) => {
      const got = [];
      for await (const event of client.watch(pods, {}, signal)) {
        got.push(event);
        after?.();
      }
      return got;
    };
    await expect(collect(new AbortController().signal)).rejects.toBeInstanceOf(ConnectionError);
    cut = false;
    const ending = new AbortController();
    expect(await collect(ending.signal, () => ending.abort())).toHaveLength(1);
  });
});
