// A custom resource says what it is; of built-in kinds the path says it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type Http, httpTo } from '../../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
const gadgets = '/apis/brief.example.com/v1/namespaces/default/gadgets';
const apiVersion = 'brief.example.com/v1';
const kind = 'Gadget';

beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const spec = {
    group: 'brief.example.com',
    scope: 'Namespaced',
    names: { plural: 'gadgets', kind },
    versions: [{ name: 'v1', served: true, storage: true, schema }],
  };
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await http(path, { body: { metadata: { name: 'gadgets.brief.example.com' }, spec } });
  await until(async () => (await http(gadgets)).code === 200);
  await http(gadgets, { body: { apiVersion, kind, metadata: { name: 'ok' } } });
});
afterAll(async () => {
  http.close();
  await server.stop();
});

const metadata = { name: 'a' };
const unrecognized = 'the object provided is unrecognized (must be of type Gadget): ';
const noKind = `{"apiVersion":"${apiVersion}","metadata":{"name":"a"}}`;
const otherVersion = (found: string) =>
  `the API version in the data (${found}) does not match the expected API version (${apiVersion})`;

test.each<[string, string, object | string, number, string]>([
  ['no kind', '', noKind, 400, `${unrecognized}Object 'Kind' is missing in '${noKind}' (${noKind.slice(0, 30)} ...)`],
  [
    'no kind, unvalidated',
    '?fieldValidation=Ignore',
    noKind,
    400,
    `Gadget in version "v1" cannot be handled as a Gadget: Object 'Kind' is missing in '${noKind}'`,
  ],
  ['no apiVersion', '', { kind, metadata }, 400, otherVersion('')],
  [
    'another apiVersion',
    '',
    { kind, apiVersion: 'brief.example.com/v2', metadata },
    400,
    otherVersion('brief.example.com/v2'),
  ],
  [
    'another kind',
    '',
    { kind: 'Widget', apiVersion, metadata },
    422,
    'Widget.brief.example.com "a" is invalid: kind: Invalid value: "Widget": must be Gadget',
  ],
])('a create with %s is refused', async (_what, query, body, code, message) => {
  const refused = await http(gadgets + query, { body });
  expect([refused.code, refused.json.message]).toEqual([code, message]);
});

test.each<[string, object, RegExp]>([
  ['kind', { kind: null }, /^ "" is invalid: patch: Invalid value: .*: Object 'Kind' is missing in '.*"name":"ok"/],
  ['apiVersion', { apiVersion: null }, /apiVersion: Invalid value: "": must be brief.example.com\/v1$/],
])('a patch that takes the %s away is refused', async (_what, body, message) => {
  const refused = await http(`${gadgets}/ok`, { method: 'PATCH', type: 'application/merge-patch+json', body });
  expect(refused.code).toBe(422);
  expect(refused.json.message).toMatch(message);
});

test('an update names it too, in YAML as well', async () => {
  const body = (await http(`${gadgets}/ok`)).text.replace(/"kind":"Gadget",?/, '');
  for (const type of ['application/json', 'application/yaml']) {
    const refused = await http(`${gadgets}/ok`, { method: 'PUT', body, type });
    expect([refused.code, refused.json.message.split(' in ')[0]]).toEqual([
      400,
      `${unrecognized}Object 'Kind' is missing`,
    ]);
  }
});

test('a built-in kind need not', async () => {
  expect((await http('/api/v1/namespaces/default/configmaps', { body: { metadata } })).code).toBe(201);
});
