import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

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

const cms = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
let counter = 0;
const fresh = () => `a${++counter}`;
const apply = (path: string, manager: string, body: any, query = '') =>
  http(`${path}?fieldManager=${manager}${query}`, { method: 'PATCH', type: 'application/apply-patch+yaml', body });
const merge = (path: string, body: any, query = '') =>
  http(`${path}${query}`, { method: 'PATCH', type: 'application/merge-patch+json', body });
const cm = (name: string, data?: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  ...(data && { data }),
});
const deployment = (name: string, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: name } },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    ...spec,
  },
});
const owners = (object: any) =>
  (object.metadata.managedFields ?? []).map((e: any) =>
    [e.manager, e.operation, e.subresource].filter((part) => part !== undefined).join(' '),
  );
const entryOf = (object: any, manager: string, operation = 'Apply') =>
  object.metadata.managedFields.find((e: any) => e.manager === manager && e.operation === operation);

describe('anything where text belongs', () => {
  const odd = { toString: 1, valueOf: 1 };
  const sent = (body: object) => apply(`${cms}/odd`, 'm', { ...cm('odd'), ...body });
  it.each([
    ['name', { metadata: { name: odd } }, 500, '(/; /v1, Kind=ConfigMap): .metadata.name: expected string, got &value'],
    [
      'namespace',
      { metadata: { name: 'odd', namespace: odd } },
      500,
      '(/odd; /v1, Kind=ConfigMap): .metadata.namespace: ',
    ],
    [
      'no metadata',
      { metadata: null },
      400,
      'the name of the object (odd based on URL) was undeterminable: name must be provided',
    ],
    ['metadata', { metadata: [odd] }, 500, '(/; /v1, Kind=ConfigMap): .metadata: expected map, got'],
    ['apiVersion', { apiVersion: odd }, 400, 'invalid object type: /, Kind=ConfigMap'],
    ['kind', { kind: odd }, 400, 'invalid object type: /v1, Kind='],
    ['a value', { data: { a: odd } }, 500, '.data.a: expected string, got'],
  ])('%s', async (_what, body, code, text) => {
    const r = await sent(body);
    expect([r.code, r.json.message]).toEqual([code, expect.stringContaining(text)]);
  });
  it('in a scale', async () => {
    const name = fresh();
    await apply(`${deployments}/${name}`, 'm', deployment(name));
    const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name }, spec: { replicas: odd } };
    const r = await apply(`${deployments}/${name}/scale`, 'm', body);
    expect([r.code, r.json.message]).toEqual([
      500,
      `failed to create typed patch object (/${name}; autoscaling/v1, Kind=Scale): .spec.replicas: expected numeric (int or float), got map[string]interface {}`,
    ]);
  });
});

describe('identity', () => {
  it('a uid where nothing is, is a conflict', async () => {
    const name = fresh();
    const r = await apply(`${cms}/${name}`, 'm', cm(name, {}, { uid: 'u' }));
    expect([r.code, r.json.message]).toEqual([
      409,
      `Operation cannot be fulfilled on configmaps "${name}": uid mismatch: the provided object specified uid u, and no existing object was found`,
    ]);
  });
  it('another resourceVersion than the live one is a conflict', async () => {
    const name = fresh();
    const made = (await apply(`${cms}/${name}`, 'm', cm(name, { a: '1' }))).json;
    await merge(`${cms}/${name}`, { data: { b: '1' } });
    const { resourceVersion } = made.metadata;
    const r = await apply(`${cms}/${name}`, 'm', cm(name, { a: '2' }, { resourceVersion }));
    expect([r.code, r.json.reason]).toEqual([409, 'Conflict']);
  });
  it('a namespace that is not the path’s is refused', async () => {
    const name = fresh();
    const r = await apply(`${cms}/${name}`, 'm', cm(name, {}, { namespace: 'other' }));
    expect([r.code, r.json.message]).toEqual([
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ]);
  });
  it('who may patch but not create creates nothing', async () => {
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] }];
    await http('/apis/rbac.authorization.k8s.io/v1/clusterroles', { body: { metadata: { name: 'patcher' }, rules } });
    await http('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      body: {
        metadata: { name: 'patcher' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'patcher' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
      },
    });
    const name = fresh();
    const r = await http(`${cms}/${name}?fieldManager=m`, {
      method: 'PATCH',
      type: 'application/apply-patch+yaml',
      body: cm(name),
      headers: { 'impersonate-user': 'jane' },
    });
    expect([r.code, r.json.reason]).toEqual([403, 'Forbidden']);
  });
});

