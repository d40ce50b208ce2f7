// Rows of CRDs whose versions a webhook converts: v1 has hostPort, v2 has host and port. The webhook refuses to convert an object to the
// version that it has already. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { type Crd, crdApi, makeCrd } from '../crd.ts';
import type { ApiError } from '../harness/apiError.ts';
import { names } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import { ownServer } from '../harness/ownServer.ts';
import type { Watch } from '../harness/watch.ts';
import { type Row, row } from '../row.ts';

export const conversionRows: Row[] = [
  row('api.crd.convert-webhook', async (c) => {
    const { crd, namespace } = await converting(c);
    await crd.of(namespace, 'v1').create({ metadata: { name: 'cr' }, hostPort: 'localhost:8080' });
    isV2(await crd.of(namespace, 'v2').get('cr'), crd, 'localhost', '8080');
  }),
  row('api.crd.convert-list', async (c) => {
    const { crd, namespace } = await converting(c);
    const [v1, v2] = [crd.of(namespace, 'v1'), crd.of(namespace, 'v2')];
    await v1.create({ metadata: { name: 'cr1' }, hostPort: 'localhost:8080' });
    const crds = c.of(crdApi, 'CustomResourceDefinition');
    const changed = await crds.change(crd.name, (object) => {
      for (const version of object.spec.versions) version.storage = version.name === 'v2';
    });
    assert.deepEqual(
      changed.spec.versions.map((v: any) => v.storage),
      [false, true],
    );
    assert.deepEqual(changed.status.storedVersions, ['v1', 'v2'], 'both versions may be in the store');
    for (let tries = 5; ; tries--) {
      const done = await v1.create({ metadata: { name: 'cr2' }, hostPort: 'localhost:9090' }).catch((e: ApiError) => e);
      if (!(done instanceof Error)) break;
      if (tries === 1) throw done;
    }
    const [one, two] = [await v1.list(), await v2.list()];
    assert.deepEqual(names(one.items), ['cr1', 'cr2']);
    assert.deepEqual(names(two.items), ['cr1', 'cr2']);
    for (const [i, port] of ['8080', '9090'].entries()) {
      const { hostPort, host, port: p, apiVersion } = one.items[i];
      assert.deepEqual(
        { hostPort, host, p, apiVersion },
        { hostPort: `localhost:${port}`, host: undefined, p: undefined, apiVersion: `${crd.group}/v1` },
      );
      isV2(two.items[i], crd, 'localhost', port);
    }
  }),
  row('api.crd.selectable-fields', async (c) => {
    const { crd, namespace } = await converting(c);
    const [v1, v2] = [crd.of(namespace, 'v1'), crd.of(namespace, 'v2')];
    const informer = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true };
    const opened = [
      { r: v2, fieldSelector: 'host=host1', finds: ['a', 'b'] },
      { r: v2, fieldSelector: 'host=host1,port=80', finds: ['a'] },
      { r: v1, fieldSelector: 'hostPort=host1:80', finds: ['a'] },
      { r: v2, fieldSelector: 'host=host1', finds: ['a', 'b'], ...informer },
      { r: v2, fieldSelector: 'host=host1,port=80', finds: ['a'], ...informer },
    ];
    const watches: { watch: Watch; finds: string[] }[] = [];
    for (const { r, finds, ...query } of opened) {
      const watch = await r.watch(query);
      c.after(() => watch.close());
      watches.push({ watch, finds });
    }
    const body = (name: string, host: string, port: string) => ({ metadata: { name }, host, port });
    for (const object of [body('a', 'host1', '80'), body('b', 'host1', '8080'), body('c', 'host2', '80')])
      await v2.create(object);
    const list = async (r: typeof v1, fieldSelector: string) => names((await r.list({ fieldSelector })).items);
    assert.deepEqual(await list(v2, 'host=host1'), ['a', 'b']);
    assert.deepEqual(await list(v2, 'host=host1,port=80'), ['a']);
    assert.deepEqual(await list(v1, 'hostPort=host1:80'), ['a']);
    assert.deepEqual(await list(v1, 'hostPort=host1:8080'), ['b']);
    for (const { watch, finds } of watches) await sees(watch, 'ADDED', finds);
    for (const { watch } of watches.slice(3))
      await c.poll(100, 60_000, 'an informer has its first state', () =>
        watch.bookmarks.some((b) => b.object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true'),
      );

    await v2.deleteCollection({ fieldSelector: 'host=host1,port=80' }, { gracePeriodSeconds: 0 });
    await v2.change('b', (object) => {
      object.host = 'host2';
    });
    assert.deepEqual(await list(v2, 'host=host1'), []);
    assert.deepEqual(await list(v2, 'host=host1,port=80'), []);
    assert.deepEqual(await list(v1, 'hostPort=host1:80'), []);
    assert.deepEqual(names((await v2.list()).items), ['b', 'c']);
    for (const { watch, finds } of watches) {
      await sees(watch, 'DELETED', finds);
      await watch.none(c.short(1000));
    }
  }),
];

