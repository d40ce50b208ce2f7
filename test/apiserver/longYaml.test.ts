// YAML that is long enough to be read in a thread says what short YAML says, right and wrong, and others are answered meanwhile.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
});
afterAll(async () => {
  http.close();
  await server.stop();
});

const keys = Array.from({ length: 5000 }, (_, i) => `  key-${i}: "value ${i}"`);
const map = (name: string, lines: readonly string[]) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n${lines.join('\n')}\n`;
const post = (body: string, query = '') =>
  http(`/api/v1/namespaces/default/configmaps${query}`, { method: 'POST', type: 'application/yaml', body });

it('is stored whole', async () => {
  const made = await post(map('long', keys));
  expect(made.code).toBe(201);
  expect(Object.keys(made.json.data)).toHaveLength(5000);
  expect(made.json.data['key-4999']).toBe('value 4999');
});

it('tells a key that comes twice with its line', async () => {
  const twice = await post(map('twice', [...keys, '  key-7: again']), '?fieldValidation=Strict');
  expect(twice.code).toBe(400);
  expect(twice.json.message).toContain('line 5006: key "key-7" already set in map');
  const warned = await post(map('warned', [...keys, '  key-7: again']));
  expect(warned.code).toBe(201);
  expect(warned.warnings).toEqual(['line 5006: key "key-7" already set in map']);
});

it('is refused as short YAML is', async () => {
  const broken = await post(`${map('broken', keys)}  x: [\n`);
  expect(broken.code).toBe(400);
  expect(broken.json.message).toContain('error converting YAML to JSON: yaml:');
});

it('keeps nobody else waiting: what came later is answered first', async () => {
  const many = Array.from({ length: 60_000 }, (_, i) => `  k${i}: v`);
  const order: string[] = [];
  await Promise.all([
    post(map('slow', many)).then(() => order.push('yaml')),
    new Promise((resolve) => setTimeout(resolve, 100)).then(() => http('/version')).then(() => order.push('version')),
  ]);
  expect(order).toEqual(['version', 'yaml']);
});
