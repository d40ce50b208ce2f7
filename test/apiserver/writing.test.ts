import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo, watchOf } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  for (const name of ['w', 'other']) await http('/api/v1/namespaces', { body: { metadata: { name } } });
  await http('/api/v1/namespaces/w/serviceaccounts', { body: { metadata: { name: 'default' } } });
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

const base = '/api/v1/namespaces/w';
const cms = `${base}/configmaps`;
const leases = '/apis/coordination.k8s.io/v1/namespaces/w/leases';
const types = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};
let counter = 0;
const fresh = (stem = 'x') => `${stem}${++counter}`;
const post = (path: string, body: object, query = '') => http(`${path}${query}`, { body });
const put = (path: string, body: object) => http(path, { method: 'PUT', body });
const patch = (path: string, body: unknown, type = types.merge) => http(path, { method: 'PATCH', type, body });
const remove = (path: string, options?: object) =>
  http(path, { method: 'DELETE', ...(options ? { body: options } : {}) });
const made = async (path: string, body: any = {}) => {
  const metadata = { name: fresh(), ...body.metadata };
  const r = await post(path, { ...body, metadata });
  expect([r.code, r.text]).toEqual([201, expect.anything()]);
  return r.json;
};
const pod = { spec: { containers: [{ name: 'c', image: 'i' }] } };
const nobody = '00000000-0000-0000-0000-000000000000';

it("what the server alone says of an object is nobody's, whoever sends it with a create", async () => {
  const { metadata } = await made(cms, {
    metadata: {
      deletionTimestamp: '2020-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 30,
      uid: nobody,
      labels: { a: 'b' },
    },
  });
  expect([metadata.deletionTimestamp, metadata.deletionGracePeriodSeconds, metadata.uid === nobody]).toEqual([
    undefined,
    undefined,
    false,
  ]);
  expect(metadata.managedFields[0].fieldsV1).toEqual({ 'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } } });
});

describe('which object a PUT is about', () => {
  it('is said by the URL', async () => {
    const path = `${cms}/a`;
    const texts: [object, string][] = [
      [{}, 'the name of the object (a based on URL) was undeterminable: name must be provided'],
      [{ name: 'b' }, 'the name of the object (b) does not match the name on the URL (a)'],
      [
        { name: 'a', namespace: 'other' },
        'the namespace of the object (other) does not match the namespace on the request (w)',
      ],
    ];
    for (const [metadata, text] of texts) {
      const r = await put(path, { metadata });
      expect([r.code, r.json.reason, r.json.message]).toEqual([400, 'BadRequest', text]);
    }
  });
  it('and by its uid, also when there is none', async () => {
    const { metadata } = await made(cms);
    const words = (name: string, found: string) =>
      `Operation cannot be fulfilled on configmaps "${name}": StorageError: invalid object, Code: 4, Key: /registry/configmaps/w/${name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${nobody}, UID in object meta: ${found}`;
    for (const [name, found] of [
      [metadata.name, metadata.uid],
      ['absent', ''],
    ]) {
      const r = await put(`${cms}/${name}`, { metadata: { name, uid: nobody } });
      expect([r.code, r.json.reason, r.json.message]).toEqual([409, 'Conflict', words(name, found)]);
    }
    const scale = await made('/apis/apps/v1/namespaces/w/deployments', {
      spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, ...pod } },
    });
    const { name } = scale.metadata;
    const r = await put(`/apis/apps/v1/namespaces/w/deployments/${name}/scale`, { metadata: { name, uid: nobody } });
    expect([r.code, r.json.message]).toEqual([409, expect.stringContaining('UID in precondition')]);
  });
  it('a patch cannot change the uid, the name or what the server sets', async () => {
    const { metadata } = await made(cms);
    const path = `${cms}/${metadata.name}`;
    const refused = async (body: object, code: number, text: string) => {
      const r = await patch(path, { metadata: body });
      expect([r.code, r.json.message]).toEqual([code, expect.stringContaining(text)]);
    };
    await refused({ uid: nobody }, 422, `metadata.uid: Invalid value: "${nobody}": field is immutable`);
    await refused(
      { deletionTimestamp: '2020-01-01T00:00:00Z' },
      422,
      'metadata.deletionTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable',
    );
    await refused(
      { deletionGracePeriodSeconds: 3 },
      422,
      'metadata.deletionGracePeriodSeconds: Invalid value: 3: field is immutable',
    );
    await refused(
      { name: 'z' },
      400,
      `the name of the object (z) does not match the name on the URL (${metadata.name})`,
    );
    await refused(
      { namespace: 'other' },
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    );
    const r = await patch(path, {
      metadata: { creationTimestamp: '2020-01-01T00:00:00Z', generation: 7, selfLink: '/x', labels: { a: 'b' } },
    });
    const { creationTimestamp, generation, selfLink } = r.json.metadata;
    expect([creationTimestamp, generation, selfLink]).toEqual([metadata.creationTimestamp, undefined, undefined]);
  });
});

