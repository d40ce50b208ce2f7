import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startHealthServer } from '../../component-base/healthServer.ts';
import { createMetrics } from '../../component-base/metrics.ts';

const get = async (url: string) => {
  const r = await fetch(url);
  return { code: r.status, text: await r.text() };
};

describe('health server', () => {
  it('answers for itself, its checks and its metrics', async () => {
    const ending = new AbortController();
    const metrics = createMetrics();
    metrics.counter('things_total', 'things').inc();
    let ready = false;
    const checks = {
      informers: () => {
        if (!ready) throw new Error('not synced');
      },
    };
    const { url } = await startHealthServer({ port: 0, metrics, ready: checks, signal: ending.signal });
    expect(await get(`${url}/healthz`)).toEqual({ code: 200, text: 'ok' });
    const failed = { code: 500, text: '[+]ping ok\n[-]informers failed: not synced\nreadyz check failed\n' };
    expect(await get(`${url}/readyz`)).toEqual(failed);
    ready = true;
    expect(await get(`${url}/readyz`)).toEqual({ code: 200, text: 'ok' });
    expect((await get(`${url}/livez?verbose`)).text).toBe('[+]ping ok\nlivez check passed\n');
    expect((await get(`${url}/metrics`)).text).toMatch(/things_total 1\n[\s\S]*|git_version="v1.35.0"/);
    expect((await get(`${url}/nothing`)).code).toBe(404);
    ending.abort();
  });

  it('speaks HTTPS on the same port, for clients that do not ask who it is', async () => {
    const ending = new AbortController();
    const { url, port } = await startHealthServer({ port: 0, signal: ending.signal });
    const secure = () =>
      new Promise<string>((resolve, reject) => {
        const ask = request({ port, path: '/healthz', rejectUnauthorized: false }, (answer) => {
          answer.setEncoding('utf8').on('data', (text) => resolve(`${answer.statusCode} ${text}`));
        });
        ask.on('error', reject).end();
      });
    expect(await Promise.all([secure(), secure(), get(`${url}/healthz`)])).toEqual([
      '200 ok',
      '200 ok',
      { code: 200, text: 'ok' },
    ]);
    ending.abort();
    await expect(secure()).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
  });

  it('lets go of connections that say nothing when it ends', async () => {
    const ending = new AbortController();
    const { port } = await startHealthServer({ port: 0, signal: ending.signal });
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    // The server may see the connection a moment later than its client.
    await get(`http://127.0.0.1:${port}/healthz`);
    ending.abort();
    await closed;
  });

  it('says what to do when its port is taken', async () => {
    const ending = new AbortController();
    const { port } = await startHealthServer({ port: 0, signal: ending.signal });
    await expect(startHealthServer({ port, signal: ending.signal })).rejects.toThrow(
      /cannot listen on .*EADDRINUSE.*--secure-port/,
    );
    ending.abort();
  });
});
