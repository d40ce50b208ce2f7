// Rows of the network's objects: the API server's own Service, Endpoints and slices, Ingresses, ServiceCIDRs, addresses and Services.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { course } from '../course.ts';
import { notFound, refused } from '../harness/apiError.ts';
import { grew, holds, names, sameUid, validVersion } from '../harness/check.ts';
import { type Row, row } from '../row.ts';

const networking = 'networking.k8s.io/v1';

export const networkRows: Row[] = [
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
  row('network.endpoints.lifecycle', async (c) => {
    const namespace = await c.namespace();
    const r = c.of('v1', 'Endpoints', namespace);
    const name = 'testservice';
    const labelSelector = `test-endpoint-static=${namespace}`;
    const { metadata } = await r.list({ labelSelector });
    const watch = await r.watch({ labelSelector, resourceVersion: metadata.resourceVersion });
    c.after(() => watch.close());
    const subset = (ip: string, port: string, number: number) => ({
      addresses: [{ ip }],
      ports: [{ name: port, port: number, protocol: 'TCP' }],
    });
    const made = await r.create({
      metadata: { name, labels: { 'test-endpoint-static': namespace } },
      subsets: [subset('10.0.0.24', 'http', 80)],
    });
    validVersion(made);
    await watch.expect('ADDED', made, 30_000);
    const everywhere = await c.of('v1', 'Endpoints').list({ labelSelector });
    assert.deepEqual(
      everywhere.items.map((i: any) => i.metadata.uid),
      [made.metadata.uid],
    );
    const label = (object: any) => object.metadata.labels['test-service'];
    const updated = await r.change(name, (object) => {
      object.metadata.labels['test-service'] = 'updated';
    });
    await watch.until('the updated label', (e) => e.type === 'MODIFIED' && label(e.object) === 'updated');
    const subsets = [subset('10.0.0.25', 'http-test', 8080)];
    const patched = await r.patch(name, 'strategic', { metadata: { labels: { 'test-service': 'patched' } }, subsets });
    grew(updated, patched);
    await watch.until('the patched label', (e) => e.type === 'MODIFIED' && label(e.object) === 'patched');
    assert.deepEqual((await r.get(name)).subsets, subsets, 'the list is replaced');
    await r.deleteCollection({ labelSelector });
    await watch.until('the deletion', (e) => e.type === 'DELETED' && e.object.metadata.name === name);
    await refused(r.get(name), notFound);
  }),
  row('network.endpointslice.api-operations', async (c) => {
    const namespace = await c.namespace();
    const r = c.of('discovery.k8s.io/v1', 'EndpointSlice', namespace);
    const unique = c.unique();
    const body = {
      metadata: { generateName: 'e2e-example-ing', labels: { 'special-label': unique } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['1.2.3.4', '5.6.7.8'] }, { addresses: ['2.2.3.4', '6.6.7.8'] }],
    };
    await course(c, {
      r,
      dyn: c.dyn('discovery.k8s.io/v1', 'EndpointSlice', namespace),
      everywhere: c.of('discovery.k8s.io/v1', 'EndpointSlice'),
      bodies: [body, body, body],
      labelSelector: `special-label=${unique}`,
      patch: { endpoints: body.endpoints },
    });
  }),
  row('network.ingress.api-operations', async (c) => {
    const namespace = await c.namespace();
    const r = c.of(networking, 'Ingress', namespace);
    const dyn = c.dyn(networking, 'Ingress', namespace);
    const unique = c.unique();
    const backend = (name: string) => ({ service: { name, port: { number: 8080 } } });
    const spec = (i: number) => ({
      defaultBackend: backend('default-backend'),
      rules: [
        {
          host: `host${i}.bar.com`,
          http: { paths: [{ path: '/', pathType: 'ImplementationSpecific', backend: backend('test-backend') }] },
        },
      ],
    });
    const balancer = (object: any) => object.status.loadBalancer.ingress;
    await course(c, {
      r,
      dyn,
      everywhere: c.of(networking, 'Ingress'),
      subresources: ['ingresses/status'],
      bodies: [1, 2, 3].map((i) => ({
        metadata: { generateName: 'e2e-example-ing', labels: { 'special-label': unique } },
        spec: spec(i),
      })),
      labelSelector: `special-label=${unique}`,
      mayLinger: true,
      status: async (object) => {
        const { name } = object.metadata;
        assert.deepEqual(object.spec, spec(3));
        const status = { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } };
        const patched = await r.patch(
          name,
          'merge',
          { metadata: { annotations: { patchedstatus: 'true' } }, status },
          'status',
        );
        assert.equal(patched.metadata.annotations.patchedstatus, 'true');
        assert.deepEqual(balancer(patched), [{ ip: '169.1.1.1' }]);
        const updated = await r.change(
          name,
          (o) => {
            o.status.loadBalancer = { ingress: [{ ip: '169.1.1.2' }] };
          },
          'status',
        );
        assert.deepEqual(balancer(updated), [{ ip: '169.1.1.2' }]);
        const read = await dyn.get(name, 'status');
        sameUid(object, read);
        assert.deepEqual(balancer(read), [{ ip: '169.1.1.2' }]);
      },
    });
  }),
  row('network.ingressclass.api-operations', async (c) => {
    const r = c.of(networking, 'IngressClass');
    const unique = c.unique();
    // The facts' label special-label=generic is not the row's own, so a unique value stands in for it.
    const bodies = [1, 2, 3].map((i) => ({
      metadata: {
        name: `${unique}-ingressclass${i}`,
        labels: { ingressclass: unique, 'special-label': `generic-${unique}` },
      },
      spec: { controller: 'example.com/controller' },
    }));
    await course(c, {
      r,
      dyn: c.dyn(networking, 'IngressClass'),
      bodies,
      labelSelector: `special-label=generic-${unique}`,
      watch: () => ({ labelSelector: `ingressclass=${unique}` }),
      mayLinger: true,
    });
    const made = c.mine(r, await r.create(bodies[0]));
    const patched = await r.patch(made.metadata.name, 'merge', { metadata: { annotations: { patched: 'true' } } });
    patched.metadata.annotations.updated = 'true';
    const updated = await r.update(patched);
    holds(updated.metadata.annotations, { patched: 'true', updated: 'true' });
  }),
  row('network.servicecidr.default-readable', async (c) => {
    const r = c.of(networking, 'ServiceCIDR');
    const found = await r.get('kubernetes');
    const status = await c.dyn(networking, 'ServiceCIDR').get('kubernetes', 'status');
    assert.equal(status.apiVersion, networking);
    assert.equal(status.kind, 'ServiceCIDR');
    sameUid(found, status);
    assert.ok(names((await r.list()).items).includes('kubernetes'));
    const watch = await r.watch();
    c.after(() => watch.close());
    await watch.until('the watch opens', (e) => e.type === 'ADDED' && e.object.metadata.name === 'kubernetes');
  }),
  row(
    'network.ipaddress.api-operations',
    async (c) => {
      const r = c.of(networking, 'IPAddress');
      const parentRef = { group: 'mygroup', resource: 'myresources', namespace: 'foo', name: 'bar' };
      const make = async (name: string, type: string) =>
        c.mine(r, await r.create({ metadata: { name, labels: { type } }, spec: { parentRef } }));
      const broadcast = await make('255.255.255.255', 'broadcast');
      const local = await make('fe80::42:1dff:fe84:f9e2', 'link-local');
      assert.deepEqual(broadcast.spec.parentRef, parentRef);
      const { name } = broadcast.metadata;
      const patched = await r.patch(name, 'merge', { metadata: { annotations: { patched: 'true' } } });
      assert.equal(patched.metadata.annotations.patched, 'true');
      grew(broadcast, patched);
      const updated = await r.change(name, (object) => {
        object.metadata.annotations.updated = 'true';
      });
      grew(patched, updated);
      const found = await r.get(name);
      sameUid(broadcast, found);
      holds(found.metadata.annotations, { patched: 'true', updated: 'true' });
      assert.deepEqual(names((await r.list({ labelSelector: 'type=broadcast' })).items), [name]);
      const watch = await r.watch({ labelSelector: 'type=broadcast' });
      c.after(() => watch.close());
      sameUid(broadcast, (await watch.expect('ADDED')).object);
      assert.equal((await r.get(local.metadata.name)).metadata.uid, local.metadata.uid, 'no repair takes it away');
      await r.delete(name);
      await watch.expect('DELETED');
      await refused(r.get(name), notFound);
      await r.deleteCollection({ labelSelector: 'type=link-local' });
      assert.deepEqual((await r.list({ labelSelector: 'type=link-local' })).items, []);
    },
    // The addresses are the cluster's.
    { serial: true },
  ),
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