describe('versions', () => {
  const text = (name: string) =>
    `leases.coordination.k8s.io "${name}" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`;
  it('must be named where a kind says so, by patches too', async () => {
    const { metadata } = await made(leases);
    const { name } = metadata;
    for (const r of [
      await put(`${leases}/${name}`, { metadata: { name } }),
      await patch(`${leases}/${name}`, { metadata: { resourceVersion: null } }),
    ]) {
      expect([r.code, r.json.message, r.json.details.kind]).toEqual([422, text(name), 'leases']);
    }
    expect((await patch(`${leases}/${name}`, { metadata: { labels: { a: 'b' } } })).code).toBe(200);
  });
  it('a PUT creates where a kind says so, whatever version it names', async () => {
    const name = fresh();
    const r = await put(`${leases}/${name}`, { metadata: { name, resourceVersion: '7' } });
    expect(r.code).toBe(201);
    expect((await put(`${cms}/${name}`, { metadata: { name } })).code).toBe(404);
    const uid = await put(`${leases}/${name}0`, { metadata: { name: `${name}0`, uid: nobody } });
    expect([uid.code, uid.json.message]).toEqual([409, expect.stringContaining('UID in object meta: ')]);
  });
  it('are nothing for a creation', async () => {
    const r = await post(cms, { metadata: { name: fresh(), resourceVersion: '7' } });
    expect(r.json).toMatchObject({ code: 500, message: 'resourceVersion should not be set on objects to be created' });
  });
  it('a patch that names a stale one is refused', async () => {
    const { metadata } = await made(cms);
    const path = `${cms}/${metadata.name}`;
    await patch(path, { data: { a: '1' } });
    const r = await patch(path, { metadata: { resourceVersion: metadata.resourceVersion }, data: { a: '2' } });
    expect([r.code, r.json.reason]).toEqual([409, 'Conflict']);
  });
});

describe('a write that changes nothing', () => {
  it('is not stored and told to nobody, by any verb', async () => {
    const object = await made(cms, { data: { a: '1' } });
    const path = `${cms}/${object.metadata.name}`;
    const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: object.metadata.name }, data: { a: '1' } };
    const apply = () => patch(`${path}?fieldManager=me`, applied, types.apply);
    const { resourceVersion } = (await apply()).json.metadata;
    const w = watchOf(server, `${cms}?watch=1&resourceVersion=${resourceVersion}&timeoutSeconds=2`);
    // The clock of managedFields moves on meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const live = (await http(path)).json;
    for (const r of [
      await put(path, live),
      await put(path, { ...live, metadata: { name: live.metadata.name } }),
      await patch(path, { data: { a: '1' } }),
      await patch(path, [{ op: 'replace', path: '/data/a', value: '1' }], types.json),
      await patch(path, { data: { a: '1' } }, types.strategic),
      await apply(),
    ])
      expect([r.code, r.json]).toEqual([200, live]);
    await w.done;
    expect(w.events).toEqual([]);
  });
});

describe('managedFields', () => {
  it.each([[[]], [[{}]]])('are reset by %j, and stay away until the next apply', async (entries) => {
    const { metadata } = await made(cms, { data: { a: '1' } });
    const path = `${cms}/${metadata.name}`;
    expect((await patch(path, { metadata: { managedFields: entries } })).json.metadata.managedFields).toBeUndefined();
    expect((await patch(path, { data: { b: '1' } })).json.metadata.managedFields).toBeUndefined();
    const again = (await http(path)).json;
    again.metadata.managedFields = entries;
    expect((await put(path, again)).code).toBe(200);
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: metadata.name }, data: { c: '1' } };
    const applied = await patch(`${path}?fieldManager=me`, body, types.apply);
    expect(applied.json.metadata.managedFields.map((e: any) => [e.manager, e.operation])).toEqual([
      ['me', 'Apply'],
      ['before-first-apply', 'Update'],
    ]);
  });
  it('are given up when the object would be too large with them', async () => {
    const data: Record<string, string> = {};
    for (let i = 0; i < 3900; i++) data[`${'k'.repeat(230)}${i}`] = '';
    const r = await post(cms, { metadata: { name: fresh() }, data });
    expect([r.code, r.json.metadata.managedFields]).toEqual([201, undefined]);
  });
});

