// Lists of a state that has passed come from the store, piece by piece: whole, in pages, and through selectors.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../../kit/apiServer.ts';
import { type Http, httpTo } from '../../kit/http.ts';

const path = '/api/v1/namespaces/default/configmaps';
const total = 620;
let server: TestApiServer;
let http: Http & { close(): void };
let version: string;
let names: string[];
let odd: string[];

beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  names = Array.from({ length: total }, (_, i) => `m${String(i).padStart(4, '0')}`);
  odd = names.filter((_, i) => i % 2);
  for (let i = 0; i < total; i += 20)
    await Promise.all(
      names
        .slice(i, i + 20)
        .map((name, j) => http(path, { body: { metadata: { name, labels: { half: j % 2 ? 'odd' : 'even' } } } })),
    );
  version = (await http(`${path}?labelSelector=half&limit=1`)).json.metadata.resourceVersion;
  for (const name of names.slice(0, 5)) await http(`${path}/${name}`, { method: 'DELETE' });
});
afterAll(async () => {
  http.close();
  await server.stop();
});

const exact = () => `resourceVersion=${version}&resourceVersionMatch=Exact`;
const namesOf = (list: any): string[] => list.items.map((o: any) => o.metadata.name);

test.each<[string, () => string[]]>([
  ['half', () => names],
  ['half%3Dodd', () => odd],
  ['half%3Dnone', () => []],
])('whole, labelSelector=%s', async (selector, expected) => {
  const list = (await http(`${path}?${exact()}&labelSelector=${selector}`)).json;
  expect(list.metadata).toEqual({ resourceVersion: version });
  expect(namesOf(list)).toEqual(expected());
});

test.each<[number, string, () => string[]]>([
  [400, 'half', () => names],
  [7, 'half%3Dodd', () => odd.slice(0, 70)],
  [300, 'half%3Dodd', () => odd],
])('in pages of %d, labelSelector=%s', async (limit, selector, expected) => {
  const found: string[] = [];
  let page = (await http(`${path}?${exact()}&limit=${limit}&labelSelector=${selector}`)).json;
  for (;;) {
    expect(page.metadata.resourceVersion).toBe(version);
    found.push(...namesOf(page));
    if (!page.metadata.continue || found.length >= expected().length) break;
    expect(page.items.length).toBe(limit);
    page = (await http(`${path}?limit=${limit}&labelSelector=${selector}&continue=${page.metadata.continue}`)).json;
  }
  expect(found).toEqual(expected());
});

test('what follows a page is counted', async () => {
  const all = (await http(`${path}?${exact()}`)).json.items.length;
  const page = (await http(`${path}?${exact()}&limit=400`)).json;
  expect(page.items.length).toBe(400);
  expect(page.metadata.remainingItemCount).toBe(all - 400);
});
