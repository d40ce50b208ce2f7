// Rows of dynamic resource allocation, API only: one script over four kinds, with informers that must see just what was done.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { notFound, refused } from '../harness/apiError.ts';
import { grew, sameUid, validVersion } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import type { PatchType, Resource } from '../harness/resource.ts';
import type { Watch } from '../harness/watch.ts';
import { type Row, row } from '../row.ts';

const api = 'resource.k8s.io/v1';
const label = 'e2e-test.kubernetes.io';
const devices = { requests: [{ name: 'req-0', exactly: { deviceClassName: 'dra.example.com' } }] };
const labelled = { metadata: { labels: { 'test.dra.example.com': 'test' } } };
const escaped = 'test.dra.example.com';

interface Script {
  kind: string;
  namespaced: boolean;
  body: object;
  /** What update changes, also the body of the patches by type. */
  update: any;
  /** Bodies of patches besides name, uid, kind and apiVersion. */
  patches: Partial<Record<PatchType, unknown>>;
  status?: { update: object; patches: Partial<Record<PatchType, unknown>> };
}

export const draRows: Row[] = [
  row('node.dra.deviceclass', (c) => {
    const spec = (expression: string) => ({ spec: { selectors: [{ cel: { expression } }] } });
    return script(c, {
      kind: 'DeviceClass',
      namespaced: false,
      body: spec('false'),
      update: spec('1 == 0'),
      patches: { strategic: spec('1 == 0') },
    });
  }),
  row('node.dra.resourceclaim', (c) =>
    script(c, {
      kind: 'ResourceClaim',
      namespaced: true,
      body: { spec: { devices } },
      update: labelled,
      patches: {
        apply: { ...labelled, spec: { devices } },
        strategic: labelled,
        merge: labelled,
        json: [{ op: 'add', path: `/metadata/labels/${escaped}`, value: 'test' }],
      },
      status: {
        update: { allocation: {} },
        patches: {
          apply: { status: { allocation: {} } },
          strategic: { status: { allocation: {} } },
          merge: { status: { allocation: {} } },
          json: [{ op: 'add', path: '/status/allocation', value: {} }],
        },
      },
    }),
  ),
  row('node.dra.resourceclaimtemplate', async (c) => {
    await script(c, {
      kind: 'ResourceClaimTemplate',
      namespaced: true,
      body: { spec: { spec: { devices } } },
      update: labelled,
      patches: { strategic: labelled },
    });
  }),
  row('node.dra.resourceslice', (c) =>
    script(c, {
      kind: 'ResourceSlice',
      namespaced: false,
      body: {
        spec: {
          driver: 'dra.example.com',
          pool: { name: 'cluster', generation: 1, resourceSliceCount: 1 },
          nodeName: 'no-such-node',
        },
      },
      update: { spec: { devices: [{ name: 'device-0' }] } },
      patches: { strategic: { spec: { devices: [{ name: 'device-0' }] } } },
    }),
  ),
];

async function script(c: Context, s: Script): Promise<void> {
  const namespace = s.namespaced ? await c.namespace() : undefined;
  const [r, everywhere] = [c.of(api, s.kind, namespace), c.of(api, s.kind)];
  const list = await c.json(`/apis/${api}`);
  assert.equal(list.groupVersion, api);
  assert.ok(
    list.resources.some((x: any) => x.name === r.plural),
    `${r.plural} in discovery`,
  );
  const unique = c.unique();
  const labelSelector = `${label}=${unique}`;
  const name = c.unique('e2e-dra-');
  const informers = await Promise.all(
    (s.namespaced ? [r, everywhere] : [r]).map((place) => informer(c, place, labelSelector)),
  );
  const strict = { fieldValidation: 'Strict' };
  const see = async (type: string, object: any) => {
    for (const watch of informers) await saw(watch, type, object, s);
  };
  const create = async () => {
    const body = { metadata: { name, labels: { [label]: unique } }, ...s.body };
    const made = c.mine(r, await r.create(body, strict));
    await see('ADDED', made);
    sameUid(made, await r.get(name));
    return made;
  };
  const remove = async () => {
    const { metadata } = await r.get(name);
    await r.delete(name);
    await c.gone(r, name);
    await see('DELETED', { metadata });
  };

  const made = await create();
  const updated = await r.change(name, (object) => merge(object, s.update));
  grew(made, updated);
  contains(updated, s.update);
  await see('MODIFIED', updated);
  if (s.status) {
    const put = await r.change(name, (object) => void Object.assign(object, { status: s.status!.update }), 'status');
    await see('MODIFIED', put);
    sameUid(put, await c.dyn(api, s.kind, namespace).get(name, 'status'));
  }
  const bodyFor = (type: PatchType, body: any, uid: string) => {
    if (!['merge', 'apply'].includes(type)) return body;
    const head = { name, uid, ...(namespace ? { namespace } : {}) };
    return { apiVersion: api, kind: s.kind, ...body, metadata: { ...head, ...body.metadata } };
  };
  const query = (type: PatchType) => ({
    ...strict,
    ...(type === 'apply' ? { fieldManager: 'test-apply', force: true } : {}),
  });
  for (const [sub, patches] of [
    [undefined, s.patches],
    ['status', s.status?.patches ?? {}],
  ] as const)
    for (const [type, body] of Object.entries(patches) as [PatchType, any][]) {
      await remove();
      const object = await create();
      const patched = await r.patch(name, type, bodyFor(type, body, object.metadata.uid), sub, query(type));
      assert.ok(validVersion(patched) >= validVersion(object));
      if (sub) assert.ok(patched.status?.allocation !== undefined, `${type} on /status`);
      else contains(patched, s.update);
      await see('MODIFIED', patched);
    }
  for (const place of [r, everywhere]) assert.equal((await place.list({ labelSelector })).items.length, 1);
  await r.deleteCollection({ labelSelector });
  await c.gone(r, name);
  await refused(r.get(name), notFound);
  for (const watch of informers) await watch.expect('DELETED', undefined, 60_000);
  for (const watch of informers) await watch.none(c.short(1000));
}

/** List and watch, empty at the start. */
async function informer(c: Context, r: Resource, labelSelector: string): Promise<Watch> {
  const { items, metadata } = await r.list({ labelSelector });
  assert.deepEqual(items, []);
  const watch = await r.watch({ labelSelector, resourceVersion: metadata.resourceVersion, allowWatchBookmarks: true });
  c.after(() => watch.close());
  return watch;
}

/** Just this event of just this object, as the write answered it. */
async function saw(watch: Watch, type: string, object: any, s: Script): Promise<void> {
  const event = await watch.next(60_000);
  assert.equal(event.type, type, `${s.kind} ${JSON.stringify(event.object)}`);
  assert.equal(event.object.metadata.uid, object.metadata.uid);
  if (type === 'DELETED') assert.ok(validVersion(event.object) >= validVersion(object));
  else assert.deepEqual(event.object, object);
}

function merge(into: any, from: any): void {
  for (const [key, value] of Object.entries<any>(from))
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      into[key] ??= {};
      merge(into[key], value);
    } else into[key] = value;
}

function contains(object: any, part: any): void {
  const copy = structuredClone(object);
  merge(copy, part);
  assert.deepEqual(object, copy, 'what was changed is in the answer');
}
