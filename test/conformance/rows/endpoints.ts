// Rows of Endpoints and EndpointSlices as controllers keep them: from pods, without pods, copied from those kept by hand, and how soon.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { notFound, refused } from '../harness/apiError.ts';
import type { Context } from '../harness/context.ts';
import type { Resource } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';
import { isReady, minutes, pause } from '../workloads.ts';

const classB = { class: 'B', timeout: minutes(7) } as const;
const nginx = 'registry.k8s.io/e2e-test-images/nginx:1.14-4';
const serviceName = 'kubernetes.io/service-name';

interface Scene {
  namespace: string;
  pods: Resource;
  services: Resource;
  endpoints: Resource;
  slices: Resource;
}

async function scene(c: Context): Promise<Scene> {
  const namespace = await c.namespace();
  return {
    namespace,
    pods: c.of('v1', 'Pod', namespace),
    services: c.of('v1', 'Service', namespace),
    endpoints: c.of('v1', 'Endpoints', namespace),
    slices: c.of('discovery.k8s.io/v1', 'EndpointSlice', namespace),
  };
}

const ports = (list: Record<string, number>) =>
  Object.entries(list).map(([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' }));

/** Two pods with addresses, one Service of the first by number, and one of both by the name of a port that differs. */
async function twoPods(c: Context, { pods, services }: Scene): Promise<any[]> {
  const pod = (name: string, list: Record<string, number>) =>
    pods.create({
      metadata: { name, labels: { [name]: 'on', shared12: 'on' } },
      spec: { containers: [{ name: 'container1', image: nginx, ports: ports(list) }] },
    });
  await pod('pod1', { 'example-name': 3000 });
  await pod('pod2', { 'example-name': 3001, 'other-port': 3002 });
  const service = (name: string, selector: object, port: object) =>
    services.create({ metadata: { name }, spec: { selector, ports: [port], publishNotReadyAddresses: true } });
  const tcp = { port: 80, protocol: 'TCP' };
  await service('example-int-port', { pod1: 'on' }, { name: 'example', targetPort: 3000, ...tcp });
  await service('example-named-port', { shared12: 'on' }, { name: 'http', targetPort: 'example-name', ...tcp });
  return Promise.all(
    ['pod1', 'pod2'].map((name) =>
      c.poll(1000, minutes(3), `${name} has an address`, async () => {
        const found = await pods.get(name);
        return found.status.podIPs?.length ? found : undefined;
      }),
    ),
  );
}

/** Until `check` no longer throws; then its last error. */
async function comesTrue(c: Context, most: number, what: string, check: () => Promise<void>): Promise<void> {
  let last: unknown;
  await c
    .poll(1000, most, what, () =>
      check().then(
        () => true,
        (error) => {
          last = error;
          return false;
        },
      ),
    )
    .catch((error) => {
      throw last ?? error;
    });
}

const reference = ({ metadata: { namespace, name, uid } }: any) => ({ kind: 'Pod', namespace, name, uid });
const sameTarget = (target: any, pod: any) => {
  const { kind, namespace, name, uid } = target ?? {};
  assert.deepEqual({ kind, namespace, name, uid }, reference(pod));
};

function checkSubset(subset: any, port: object, pod: any): void {
  assert.deepEqual(subset.ports, [port]);
  const addresses = [...(subset.addresses ?? []), ...(subset.notReadyAddresses ?? [])];
  assert.equal(addresses.length, 1);
  assert.equal(addresses[0].ip, pod.status.podIP);
  sameTarget(addresses[0].targetRef, pod);
}

const slicesOf = async ({ slices }: Scene, name: string): Promise<any[]> =>
  (await slices.list({ labelSelector: `${serviceName}=${name}` })).items;

/** Each slice has one port, and together they hold exactly these pods; the number is the pod's own. */
function checkSlices(list: any[], portName: string, byPod: [pod: any, port: number][]): void {
  const seen: string[] = [];
  for (const slice of list) {
    assert.equal(slice.ports?.length, 1);
    const [{ name, protocol, port }] = slice.ports;
    assert.deepEqual([name, protocol], [portName, 'TCP']);
    for (const endpoint of slice.endpoints) {
      const found = byPod.find(([pod]) => pod.status.podIP === endpoint.addresses[0]);
      assert.ok(found, `${endpoint.addresses[0]} is of no pod of this Service`);
      assert.equal(port, found[1]);
      sameTarget(endpoint.targetRef, found[0]);
      seen.push(endpoint.addresses[0]);
    }
  }
  assert.deepEqual(seen.sort(), byPod.map(([pod]) => pod.status.podIP).sort());
}

const emptySelector = {
  metadata: { name: 'example-empty-selector' },
  spec: { selector: { 'does-not-match-anything': 'endpoints-and-endpoint-slices-should-still-be-created' } },
};
const oneEmpty = {
  ...emptySelector,
  spec: { ...emptySelector.spec, ports: [{ name: 'example', port: 80, protocol: 'TCP' }] },
};

async function mirrored(c: Context): Promise<void> {
  const s = await scene(c);
  const name = 'example-custom-endpoints';
  await s.services.create({ metadata: { name }, spec: { ports: [{ name: 'example', port: 80, protocol: 'TCP' }] } });
  const body = (ip: string) => ({ metadata: { name }, subsets: [{ addresses: [{ ip }], ports: [{ port: 80 }] }] });
  const holds = (slice: any, ip: string) => {
    assert.deepEqual(
      slice.ports.map((p: any) => p.port),
      [80],
    );
    assert.deepEqual(
      slice.endpoints.map((e: any) => e.addresses),
      [[ip]],
    );
  };
  await s.endpoints.create(body('10.1.2.3'));
  await comesTrue(c, 60_000, 'the slice', async () => {
    const list = await slicesOf(s, name);
    assert.ok(list.length >= 1, 'no slice');
    for (const slice of list) holds(slice, '10.1.2.3');
  });
  await s.endpoints.update(body('10.2.3.4'));
  await comesTrue(c, 60_000, 'the new address', async () => {
    const list = await slicesOf(s, name);
    assert.equal(list.length, 1);
    holds(list[0], '10.2.3.4');
  });
  await s.endpoints.delete(name);
  await comesTrue(c, 60_000, 'no slice', async () => assert.deepEqual(await slicesOf(s, name), []));
}

/** Milliseconds from asking for each Service to its first ready address; undefined where it took too long. */
async function latencies(c: Context, s: Scene, count: number, atOnce: number): Promise<(number | undefined)[]> {
  const { metadata } = await s.endpoints.list();
  const watch = await s.endpoints.watch({ resourceVersion: metadata.resourceVersion });
  c.after(() => watch.close());
  const ready = new Map<string, number>();
  const follow = (async () => {
    while (!watch.closed()) {
      const event = await watch.next(minutes(5)).catch(() => undefined);
      if (!event) return;
      const { object } = event;
      const has = object.subsets?.some((subset: any) => subset.addresses?.length);
      if (has && !ready.has(object.metadata.name)) ready.set(object.metadata.name, Date.now());
    }
  })();
  const measure = async (): Promise<number | undefined> => {
    const begun = Date.now();
    const spec = { ports: [{ port: 80, protocol: 'TCP' }], selector: { name: 'svc-latency-rc' } };
    const { metadata: made } = await s.services.create({ metadata: { generateName: 'latency-svc-' }, spec });
    for (const end = Date.now() + minutes(3); Date.now() < end; await c.sleep(5)) {
      const at = ready.get(made.name);
      if (at !== undefined) return at - begun;
    }
    return undefined;
  };
  await measure();
  const samples: (number | undefined)[] = [];
  let started = 0;
  const worker = async () => {
    while (started++ < count) samples.push(await measure().catch(() => undefined));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  watch.close();
  await follow;
  return samples;
}

export const endpointRows: Row[] = [
  row(
    'network.endpoints.from-pods',
    async (c) => {
      const s = await scene(c);
      const [pod1, pod2] = await twoPods(c, s);
      await comesTrue(c, minutes(2), 'the Endpoints', async () => {
        const first = await s.endpoints.get('example-int-port');
        assert.equal(first.subsets?.length, 1);
        checkSubset(first.subsets[0], { name: 'example', port: 3000, protocol: 'TCP' }, pod1);
        const second = await s.endpoints.get('example-named-port');
        assert.equal(second.subsets?.length, 2);
        for (const subset of second.subsets) {
          const [{ port }] = subset.ports;
          assert.ok([3000, 3001].includes(port));
          checkSubset(subset, { name: 'http', port, protocol: 'TCP' }, port === 3000 ? pod1 : pod2);
        }
        assert.notEqual(second.subsets[0].ports[0].port, second.subsets[1].ports[0].port);
      });
    },
    classB,
  ),
  row(
    'network.endpoints.empty-selector',
    async (c) => {
      const s = await scene(c);
      await s.services.create(oneEmpty);
      const { name } = oneEmpty.metadata;
      await comesTrue(c, 60_000, 'the Endpoints', async () => {
        assert.equal((await s.endpoints.get(name)).metadata.name, name);
      });
      await s.services.delete(name);
      await c.gone(s.endpoints, name);
      await refused(s.endpoints.get(name), notFound);
    },
    classB,
  ),
  row(
    'network.endpointslice.from-pods',
    async (c) => {
      const s = await scene(c);
      const [pod1, pod2] = await twoPods(c, s);
      const named = async () => {
        const list = await slicesOf(s, 'example-named-port');
        assert.ok(list.length >= 2, `${list.length} slices of the named port`);
        checkSlices(list, 'http', [
          [pod1, 3000],
          [pod2, 3001],
        ]);
      };
      await comesTrue(c, minutes(2), 'the slices of the numbered port', async () => {
        const list = await slicesOf(s, 'example-int-port');
        assert.ok(list.length >= 1, 'no slice');
        checkSlices(list, 'example', [[pod1, 3000]]);
      });
      await comesTrue(c, minutes(2), 'the slices of the named port', named);
      const before = await slicesOf(s, 'example-named-port');
      for (const { metadata } of before) await s.slices.delete(metadata.name);
      const gone = new Set(before.map((slice) => slice.metadata.uid));
      await comesTrue(c, minutes(2), 'they are made again', async () => {
        await named();
        const list = await slicesOf(s, 'example-named-port');
        assert.ok(list.every((slice) => !gone.has(slice.metadata.uid)));
      });
    },
    classB,
  ),
  row(
    'network.endpointslice.empty-selector',
    async (c) => {
      const s = await scene(c);
      await s.services.create(oneEmpty);
      const { name } = oneEmpty.metadata;
      await comesTrue(c, 60_000, 'the slice', async () => {
        const managed = 'endpointslice.kubernetes.io/managed-by=endpointslice-controller.k8s.io';
        const { items } = await s.slices.list({ labelSelector: `${serviceName}=${name},${managed}` });
        assert.ok(items.length >= 1, 'no slice');
        for (const slice of items) assert.deepEqual(slice.endpoints ?? [], []);
      });
      await s.services.delete(name);
      await comesTrue(c, 90_000, 'no slice', async () => assert.deepEqual(await slicesOf(s, name), []));
    },
    classB,
  ),
  row('network.endpointslice.mirror-endpoints', mirrored, classB),
  row(
    'network.service.endpoint-latency',
    async (c) => {
      const s = await scene(c);
      const labels = { name: 'svc-latency-rc' };
      const spec = { containers: [{ name: 'svc-latency-rc', image: pause }] };
      await c.of('apps/v1', 'Deployment', s.namespace).create({
        metadata: { name: 'svc-latency-rc' },
        spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      });
      await c.poll(1000, minutes(2), 'a ready pod', async () =>
        (await s.pods.list({ labelSelector: 'name=svc-latency-rc' })).items.some(isReady),
      );
      const count = 200;
      const samples = await latencies(c, s, count, 15);
      const measured = samples.filter((ms) => ms !== undefined).sort((a, b) => a - b);
      assert.ok(measured.length >= 100, `${measured.length} samples`);
      assert.ok(count - measured.length <= count * 0.05, `${count - measured.length} errors`);
      const at = (part: number) => measured[Math.min(Math.floor(measured.length * part), measured.length - 1)]!;
      assert.ok(at(0.5) <= 20_000, `median ${at(0.5)} ms`);
      assert.ok(at(0.99) <= 50_000, `99th percentile ${at(0.99)} ms`);
    },
    classB,
  ),
];