async function sees(watch: Watch, type: string, finds: string[]): Promise<void> {
  const seen: string[] = [];
  for (const _ of finds) {
    const event = await watch.next(60_000);
    assert.equal(event.type, type);
    seen.push(event.object.metadata.name);
  }
  assert.deepEqual(seen.sort(), finds);
}

function isV2(object: any, crd: Crd, host: string, port: string): void {
  assert.equal(object.apiVersion, `${crd.group}/v2`);
  const { hostPort, host: h, port: p } = object;
  assert.deepEqual({ hostPort, h, p }, { hostPort: undefined, h: host, p: port });
}

async function converting(c: Context): Promise<{ crd: Crd; namespace: string }> {
  const namespace = await c.namespace();
  const { url, caBundle } = await ownServer(c, (path, review) => {
    assert.equal(path.split('?')[0], '/crdconvert');
    return { apiVersion: review.apiVersion, kind: review.kind, response: converted(review.request) };
  });
  const name = c.unique('e2e-test-crd-conv').replaceAll('-', '');
  const fields = (...all: string[]) => ({
    type: 'object',
    properties: Object.fromEntries(all.map((field) => [field, { type: 'string' }])),
  });
  const crd = await makeCrd(c, {
    group: 'stable.example.com',
    plural: `${name}s`,
    kind: `E2e${name}`,
    versions: [
      { name: 'v1', storage: true, schema: fields('hostPort'), selectableFields: [{ jsonPath: '.hostPort' }] },
      { name: 'v2', schema: fields('host', 'port'), selectableFields: [{ jsonPath: '.host' }, { jsonPath: '.port' }] },
    ],
    conversion: {
      strategy: 'Webhook',
      webhook: { clientConfig: { url: `${url}/crdconvert`, caBundle }, conversionReviewVersions: ['v1', 'v1beta1'] },
    },
  });
  await c.poll(100, 60_000, 'conversion works', async () => {
    const stub = { metadata: { name: 'stub' }, host: 'localhost', port: '8080' };
    const made = await crd
      .of(namespace, 'v2')
      .create(stub)
      .catch(() => undefined);
    if (made) await crd.of(namespace, 'v2').delete('stub');
    return made !== undefined;
  });
  return { crd, namespace };
}

/** As the suite's webhook: hostPort "a:b" is host "a" and port "b"; never to the version that an object has. */
function converted({ uid, desiredAPIVersion, objects }: any): object {
  if (objects.some((o: any) => o.apiVersion === desiredAPIVersion)) {
    const message = `conversion from a version to itself should not call the webhook: ${desiredAPIVersion}`;
    return { uid, convertedObjects: [], result: { status: 'Failure', message } };
  }
  const convertedObjects = objects.map(({ hostPort, host, port, ...rest }: any) => {
    const object = { ...rest, apiVersion: desiredAPIVersion };
    if (hostPort !== undefined) [object.host, object.port] = hostPort.split(':');
    else if (host !== undefined || port !== undefined) object.hostPort = `${host}:${port}`;
    return object;
  });
  return { uid, convertedObjects, result: { status: 'Success' } };
}
