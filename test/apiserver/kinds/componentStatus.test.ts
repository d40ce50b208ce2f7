// ComponentStatus on a real server: a component that is well, one that says it is not, one that is not there, and the store.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../../kit/apiServer.ts';
import { type Http, httpTo } from '../../kit/http.ts';

const listener = (code: number, text: string) =>
  new Promise<http.Server>((resolve) => {
    const server = http.createServer((_, answer) => answer.writeHead(code).end(text));
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
const portOf = (listening: http.Server) => (listening.address() as AddressInfo).port;

let server: TestApiServer;
let ask: Http & { close(): void };
let well: http.Server;
let ill: http.Server;
let gone = 0;
beforeAll(async () => {
  well = await listener(200, 'ok');
  ill = await listener(500, 'no');
  const dead = await listener(200, '');
  gone = portOf(dead);
  await new Promise((resolve) => dead.close(resolve));
  const ports = `scheduler=${portOf(well)},controller-manager=${portOf(ill)},other=${gone}`;
  server = await startTestApiServer({ flags: [`--component-health-ports=${ports}`] });
  ask = httpTo(server);
});
afterAll(async () => {
  ask?.close();
  await server?.stop();
  well.close();
  ill.close();
});

const path = '/api/v1/componentstatuses';

test('each component is asked', async () => {
  const { json, warnings } = await ask(path);
  expect(json).toMatchObject({ kind: 'ComponentStatusList', apiVersion: 'v1' });
  const conditionOf = (name: string) => json.items.find((item: any) => item.metadata.name === name).conditions;
  expect(conditionOf('scheduler')).toEqual([{ type: 'Healthy', status: 'True', message: 'ok' }]);
  expect(conditionOf('controller-manager')).toEqual([
    { type: 'Healthy', status: 'False', message: 'HTTP probe failed with statuscode: 500' },
  ]);
  expect(conditionOf('other')[0].message).toBe(
    `Get "https://127.0.0.1:${gone}/healthz": dial tcp 127.0.0.1:${gone}: connect: connection refused`,
  );
  expect(conditionOf('etcd-0')).toEqual([{ type: 'Healthy', status: 'True', message: 'ok' }]);
  expect(warnings.join()).toContain('v1 ComponentStatus is deprecated in v1.19+');
});

test('one of them, by name; nothing else is a component', async () => {
  expect((await ask(`${path}/etcd-0`)).json).toMatchObject({ kind: 'ComponentStatus', metadata: { name: 'etcd-0' } });
  const missing = await ask(`${path}/odd`);
  expect([missing.code, missing.json.message]).toEqual([404, 'componentstatuses "odd" not found']);
  expect((await ask(path, { body: { metadata: { name: 'x' } } })).code).toBe(405);
});

test('as a table, and selected', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { json } = await ask(path, { accept });
  expect(json.columnDefinitions.map((column: any) => column.name)).toEqual(['Name', 'Status', 'Message', 'Error']);
  expect(json.rows.map((row: any) => row.cells)).toContainEqual(['scheduler', 'Healthy', 'ok', '']);
  const selected = await ask(`${path}?fieldSelector=metadata.name%3Detcd-0`);
  expect(selected.json.items.map((item: any) => item.metadata.name)).toEqual(['etcd-0']);
});
