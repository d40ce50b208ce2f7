// Reading and writing custom resources: where they are as built-in kinds are, and where they are not.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo, watchOf } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
const path = '/apis/rw.example.com/v1/namespaces/default/noxus';
const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        cronSpec: { type: 'string' },
        replicas: { type: 'integer' },
        knownField1: { type: 'string' },
        any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
          items: {
            type: 'object',
            required: ['containerPort', 'protocol'],
            properties: {
              containerPort: { type: 'integer', format: 'int32' },
              protocol: { type: 'string' },
              name: { type: 'string' },
              hostPort: { type: 'integer', format: 'int32' },
            },
          },
        },
        tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' } } },
  },
};
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  const names = { plural: 'noxus', singular: 'noxu', kind: 'Noxu', listKind: 'NoxuList' };
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema },
    subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
  };
  const made = await http('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    body: {
      metadata: { name: 'noxus.rw.example.com' },
      spec: { group: 'rw.example.com', scope: 'Namespaced', names, versions: [version] },
    },
  });
  expect(made.code).toBe(201);
  await until(async () => (await http(path)).code === 200);
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

let counter = 0;
const fresh = () => `n${++counter}`;
const noxu = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'rw.example.com/v1',
  kind: 'Noxu',
  metadata: { name, ...metadata },
  spec,
});
const apply = (name: string, manager: string, spec: object, query = '', sub = '') =>
  http(`${path}/${name}${sub}?fieldManager=${manager}${query}`, {
    method: 'PATCH',
    type: 'application/apply-patch+yaml',
    body: noxu(name, spec),
  });
const owners = (object: any) =>
  object.metadata.managedFields.map((e: any) => [e.manager, e.operation, e.subresource].filter(Boolean).join(' '));

describe('writes', () => {
  it('must name a version', async () => {
    const name = fresh();
    const made = (await http(path, { body: noxu(name, { cronSpec: '* * * * *' }) })).json;
    const without = await http(`${path}/${name}`, { method: 'PUT', body: noxu(name) });
    expect([without.code, without.json.message]).toEqual([
      422,
      `noxus.rw.example.com "${name}" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`,
    ]);
    const { resourceVersion } = made.metadata;
    expect((await http(`${path}/${name}`, { method: 'PUT', body: noxu(name, {}, { resourceVersion }) })).code).toBe(
      200,
    );
    expect((await http(`${path}/${name}`, { method: 'PUT', body: noxu(name, {}, { resourceVersion }) })).code).toBe(
      409,
    );
    const absent = await http(`${path}/absent`, { method: 'PUT', body: noxu('absent', {}, { resourceVersion }) });
    expect([absent.code, absent.json.message]).toEqual([404, 'noxus.rw.example.com "absent" not found']);
  });
  it('know no strategic merge patch', async () => {
    const name = fresh();
    await http(path, { body: noxu(name) });
    const r = await http(`${path}/${name}`, {
      method: 'PATCH',
      type: 'application/strategic-merge-patch+json',
      body: {},
    });
    expect([r.code, r.json.message]).toEqual([
      415,
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    ]);
  });
  it('are answered with a Status when deleted', async () => {
    const name = fresh();
    const { uid } = (await http(path, { body: noxu(name) })).json.metadata;
    expect((await http(`${path}/${name}`, { method: 'DELETE' })).json).toMatchObject({
      status: 'Success',
      details: { name, group: 'rw.example.com', kind: 'noxus', uid },
    });
  });
  it('are warned of finalizers without a slash', async () => {
    const name = fresh();
    const text = (finalizer: string) =>
      `metadata.finalizers: "${finalizer}": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers`;
    expect((await http(path, { body: noxu(name, {}, { finalizers: ['odd', 'a/b'] }) })).warnings).toEqual([
      text('odd'),
    ]);
    const body = { metadata: { finalizers: ['odd', 'odder'] } };
    const type = 'application/merge-patch+json';
    expect((await http(`${path}/${name}`, { method: 'PATCH', type, body })).warnings).toEqual([text('odder')]);
  });
  it('that change nothing are not stored', async () => {
    const name = fresh();
    const made = (await http(path, { body: noxu(name, { replicas: 1 }) })).json;
    const merge = (body: object) =>
      http(`${path}/${name}`, { method: 'PATCH', type: 'application/merge-patch+json', body });
    expect((await merge({ spec: { replicas: 1 } })).json).toEqual(made);
    expect((await merge({ spec: { replicas: 2 } })).json.metadata.generation).toBe(2);
  });
});

