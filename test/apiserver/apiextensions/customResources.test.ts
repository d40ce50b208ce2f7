// Custom resources through a real server: defined, served, written, read, taken away.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type Http, httpTo, watchOf } from '../../kit/http.ts';
import { crd, crdsPath, group } from './definitions.ts';

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
    await until(async () => (await http(`${crdsPath}/widgets.${group}`)).json.status.conditions?.length >= 2);
    await until(async () => (await http(path('widgets'))).code === 200);
    const found = (await http(`${crdsPath}/widgets.${group}`)).json;
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
