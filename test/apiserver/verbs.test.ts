import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo, watchOf } from '../kit/http.ts';

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

let counter = 0;
/** A namespace of the test's own. */
async function namespace(): Promise<string> {
  const name = `t${++counter}`;
  expect((await http('/api/v1/namespaces', { body: { metadata: { name } } })).code).toBe(201);
  return name;
}
const cms = (ns: string) => `/api/v1/namespaces/${ns}/configmaps`;
const cm = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
  data: { a: '1' },
});

describe('create', () => {
  it('fills metadata in and answers 201', async () => {
    const ns = await namespace();
    const r = await http(cms(ns), { body: cm('x') });
    expect(r.code).toBe(201);
    const m = r.json.metadata;
    expect(m).toMatchObject({ name: 'x', namespace: ns });
    expect(m.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(m.creationTimestamp).toMatch(/Z$/);
    expect(Number(m.resourceVersion)).toBeGreaterThan(0);
    expect(m.managedFields[0]).toMatchObject({ operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1' });
    expect(r.headers['content-type']).toBe('application/json');
    expect(r.headers['audit-id']).toBeTruthy();
  });
  it('makes a name from generateName', async () => {
    const ns = await namespace();
    const names = await Promise.all(
      Array.from(
        { length: 20 },
        async () => (await http(cms(ns), { body: { metadata: { generateName: 'g-' } } })).json.metadata.name,
      ),
    );
    expect(new Set(names).size).toBe(20);
    for (const n of names) expect(n).toMatch(/^g-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });
  it('refuses what is there already', async () => {
    const ns = await namespace();
    await http(cms(ns), { body: cm('x') });
    const r = await http(cms(ns), { body: cm('x') });
    expect(r.code).toBe(409);
    expect(r.json).toMatchObject({
      kind: 'Status',
      status: 'Failure',
      reason: 'AlreadyExists',
      message: 'configmaps "x" already exists',
      details: { name: 'x', kind: 'configmaps' },
    });
  });
  it('stores nothing on a dry run', async () => {
    const ns = await namespace();
    expect((await http(`${cms(ns)}?dryRun=All`, { body: cm('x') })).code).toBe(201);
    expect((await http(`${cms(ns)}/x`)).code).toBe(404);
    await http(cms(ns), { body: cm('x') });
    expect((await http(`${cms(ns)}?dryRun=All`, { body: cm('x') })).code).toBe(409);
  });
  it('takes an empty group before the version for the core group', async () => {
    const body = { ...cm('slashed'), apiVersion: '/v1', kind: 'ConfigMap' };
    const r = await http(cms(await namespace()), { body });
    expect([r.code, r.json.apiVersion]).toEqual([201, 'v1']);
  });
  const refusals: [string, unknown, number, string, string?][] = [
    [
      'malformed JSON',
      '{"metadata":{"name":"a-name-that-is-long"}',
      400,
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({"metadata":{"name":"a-name-th ...)`,
    ],
    [
      'what is no JSON',
      'a: b',
      400,
      "json parse error: invalid character 'a' looking for beginning of value (613a2062)",
    ],
    ['nothing', '', 400, 'json parse error: unexpected end of JSON input (<empty>)'],
    [
      'another kind',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } },
      400,
      'Secret in version "v1" cannot be handled as a ConfigMap',
    ],
    [
      'another version',
      { apiVersion: 'v2', kind: 'ConfigMap', metadata: { name: 'x' } },
      400,
      'the API version in the data (v2) does not match the expected API version (v1)',
    ],
    [
      'another namespace',
      cm('x', { namespace: 'other' }),
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'a bad name',
      cm('Bad_Name'),
      422,
      'ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain',
    ],
    ['no name', { metadata: {} }, 422, 'metadata.name: Required value: name or generateName is required'],
    [
      'a resourceVersion',
      cm('x', { resourceVersion: '7' }),
      500,
      'resourceVersion should not be set on objects to be created',
    ],
    [
      'a wrong type',
      { metadata: { name: 'x' }, data: { a: 1 } },
      400,
      'json: cannot unmarshal number into Go struct field ConfigMap.data',
    ],
    ['a list', [], 400, 'cannot unmarshal array'],
    ['a polluting key', '{"metadata":{"name":"x"},"data":{"__proto__":"y"}}', 400, '__proto__'],
    ['a media type that is none', 'x', 415, 'the body of the request was in an unknown format', 'text/plain'],
  ];
  it.each(refusals)('refuses %s', async (_what, body, code, text, type) => {
    const r = await http(cms('default'), { body, type });
    expect([r.code, r.json.message]).toEqual([code, expect.stringContaining(text)]);
  });
  it('refuses a body over 3 MiB, and lives on', async () => {
    const r = await http(cms('default'), {
      body: { metadata: { name: 'big' }, data: { a: 'x'.repeat(3.5 * 1024 * 1024) } },
    }).catch((e: Error) => ({ code: 413, json: { reason: 'RequestEntityTooLarge' }, cut: e }));
    expect(r.code).toBe(413);
    expect(r.json.reason).toBe('RequestEntityTooLarge');
    expect((await http('/livez')).text).toBe('ok');
  });
  it('refuses a namespace that is not there', async () => {
    const r = await http(cms('nowhere'), { body: cm('x') });
    expect(r.json).toMatchObject({ code: 404, reason: 'NotFound', message: 'namespaces "nowhere" not found' });
  });
  it('reads YAML', async () => {
    const ns = await namespace();
    const r = await http(cms(ns), {
      body: 'metadata:\n  name: yy\ndata:\n  day: 2001-01-01\n  time: 10:30\n',
      type: 'application/yaml',
    });
    expect([r.code, r.json.data]).toEqual([201, { day: '2001-01-01', time: '10:30' }]);
  });
});

describe('fieldValidation', () => {
  const body = '{"metadata":{"name":"x","foo":1},"data":{"a":"1","a":"2"},"bar":2}';
  it('Strict refuses unknown and duplicate fields', async () => {
    const r = await http(`${cms('default')}?fieldValidation=Strict`, { body });
    expect(r.code).toBe(400);
    expect(r.json.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata.foo", duplicate field "data.a", unknown field "bar"',
    );
  });
  it('Warn, the default, warns', async () => {
    const r = await http(`${cms('default')}?dryRun=All`, { body });
    expect(r.code).toBe(201);
    expect(r.warnings).toEqual(['unknown field "metadata.foo"', 'duplicate field "data.a"', 'unknown field "bar"']);
    expect(r.json.bar).toBeUndefined();
  });
  it('Ignore says nothing', async () => {
    const r = await http(`${cms('default')}?dryRun=All&fieldValidation=Ignore`, { body });
    expect([r.code, r.warnings]).toEqual([201, []]);
  });
  it('another word is refused', async () => {
    const r = await http(`${cms('default')}?fieldValidation=Maybe`, { body });
    expect([r.code, r.json.message]).toEqual([
      422,
      expect.stringContaining('fieldValidation: Unsupported value: "Maybe"'),
    ]);
  });
});

describe('list', () => {
  it('pages through one snapshot', async () => {
    const ns = await namespace();
    for (let i = 0; i < 7; i++) await http(cms(ns), { body: cm(`c${i}`, { labels: { odd: String(i % 2) } }) });
    const one = (await http(`${cms(ns)}?limit=3`)).json;
    expect(one.items.map((o: any) => o.metadata.name)).toEqual(['c0', 'c1', 'c2']);
    expect(one.metadata.remainingItemCount).toBe(4);
    await http(`${cms(ns)}/c4`, { method: 'DELETE' });
    await http(cms(ns), { body: cm('c9') });
    const two = (await http(`${cms(ns)}?limit=3&continue=${one.metadata.continue}`)).json;
    expect(two.items.map((o: any) => o.metadata.name)).toEqual(['c3', 'c4', 'c5']);
    expect(two.metadata.resourceVersion).toBe(one.metadata.resourceVersion);
    const three = (await http(`${cms(ns)}?limit=3&continue=${two.metadata.continue}`)).json;
    expect(three.items.map((o: any) => o.metadata.name)).toEqual(['c6']);
    expect(three.metadata.continue).toBeUndefined();
  });
  it('selects by label and field', async () => {
    const ns = await namespace();
    for (let i = 0; i < 4; i++)
      await http(cms(ns), { body: cm(`c${i}`, { labels: { odd: String(i % 2), n: String(i) } }) });
    const names = async (q: string) => (await http(`${cms(ns)}?${q}`)).json.items.map((o: any) => o.metadata.name);
    expect(await names('labelSelector=odd%3D1')).toEqual(['c1', 'c3']);
    expect(await names(`labelSelector=${encodeURIComponent('n in (0,3),odd!=1')}`)).toEqual(['c0']);
    expect(await names('fieldSelector=metadata.name%3Dc2')).toEqual(['c2']);
    expect(await names('fieldSelector=metadata.name!%3Dc2&limit=2')).toEqual(['c0', 'c1']);
    expect(await names('labelSelector=!odd')).toEqual([]);
  });
  it('leaves kind and apiVersion out of the items', async () => {
    const { items, kind, apiVersion } = (await http('/api/v1/namespaces')).json;
    expect([kind, apiVersion, items[0].kind]).toEqual(['NamespaceList', 'v1', undefined]);
  });
  const refusals: [string, number, string][] = [
    ['labelSelector=a%3D%3D%3Db', 400, 'unable to parse requirement'],
    [
      'fieldSelector=spec.x%3Db',
      400,
      '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    [
      'resourceVersion=abc',
      400,
      'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    ['resourceVersion=999999999', 504, 'Too large resource version: 999999999, current: '],
    ['continue=zzz', 400, 'continue key is not valid'],
    ['resourceVersionMatch=Exact', 422, 'resourceVersionMatch is forbidden unless resourceVersion is provided'],
    ['limit=x', 400, 'invalid syntax'],
  ];
  it.each(refusals)('refuses %s', async (query, code, text) => {
    const r = await http(`${cms('default')}?${query}`);
    expect([r.code, r.json.message]).toEqual([code, expect.stringContaining(text)]);
  });
  it('reads an exact version of the past', async () => {
    const ns = await namespace();
    const first = (await http(cms(ns), { body: cm('a') })).json.metadata.resourceVersion;
    await http(cms(ns), { body: cm('b') });
    const r = (await http(`${cms(ns)}?resourceVersion=${first}&resourceVersionMatch=Exact`)).json;
    expect([r.metadata.resourceVersion, r.items.length]).toEqual([first, 1]);
  });
});

describe('forms', () => {
  it('Table', async () => {
    const r = (await http('/api/v1/namespaces/default', { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }))
      .json;
    expect(r).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(r.columnDefinitions.map((c: any) => c.name)).toEqual(['Name', 'Status', 'Age']);
    expect(r.rows[0].cells.slice(0, 2)).toEqual(['default', 'Active']);
    expect(r.rows[0].object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'default' } });
  });
  it('PartialObjectMetadataList', async () => {
    const r = (
      await http('/api/v1/namespaces', { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' })
    ).json;
    expect(r.kind).toBe('PartialObjectMetadataList');
    expect(r.items[0]).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'default' } });
    expect(r.items[0].spec).toBeUndefined();
  });
  it('YAML', async () => {
    expect((await http('/api/v1/namespaces/default', { accept: 'application/yaml' })).text).toContain(
      'kind: Namespace\n',
    );
  });
  it('406 for what cannot be written', async () => {
    const r = await http('/api/v1/namespaces', { accept: 'image/png' });
    expect([r.code, r.json.reason]).toEqual([406, 'NotAcceptable']);
  });
});

describe('update', () => {
  it('holds to the version that was read', async () => {
    const ns = await namespace();
    const made = (await http(cms(ns), { body: cm('x') })).json;
    const put = (o: any) => http(`${cms(ns)}/x`, { method: 'PUT', body: o });
    const second = await put({ ...made, data: { a: '2' } });
    expect([second.code, second.json.data.a]).toEqual([200, '2']);
    const stale = await put({ ...made, data: { a: '3' } });
    expect(stale.json).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "x": the object has been modified; please apply your changes to the latest version and try again',
    });
    expect((await put(cm('x'))).code).toBe(200);
  });
  it('stores nothing when nothing changes', async () => {
    const ns = await namespace();
    const made = (await http(cms(ns), { body: cm('x') })).json;
    const again = (await http(`${cms(ns)}/x`, { method: 'PUT', body: made })).json;
    expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });
  it('refuses another uid, another name and an absent object', async () => {
    const ns = await namespace();
    const made = (await http(cms(ns), { body: cm('x') })).json;
    const put = (name: string, o: any) => http(`${cms(ns)}/${name}`, { method: 'PUT', body: o });
    expect(
      (
        await put('x', {
          ...made,
          metadata: { ...made.metadata, uid: '00000000-0000-0000-0000-000000000000', resourceVersion: '' },
        })
      ).code,
    ).toBe(409);
    expect((await put('y', made)).json.message).toBe(
      'the name of the object (x) does not match the name on the URL (y)',
    );
    expect((await put('y', cm('y'))).code).toBe(404);
  });
});

describe('patch', () => {
  const types = {
    json: 'application/json-patch+json',
    merge: 'application/merge-patch+json',
    strategic: 'application/strategic-merge-patch+json',
    apply: 'application/apply-patch+yaml',
  };
  it('JSON patch, merge patch, strategic merge patch', async () => {
    const ns = await namespace();
    await http(cms(ns), { body: cm('x', { finalizers: ['a/b'] }) });
    const patch = async (type: string, body: unknown) =>
      (await http(`${cms(ns)}/x`, { method: 'PATCH', type, body })).json;
    expect((await patch(types.json, [{ op: 'add', path: '/data/b', value: '2' }])).data).toEqual({ a: '1', b: '2' });
    expect((await patch(types.merge, { data: { a: null, c: '3' } })).data).toEqual({ b: '2', c: '3' });
    expect((await patch(types.strategic, { metadata: { finalizers: ['c/d'] } })).metadata.finalizers).toEqual([
      'c/d',
      'a/b',
    ]);
    expect((await patch(types.json, [{ op: 'test', path: '/data/b', value: 'x' }])).code).toBe(422);
    expect((await patch('application/x-patch', {})).code).toBe(415);
  });
  it('a strategic merge patch may name another kind, as scaling by Ansible does', async () => {
    const ns = await namespace();
    const path = `/api/v1/namespaces/${ns}/replicationcontrollers`;
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'd' }] } };
    await http(path, { body: { metadata: { name: 'x' }, spec: { template } } });
    const body = { apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'x' }, spec: { replicas: 3 } };
    const scaled = await http(`${path}/x/scale`, { method: 'PATCH', type: types.strategic, body });
    expect(scaled.json).toMatchObject({ apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 3 } });
    const { json } = await http(`${path}/x`, { method: 'PATCH', type: types.strategic, body: { kind: 'Other' } });
    expect(json).toMatchObject({ apiVersion: 'v1', kind: 'ReplicationController', spec: { replicas: 3 } });
  });
  it('never loses one of many at once', async () => {
    const ns = await namespace();
    await http(cms(ns), { body: cm('x') });
    const codes = await Promise.all(
      Array.from(
        { length: 30 },
        async (_, i) =>
          (await http(`${cms(ns)}/x`, { method: 'PATCH', type: types.merge, body: { data: { [`k${i}`]: 'v' } } })).code,
      ),
    );
    expect(new Set(codes)).toEqual(new Set([200]));
    expect(Object.keys((await http(`${cms(ns)}/x`)).json.data).length).toBe(31);
  });
  it('apply creates, owns, conflicts, and yields to force', async () => {
    const ns = await namespace();
    const apply = (manager: string, data: object, query = '') =>
      http(`${cms(ns)}/x?fieldManager=${manager}${query}`, {
        method: 'PATCH',
        type: types.apply,
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data },
      });
    const made = await apply('one', { a: '1', b: '1' });
    expect([made.code, made.json.metadata.managedFields.map((f: any) => [f.manager, f.operation])]).toEqual([
      201,
      [['one', 'Apply']],
    ]);
    const refused = await apply('two', { a: '2' });
    expect(refused.json).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one": .data.a',
      details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' }] },
    });
    expect((await apply('two', { a: '2' }, '&force=true')).json.data).toEqual({ a: '2', b: '1' });
    expect((await apply('one', {})).json.data).toEqual({ a: '2' });
    expect((await http(`${cms(ns)}/x`, { method: 'PATCH', type: types.apply, body: {} })).json.message).toContain(
      'fieldManager: Required value: is required for apply patch',
    );
  });
});