describe('field validation', () => {
  const body = (name: string) => `{"apiVersion":"rw.example.com/v1","kind":"Noxu","metadata":{"name":"${name}"},"spec":{
    "unknown1":"val1","unknownDupe":"valDupe","unknownDupe":"valDupe2","knownField1":"val1","knownField1":"val2",
    "ports":[{"name":"portName","containerPort":8080,"protocol":"TCP","hostPort":8081,"hostPort":8082,"unknownNested":"val"}]}}`;
  const told = [
    'duplicate field "spec.unknownDupe"',
    'duplicate field "spec.knownField1"',
    'duplicate field "spec.ports[0].hostPort"',
    'unknown field "spec.ports[0].unknownNested"',
    'unknown field "spec.unknown1"',
    'unknown field "spec.unknownDupe"',
  ];
  it('tells of duplicates first, then of what is unknown', async () => {
    expect((await http(path, { body: body(fresh()) })).warnings).toEqual(told);
    const strict = await http(`${path}?fieldValidation=Strict`, { body: body(fresh()) });
    expect([strict.code, strict.json.message]).toEqual([
      400,
      `Noxu in version "v1" cannot be handled as a Noxu: strict decoding error: ${told.join(', ')}`,
    ]);
    expect((await http(`${path}?fieldValidation=Ignore`, { body: body(fresh()) })).warnings).toEqual([]);
  });
  it('refuses a configuration with a field that the schema has not', async () => {
    const name = fresh();
    const r = await apply(name, 'm', { unknown: 1 });
    expect([r.code, r.json.message]).toEqual([
      500,
      `failed to create typed patch object (/${name}; rw.example.com/v1, Kind=Noxu): .spec.unknown: field not declared in schema`,
    ]);
    const meta = await http(`${path}/${name}?fieldManager=m`, {
      method: 'PATCH',
      type: 'application/apply-patch+yaml',
      body: noxu(name, {}, { unknownMeta: 1 }),
    });
    expect(meta.json.message).toContain('.metadata.unknownMeta: field not declared in schema');
    expect((await apply(name, 'm', { any: { thing: [1] } }, '&fieldValidation=Strict')).code).toBe(201);
  });
});

describe('server-side apply', () => {
  it('merges lists by key and sets by value, and tells conflicts', async () => {
    const name = fresh();
    const port = (containerPort: number, more: object = {}) => ({ containerPort, protocol: 'TCP', ...more });
    await apply(name, 'one', { ports: [port(80, { name: 'x' })], tags: ['a'], any: { k: 1 } });
    const two = await apply(name, 'two', { ports: [port(443)], tags: ['b'], any: { l: 1 } });
    expect(two.json.spec).toEqual({
      ports: [port(80, { name: 'x' }), port(443)],
      tags: ['a', 'b'],
      any: { k: 1, l: 1 },
    });
    const refused = await apply(name, 'two', { ports: [port(80, { name: 'y' })] });
    expect(refused.json.message).toBe(
      'Apply failed with 1 conflict: conflict with "one": .spec.ports[containerPort=80,protocol="TCP"].name',
    );
    expect((await apply(name, 'one', {})).json.spec).toEqual({ ports: [port(443)], tags: ['b'], any: { l: 1 } });
    const twice = await apply(name, 'one', { tags: ['x', 'x'] });
    expect(twice.json.message).toContain('.spec.tags: duplicate entries for key [="x"]');
  });
  it('on status owns nothing else; on scale owns replicas in the object', async () => {
    const name = fresh();
    await apply(name, 'one', { replicas: 1 });
    const scaled = await http(`${path}/${name}/scale?fieldManager=two&force=true`, {
      method: 'PATCH',
      type: 'application/apply-patch+yaml',
      body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name }, spec: { replicas: 4 } },
    });
    expect([scaled.code, scaled.json.spec]).toEqual([200, { replicas: 4 }]);
    const status = await http(`${path}/${name}/status?fieldManager=three`, {
      method: 'PATCH',
      type: 'application/apply-patch+yaml',
      body: { ...noxu(name, { cronSpec: 'no' }), status: { replicas: 4 } },
    });
    expect([status.json.status, status.json.spec]).toEqual([{ replicas: 4 }, { replicas: 4 }]);
    expect(owners(status.json).sort()).toEqual(['three Apply status', 'two Apply scale']);
  });
});

describe('reads', () => {
  it('select by label and name, and by no other field', async () => {
    const name = fresh();
    await http(path, { body: noxu(name, {}, { labels: { mine: name } }) });
    expect((await http(`${path}?labelSelector=mine%3D${name}`)).json.items.length).toBe(1);
    expect((await http(`${path}?fieldSelector=metadata.name%3D${name}`)).json.items.length).toBe(1);
    const r = await http(`${path}?fieldSelector=spec.x%3D1`);
    expect([r.code, r.json.message]).toEqual([400, 'field label not supported: spec.x']);
  });
  it('watch with the state in the stream', async () => {
    const w = watchOf(
      server,
      `${path}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1`,
    );
    await w.done;
    const end = w.events.findIndex((e) => e.type === 'BOOKMARK');
    expect(w.events.slice(0, end).every((e) => e.type === 'ADDED' && e.object.kind === 'Noxu')).toBe(true);
    expect(w.events[end].object).toMatchObject({
      kind: 'Noxu',
      apiVersion: 'rw.example.com/v1',
      metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
  });
});
