// Rows of Events in both of their groups, which are one set of objects. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { notFound, refused } from '../harness/apiError.ts';
import { grew, names, validVersion, withoutVersion } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';

const api = 'events.k8s.io/v1';

export const eventRows: Row[] = [
  row('instrumentation.events.core-lifecycle', async (c) => {
    const namespace = await c.namespace();
    const r = c.of('v1', 'Event', namespace);
    const name = 'event-test';
    const labelSelector = `testevent-constant=${namespace}`;
    await r.create({
      metadata: { name, labels: { 'testevent-constant': namespace } },
      message: 'This is a test event',
      reason: 'Test',
      type: 'Normal',
      count: 1,
      involvedObject: { namespace },
    });
    const everywhere = async () => names((await c.of('v1', 'Event').list({ labelSelector })).items);
    assert.deepEqual(await everywhere(), [name]);
    await r.patch(name, 'strategic', { message: 'This is a test event - patched' });
    const patched = await r.get(name);
    assert.equal(patched.message, 'This is a test event - patched');
    const sent = withoutVersion({
      ...patched,
      series: { count: 100, lastObservedTime: '2020-09-18T14:56:02.123456Z' },
    });
    await r.update(sent);
    assert.deepEqual(withoutVersion(await r.get(name)), sent);
    await r.delete(name);
    await refused(r.get(name), notFound);
    assert.deepEqual(await everywhere(), []);
  }),
  row('instrumentation.events.core-delete-collection', async (c) => {
    const namespace = await c.namespace();
    const body = (i: number) => ({
      metadata: { name: `test-event-${i}`, labels: { 'testevent-set': 'true' } },
      message: `This is test-event-${i}`,
      reason: 'Test',
      type: 'Normal',
      count: 1,
      involvedObject: { namespace },
    });
    await collection(c, c.of('v1', 'Event', namespace), body, 60_000);
  }),
  row('instrumentation.events.lifecycle', async (c) => {
    const namespace = await c.namespace();
    const r = c.of(api, 'Event', namespace);
    const name = 'event-test';
    const made = await r.create({
      metadata: { name, labels: { 'testevent-constant': namespace } },
      ...event(namespace),
    });
    validVersion(made);
    assert.equal(made.eventTime, '2017-09-19T13:49:16.000000Z');
    const listed = async (place: Resource, query = {}) => names((await place.list(query)).items);
    assert.deepEqual(await listed(c.of(api, 'Event'), { labelSelector: `testevent-constant=${namespace}` }), [name]);
    assert.deepEqual(await listed(r), [name]);
    const other = await r.create({
      metadata: { name: 'other' },
      ...event(namespace),
      reportingController: 'another-controller',
    });
    assert.deepEqual(await listed(c.of('v1', 'Event', namespace), { fieldSelector: 'source=test-controller' }), [name]);
    assert.deepEqual(await listed(r, { fieldSelector: 'reportingController=test-controller' }), [name]);
    await r.delete(other.metadata.name);
    const series = (count: number, lastObservedTime: string) => ({ series: { count, lastObservedTime } });
    const patched = await r.patch(name, 'strategic', series(2, '2014-12-01T19:00:00.123456Z'));
    grew(made, patched);
    assert.deepEqual(patched.series, { count: 2, lastObservedTime: '2014-12-01T19:00:00.123456Z' });
    const sent = withoutVersion({ ...patched, ...series(100, '2014-12-02T19:00:00.654321Z') });
    await r.update(sent);
    assert.deepEqual(withoutVersion(await r.get(name)), sent);
    await r.delete(name);
    assert.deepEqual(await listed(r), []);
    assert.deepEqual(await listed(c.of('v1', 'Event', namespace)), []);
  }),
  row('instrumentation.events.delete-collection', async (c) => {
    const namespace = await c.namespace();
    const body = (i: number) => ({
      metadata: { name: `test-event-${i}`, labels: { 'testevent-set': 'true' } },
      ...event(namespace),
    });
    await collection(c, c.of(api, 'Event', namespace), body, 0);
  }),
];

const event = (namespace: string) => ({
  regarding: { namespace },
  eventTime: '2017-09-19T13:49:16.000000Z',
  note: 'This is event-test',
  action: 'Do',
  reason: 'Test',
  type: 'Normal',
  reportingController: 'test-controller',
  reportingInstance: 'test-node',
});

async function collection(c: Context, r: Resource, body: (i: number) => object, most: number): Promise<void> {
  const labelSelector = 'testevent-set=true';
  for (const i of [1, 2, 3]) await r.create(body(i));
  const keep = await r.create({ ...body(4), metadata: { name: 'keep' } });
  assert.equal((await r.list({ labelSelector })).items.length, 3);
  await r.deleteCollection({ labelSelector });
  const left = async () => (await r.list({ labelSelector })).items.length;
  if (most) await c.poll(1000, most, 'no events by label', async () => (await left()) === 0);
  else assert.equal(await left(), 0);
  assert.equal((await r.get('keep')).metadata.uid, keep.metadata.uid);
}