describe('delete', () => {
  it('answers with a Status that names the object', async () => {
    const ns = await namespace();
    const { uid } = (await http(cms(ns), { body: cm('x') })).json.metadata;
    const r = await http(`${cms(ns)}/x`, { method: 'DELETE' });
    expect(r.json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'x', kind: 'configmaps', uid },
    });
    expect((await http(`${cms(ns)}/x`, { method: 'DELETE' })).code).toBe(404);
  });
  it('or, of some kinds, with the object at the version at which it went', async () => {
    const accounts = `/api/v1/namespaces/${await namespace()}/serviceaccounts`;
    const made = (await http(accounts, { body: { metadata: { name: 'x' } } })).json;
    const version = async () => Number((await http(accounts)).json.metadata.resourceVersion);
    const before = await version();
    const dry = (await http(`${accounts}/x?dryRun=All`, { method: 'DELETE' })).json;
    expect([dry.kind, dry.metadata.resourceVersion]).toEqual(['ServiceAccount', made.metadata.resourceVersion]);
    const { metadata } = (await http(`${accounts}/x`, { method: 'DELETE' })).json;
    expect(metadata.uid).toBe(made.metadata.uid);
    expect(Number(metadata.resourceVersion)).toBeGreaterThan(before);
    expect(Number(metadata.resourceVersion)).toBeLessThanOrEqual(await version());
  });
  it('holds to preconditions', async () => {
    const ns = await namespace();
    await http(cms(ns), { body: cm('x') });
    const r = await http(`${cms(ns)}/x`, { method: 'DELETE', body: { preconditions: { uid: 'nope' } } });
    expect([r.code, r.json.reason]).toEqual([409, 'Conflict']);
  });
  it('waits for finalizers', async () => {
    const ns = await namespace();
    await http(cms(ns), { body: cm('x', { finalizers: ['a/b'] }) });
    const r = await http(`${cms(ns)}/x`, { method: 'DELETE' });
    expect(r.json.metadata).toMatchObject({ deletionGracePeriodSeconds: 0, finalizers: ['a/b'] });
    expect(r.json.metadata.deletionTimestamp).toBeTruthy();
    const done = await http(`${cms(ns)}/x`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { metadata: { finalizers: null } },
    });
    expect(done.code).toBe(200);
    expect((await http(`${cms(ns)}/x`)).code).toBe(404);
  });
  it('turns the propagation policy into finalizers', async () => {
    const ns = await namespace();
    await http(cms(ns), { body: cm('x') });
    const r = await http(`${cms(ns)}/x`, { method: 'DELETE', body: { propagationPolicy: 'Foreground' } });
    expect(r.json.metadata.finalizers).toEqual(['foregroundDeletion']);
    const bad = await http(`${cms(ns)}/x`, { method: 'DELETE', body: { propagationPolicy: 'Sideways' } });
    expect(bad.code).toBe(422);
  });
  it('a collection by selector', async () => {
    const ns = await namespace();
    for (const n of ['a', 'b', 'c'])
      await http(cms(ns), { body: cm(n, { labels: { keep: n === 'c' ? 'yes' : 'no' } }) });
    const r = await http(`${cms(ns)}?labelSelector=keep%3Dno`, { method: 'DELETE' });
    expect([r.code, r.json.items.length]).toEqual([200, 2]);
    expect((await http(cms(ns))).json.items.map((o: any) => o.metadata.name)).toEqual(['c']);
  });
});