describe('ownership', () => {
  it('an apply of nothing owns nothing', async () => {
    const name = fresh();
    const r = await apply(`${cms}/${name}`, 'm', cm(name));
    expect([r.code, r.json.metadata.managedFields]).toEqual([201, undefined]);
  });
  it('is of each manager, operation and version; the program names who names nobody', async () => {
    const name = fresh();
    const path = `${cms}/${name}`;
    await apply(path, 'applier', cm(name, { key: 'value' }, { labels: { 'test-label': 'test' } }));
    await merge(path, { data: { key: 'new' } }, '?fieldManager=updater');
    const headers = { 'user-agent': 'my-tool/v1.2 (linux)' };
    const { json } = await http(path, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { data: { b: '1' } },
      headers,
    });
    // Of one operation the older comes first: of one second, by name.
    expect(owners(json).sort()).toEqual(['applier Apply', 'my-tool Update', 'updater Update']);
    expect(owners(json)[0]).toBe('applier Apply');
    const labels = { 'f:test-label': {} };
    expect(entryOf(json, 'applier').fieldsV1).toEqual({ 'f:metadata': { 'f:labels': labels } });
    expect(entryOf(json, 'my-tool', 'Update').fieldsV1).toEqual({ 'f:data': { 'f:b': {} } });
    expect(entryOf(json, 'updater', 'Update').fieldsV1).toEqual({ 'f:data': { 'f:key': {} } });
  });
  it('conflicts name manager, version and subresource; force takes what it says', async () => {
    const name = fresh();
    const path = `${deployments}/${name}`;
    await apply(path, 'one', deployment(name, { replicas: 1 }));
    await merge(`${path}/scale`, { spec: { replicas: 2 } }, '?fieldManager=scaler');
    expect(owners((await http(path)).json)).toEqual(['one Apply', 'scaler Update scale']);
    const refused = await apply(path, 'two', { ...deployment(name, { replicas: 3 }) });
    expect(refused.json.message).toBe(
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas',
    );
    expect(refused.json.details.causes).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "scaler" with subresource "scale" using apps/v1',
        field: '.spec.replicas',
      },
    ]);
    const forced = await apply(path, 'one', deployment(name, { replicas: 3 }), '&force=true');
    expect([forced.json.spec.replicas, owners(forced.json)]).toEqual([3, ['one Apply']]);
  });
  it('several conflicts are listed by owner', async () => {
    const name = fresh();
    const path = `${cms}/${name}`;
    await apply(path, 'one', cm(name, { a: '1', b: '1' }));
    await merge(path, { data: { c: '1' } }, '?fieldManager=up');
    const r = await apply(path, 'two', cm(name, { a: '2', b: '2', c: '2' }));
    expect(r.json.message).toBe(
      'Apply failed with 3 conflicts: conflicts with "one":\n- .data.a\n- .data.b\nconflicts with "up" using v1:\n- .data.c',
    );
  });
  it('of eleven updaters the oldest two are ancient-changes', async () => {
    const name = fresh();
    const path = `${cms}/${name}`;
    await apply(path, 'applier', cm(name, { key: 'value' }));
    for (let i = 0; i < 20; i++)
      await merge(path, { metadata: { labels: { [`label-${i}`]: 'v' } } }, `?fieldManager=updater-${i}`);
    const { json } = await http(path);
    const updates = json.metadata.managedFields.filter((e: any) => e.operation === 'Update');
    expect(updates.length).toBe(10);
    expect(updates.map((e: any) => e.manager)).toContain('ancient-changes');
    const labels = entryOf(json, 'ancient-changes', 'Update').fieldsV1['f:metadata']['f:labels'];
    expect(Object.keys(labels).length).toBe(12);
  });
  it('of a DaemonSet who writes it whole owns how many templates there have been, who applies does not', async () => {
    const name = fresh();
    const path = '/apis/apps/v1/namespaces/default/daemonsets';
    const body = { ...deployment(name), kind: 'DaemonSet' };
    const made = (await http(`${path}?fieldManager=one`, { body })).json;
    const count = { 'f:deprecated.daemonset.template.generation': {} };
    expect(entryOf(made, 'one', 'Update').fieldsV1['f:metadata']['f:annotations']).toEqual({ '.': {}, ...count });
    const put = (await http(`${path}/${name}?fieldManager=two`, { method: 'PUT', body })).json;
    expect(entryOf(put, 'two', 'Update').fieldsV1).toEqual({ 'f:metadata': { 'f:annotations': count } });
    const applied = (await apply(`${path}/${name}`, 'three', body)).json;
    expect(entryOf(applied, 'three').fieldsV1['f:metadata']['f:annotations']).toBeUndefined();
    expect(applied.metadata.annotations).toEqual({ 'deprecated.daemonset.template.generation': '1' });
  });
  it('what nobody ever tracked is before-first-apply’s', async () => {
    const name = fresh();
    const path = `${cms}/${name}`;
    await http(cms, { body: cm(name, { a: '1' }, { managedFields: [] }) });
    await merge(path, { metadata: { managedFields: [{}] } });
    const { json } = await apply(path, 'm', cm(name, { b: '1' }));
    expect(owners(json)).toEqual(['m Apply', 'before-first-apply Update']);
    expect((await apply(path, 'm', cm(name, { a: '2' }))).json.message).toContain(
      'conflict with "before-first-apply" using v1: .data.a',
    );
  });
  it('of a subresource is its own; the main resource does not own status', async () => {
    const name = fresh();
    const path = `${deployments}/${name}`;
    const made = await apply(path, 'm', { ...deployment(name), status: { replicas: 7 } });
    expect(entryOf(made.json, 'm').fieldsV1['f:status']).toBeUndefined();
    const status = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      status: { replicas: 3 },
      spec: { replicas: 9 },
    };
    const r = await apply(`${path}/status`, 'm', status);
    expect([r.code, r.json.status.replicas, r.json.spec.replicas]).toEqual([200, 3, 1]);
    expect(owners(r.json)).toEqual(['m Apply', 'm Apply status']);
    expect(r.json.metadata.managedFields[1].fieldsV1).toEqual({ 'f:status': { 'f:replicas': {} } });
  });
  it('of scale is in the object; scale conflicts, too', async () => {
    const name = fresh();
    const path = `${deployments}/${name}`;
    await apply(path, 'one', deployment(name, { replicas: 1 }));
    const scale = (replicas: number) => ({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name },
      spec: { replicas },
    });
    const refused = await apply(`${path}/scale`, 'two', scale(5));
    expect(refused.json.message).toBe('Apply failed with 1 conflict: conflict with "one": .spec.replicas');
    const forced = await apply(`${path}/scale`, 'two', scale(5), '&force=true');
    expect([forced.code, forced.json.kind, forced.json.spec.replicas]).toEqual([200, 'Scale', 5]);
    const { json } = await http(path);
    // What is of the scale has no time, and so comes before those that have one.
    expect([json.spec.replicas, owners(json)]).toEqual([5, ['two Apply scale', 'one Apply']]);
    expect(json.metadata.managedFields[0].fieldsV1).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });
  it('a manager’s time moves only when what it owns or says changes', async () => {
    const name = fresh();
    const path = `${cms}/${name}`;
    const first = (await apply(path, 'm', cm(name, { a: '1' }))).json;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await apply(path, 'm', cm(name, { a: '1' }))).json).toEqual(first);
    const other = (await merge(path, { data: { b: '1' } }, '?fieldManager=u')).json;
    expect(entryOf(other, 'm').time).toBe(entryOf(first, 'm').time);
    const again = (await apply(path, 'm', cm(name, { a: '2' }))).json;
    expect(entryOf(again, 'm').time).not.toBe(entryOf(first, 'm').time);
  });
});