describe('deeds', () => {
  it('leave managedFields alone', async () => {
    const { metadata } = await made(`${base}/pods`, pod);
    const path = `${base}/pods/${metadata.name}`;
    const body = { metadata: { name: metadata.name, annotations: { a: 'b' } }, target: { kind: 'Node', name: 'n' } };
    expect((await post(`${path}/binding`, body)).code).toBe(201);
    const bound = (await http(path)).json;
    expect([bound.spec.nodeName, bound.metadata.annotations]).toEqual(['n', { a: 'b' }]);
    expect(bound.metadata.managedFields).toEqual(metadata.managedFields);
  });
});

describe('sizes', () => {
  it('an object over 1.5 MiB is refused in the words of the store', async () => {
    const rules = Array.from({ length: 1700 }, () => ({
      verbs: ['get'],
      resources: ['r'.repeat(1000)],
      apiGroups: [''],
    }));
    const r = await post('/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata: { name: fresh() }, rules });
    expect(r.json).toMatchObject({ code: 500, message: 'etcdserver: request is too large' });
    expect(r.json.reason || '').toBe('');
  });
  it('annotations over 256 KiB are refused', async () => {
    const r = await post(cms, { metadata: { name: fresh(), annotations: { a: 'x'.repeat(262144) } } });
    expect([r.code, r.json.message]).toEqual([
      422,
      expect.stringContaining('metadata.annotations: Too long: may not be more than 262144 bytes'),
    ]);
  });
});

describe('owner references that stand twice', () => {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' };
  it('are one, with a warning', async () => {
    const r = await post(cms, { metadata: { name: fresh(), ownerReferences: [owner, owner] } });
    expect(r.json.metadata.ownerReferences).toEqual([owner]);
    expect(r.warnings).toEqual([
      '.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u',
    ]);
    const path = `${cms}/${r.json.metadata.name}`;
    const patched = await patch(path, { metadata: { ownerReferences: [owner, owner] } });
    expect(patched.warnings).toEqual([
      expect.stringContaining('contains duplicate entries after mutating admission happens;'),
    ]);
  });
});

describe('finalizers', () => {
  it('have a slash, or are Kubernetes’ own', async () => {
    const refused = 'name is neither a standard finalizer name nor is it fully qualified';
    const r = await post(cms, { metadata: { name: fresh(), finalizers: ['a/b', 'odd'] } });
    expect([r.code, r.json.message]).toEqual([
      422,
      expect.stringContaining(`metadata.finalizers[1]: Invalid value: "odd": ${refused}`),
    ]);
    const { metadata } = await made(cms, { metadata: { finalizers: ['orphan', 'kubernetes'] } });
    const path = `${cms}/${metadata.name}`;
    expect((await patch(path, { metadata: { finalizers: ['odd'] } })).json.message).toContain(refused);
    expect((await patch(path, { metadata: { finalizers: null } })).code).toBe(200);
    expect((await post(leases, { metadata: { name: fresh(), finalizers: ['odd'] } })).code).toBe(201);
  });
  it('cannot be added to what is being deleted', async () => {
    const { metadata } = await made(cms, { metadata: { finalizers: ['a/b'] } });
    const path = `${cms}/${metadata.name}`;
    await remove(path);
    const r = await patch(path, { metadata: { finalizers: ['a/b', 'c/d'] } });
    expect([r.code, r.json.message]).toEqual([
      422,
      `ConfigMap "${metadata.name}" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}`,
    ]);
    expect((await patch(path, { metadata: { finalizers: [] } })).code).toBe(200);
    expect((await http(path)).code).toBe(404);
  });
});

describe('delete', () => {
  it('names the kind where a precondition fails', async () => {
    const { metadata } = await made(cms);
    const path = `${cms}/${metadata.name}`;
    const uid = await remove(path, { preconditions: { uid: nobody } });
    expect([uid.code, uid.json.message]).toEqual([
      409,
      `Operation cannot be fulfilled on ConfigMap "${metadata.name}": the UID in the precondition (${nobody}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    ]);
    const version = await remove(path, { preconditions: { resourceVersion: '1' } });
    expect(version.json.message).toContain(
      `the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
    expect((await http(path)).code).toBe(200);
  });
  const refusals: [object, string][] = [
    [
      { propagationPolicy: 'Sideways' },
      'propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    [
      { propagationPolicy: 'Orphan', orphanDependents: true },
      'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    ],
    [{ dryRun: ['Some'] }, 'dryRun: Unsupported value: ["Some"]: supported values: "All"'],
  ];
  it.each(refusals)('refuses %j', async (options, text) => {
    const { metadata } = await made(cms);
    const r = await remove(`${cms}/${metadata.name}`, options);
    expect([r.code, r.json.message]).toEqual([422, `DeleteOptions.meta.k8s.io "" is invalid: ${text}`]);
  });
  // The kind's habit, finalizers before, options → finalizers after; undefined: the object is gone.
  const rcs = `${base}/replicationcontrollers`;
  const rc = { spec: { selector: { a: 'b' }, template: { metadata: { labels: { a: 'b' } }, ...pod } } };
  const policies: [string, object, string[], object | undefined, string[] | undefined][] = [
    [cms, {}, [], undefined, undefined],
    [cms, {}, ['foregroundDeletion'], undefined, ['foregroundDeletion']],
    [cms, {}, ['foregroundDeletion'], { propagationPolicy: 'Background' }, undefined],
    [cms, {}, ['orphan', 'a/b'], { propagationPolicy: 'Foreground' }, ['a/b', 'foregroundDeletion']],
    [cms, {}, [], { orphanDependents: true }, ['orphan']],
    [cms, {}, [], { orphanDependents: false }, undefined],
    [rcs, rc, [], undefined, ['orphan']],
    [rcs, rc, ['foregroundDeletion'], undefined, ['foregroundDeletion']],
    [rcs, rc, [], { propagationPolicy: 'Background' }, undefined],
  ];
  it.each(policies)('%s %j %j with %j leaves %j', async (path, body, finalizers, options, left) => {
    const { metadata } = await made(path, { ...body, metadata: { finalizers } });
    const one = `${path}/${metadata.name}`;
    expect((await remove(one, options)).code).toBe(200);
    const r = await http(one);
    expect(r.code === 404 ? undefined : r.json.metadata.finalizers).toEqual(left);
    if (left) await patch(one, { metadata: { finalizers: null } });
  });
  it('202 while the object stays although its dependents shall go', async () => {
    const { metadata } = await made(cms, { metadata: { finalizers: ['a/b'] } });
    expect((await remove(`${cms}/${metadata.name}`, { orphanDependents: false })).code).toBe(202);
  });
  it('events know no propagation', async () => {
    const events = `${base}/events`;
    const { metadata } = await made(events, { involvedObject: { namespace: 'w' } });
    expect((await remove(`${events}/${metadata.name}`, { propagationPolicy: 'Foreground' })).code).toBe(200);
    expect((await http(`${events}/${metadata.name}`)).code).toBe(404);
  });
  it('a pod without a node is marked and gone, and the answer is the pod', async () => {
    const { metadata } = await made(`${base}/pods`, pod);
    const w = watchOf(server, `${base}/pods?watch=1&resourceVersion=${metadata.resourceVersion}`);
    const r = await remove(`${base}/pods/${metadata.name}`);
    await until(() => w.events.length === 2);
    w.close();
    expect(w.events.map((e) => [e.type, e.object.metadata.deletionGracePeriodSeconds])).toEqual([
      ['MODIFIED', 0],
      ['DELETED', 0],
    ]);
    expect([r.code, r.json.kind, r.json.metadata.deletionTimestamp]).toEqual([
      200,
      'Pod',
      w.events[1].object.metadata.deletionTimestamp,
    ]);
  });
  it('a pod on a node waits for its grace, which may only be shortened', async () => {
    const { metadata } = await made(`${base}/pods`, { spec: { ...pod.spec, nodeName: 'n' } });
    const path = `${base}/pods/${metadata.name}`;
    const graces: [object | undefined, number][] = [
      [undefined, 30],
      [{ gracePeriodSeconds: 40, propagationPolicy: 'Foreground' }, 30],
      [{ gracePeriodSeconds: 10 }, 10],
    ];
    let started: number | undefined;
    for (const [options, seconds] of graces) {
      const { metadata: m } = (await remove(path, options)).json;
      expect([m.deletionGracePeriodSeconds, m.finalizers]).toEqual([seconds, undefined]);
      const start = Date.parse(m.deletionTimestamp) - seconds * 1000;
      started ??= start;
      expect(start).toBe(started);
    }
    expect((await remove(path, { gracePeriodSeconds: 0 })).code).toBe(200);
    expect((await http(path)).code).toBe(404);
  });
});

describe('dryRun', () => {
  it('answers as in earnest and stores nothing, by any verb', async () => {
    const object = await made(cms, { data: { a: '1' } });
    const path = `${cms}/${object.metadata.name}`;
    const q = '?dryRun=All';
    const name = fresh();
    const apply = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '2' } };
    const answers = [
      await post(cms, { metadata: { name } }, q),
      await patch(`${cms}/${name}${q}&fieldManager=m`, apply, types.apply),
      await put(`${path}${q}`, { ...object, data: { a: '2' } }),
      await patch(`${path}${q}`, { data: { a: '2' } }),
      await patch(`${path}${q}&fieldManager=m&force=true`, { ...apply, metadata: {} }, types.apply),
      await remove(path + q),
      await remove(cms + q),
      await remove(path, { dryRun: ['All'] }),
    ];
    expect(answers.map((r) => r.code)).toEqual([201, 201, 200, 200, 200, 200, 200, 200]);
    expect(answers.slice(2, 5).map((r) => r.json.data.a)).toEqual(['2', '2', '2']);
    expect((await http(path)).json).toEqual(object);
    expect((await http(`${cms}/${name}`)).code).toBe(404);
    expect((await post(cms, { metadata: { name } }, '?dryRun=')).code).toBe(422);
  });
  it('keeps no address', async () => {
    const service = { spec: { clusterIP: '10.96.7.7', ports: [{ port: 80 }] } };
    const services = `${base}/services`;
    for (let i = 0; i < 2; i++)
      expect((await post(services, { metadata: { name: 's' }, ...service }, '?dryRun=All')).code).toBe(201);
    expect((await post(services, { metadata: { name: 's' }, ...service })).code).toBe(201);
    expect((await remove(`${services}/s?dryRun=All`)).code).toBe(200);
    expect((await post(services, { metadata: { name: 't' }, ...service })).code).toBe(422);
  });
  it('of subresources, too', async () => {
    const { metadata } = await made(`${base}/pods`, pod);
    const path = `${base}/pods/${metadata.name}`;
    const answers = [
      await post(`${path}/binding?dryRun=All`, {
        metadata: { name: metadata.name },
        target: { kind: 'Node', name: 'n' },
      }),
      await post(`${path}/eviction?dryRun=All`, { metadata: { name: metadata.name } }),
      await patch(`${path}/status?dryRun=All`, { status: { phase: 'Running' } }),
    ];
    expect(answers.map((r) => r.code)).toEqual([201, 201, 200]);
    expect((await http(path)).json.metadata.resourceVersion).toBe(metadata.resourceVersion);
  });
});

it('a token is for the very account that its request names, and says whose it is', async () => {
  const account = await made(`${base}/serviceaccounts`);
  const { name, uid } = account.metadata;
  const ask = (metadata: object, spec: object = {}, of = name) =>
    post(`${base}/serviceaccounts/${of}/token`, { metadata, spec });
  const given = await ask({});
  expect([given.code, given.json.metadata]).toMatchObject([201, { name, uid, namespace: 'w' }]);
  expect((await ask({ uid })).code).toBe(201);
  const other = await ask({ uid: nobody });
  expect([other.code, other.json.message]).toEqual([
    409,
    `Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "${name}": the UID in the token request (${nobody}) does not match the UID of the service account (${uid})`,
  ]);
  expect((await ask({}, { expirationSeconds: 1 })).code).toBe(422);
  expect((await ask({}, { expirationSeconds: 1 }, 'missing')).code).toBe(404);
  expect((await ask({ name: 'x' }, {}, 'missing')).code).toBe(422);
});
