// Two versions of a custom resource: by None, and by a webhook on loopback that turns `hostPort: a:b` into host and port and back.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type Http, httpTo, watchOf } from '../../kit/http.ts';
import { crd, crdsPath, define, group } from './definitions.ts';

let server: TestApiServer;
let http: Http & { close(): void };
let webhook: https.Server;
let url: string;
let reviews: any[] = [];
/** What the webhook answers instead of converting. */
let answerWith: ((review: any) => any) | undefined;

beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  const read = (name: string) => readFileSync(join(server.folder, 'pki', name));
  webhook = https.createServer({ cert: read('apiserver.crt'), key: read('apiserver.key') }, (req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (c) => chunks.push(c));
    req.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString());
      reviews.push(review);
      const answer = answerWith?.(review) ?? converted(review);
      res.writeHead(answer.code ?? 200, { 'content-type': 'application/json' });
      res.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(webhook.address() as AddressInfo).port}/crdconvert`;
});
afterAll(async () => {
  http?.close();
  webhook?.closeAllConnections();
  webhook?.close();
  await server?.stop();
});

function converted({ apiVersion, kind, request }: any): any {
  const convertedObjects = request.objects.map((object: any) => {
    if (object.apiVersion === request.desiredAPIVersion) throw new Error('asked for the version that it has');
    const out = { ...object, apiVersion: request.desiredAPIVersion };
    if (request.desiredAPIVersion.endsWith('/v2')) {
      [out.host, out.port] = object.hostPort.split(':');
      delete out.hostPort;
    } else {
      out.hostPort = `${object.host}:${object.port}`;
      delete out.host;
      delete out.port;
    }
    return out;
  });
  return { apiVersion, kind, response: { uid: request.uid, result: { status: 'Success' }, convertedObjects } };
}

const text = { type: 'string' };
const v1 = { type: 'object', properties: { hostPort: text } };
const v2 = { type: 'object', properties: { host: text, port: text } };
const versions = (storage = 'v1') => [
  {
    name: 'v1',
    served: true,
    storage: storage === 'v1',
    schema: { openAPIV3Schema: v1 },
    selectableFields: [{ jsonPath: '.hostPort' }],
  },
  {
    name: 'v2',
    served: true,
    storage: storage === 'v2',
    schema: { openAPIV3Schema: v2 },
    selectableFields: [{ jsonPath: '.host' }, { jsonPath: '.port' }],
  },
];
const webhookConversion = () => ({
  strategy: 'Webhook',
  webhook: {
    conversionReviewVersions: ['v1', 'v1beta1'],
    clientConfig: { url, caBundle: readFileSync(join(server.folder, 'pki', 'ca.crt')).toString('base64') },
  },
});
const path = (plural: string, version: string) => `/apis/${group}/${version}/namespaces/default/${plural}`;
const object = (kind: string, version: string, name: string, rest: object) => ({
  apiVersion: `${group}/${version}`,
  kind,
  metadata: { name },
  ...rest,
});

describe('None', () => {
  it('shows objects under each version, pruned by its schema', async () => {
    await define(
      http,
      crd(
        'Nope',
        {},
        {
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { ...v1, properties: { a: text, b: text } } },
            },
            {
              name: 'v2',
              served: true,
              storage: false,
              schema: { openAPIV3Schema: { ...v1, properties: { a: text } } },
            },
          ],
        },
      ),
    );
    await http(path('nopes', 'v1'), { body: object('Nope', 'v1', 'x', { a: '1', b: '2' }) });
    expect((await http(`${path('nopes', 'v2')}/x`)).json).toMatchObject({ apiVersion: `${group}/v2`, a: '1' });
    expect((await http(`${path('nopes', 'v2')}/x`)).json.b).toBeUndefined();
    expect((await http(`${path('nopes', 'v1')}/x`)).json.b).toBe('2');
    const made = await http(path('nopes', 'v2'), { body: object('Nope', 'v2', 'y', { a: '3' }) });
    expect(made.json.apiVersion).toBe(`${group}/v2`);
    expect((await http(path('nopes', 'v1'))).json.items.map((o: any) => [o.apiVersion, o.a])).toEqual([
      [`${group}/v1`, '1'],
      [`${group}/v1`, '3'],
    ]);
    const old = (await http(`${path('nopes', 'v2')}/y`)).json;
    const written = await http(`${path('nopes', 'v2')}/y`, { method: 'PUT', body: { ...old, a: '4' } });
    expect(written.json).toMatchObject({ apiVersion: `${group}/v2`, a: '4', metadata: { generation: 2 } });
  });
});

it('defaults are those of the version that was written and of the one that is stored', async () => {
  const flag = { type: 'boolean' };
  const flags = (own: string) => ({
    type: 'object',
    properties: { v1: flag, v2: flag, v3: flag, [own]: { ...flag, default: true } },
  });
  const versions = ['v1', 'v2', 'v3'].map((name) => ({
    name,
    served: true,
    storage: name === 'v1',
    schema: { openAPIV3Schema: { type: 'object', properties: { flags: flags(name) } } },
  }));
  await define(http, crd('Flagged', { plural: 'flaggeds' }, { versions }));
  const made = await http(path('flaggeds', 'v2'), { body: object('Flagged', 'v2', 'x', { flags: {} }) });
  expect(made.json.flags).toEqual({ v1: true, v2: true });
  for (const version of ['v1', 'v2', 'v3'])
    expect((await http(`${path('flaggeds', version)}/x`)).json.flags).toEqual({ v1: true, v2: true });
  const patched = await http(`${path('flaggeds', 'v3')}/x`, {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: {},
  });
  expect(patched.json.flags).toEqual({ v1: true, v2: true, v3: true });
});

describe('managedFields', () => {
  it('are told apart by the version that a manager speaks', async () => {
    const schema = { openAPIV3Schema: { type: 'object', properties: { a: text, b: text } } };
    const both = ['v1', 'v2'].map((name) => ({ name, served: true, storage: name === 'v1', schema }));
    await define(http, crd('Shared', {}, { versions: both }));
    const apply = (version: string, manager: string, fields: object) =>
      http(`${path('shareds', version)}/x?fieldManager=${manager}`, {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body: object('Shared', version, 'x', fields),
      });
    expect((await apply('v1', 'one', { a: '1' })).code).toBe(201);
    expect((await apply('v2', 'two', { b: '1' })).code).toBe(200);
    const conflict = await apply('v2', 'two', { a: '2', b: '1' });
    expect(conflict.code).toBe(409);
    expect(conflict.json.message).toContain('conflict with "one": .a');
    const entries = (await http(`${path('shareds', 'v2')}/x`)).json.metadata.managedFields;
    expect(entries.map((e: any) => [e.manager, e.apiVersion])).toEqual([
      ['one', `${group}/v1`],
      ['two', `${group}/v2`],
    ]);
    const gone = await apply('v2', 'two', {});
    expect([gone.json.a, gone.json.b]).toEqual(['1', undefined]);
  });
});

describe('Webhook', () => {
  it('converts on get, list and watch, whichever version is stored', async () => {
    const definition = await define(http, crd('Tab', {}, { versions: versions(), conversion: webhookConversion() }));
    expect(definition.spec.conversion.strategy).toBe('Webhook');
    const made = await http(path('tabs', 'v1'), { body: object('Tab', 'v1', 'cr1', { hostPort: 'localhost:8080' }) });
    expect(made.code).toBe(201);
    const got = (await http(`${path('tabs', 'v2')}/cr1`)).json;
    expect(got).toMatchObject({ apiVersion: `${group}/v2`, host: 'localhost', port: '8080' });
    expect(got.hostPort).toBeUndefined();
    expect(got.metadata).toEqual(made.json.metadata);

    const watch = watchOf(server, `${path('tabs', 'v2')}?watch=true&fieldSelector=host%3Dhost1`);
    const live = (await http(`${crdsPath}/tabs.${group}`)).json;
    live.spec.versions = versions('v2');
    expect((await http(`${crdsPath}/tabs.${group}`, { method: 'PUT', body: live })).json.status.storedVersions).toEqual(
      ['v1', 'v2'],
    );
    await until(async () => {
      reviews = [];
      const name = `probe${Math.random()}`;
      await http(path('tabs', 'v1'), { body: object('Tab', 'v1', name, { hostPort: 'a:1' }) });
      await http(`${path('tabs', 'v1')}/${name}`, { method: 'DELETE' });
      return reviews.some((r) => r.request.desiredAPIVersion.endsWith('v2'));
    });
    const second = await http(path('tabs', 'v1'), { body: object('Tab', 'v1', 'cr2', { hostPort: 'host1:80' }) });
    expect(second.json).toMatchObject({ apiVersion: `${group}/v1`, hostPort: 'host1:80' });
    const asV1 = (await http(path('tabs', 'v1'))).json.items;
    expect(asV1.map((o: any) => o.hostPort)).toEqual(['localhost:8080', 'host1:80']);
    expect(asV1.every((o: any) => o.host === undefined && o.apiVersion === `${group}/v1`)).toBe(true);
    const asV2 = (await http(path('tabs', 'v2'))).json.items;
    expect(asV2.map((o: any) => `${o.host}/${o.port}`)).toEqual(['localhost/8080', 'host1/80']);

    await until(() => watch.events.length > 0);
    expect(watch.events[0]).toMatchObject({ type: 'ADDED', object: { host: 'host1', metadata: { name: 'cr2' } } });
    const selected = (await http(`${path('tabs', 'v1')}?fieldSelector=hostPort%3Dhost1:80`)).json.items;
    expect(selected.map((o: any) => o.metadata.name)).toEqual(['cr2']);
    // Leaving the selector is a deletion for who watches by it.
    const changed = { ...(await http(`${path('tabs', 'v2')}/cr2`)).json, host: 'host2' };
    expect((await http(`${path('tabs', 'v2')}/cr2`, { method: 'PUT', body: changed })).code).toBe(200);
    await until(() => watch.events.length > 1);
    expect(watch.events[1]).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'cr2' } } });
    watch.close();
  });

  it('migrates an object that is written unchanged', async () => {
    const one = (await http(`${path('tabs', 'v1')}/cr1`)).json;
    const again = await http(`${path('tabs', 'v1')}/cr1`, { method: 'PUT', body: one });
    expect(Number(again.json.metadata.resourceVersion)).toBeGreaterThan(Number(one.metadata.resourceVersion));
    const third = await http(`${path('tabs', 'v1')}/cr1`, { method: 'PUT', body: again.json });
    expect(third.json.metadata.resourceVersion).toBe(again.json.metadata.resourceVersion);
  });

  const failures: [string, (review: any) => any, RegExp][] = [
    [
      'its own words',
      (r) => ({
        ...r,
        request: undefined,
        response: { uid: r.request.uid, result: { status: 'Failed', message: 'no way' } },
      }),
      /^conversion webhook for stable.example.com\/v2, Kind=Tab failed: no way$/,
    ],
    [
      'no status',
      (r) => ({ ...r, response: { uid: r.request.uid } }),
      /failed: response.result.status was '', not 'Success'$/,
    ],
    ['no response', (r) => ({ apiVersion: r.apiVersion, kind: r.kind }), /failed: no response provided$/],
    [
      'another uid',
      (r) => ({ ...r, response: { uid: 'x', result: { status: 'Success' } } }),
      /failed: expected response.uid="[^"]+", got "x"$/,
    ],
    [
      'another kind',
      (r) => ({ ...converted(r), kind: 'Other' }),
      /failed: expected webhook response of .*, got .*Kind=Other$/,
    ],
    [
      'too few',
      (r) => ({ ...r, response: { uid: r.request.uid, result: { status: 'Success' }, convertedObjects: [] } }),
      /returned 0 objects, expected 1$/,
    ],
    [
      'another name',
      (r) => withFirst(r, (o) => (o.metadata.name = 'other')),
      /returned invalid object: must have the same name: cr1 != other$/,
    ],
    [
      'another version',
      (r) => withFirst(r, (o) => (o.apiVersion = `${group}/v9`)),
      /returned invalid object at index 0: invalid groupVersion \(expected stable.example.com\/v1, received stable.example.com\/v9\)$/,
    ],
    [
      'an error',
      () => ({ code: 500 }),
      /failed: an error on the server \(".*"\) has prevented the request from succeeding$/,
    ],
    ['a refusal', () => ({ code: 400 }), /failed: the server rejected our request for an unknown reason$/],
  ];
  it.each(failures)('that answers with %s is said to have failed', async (_, answer, message) => {
    // Another resourceVersion, so that nothing is remembered.
    const live = (await http(`${path('tabs', 'v2')}/cr1`)).json;
    await http(`${path('tabs', 'v2')}/cr1`, {
      method: 'PUT',
      body: { ...live, port: String(Math.random()).slice(2, 6) },
    });
    answerWith = answer;
    try {
      const r = await http(`${path('tabs', 'v1')}/cr1`);
      expect(r.code).toBe(500);
      expect(r.json.message).toMatch(message);
    } finally {
      answerWith = undefined;
    }
  });
  function withFirst(review: any, change: (object: any) => void): any {
    const answer = structuredClone(converted(review));
    change(answer.response.convertedObjects[0]);
    return answer;
  }

  it('may change labels, and nothing else of metadata', async () => {
    answerWith = (r) =>
      withFirst(r, (o) => {
        o.metadata.labels = { by: 'webhook' };
        o.metadata.finalizers = ['x/y'];
      });
    try {
      const live = (await http(`${path('tabs', 'v2')}/cr1`)).json;
      await http(`${path('tabs', 'v2')}/cr1`, { method: 'PUT', body: { ...live, port: '1' } });
      const shown = (await http(`${path('tabs', 'v1')}/cr1`)).json;
      expect(shown.metadata.labels).toEqual({ by: 'webhook' });
      expect(shown.metadata.finalizers).toBeUndefined();
    } finally {
      answerWith = undefined;
    }
  });
});
