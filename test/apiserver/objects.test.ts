// Objects that differ from others in a little: what is remembered of those others must not decide for them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';
import { crd, define } from './apiextensions/definitions.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  await http('/api/v1/namespaces', { body: { metadata: { name: 'm' } } });
  await http('/api/v1/namespaces/m/serviceaccounts', { body: { metadata: { name: 'default' } } });
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

const pods = '/api/v1/namespaces/m/pods';
const spec = (more: object = {}) => ({
  containers: [
    { name: 'web', image: 'example.com/web:1', args: ['--listen=:8080', '--log=json', `--more=${'x'.repeat(200)}`] },
  ],
  ...more,
});
const create = (name: string, ofSpec: object, metadata: object = {}, query = '') =>
  http(`${pods}${query}`, { body: { metadata: { name, ...metadata }, spec: ofSpec } });
/** What is not an object's own. */
const common = ({ metadata, ...rest }: any) => ({
  ...rest,
  fields: metadata.managedFields.map(({ time: _, ...entry }: any) => entry),
});

describe('pods of one template', () => {
  it('are alike, the name of the token’s volume too', async () => {
    const made = [];
    for (const name of ['a1', 'a2', 'a3', 'a4'])
      made.push((await create(name, spec(), { labels: { app: 'web' } })).json);
    for (const object of made) expect(common(object)).toEqual(common(made[0]));
    expect(new Set(made.map((o) => o.metadata.uid)).size).toBe(4);
    for (const object of made) expect((await http(`${pods}/${object.metadata.name}`)).json).toEqual(object);
  });

  it('have annotations of their own, which may contradict the spec', async () => {
    const refused = { annotations: { 'container.apparmor.security.beta.kubernetes.io/web': 'nonsense' } };
    for (const name of ['b1', 'b2', 'b3']) expect((await create(name, spec())).code).toBe(201);
    expect((await create('b4', spec(), refused)).json.details.causes[0].field).toBe(
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/web]',
    );
  });

  it('are warned of names that are no host names, of those alone', async () => {
    const warned = [];
    for (const name of ['c1', 'c2', 'c.3', 'c4']) warned.push((await create(name, spec())).headers.warning ?? '');
    expect(warned.map((text) => String(text).includes("the Pod's hostname"))).toEqual([false, false, true, false]);
  });

  it('with warnings are warned each time', async () => {
    for (const name of ['d1', 'd2', 'd3'])
      expect(
        (await create(name, spec({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }))).headers.warning,
      ).toContain('spec.nodeSelector[beta.kubernetes.io/os]');
  });

  it('with claims for their volumes are checked with their names', async () => {
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const volumes = [{ name: 'v'.repeat(60), ephemeral: { volumeClaimTemplate: { spec: claim } } }];
    for (const name of ['e1', 'e2', 'e3']) expect((await create(name, spec({ volumes }))).code).toBe(201);
    const long = await create('e'.repeat(200), spec({ volumes }));
    expect([long.code, long.json.details.causes.map((c: any) => c.field)]).toEqual([
      422,
      ['spec.volumes[0].ephemeral.name'],
    ]);
  });

  it('that were refused are refused again', async () => {
    const wrong = spec({ restartPolicy: 'Perhaps' });
    for (const name of ['f1', 'f2', 'f3']) expect((await create(name, wrong)).json.reason).toBe('Invalid');
  });

  it('may not have a field that is unknown, after three that were right', async () => {
    for (const name of ['g1', 'g2', 'g3']) expect((await create(name, spec())).code).toBe(201);
    const odd = await create('g4', { ...spec(), strange: true }, {}, '?fieldValidation=Strict');
    expect([odd.code, odd.json.message.includes('unknown field "spec.strange"')]).toEqual([400, true]);
  });

  it('are still checked against what they were when they change', async () => {
    for (const name of ['h1', 'h2', 'h3']) await create(name, spec());
    const { json } = await http(`${pods}/h1`);
    const body = { ...json, spec: { ...json.spec, hostname: 'other' } };
    expect((await http(`${pods}/h1`, { method: 'PUT', body })).code).toBe(422);
    const labelled = { ...json, metadata: { ...json.metadata, labels: { a: 'b' } } };
    const put = await http(`${pods}/h1`, { method: 'PUT', body: labelled });
    expect([put.code, put.json.metadata.generation, put.json.spec]).toEqual([200, 1, json.spec]);
  });
});

describe('custom resources of one spec', () => {
  it('are checked with their names where a rule asks for them', async () => {
    const rule = { rule: 'self.metadata.name != "forbidden"', message: 'not this name' };
    const schema = {
      type: 'object',
      'x-kubernetes-validations': [rule],
      properties: { spec: { type: 'object', properties: { text: { type: 'string' } } } },
    };
    await define(http, crd('Named', { schema: { openAPIV3Schema: schema } }));
    const path = '/apis/stable.example.com/v1/namespaces/m/nameds';
    const post = (name: string) =>
      http(path, {
        body: {
          apiVersion: 'stable.example.com/v1',
          kind: 'Named',
          metadata: { name },
          spec: { text: 'x'.repeat(300) },
        },
      });
    for (const name of ['a', 'b', 'c']) expect((await post(name)).code).toBe(201);
    expect((await post('forbidden')).json.message).toContain('not this name');
  });

  it('may each be right, and no change from one to the other', async () => {
    const text = {
      type: 'string',
      'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'stays as it is' }],
    };
    const schema = { type: 'object', properties: { spec: { type: 'object', properties: { text } } } };
    await define(http, crd('Fixed', { schema: { openAPIV3Schema: schema } }));
    const path = '/apis/stable.example.com/v1/namespaces/m/fixeds';
    const fixed = (name: string, letter: string, version = {}) => ({
      ...{ apiVersion: 'stable.example.com/v1', kind: 'Fixed' },
      metadata: { name, ...version },
      spec: { text: letter.repeat(300) },
    });
    for (const name of ['x1', 'x2', 'x3', 'y1', 'y2', 'y3'])
      expect((await http(path, { body: fixed(name, name[0]!) })).code).toBe(201);
    const { resourceVersion } = (await http(`${path}/x1`)).json.metadata;
    const changed = await http(`${path}/x1`, { method: 'PUT', body: fixed('x1', 'y', { resourceVersion }) });
    expect([changed.code, changed.json.message.includes('stays as it is')]).toEqual([422, true]);
    const same = {
      ...fixed('x1', 'x', { resourceVersion }),
      metadata: { name: 'x1', resourceVersion, labels: { a: 'b' } },
    };
    expect((await http(`${path}/x1`, { method: 'PUT', body: same })).code).toBe(200);
  });

  it('obey the schema of the day', async () => {
    const withMost = (maxLength: number) => ({
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { text: { type: 'string', maxLength } } } },
      },
    });
    const definition = await define(http, crd('Measured', { schema: withMost(300) }));
    const path = '/apis/stable.example.com/v1/namespaces/m/measureds';
    const post = (name: string) =>
      http(path, {
        body: {
          apiVersion: 'stable.example.com/v1',
          kind: 'Measured',
          metadata: { name },
          spec: { text: 'x'.repeat(300) },
        },
      });
    for (const name of ['a', 'b', 'c']) expect((await post(name)).code).toBe(201);
    const { json } = await http(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`);
    json.spec.versions[0].schema = withMost(299);
    expect(
      (
        await http(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`, {
          method: 'PUT',
          body: json,
        })
      ).code,
    ).toBe(200);
    await expect.poll(async () => (await post(`d${Math.random()}`)).code).toBe(422);
  });
});
