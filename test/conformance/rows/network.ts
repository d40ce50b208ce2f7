// Rows of the network's objects: Endpoints and slices, Ingresses and their classes, ServiceCIDRs and addresses. Services: services.ts.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { course } from '../course.ts';
import { notFound, refused } from '../harness/apiError.ts';
import { grew, holds, names, sameUid, validVersion } from '../harness/check.ts';
import { type Row, row } from '../row.ts';

const networking = 'networking.k8s.io/v1';

export const networkRows: Row[] = [
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
    await watch.expect('ADDED', made, 60_000);
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
];