describe('lists', () => {
  it('by key merge; what is left out of the next configuration goes, what others added stays', async () => {
    const name = fresh();
    const path = `${deployments}/${name}`;
    const containers = (...names: string[]) => ({
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: names.map((n) => ({ name: n, image: 'i' })) },
      },
    });
    await apply(path, 'one', deployment(name, containers('a', 'b')));
    await apply(path, 'two', {
      ...deployment(name),
      spec: { template: { spec: { containers: [{ name: 'side', image: 's' }] } } },
    });
    const r = await apply(path, 'one', deployment(name, containers('b')));
    expect(r.json.spec.template.spec.containers.map((c: any) => c.name)).toEqual(['b', 'side']);
  });
  it('with an item twice are refused in a configuration, and lived with in what is stored', async () => {
    const name = fresh();
    const path = `${deployments}/${name}`;
    const env = (...values: string[]) => ({
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'c', image: 'i', env: values.map((value) => ({ name: 'E', value })) }] },
      },
    });
    const twice = deployment(name, env('1', '2'));
    const refused = await apply(path, 'm', twice);
    expect(refused.json.message).toBe(
      `failed to create typed patch object (/${name}; apps/v1, Kind=Deployment): .spec.template.spec.containers[name="c"].env: duplicate entries for key [name="E"]`,
    );
    expect((await http(deployments, { body: twice })).code).toBe(201);
    const r = await apply(path, 'm', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: { paused: true },
    });
    expect([r.code, r.json.spec.template.spec.containers[0].env.length]).toEqual([200, 2]);
    const one = await apply(path, 'm', deployment(name, env('3')), '&force=true');
    expect(one.json.spec.template.spec.containers[0].env).toEqual([{ name: 'E', value: '3' }]);
  });
  it('quantities mean the same however they are written', async () => {
    const name = fresh();
    const path = `${deployments}/${name}`;
    const limits = (cpu: string) => ({
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu } } }] },
      },
    });
    const first = await apply(path, 'one', deployment(name, limits('1000m')));
    expect(first.json.spec.template.spec.containers[0].resources.limits.cpu).toBe('1');
    expect((await apply(path, 'one', deployment(name, limits('1000m')))).json).toEqual(first.json);
    const bad = await apply(path, 'one', deployment(name, limits('x')));
    expect([bad.code, bad.json.message]).toEqual([
      500,
      expect.stringContaining('quantities must match the regular expression'),
    ]);
  });
});

