// The controllers that follow discovery know custom resources: what is owned goes with its owner, and a namespace takes all along.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { crd, define, group } from '../apiserver/apiextensions/definitions.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';
import { type RunningManager, startManager } from './manager.ts';

let server: TestApiServer;
let http: Http & { close(): void };
let manager: RunningManager;
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  await define(http, crd('Owner'));
  await define(http, crd('Owned'));
  manager = startManager(server);
});
afterAll(async () => {
  await manager?.stop();
  http?.close();
  await server?.stop();
});

const path = (plural: string, namespace: string) => `/apis/${group}/v1/namespaces/${namespace}/${plural}`;
const object = (kind: string, name: string, more: object = {}) => ({
  apiVersion: `${group}/v1`,
  kind,
  metadata: { name, ...more },
});

it('a dependent goes with its owner', async () => {
  const owner = (await http(path('owners', 'default'), { body: object('Owner', 'o') })).json;
  const ownerReferences = [{ apiVersion: owner.apiVersion, kind: 'Owner', name: 'o', uid: owner.metadata.uid }];
  await http(path('owneds', 'default'), { body: object('Owned', 'd', { ownerReferences }) });
  await http('/api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'd', ownerReferences } } });
  await http(`${path('owners', 'default')}/o`, { method: 'DELETE' });
  await until(async () => (await http(`${path('owneds', 'default')}/d`)).code === 404, 30_000);
  await until(async () => (await http('/api/v1/namespaces/default/configmaps/d')).code === 404, 30_000);
});

it('a namespace takes custom resources along, of definitions that came later too', async () => {
  await define(http, crd('Later'));
  await http('/api/v1/namespaces', { body: { metadata: { name: 'gone' } } });
  for (const [plural, kind] of [
    ['owners', 'Owner'],
    ['laters', 'Later'],
  ] as const)
    expect((await http(path(plural, 'gone'), { body: object(kind, 'x') })).code).toBe(201);
  await http('/api/v1/namespaces/gone', { method: 'DELETE' });
  await until(async () => (await http('/api/v1/namespaces/gone')).code === 404, 30_000);
  for (const plural of ['owners', 'laters']) expect((await http(path(plural, 'gone'))).json.items).toEqual([]);
});
