// Custom resources through a real server: defined, served, written, read, taken away.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type Http, httpTo, watchOf } from '../../kit/http.ts';
import { crd, crdsPath, define, group } from './definitions.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

const path = (plural: string, version = 'v1') => `/apis/${group}/${version}/namespaces/default/${plural}`;

describe('a definition', () => {
  it('is established and served', async () => {
    const made = await http(crdsPath, { body: crd('Widget') });
    expect(made.code).toBe(201);
    expect(made.json.status).toMatchObject({ storedVersions: ['v1'], acceptedNames: { plural: '', kind: '' } });
    expect(made.json.spec).toMatchObject({
      names: { singular: 'widget', listKind: 'WidgetList' },
      conversion: { strategy: 'None' },
    });
    // Objects are served from the moment that the names are accepted, which is a little before.
    await until(async () => (await http(path('widgets'))).code === 200);
    const widgets = () => http(`${crdsPath}/widgets.${group}`).then((reply) => reply.json);
    await until(async () => (await widgets()).status.conditions?.[1]?.status === 'True');
    const found = await widgets();
    expect(found.status.conditions).toMatchObject([
      { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
      {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      },
    ]);
    expect(found.status.acceptedNames).toEqual(found.spec.names);
    const list = (await http(`/apis/${group}/v1`)).json;
    expect(list.resources).toMatchObject([
      { name: 'widgets', singularName: 'widget', kind: 'Widget', namespaced: true },
    ]);
  });

  it('shows the defaults of the status in the answer to a create, as each read does', async () => {
    const status = { type: 'object', default: { phase: 'New' }, properties: { phase: { type: 'string' } } };
    const schema = { openAPIV3Schema: { type: 'object', properties: { status } } };
    await define(http, crd('Phased', { schema, subresources: { status: {} } }));
    const body = { apiVersion: `${group}/v1`, kind: 'Phased', metadata: { name: 'a' }, status: { phase: 'Sent' } };
    const made = await http(path('phaseds'), { body });
    expect([made.code, made.json.status]).toEqual([201, { phase: 'New' }]);
    expect((await http(`${path('phaseds')}/a`)).json.status).toEqual({ phase: 'New' });
    await http(`${crdsPath}/phaseds.${group}`, { method: 'DELETE' });
    await until(async () => (await http(`${crdsPath}/phaseds.${group}`)).code === 404);
  });

  it('has objects', async () => {
    const body = {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'one' },
      spec: { size: 1, extra: 'x' },
    };
    const made = await http(path('widgets'), { body });
    expect(made.code).toBe(201);
    expect(made.json.spec).toEqual({ size: 1, color: 'red' });
    expect(made.json.metadata.generation).toBe(1);
    expect((await http(`${path('widgets')}/one`)).json).toEqual(made.json);
    const list = (await http(path('widgets'))).json;
    expect(list).toMatchObject({ kind: 'WidgetList', apiVersion: `${group}/v1`, items: [{ kind: 'Widget' }] });
    const strict = await http(`${path('widgets')}?fieldValidation=Strict`, {
      body: { ...body, metadata: { name: 'two' } },
    });
    expect(strict.code).toBe(400);
    expect(strict.json.message).toBe(
      'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.extra"',
    );
    const wrong = await http(path('widgets'), { body: { ...body, metadata: { name: 'two' }, spec: { size: 'big' } } });
    expect(wrong.json.message).toBe(
      `Widget.${group} "two" is invalid: spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"`,
    );
  });

  it('goes with its objects', async () => {
    const watch = watchOf(server, `${path('widgets')}?watch=true&resourceVersion=0`);
    await until(() => watch.events.length > 0);
    const deleted = await http(`${crdsPath}/widgets.${group}`, { method: 'DELETE' });
    expect(deleted.code).toBe(200);
    expect(deleted.json).toMatchObject({
      kind: 'CustomResourceDefinition',
      metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'] },
    });
    await until(async () => (await http(`${crdsPath}/widgets.${group}`)).code === 404);
    await until(async () => (await http(path('widgets'))).code === 404);
    await watch.done;
    expect(watch.events.at(-1)).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'one' } } });
    expect((await http('/apis')).json.groups.some((g: any) => g.name === group)).toBe(false);
  });
});

describe('integers of 64 bits', () => {
  const wide = {
    type: 'object',
    properties: { content: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, n: { type: 'integer' } },
  };
  it('survive beyond 2^53, in JSON and YAML, through patches and watches', async () => {
    await define(http, crd('Noxu', { schema: { openAPIV3Schema: wide } }, { scope: 'Cluster' }));
    const noxus = `/apis/${group}/v1/noxus`;
    const { resourceVersion } = (await http(noxus)).json.metadata;
    const query = `watch=true&fieldSelector=metadata.name%3Dname1&resourceVersion=${resourceVersion}`;
    const watch = watchOf(server, `${noxus}?${query}`);
    const body = (name: string) =>
      `{"apiVersion":"${group}/v1","kind":"Noxu","metadata":{"name":"${name}"},"n":9223372036854775807,"content":{"num1":9223372036854775807,"num2":1000000}}`;
    const made = await http(noxus, { body: body('name1') });
    expect(made.code).toBe(201);
    expect(made.text).toContain('"num1":9223372036854775807');
    const yaml = `apiVersion: ${group}/v1\nkind: Noxu\nmetadata: {name: name2}\ncontent: {num1: 9223372036854775807, two: 2}\n`;
    const fromYaml = await http(noxus, { body: yaml, type: 'application/yaml' });
    expect(fromYaml.text).toContain('"num1":9223372036854775807,"two":2');
    const patched = await http(`${noxus}/name1`, {
      method: 'PATCH',
      type: 'application/json-patch+json',
      body: [{ op: 'add', path: '/content/dummy', value: 'x' }],
    });
    expect(patched.text).toContain('"num1":9223372036854775807');
    expect(patched.json.metadata.generation).toBe(2);
    expect((await http(noxus)).text.match(/9223372036854775807/g)!.length).toBe(3);
    const put = await http(`${noxus}/name1`, { method: 'PUT', body: patched.text });
    expect(put.json.metadata.resourceVersion).toBe(patched.json.metadata.resourceVersion);
    await http(`${noxus}/name1`, { method: 'DELETE' });
    await until(() => watch.events.length === 3);
    expect(watch.events.map((e) => e.type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    watch.close();
    const big = body('name3').replace('"n":9223372036854775807', '"n":9223372036854775808');
    expect((await http(noxus, { body: big })).json.message).toContain('Checked value must be of type integer');
  });
});