describe('two versions of a kind', () => {
  it('each manager owns what its version calls it', async () => {
    const name = fresh();
    const path = (version: string) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
    const one = {
      apiVersion: 'autoscaling/v1',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name },
      spec: { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 50 },
    };
    expect((await apply(`${path('v1')}/${name}`, 'one', one)).code).toBe(201);
    const two = (averageUtilization: number) => ({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name },
      spec: {
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }],
      },
    });
    const refused = await apply(`${path('v2')}/${name}`, 'two', two(60));
    expect(refused.json.message).toBe(
      'Apply failed with 1 conflict: conflict with "one": .spec.targetCPUUtilizationPercentage',
    );
    const forced = await apply(`${path('v2')}/${name}`, 'two', two(60), '&force=true');
    expect(forced.code).toBe(200);
    expect(forced.json.metadata.managedFields.map((e: any) => [e.manager, e.apiVersion, e.fieldsV1['f:spec']])).toEqual(
      [
        ['one', 'autoscaling/v1', { 'f:maxReplicas': {}, 'f:scaleTargetRef': {} }],
        ['two', 'autoscaling/v2', { 'f:metrics': {} }],
      ],
    );
    expect((await http(`${path('v1')}/${name}`)).json.spec.targetCPUUtilizationPercentage).toBe(60);
    // What "one" no longer applies goes, in its version's words.
    const { maxReplicas, ...rest } = one.spec;
    const again = await apply(`${path('v1')}/${name}`, 'one', {
      ...one,
      spec: { ...rest, maxReplicas: 4, targetCPUUtilizationPercentage: 60 },
    });
    expect([again.code, again.json.spec.maxReplicas, maxReplicas]).toEqual([200, 4, 3]);
  });
});
