// Rows of CustomResourceDefinitions and their objects, but for conversion by webhook (conversion.ts) and OpenAPI (openApi.ts).
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { discovered } from '../course.ts';
import { crdApi, goneFromDiscovery, inDiscovery, makeCrd, preserving } from '../crd.ts';
import { holds, names, validVersion } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';

const group = 'mygroup.example.com';
const crds = (c: Context) => c.of(crdApi, 'CustomResourceDefinition');
const strings = (...fields: string[]) => ({
  type: 'object',
  properties: Object.fromEntries(fields.map((name) => [name, { type: 'string' }])),
});

/** Two definitions of one CRD: a kind of its own for the row. */
const own = (c: Context) => {
  const singular = c.unique('foo');
  return { group, plural: `${singular}as`, kind: `E2e${singular}`, names: { singular } };
};

export const customResourceRows: Row[] = [
  row('api.crd.create-delete', async (c) => {
    const o = { ...own(c), scope: 'Cluster' as const, versions: [{ name: 'v1beta1', schema: preserving }] };
    const crd = await makeCrd(c, o);
    assert.ok(await inDiscovery(c, group, 'v1beta1', o.plural));
    await crds(c).delete(crd.name);
    await goneFromDiscovery(c, crd.object);
  }),
  row('api.crd.list', async (c) => {
    const uuid = c.unique();
    const made = await Promise.all(
      Array.from({ length: 10 }, () => makeCrd(c, { ...own(c), labels: { 'e2e-list-test-uuid': uuid } })),
    );
    const other = await makeCrd(c, own(c));
    const labelSelector = `e2e-list-test-uuid=${uuid}`;
    const list = await crds(c).list({ labelSelector });
    assert.deepEqual(names(list.items).sort(), made.map((m) => m.name).sort());
    for (const { name, object } of made)
      assert.deepEqual(list.items.find((i: any) => i.metadata.name === name).spec, object.spec);
    await crds(c).deleteCollection({ labelSelector });
    for (const { object } of made) await goneFromDiscovery(c, object);
    assert.equal((await crds(c).get(other.name)).metadata.uid, other.object.metadata.uid);
  }),
  row('api.crd.status', async (c) => {
    const crd = await makeCrd(c, own(c));
    const dyn = c.dyn(crdApi, 'CustomResourceDefinition');
    const read = await dyn.get(crd.name, 'status');
    assert.equal(read.metadata.uid, crd.object.metadata.uid);
    // Protobuf and JSON write an empty string differently: the spec as JSON reads it.
    assert.deepEqual(read.spec, (await dyn.get(crd.name)).spec);
    holds(read.spec, { group, names: { plural: crd.plural, kind: crd.kind }, scope: 'Namespaced' });
    const messages = (object: any) => object.status.conditions.map((x: any) => x.message);
    const updated = await crds(c).change(
      crd.name,
      (object) => void object.status.conditions.push({ type: '', status: '', message: 'updated' }),
      'status',
    );
    assert.ok(messages(updated).includes('updated'), JSON.stringify(updated.status));
    const patched = await crds(c).patch(
      crd.name,
      'json',
      [{ op: 'add', path: '/status/conditions', value: [{ message: 'patched' }] }],
      'status',
    );
    assert.ok(messages(patched).includes('patched'), JSON.stringify(patched.status));
  }),
  row('api.crd.discovery', (c) => discovered(c, crdApi, ['customresourcedefinitions'])),
  row('api.crd.defaulting', async (c) => {
    const crd = await makeCrd(c, {
      ...own(c),
      scope: 'Cluster',
      versions: [{ name: 'v1', schema: strings('a', 'b') }],
    });
    const r = crd.of();
    const [cr1, cr2] = [await r.create({ metadata: { name: 'cr1' } }), 'cr2'];
    assert.ok(!('a' in cr1));
    const at = (field: string) => `/spec/versions/0/schema/openAPIV3Schema/properties/${field}/default`;
    await crds(c).patch(crd.name, 'json', [{ op: 'add', path: at('a'), value: 'A' }]);
    await c.poll(100, 60_000, 'cr1 is read with the default', async () => (await r.get('cr1')).a === 'A');
    const made = await r.create({ metadata: { name: cr2 } });
    assert.equal(made.a, 'A');
    assert.ok(validVersion(made) > validVersion(cr1));
    await crds(c).patch(crd.name, 'json', [
      { op: 'remove', path: at('a') },
      { op: 'add', path: at('b'), value: 'B' },
    ]);
    await c.poll(100, 60_000, 'cr2 is read with the new default', async () => (await r.get(cr2)).b === 'B');
    assert.equal((await r.get(cr2)).a, 'A', 'what was defaulted at the create has been stored');
    await c.poll(100, 60_000, 'cr1 never stored it', async () => !('a' in (await r.get('cr1'))));
  }),
  row('api.crd.watch', async (c) => {
    const crd = await makeCrd(c, {
      group,
      plural: 'noxus',
      kind: 'WishIHadChosenNoxu',
      scope: 'Cluster',
      names: { singular: 'nonenglishnoxu', shortNames: ['foo', 'bar', 'abc', 'def'], categories: ['all'] },
      versions: [{ name: 'v1', schema: preserving }],
    });
    const r = crd.of();
    const watches = await Promise.all(
      ['name1', 'name2'].map((name) => r.watch({ fieldSelector: `metadata.name=${name}`, timeoutSeconds: 600 })),
    );
    for (const w of watches) c.after(() => w.close());
    const max = '9223372036854775807';
    const whole = (text: string) => assert.ok(text.replaceAll(' ', '').includes(`"num1":${max}`), `num1 in ${text}`);
    const courseOf = async (i: number) => {
      const [name, watch, other] = [`name${i + 1}`, watches[i]!, watches[1 - i]!];
      const body = `{"apiVersion":"${crd.apiVersion}","kind":"${crd.kind}","metadata":{"name":"${name}"},"content":{"key":"value"},"num":{"num1":${max},"num2":1000000}}`;
      const reply = await c.raw(r.path(), { body, type: 'application/json', accept: 'application/json' });
      assert.equal(reply.code, 201, reply.text);
      whole(reply.text);
      whole((await watch.expect('ADDED', reply.json)).frame.toString());
      const patched = await r.patch(name, 'json', [{ op: 'add', path: '/dummy', value: 'test' }]);
      assert.equal(patched.dummy, 'test');
      whole((await watch.expect('MODIFIED', patched)).frame.toString());
      whole((await c.raw(r.path(name))).text);
      await r.delete(name);
      whole((await watch.expect('DELETED')).frame.toString());
      await other.none(c.short(10_000));
    };
    await courseOf(0);
    await courseOf(1);
    for (const w of watches) assert.ok(!w.closed());
  }),
];
