// Rows of watch: what several watchers see, replay after a version, restart, selectors, and one order for all.
// ConfigMaps in a namespace of the row's own. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import type { Watch } from '../harness/watch.ts';
import { type Row, row } from '../row.ts';

const label = 'watch-this-configmap';
const [A, B] = ['multiple-watchers-A', 'multiple-watchers-B'];

const mapsOf = async (c: Context) => c.of('v1', 'ConfigMap', await c.namespace());
const body = (name: string, value: string, data?: object) => ({
  metadata: { name, labels: { [label]: value } },
  ...(data ? { data } : {}),
});
const mutated = (r: Resource, object: any, n: number) => r.update({ ...object, data: { mutation: String(n) } });

async function watching(c: Context, r: Resource, values: string[], resourceVersion?: string): Promise<Watch> {
  const watch = await r.watch({ labelSelector: `${label} in (${values})`, resourceVersion });
  c.after(() => watch.close());
  return watch;
}

export const watchRows: Row[] = [
  row('api.watch.multiple-watchers', async (c) => {
    const r = await mapsOf(c);
    const [a, b, ab] = await Promise.all([[A], [B], [A, B]].map((values) => watching(c, r, values)));
    const see = async (watches: Watch[], type: string, object?: any) => {
      for (const watch of watches) {
        const event = await watch.expect(type, object);
        assert.equal(event.object.kind, 'ConfigMap');
      }
    };
    let object = await r.create(body('e2e-watch-test-configmap-a', A));
    await see([a!, ab!], 'ADDED', object);
    for (const n of [1, 2]) {
      object = await mutated(r, object, n);
      assert.equal(object.data.mutation, String(n));
      await see([a!, ab!], 'MODIFIED', object);
    }
    await r.delete(object.metadata.name);
    await see([a!, ab!], 'DELETED');
    await b!.none(c.short(10_000));
    object = await r.create(body('e2e-watch-test-configmap-b', B));
    await see([b!, ab!], 'ADDED', object);
    await a!.none(c.short(10_000));
    await r.delete(object.metadata.name);
    await see([b!, ab!], 'DELETED');
    await a!.none(c.short(10_000));
  }),
  row('api.watch.from-resource-version', async (c) => {
    const r = await mapsOf(c);
    const made = await r.create(body('e2e-watch-test-resource-version', 'from-resource-version'));
    const first = await mutated(r, made, 1);
    const second = await mutated(r, first, 2);
    await r.delete(made.metadata.name);
    const watch = await watching(c, r, ['from-resource-version'], first.metadata.resourceVersion);
    await watch.expect('MODIFIED', second);
    await watch.expect('DELETED');
  }),
  row('api.watch.restart', async (c) => {
    const r = await mapsOf(c);
    const first = await watching(c, r, ['watch-closed-and-restarted']);
    const made = await r.create(body('e2e-watch-test-watch-closed', 'watch-closed-and-restarted'));
    const once = await mutated(r, made, 1);
    await first.expect('ADDED', made);
    const last = await first.expect('MODIFIED', once);
    first.close();
    const missed = await mutated(r, once, 2);
    const again = await watching(c, r, ['watch-closed-and-restarted'], last.object.metadata.resourceVersion);
    await r.delete(made.metadata.name);
    await again.expect('MODIFIED', missed);
    await again.expect('DELETED');
  }),
  row('api.watch.label-changed', async (c) => {
    const r = await mapsOf(c);
    const value = 'label-changed-and-restored';
    const watch = await watching(c, r, [value]);
    const relabel = (object: any, to: string) =>
      r.update({ ...object, metadata: { ...object.metadata, labels: { [label]: to } } });
    let object = await r.create(body('e2e-watch-test-label-changed', value));
    await watch.expect('ADDED', object);
    object = await mutated(r, object, 1);
    await watch.expect('MODIFIED', object);
    object = await relabel(object, 'wrong-value');
    await watch.expect('DELETED');
    assert.equal((await r.get(object.metadata.name)).metadata.uid, object.metadata.uid, 'it lives on');
    object = await mutated(r, object, 2);
    await watch.none(c.short(10_000));
    object = await relabel(object, value);
    await watch.expect('ADDED', object);
    object = await mutated(r, object, 3);
    await watch.expect('MODIFIED', object);
    await r.delete(object.metadata.name);
    await watch.expect('DELETED');
  }),
  row('api.watch.concurrent-order', async (c) => {
    const r = await mapsOf(c);
    const watchers: Watch[] = [];
    let stop = false;
    const writer = writeOnAndOn(c, r, () => stop);
    // Its failure ends the row below; until then nobody waits for it.
    writer.catch(() => undefined);
    const types = new Set<string>();
    c.after(() => {
      stop = true;
      for (const w of watchers) w.close();
    });
    let version = (await r.list()).metadata.resourceVersion;
    for (let i = 0; i < 100; i++) {
      watchers.push(await r.watch({ resourceVersion: version, allowWatchBookmarks: true }));
      const seen: string[] = [];
      for (const watch of watchers) {
        const event = await watch.next(60_000);
        types.add(event.type);
        seen.push(event.object.metadata.resourceVersion);
      }
      assert.equal(new Set(seen).size, 1, `all watchers see the same next event: ${[...new Set(seen)]}`);
      assert.ok(BigInt(seen[0]!) > BigInt(version), 'also a deletion has a version of its own');
      version = seen[0]!;
    }
    stop = true;
    await writer;
    assert.deepEqual([...types].sort(), ['ADDED', 'DELETED', 'MODIFIED'], 'all three came');
  }),
];

/** POST, PUT without resourceVersion, DELETE, in any order, every 5 ms. */
async function writeOnAndOn(c: Context, r: Resource, stopped: () => boolean): Promise<void> {
  const living: string[] = [];
  for (let n = 0; !stopped(); n++) {
    const name = living[randomInt(Math.max(living.length, 1))];
    const act = name ? randomInt(3) : 0;
    if (act === 0) {
      living.push(`cm-${n}`);
      await r.create({ metadata: { name: `cm-${n}` } });
    } else if (act === 1) {
      await r.update({ metadata: { name }, data: { n: String(n) } });
    } else {
      living.splice(living.indexOf(name!), 1);
      await r.delete(name!);
    }
    await c.sleep(5);
  }
}
