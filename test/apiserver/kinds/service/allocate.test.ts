import { afterEach, expect, test } from 'vitest';
import { ipAddresses } from '../../../../apiserver/kinds/service/ipAllocator.ts';
import { service } from '../../../../apiserver/kinds/service.ts';
import { world } from './world.ts';

type World = Awaited<ReturnType<typeof world>>;
const open: World[] = [];
const fresh = async (cidrs?: string[]): Promise<World> => {
  const w = await world(cidrs);
  open.push(w);
  return w;
};
afterEach(async () => {
  for (const w of open.splice(0)) await w.close();
});

const http = [{ name: 'http', port: 80 }];
const message = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: Error) => error.message,
  );

test('a ClusterIP is claimed as an IPAddress that names the Service', async () => {
  const w = await fresh();
  const { object } = await w.create('web', { ports: http });
  expect(object.spec).toMatchObject({
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    clusterIPs: [object.spec.clusterIP],
  });
  expect(object.spec.clusterIP).toMatch(/^10\.(9[6-9]|10\d|11[01])\./);
  expect(w.cluster.cached(ipAddresses, object.spec.clusterIP)).toMatchObject({
    metadata: {
      labels: {
        'ipaddress.kubernetes.io/ip-family': 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { group: '', resource: 'services', namespace: 'default', name: 'web' } },
  });
  await w.remove(object);
  expect(w.ips()).toEqual([]);
});

test('an address that was asked for, taken, out of range, out of the cluster', async () => {
  const w = await fresh();
  await w.create('a', { ports: http, clusterIP: '10.96.0.10' });
  expect(w.ips()).toEqual(['10.96.0.10']);
  const refused = (ip: string, why: string) =>
    `Service "b" is invalid: spec.clusterIPs: Invalid value: ["${ip}"]: failed to allocate IP ${ip}: ${why}`;
  const ask = (clusterIP: string) => message(w.create('b', { ports: http, clusterIP }));
  expect(await ask('10.96.0.10')).toBe(refused('10.96.0.10', 'provided IP is already allocated'));
  expect(await ask('1.2.3.4')).toBe(refused('1.2.3.4', 'the provided network does not match the current range'));
  expect(await ask('10.96.0.0')).toBe(
    refused(
      '10.96.0.0',
      'the provided IP (10.96.0.0) is not in the valid range. The range of valid IPs is 10.96.0.0/12',
    ),
  );
});

test('a claim left by a server that died while making this Service is taken over', async () => {
  const w = await fresh();
  const parentRef = { group: '', resource: 'services', namespace: 'default', name: 'web' };
  w.cluster.put(ipAddresses, { metadata: { name: '10.96.0.1' }, spec: { parentRef } });
  const { object } = await w.create('web', { ports: http, clusterIP: '10.96.0.1' });
  expect(object.spec.clusterIP).toBe('10.96.0.1');
});

test('headless and ExternalName claim nothing', async () => {
  const w = await fresh();
  const headless = await w.create('h', { ports: http, clusterIP: 'None', selector: { a: 'b' } });
  expect(headless.object.spec).toMatchObject({
    clusterIPs: ['None'],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
  });
  const selectorless = await w.create('s', { clusterIP: 'None' });
  expect(selectorless.object.spec).toMatchObject({ ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' });
  const external = await w.create('e', { type: 'ExternalName', externalName: 'a.example.com' });
  expect(external.object.spec).not.toHaveProperty('clusterIP');
  expect(external.object.spec).not.toHaveProperty('ipFamilies');
  expect(w.ips()).toEqual([]);
});

test('a full range says so; the addresses kept for explicit requests come last', async () => {
  const w = await fresh(['10.0.0.0/27']);
  const given: string[] = [];
  for (let i = 0; i < 30; i++) given.push((await w.create(`s${i}`, { ports: http })).object.spec.clusterIP);
  const last = (ip: string) => Number(ip.split('.')[3]);
  expect(given.slice(0, 14).every((ip) => last(ip) > 16)).toBe(true);
  expect(new Set(given).size).toBe(30);
  expect(await message(w.create('more', { ports: http }))).toBe(
    'Internal error occurred: failed to allocate a serviceIP: range is full',
  );
});

test('dual-stack as far as the cluster is', async () => {
  const single = await fresh();
  expect(await message(single.create('a', { ports: http, ipFamilyPolicy: 'RequireDualStack' }))).toBe(
    'Service "a" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  );
  expect(await message(single.create('a', { ports: http, ipFamilies: ['IPv6'] }))).toBe(
    'Service "a" is invalid: spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
  );
  expect((await single.create('b', { ports: http, ipFamilyPolicy: 'PreferDualStack' })).object.spec.ipFamilies).toEqual(
    ['IPv4'],
  );
  const dual = await fresh(['10.96.0.0/12', 'fd00:10:96::/108']);
  const { object } = await dual.create('a', { ports: http, ipFamilyPolicy: 'PreferDualStack' });
  expect(object.spec.ipFamilies).toEqual(['IPv4', 'IPv6']);
  expect(object.spec.clusterIPs[1]).toMatch(/^fd00:10:96::/);
  expect(dual.ips()).toEqual([...object.spec.clusterIPs].sort());
  expect((await dual.create('plain', { ports: http })).object.spec.ipFamilies).toEqual(['IPv4']);
});

test('upgrade to dual-stack claims a second address, downgrade gives it back', async () => {
  const w = await fresh(['10.96.0.0/12', 'fd00:10:96::/108']);
  const { object } = await w.create('a', { ports: http });
  const two = await w.update(object, (spec) => {
    spec.ipFamilyPolicy = 'PreferDualStack';
  });
  expect(two.spec.clusterIPs).toHaveLength(2);
  expect(two.spec.clusterIPs[0]).toBe(object.spec.clusterIP);
  const one = await w.update(two, (spec) => {
    spec.ipFamilyPolicy = 'SingleStack';
  });
  expect(one.spec).toMatchObject({ clusterIPs: [object.spec.clusterIP], ipFamilies: ['IPv4'] });
  expect(w.ips()).toEqual([object.spec.clusterIP]);
});

test('an update that leaves them out keeps addresses and node ports', async () => {
  const w = await fresh();
  const { object } = await w.create('a', { type: 'NodePort', ports: [...http, { name: 'b', port: 81 }] });
  const same = await w.update(object, (spec) => {
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) delete spec[field];
    for (const port of spec.ports) delete port.nodePort;
  });
  expect(same.spec).toEqual(object.spec);
  expect(await w.ports()).toEqual(object.spec.ports.map((p: any) => p.nodePort).sort());
});

test('node ports: given out from the upper part, asked for, taken, out of range', async () => {
  const w = await fresh();
  const { object } = await w.create('a', { type: 'NodePort', ports: http });
  expect(object.spec.ports[0].nodePort).toBeGreaterThanOrEqual(30086);
  expect(object.spec.ports[0].nodePort).toBeLessThanOrEqual(32767);
  await w.create('b', { type: 'NodePort', ports: [{ port: 80, nodePort: 30001 }] });
  const ask = (nodePort: number) => message(w.create('c', { type: 'NodePort', ports: [{ port: 80, nodePort }] }));
  const error = (port: number, why: string) =>
    `Service "c" is invalid: spec.ports[0].nodePort: Invalid value: ${port}: ${why}`;
  expect(await ask(30001)).toBe(error(30001, 'provided port is already allocated'));
  expect(await ask(80)).toBe(
    error(80, 'provided port is not in the valid range. The range of valid ports is 30000-32767'),
  );
  // What was claimed for the refused ones is free again.
  expect(w.ips()).toHaveLength(2);
  expect(await w.ports()).toHaveLength(2);
});

test('one number for two protocols, and one for the health check', async () => {
  const w = await fresh();
  const ports = [
    { name: 't', port: 53, protocol: 'TCP' },
    { name: 'u', port: 53, protocol: 'UDP' },
  ];
  const { object } = await w.create('dns', { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports });
  expect(object.spec.ports[0].nodePort).toBe(object.spec.ports[1].nodePort);
  expect(object.spec.healthCheckNodePort).toBeGreaterThan(0);
  expect(await w.ports()).toEqual([object.spec.ports[0].nodePort, object.spec.healthCheckNodePort].sort());
  const cluster = await w.update(object, (spec) => {
    spec.externalTrafficPolicy = 'Cluster';
  });
  expect(cluster.spec).not.toHaveProperty('healthCheckNodePort');
  expect(await w.ports()).toEqual([object.spec.ports[0].nodePort]);
});

test('a LoadBalancer may do without node ports, but gets those that it asks for', async () => {
  const w = await fresh();
  const spec = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false };
  const none = await w.create('a', { ...spec, ports: http });
  expect(none.object.spec.ports[0]).not.toHaveProperty('nodePort');
  await w.create('b', { ...spec, ports: [{ port: 80, nodePort: 30005 }] });
  expect(await w.ports()).toEqual([30005]);
});

test('the types, there and back: addresses and ports come and go', async () => {
  const w = await fresh();
  const { object } = await w.create('a', { type: 'ExternalName', externalName: 'a.example.com' });
  const nodePort = await w.update(object, (spec) => {
    Object.assign(spec, { type: 'NodePort', ports: structuredClone(http) });
  });
  expect(nodePort.spec).not.toHaveProperty('externalName');
  expect([w.ips().length, (await w.ports()).length]).toEqual([1, 1]);
  const clusterIP = await w.update(nodePort, (spec) => {
    spec.type = 'ClusterIP';
  });
  expect(clusterIP.spec.ports[0]).not.toHaveProperty('nodePort');
  expect(clusterIP.spec).not.toHaveProperty('externalTrafficPolicy');
  expect(clusterIP.spec.clusterIP).toBe(nodePort.spec.clusterIP);
  expect(await w.ports()).toEqual([]);
  // As kubectl's users do it: with the old address still in the body.
  const external = await w.update(clusterIP, (spec) => {
    Object.assign(spec, { type: 'ExternalName', externalName: 'b.example.com' });
  });
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy'])
    expect(external.spec).not.toHaveProperty(field);
  expect(w.ips()).toEqual([]);
});

test('a write that failed gives its claims back, unless it is in the store after all', async () => {
  const w = await fresh();
  const lost = await w.create('lost', { type: 'NodePort', ports: http });
  await w.cluster.delete({ group: '', plural: 'services' }, 'lost', 'default');
  await lost.undo!();
  expect([w.ips(), await w.ports()]).toEqual([[], []]);
  const stored = await w.create('stored', { type: 'NodePort', ports: http });
  await stored.undo!();
  expect([w.ips().length, (await w.ports()).length]).toEqual([1, 1]);
});

test('a dry run claims nothing and still refuses what is taken', async () => {
  const w = await fresh();
  await w.create('a', { type: 'NodePort', ports: [{ port: 80, nodePort: 30001 }] });
  const before = [w.ips(), await w.ports()];
  const dry = { ...w.context, dryRun: true };
  const { object } = await w.create('b', { type: 'NodePort', ports: http }, dry);
  expect(object.spec.clusterIP).toBe('10.96.0.0');
  expect(object.spec.ports[0].nodePort).toBeGreaterThan(0);
  expect(await message(w.create('c', { type: 'NodePort', ports: [{ port: 80, nodePort: 30001 }] }, dry))).toContain(
    'already allocated',
  );
  expect([w.ips(), await w.ports()]).toEqual(before);
});

test('many at once get different ports and addresses', async () => {
  const w = await fresh();
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, i) => w.create(`s${i}`, { type: 'NodePort', ports: http })),
  );
  expect(new Set(all.map(({ object }) => object.spec.clusterIP)).size).toBe(40);
  const ports = all.map(({ object }) => object.spec.ports[0].nodePort);
  expect(new Set(ports).size).toBe(40);
  expect(await w.ports()).toEqual(ports.sort());
});

test('a deleted Service takes its Endpoints along, and never the address of another', async () => {
  const w = await fresh();
  const { object } = await w.create('a', { ports: http });
  const r = { group: '', plural: 'endpoints' };
  w.cluster.put(r, { metadata: { name: 'a', namespace: 'default' } });
  w.cluster.put(ipAddresses, {
    metadata: { name: object.spec.clusterIP },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 'other' } },
  });
  await w.remove(object);
  expect(w.cluster.cachedList(r)).toEqual([]);
  expect(w.ips()).toEqual([object.spec.clusterIP]);
  expect(service.deleteReturnsObject).toBe(true);
});
