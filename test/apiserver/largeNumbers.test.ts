// int64 fields past 2^53: they come back digit by digit through every write and media type, and no time they ask for breaks an answer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  await http('/api/v1/namespaces', { body: { metadata: { name: 'n' } } });
  await http('/api/v1/namespaces/n/serviceaccounts', { body: { metadata: { name: 'default' } } });
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

const pods = '/api/v1/namespaces/n/pods';
const largest = '9223372036854775807';
const odd = '9007199254740993';
const spec = `{"containers":[{"name":"c","image":"i"}],"nodeName":"node","terminationGracePeriodSeconds":${odd},
  "tolerations":[{"key":"k","operator":"Exists","effect":"NoExecute","tolerationSeconds":${largest}}]}`;
const text = (name: string) => `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"${name}"},"spec":${spec}}`;
const exact = (answer: string) => {
  expect(answer).toContain(`"terminationGracePeriodSeconds":${odd}`);
  expect(answer).toContain(`"tolerationSeconds":${largest}`);
};

it('are stored and shown as written', async () => {
  const made = await http(pods, { body: text('made') });
  expect(made.code, made.text).toBe(201);
  exact(made.text);
  exact((await http(`${pods}/made`)).text);
  exact((await http(`${pods}?fieldSelector=metadata.name=made`)).text);
  exact(
    (await http(`${pods}?fieldSelector=metadata.name=made`, { accept: 'application/yaml' })).text.replace(
      /^ *(\w+): (\d+)$/gm,
      '"$1":$2',
    ),
  );
});

describe('survive', () => {
  beforeAll(() => http(pods, { body: text('kept') }));
  it.each([
    ['application/merge-patch+json', { metadata: { labels: { a: '1' } } }],
    ['application/strategic-merge-patch+json', { metadata: { labels: { a: '2' } } }],
    ['application/json-patch+json', [{ op: 'add', path: '/metadata/labels', value: { a: '3' } }]],
    ['application/apply-patch+yaml', { apiVersion: 'v1', kind: 'Pod', metadata: { labels: { b: '4' } } }],
  ])('a patch of something else: %s', async (type, body) => {
    const patched = await http(`${pods}/kept?fieldManager=m`, { method: 'PATCH', type, body });
    expect(patched.code, patched.text).toBe(200);
    exact(patched.text);
  });
  it('an update', async () => {
    const { text: now } = await http(`${pods}/kept`);
    const updated = await http(`${pods}/kept`, { method: 'PUT', body: now.replace('"image":"i"', '"image":"j"') });
    expect(updated.code, updated.text).toBe(200);
    exact(updated.text);
  });
  it('protobuf, as varints', async () => {
    const { bytes } = await http(`${pods}/kept`, { accept: 'application/vnd.kubernetes.protobuf' });
    expect(bytes.includes(Buffer.from('ffffffffffffffff7f', 'hex'))).toBe(true);
    expect(bytes.includes(Buffer.from('8180808080808010', 'hex'))).toBe(true);
  });
});

it('a number that no int64 holds is refused', async () => {
  const refused = await http(pods, { body: text('beyond').replace(largest, '9223372036854775808') });
  expect(refused.code).toBe(400);
  expect(refused.text).toContain('of type int64');
});

it('a grace of ages ends with the calendar', async () => {
  await http(pods, { body: text('old') });
  const deleted = await http(`${pods}/old`, { method: 'DELETE' });
  expect(deleted.code, deleted.text).toBe(200);
  expect(deleted.text).toContain(`"deletionGracePeriodSeconds":${odd}`);
  expect(deleted.json.metadata.deletionTimestamp).toBe('9999-12-31T23:59:59Z');
  const sooner = await http(`${pods}/old`, { method: 'DELETE', body: { gracePeriodSeconds: 5 } });
  expect([sooner.code, sooner.json.metadata.deletionGracePeriodSeconds]).toEqual([200, 5]);
  const asked = await http(`${pods}/made?gracePeriodSeconds=9000000000000`, { method: 'DELETE' });
  expect([asked.code, asked.json.metadata.deletionTimestamp]).toEqual([200, '9999-12-31T23:59:59Z']);
});
