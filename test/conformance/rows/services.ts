// Rows of Services: the API server's own, lists and deletion of many, and what is written to their status.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { notFound, refused } from '../harness/apiError.ts';
import { holds, names, sameUid } from '../harness/check.ts';
import { type Row, row } from '../row.ts';

export const serviceRows: Row[] = [
  row('network.apiserver.kubernetes-service-exists', async (c) => {
    const service = await c.of('v1', 'Service', 'default').get('kubernetes');
    assert.equal(service.metadata.name, 'kubernetes');
    assert.ok(service.spec.clusterIP);
  }),
  row('network.apiserver.endpoints-match-slices', async (c) => {
    const endpoints = await c.of('v1', 'Endpoints', 'default').get('kubernetes');
    assert.ok(endpoints.subsets?.length >= 1, 'at least one subset');
    const addresses = new Set<string>();
    const ports = new Set<number>();
    for (const subset of endpoints.subsets) {
      for (const { ip } of [...(subset.addresses ?? []), ...(subset.notReadyAddresses ?? [])]) addresses.add(ip);
      for (const { port } of subset.ports ?? []) ports.add(port);
    }
    assert.ok(addresses.size >= 1 && ports.size >= 1);
    const family = isIPv6([...addresses][0]!) ? 'IPv6' : 'IPv4';
    const all = await c
      .of('discovery.k8s.io/v1', 'EndpointSlice', 'default')
      .list({ labelSelector: 'kubernetes.io/service-name=kubernetes' });
    const slices = all.items.filter((s: any) => s.addressType === family);
    assert.ok(slices.length >= 1, 'at least one slice');
    const flat = <T>(of: (s: any) => T[]) => new Set(slices.flatMap(of));
    assert.deepEqual(
      flat((s) => s.endpoints.flatMap((e: any) => e.addresses)),
      addresses,
    );
    assert.deepEqual(
      flat((s) => s.ports.map((p: any) => p.port)),
      ports,
    );
  }),
  row('network.service.find-across-namespaces', async (c) => {
    const { items } = await c.of('v1', 'Service').list();
    assert.ok(items.some((s: any) => s.metadata.name === 'kubernetes' && s.metadata.namespace === 'default'));
  }),
  row('network.service.delete-collection', async (c) => {
    const r = c.of('v1', 'Service', await c.namespace());
    const labelled = [
      [8001, 'delete'],
      [8002, 'delete'],
      [8003, 'keep'],
    ] as const;
    for (const [port, label] of labelled)
      await r.create({
        metadata: { name: `e2e-svc-${port}`, labels: { 'e2e-test-service': label } },
        spec: { type: 'ClusterIP', ports: [{ name: 'http', protocol: 'TCP', port }] },
      });
    assert.equal((await r.list()).items.length, 3);
    await r.deleteCollection({ labelSelector: 'e2e-test-service=delete' });
    assert.deepEqual(names((await r.list()).items), ['e2e-svc-8003']);
  }),
  row('network.service.status-lifecycle', async (c) => {
    const namespace = await c.namespace();
    const r = c.of('v1', 'Service', namespace);
    const dyn = c.dyn('v1', 'Service', namespace);
    const name = c.unique('test-service-');
    const labelSelector = `test-service-static=${namespace}`;
    const { metadata } = await r.list({ labelSelector });
    const watch = await r.watch({ labelSelector, resourceVersion: metadata.resourceVersion });
    c.after(() => watch.close());
    const made = await r.create({
      metadata: { name, labels: { 'test-service-static': namespace } },
      spec: {
        type: 'LoadBalancer',
        loadBalancerClass: 'example.com/internal-vip',
        ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }],
      },
    });
    await watch.until('the Service', (e) => e.type === 'ADDED' && e.object.metadata.uid === made.metadata.uid, 60_000);
    const read = await dyn.get(name, 'status');
    sameUid(made, read);
    const modified = (what: string, fits: (object: any) => unknown) =>
      watch.until(what, (e) => e.type === 'MODIFIED' && Boolean(fits(e.object)), 60_000);
    const loadBalancer = { ingress: [{ ip: '203.0.113.1' }] };
    const patched = await r.patch(
      name,
      'merge',
      { metadata: { annotations: { patchedstatus: 'true' } }, status: { loadBalancer } },
      'status',
    );
    assert.equal(patched.status.loadBalancer.ingress[0].ip, '203.0.113.1');
    await modified('the annotation', (o) => o.metadata.annotations?.patchedstatus === 'true');
    const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' };
    const current = await dyn.get(name, 'status');
    current.status.conditions = [{ ...condition, lastTransitionTime: null }];
    const updated = await dyn.update(current, 'status');
    holds(updated.status.conditions[0], condition);
    const event = await modified('the condition', (o) =>
      o.status.conditions?.some((x: any) => x.type === 'StatusUpdate'),
    );
    holds(event.object.status.conditions[0], condition);
    await r.patch(name, 'strategic', {
      metadata: { labels: { 'test-service': 'patched' } },
      spec: {},
      status: { loadBalancer: {} },
    });
    const labelled = await modified('the label', (o) => o.metadata.labels['test-service'] === 'patched');
    assert.equal(
      labelled.object.status.loadBalancer.ingress[0].ip,
      '203.0.113.1',
      'a main write leaves the status alone',
    );
    await r.delete(name);
    await watch.until('the deletion', (e) => e.type === 'DELETED' && e.object.metadata.name === name, 60_000);
    await refused(r.get(name), notFound);
  }),
];
