import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient } from '../../client/transport.ts';

let connections = 0;
const server = createServer((_request, response) => {
  setTimeout(() => response.end('{}'), 5);
});
server.on('connection', () => connections++);

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());

it('a second burst of calls takes the sockets of the first', async () => {
  const client = createClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const burst = () => Promise.all(Array.from({ length: 32 }, () => client.raw('GET', '/version')));
  await burst();
  expect(connections).toBeGreaterThan(8);
  const before = connections;
  await burst();
  expect(connections).toBe(before);
  client.close();
});