describe('watch', () => {
  it('tells what happens from a version on', async () => {
    const ns = await namespace();
    const from = (await http(cms(ns))).json.metadata.resourceVersion;
    const w = watchOf(server, `${cms(ns)}?watch=1&resourceVersion=${from}`);
    await http(cms(ns), { body: cm('x') });
    await http(`${cms(ns)}/x`, { method: 'PATCH', type: 'application/merge-patch+json', body: { data: { b: '2' } } });
    await http(`${cms(ns)}/x`, { method: 'DELETE' });
    await until(() => w.events.length === 3);
    expect(w.events.map((e) => e.type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    const versions = w.events.map((e) => Number(e.object.metadata.resourceVersion));
    expect([...versions].sort((a, b) => a - b)).toEqual(versions);
    expect(new Set(versions).size).toBe(3);
    w.close();
    // The same from the past.
    const again = watchOf(server, `${cms(ns)}?watch=1&resourceVersion=${from}&timeoutSeconds=1`);
    await again.done;
    expect(again.events).toEqual(w.events);
  });
  it('sends the state first, with its end marked, when asked', async () => {
    const ns = await namespace();
    await http(cms(ns), { body: cm('x') });
    const w = watchOf(
      server,
      `${cms(ns)}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=5`,
    );
    await until(() => w.events.length >= 2);
    expect(w.events[0]).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'x' } } });
    expect(w.events[1]).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    await http(cms(ns), { body: cm('y') });
    await until(() => w.events.length >= 3);
    expect(w.events[2]).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'y' } } });
    w.close();
  });
  it('makes objects appear and vanish as a selector goes', async () => {
    const ns = await namespace();
    const { resourceVersion } = (await http(cms(ns))).json.metadata;
    const w = watchOf(server, `${cms(ns)}?watch=1&labelSelector=in%3Dyes&resourceVersion=${resourceVersion}`);
    const label = (value: string | null) =>
      http(`${cms(ns)}/x`, {
        method: 'PATCH',
        type: 'application/merge-patch+json',
        body: { metadata: { labels: { in: value } } },
      });
    await http(cms(ns), { body: cm('x') });
    await label('yes');
    await label('no');
    await label('yes');
    await http(`${cms(ns)}/x`, { method: 'DELETE' });
    await until(() => w.events.length === 4);
    expect(w.events.map((e) => e.type)).toEqual(['ADDED', 'DELETED', 'ADDED', 'DELETED']);
    w.close();
  });
  it('sends columns in the first Table alone', async () => {
    const ns = await namespace();
    await http(cms(ns), { body: cm('x') });
    await http(cms(ns), { body: cm('y') });
    const w = watchOf(server, `${cms(ns)}?watch=1&timeoutSeconds=1`, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    await w.done;
    expect(w.events.map((e) => e.object.columnDefinitions?.length ?? 0)).toEqual([3, 0]);
  });
  it('refuses options that do not go together', async () => {
    const r = await http(`${cms('default')}?watch=1&sendInitialEvents=true`);
    expect([r.code, r.json.message]).toEqual([
      422,
      expect.stringContaining('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    ]);
  });
});

describe('paths that name nothing', () => {
  it.each([
    ['/apis/nobody.example/v1/things'],
    ['/api/v1/namespaces/default/things'],
    ['/nowhere'],
    ['/api/v2'],
    ['//api/v1/namespaces'],
    ['//'],
    ['/version/more'],
    ['/metrics/more'],
  ])('%s is plain 404', async (path) => {
    const r = await http(path);
    expect([r.code, r.text]).toEqual([404, '404 page not found\n']);
  });
  it('a method that a path does not have is 405', async () => {
    const r = await http(cms('default'), { method: 'PUT', body: cm('x') });
    expect(r.json).toMatchObject({ code: 405, reason: 'MethodNotAllowed' });
  });
  it.each([['HEAD'], ['OPTIONS'], ['TRACE']])('%s of a resource is 405', async (method) => {
    for (const path of [cms('default'), `${cms('default')}/x`, '/api/v1/namespaces/default/status'])
      expect((await http(path, { method })).code).toBe(405);
    expect((await http('/livez', { method: 'HEAD' })).code).toBe(200);
  });
  it('what old clients ask for besides is passed over', async () => {
    const r = await http('/api/v1/namespaces/default?export=true&exact=true&pretty=true');
    expect([r.code, r.text.startsWith('{\n  "kind": "Namespace"')]).toEqual([200, true]);
  });
  it('an escape out of the path is refused', async () => {
    expect((await http('/api/v1/namespaces/default/configmaps/..%2f..%2fsecrets')).code).toBe(400);
  });
});

describe('authentication and authorization', () => {
  it('anonymous may look at health and nothing else', async () => {
    const anonymous = httpTo(server, 'none');
    expect((await anonymous('/readyz')).code).toBe(200);
    const r = await anonymous('/api/v1/namespaces/default/configmaps');
    expect(r.json).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message:
        'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"',
    });
    expect((await anonymous('/metrics')).json.message).toBe(
      'forbidden: User "system:anonymous" cannot get path "/metrics"',
    );
    expect((await anonymous('/readyz', { headers: { authorization: 'Bearer nonsense' } })).code).toBe(401);
    anonymous.close();
  });
  it('objects are counted by resource', async () => {
    const count = async () =>
      Number(/apiserver_storage_objects\{resource="configmaps"\} (\d+)/.exec((await http('/metrics')).text)?.[1]);
    const before = await count();
    expect(before).toBeGreaterThan(0);
    await http('/api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'counted' } } });
    await http('/api/v1/configmaps');
    expect(await count()).toBe(before + 1);
  });
  it('impersonation', async () => {
    const r = await http('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      body: {},
      headers: { 'impersonate-user': 'jane', 'impersonate-group': 'devs' },
    });
    expect(r.json.status.userInfo).toMatchObject({ username: 'jane', groups: ['devs', 'system:authenticated'] });
    expect((await http('/api/v1/nodes', { headers: { 'impersonate-user': 'jane' } })).code).toBe(403);
  });
  it('impersonation: each header counts for itself, and its value is UTF-8', async () => {
    const review = (headers: Record<string, string | string[]>) =>
      http('/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {}, headers });
    const latin1 = Buffer.from('é, ü').toString('latin1');
    const jane = await review({
      'impersonate-user': 'jane',
      'impersonate-uid': 'u1',
      'impersonate-group': ['a', 'b, c'],
      'impersonate-extra-scopes': ['x', 'y'],
      'impersonate-extra-example.com%2fKey': latin1,
      'impersonate-extra-50%': 'z',
    });
    expect(jane.json.status.userInfo).toEqual({
      username: 'jane',
      uid: 'u1',
      groups: ['a', 'b, c', 'system:authenticated'],
      extra: { scopes: ['x', 'y'], 'example.com/key': ['é, ü'], '50%': ['z'] },
    });
    const account = await review({ 'impersonate-user': 'system:serviceaccount:a:b' });
    expect(account.json.status.userInfo.groups).toEqual([
      'system:serviceaccounts',
      'system:serviceaccounts:a',
      'system:authenticated',
    ]);
    const noAccount = await review({ 'impersonate-user': 'system:serviceaccount:a:b:c' });
    expect(noAccount.json.status.userInfo.groups).toEqual(['system:authenticated']);
    const nobody = await review({ 'impersonate-user': '', 'impersonate-group': 'a', 'impersonate-uid': 'u' });
    expect([nobody.code, nobody.json.message]).toEqual([
      400,
      'requested [{Group  a    } {UID  u  authentication.k8s.io/v1  }] without impersonating a user',
    ]);
  });
});
