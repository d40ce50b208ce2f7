// What the proxy answers about itself and on Services' health check ports, over real sockets.
import { expect, test } from 'vitest';
import { silentLogger } from '../../component-base/logger.ts';
import { healthCheckServers } from '../../proxy/healthCheck.ts';
import { healthRoutes, isHealthy, serveRoutes } from '../../proxy/healthz.ts';
import { freePort } from '../kit/freePort.ts';

test.each([
  [{ lastUpdated: 0, pendingSince: 0, eligible: true }, false],
  [{ lastUpdated: 1000, pendingSince: 0, eligible: true }, true],
  [{ lastUpdated: 1000, pendingSince: 99_000, eligible: true }, true],
  [{ lastUpdated: 1000, pendingSince: 30_000, eligible: true }, false],
])('%o is healthy: %s', (health, wanted) => {
  expect(isHealthy(health, 30_000, 100_000)).toBe(wanted);
});

test('/healthz looks at the node too, /livez does not', async () => {
  const stop = new AbortController();
  const health = { lastUpdated: 1000, pendingSince: 0, eligible: false };
  const routes = healthRoutes(
    () => health,
    30_000,
    () => 100_000,
  );
  const port = await serveRoutes('healthz-bind-address', '127.0.0.1:0', routes, stop.signal);
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const answer = await get('/healthz');
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ nodeEligible: false, currentTime: '1970-01-01T00:01:40.000Z' });
  expect((await get('/livez')).status).toBe(200);
  expect((await get('/other')).status).toBe(404);
  await expect(serveRoutes('healthz-bind-address', `127.0.0.1:${port}`, routes, stop.signal)).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port} (EADDRINUSE); choose another address with --healthz-bind-address.`,
  );
  await expect(serveRoutes('metrics-bind-address', 'nowhere', routes, stop.signal)).rejects.toThrow('must be ip:port');
  stop.abort();
});

test('a health check port opens, answers by local endpoints, and closes', async () => {
  const port = await freePort();
  let healthy = true;
  const servers = healthCheckServers(() => healthy, silentLogger, '127.0.0.1');
  const ask = async () => {
    const r = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    return { code: r.status, weight: r.headers.get('x-load-balancing-endpoint-weight'), body: await r.json() };
  };
  const service = { namespace: 'default', name: 'web' };
  servers.update(new Map([[port, { ...service, localEndpoints: 2 }]]));
  await expect
    .poll(() => ask().catch(() => undefined))
    .toEqual({
      code: 200,
      weight: '2',
      body: { service, localEndpoints: 2, serviceProxyHealthy: true },
    });
  healthy = false;
  expect((await ask()).code).toBe(503);
  healthy = true;
  servers.update(new Map([[port, { ...service, localEndpoints: 0 }]]));
  expect((await ask()).code).toBe(503);
  servers.update(new Map());
  await expect
    .poll(() =>
      ask().then(
        () => 'open',
        () => 'closed',
      ),
    )
    .toBe('closed');
  servers.close();
});
