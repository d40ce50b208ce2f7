// Two API servers over one etcd: addresses and node ports are given out once, the Service kubernetes names both, and what defines
// kinds and grants rights through one holds at the other.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointSlices, endpoints, events, ipAddresses, namespaces, services } from '../../apimachinery/resources.ts';
import type { StatusError } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';
import { type EtcdServer, etcdMissing, startEtcd } from './storage/etcdServer.ts';

const ports = 40;
const range = `30000-${30_000 + ports - 1}`;

describe.skipIf(etcdMissing)(etcdMissing ?? 'two API servers on one etcd', () => {
  let etcd: EtcdServer;
  let servers: TestApiServer[];
  let clients: Client[];
  let https: (Http & { close(): void })[];

  beforeAll(async () => {
    etcd = await startEtcd();
    const start = (address: string) =>
      startTestApiServer({
        etcd: etcd.endpoint,
        flags: [`--advertise-address=${address}`, `--service-node-port-range=${range}`, '--event-ttl=5s'],
      });
    servers = await Promise.all([start('198.51.100.1'), start('198.51.100.2')]);
    clients = await Promise.all(servers.map((s) => s.client()));
    https = servers.map((s) => httpTo(s));
  });
  afterAll(async () => {
    for (const client of [...(clients ?? []), ...(https ?? [])]) client.close();
    for (const server of servers ?? []) await server.stop();
    await etcd?.remove();
  });

  const make = (name: string, spec: Record<string, unknown>, client = clients[0]!) =>
    client.create(services, {
      metadata: { name, namespace: 'default' },
      spec: { ports: [{ port: 80 }], ...spec },
    } as never);
  const outcome = (made: Promise<unknown>) =>
    made.then(
      () => 'made',
      (error: StatusError) => `${error.code} ${error.message}`,
    );

  test('both made one cluster, and both are behind the Service kubernetes', async () => {
    const service = await clients[1]!.get(services, 'kubernetes', 'default');
    expect(service.spec?.clusterIP).toBe('10.96.0.1');
    expect((await clients[0]!.list(namespaces)).items.map((n) => n.metadata.name)).toEqual([
      ...['default', 'kube-node-lease', 'kube-public', 'kube-system'],
    ]);
    const both = ['198.51.100.1', '198.51.100.2'];
    const listed = async () => {
      const found = await clients[0]!.get(endpoints, 'kubernetes', 'default');
      return found.subsets?.[0]?.addresses?.map((a) => a.ip) ?? [];
    };
    // Each reconciles every ten seconds; the one that came first hears of the other by then.
    await until(async () => (await listed()).join() === both.join(), 30_000, 'both addresses');
    await until(async () => {
      const slice = await clients[0]!.get(endpointSlices, 'kubernetes', 'default');
      return slice.endpoints?.map((e) => e.addresses[0]).join() === both.join();
    });
  });

  test('as many Services as there are ports, made through both at once', async () => {
    const all = await Promise.all(
      Array.from({ length: ports }, (_, i) => make(`s${i}`, { type: 'NodePort' }, clients[i % 2])),
    );
    const unique = (values: unknown[]) => new Set(values).size;
    expect(unique(all.map((s) => s.spec?.ports?.[0]?.nodePort))).toBe(ports);
    expect(unique(all.map((s) => s.spec?.clusterIP))).toBe(ports);
    expect(await outcome(make('more', { type: 'NodePort' }))).toBe(
      '500 Internal error occurred: failed to allocate a nodePort: range is full',
    );
    const held = async () => (await clients[0]!.list(ipAddresses)).items.length;
    expect(await held()).toBe(ports + 1);
    await clients[1]!.update(services, { ...all[0]!, spec: { ...all[0]!.spec, type: 'ClusterIP' } });
    expect(await outcome(make('more', { type: 'NodePort' }))).toBe('made');
    await Promise.all(
      [...all.map((s) => s.metadata.name), 'more'].map((name, i) => clients[i % 2]!.delete(services, name, 'default')),
    );
    expect(await held()).toBe(1);
    expect(await outcome(make('again', { type: 'NodePort' }, clients[1]))).toBe('made');
    await clients[0]!.delete(services, 'again', 'default');
  });

  test('one address asked for through both: one gets it', async () => {
    const found = await Promise.all([
      outcome(make('a', { clusterIP: '10.96.0.50' }, clients[0])),
      outcome(make('b', { clusterIP: '10.96.0.50' }, clients[1])),
    ]);
    expect(found.filter((text) => text === 'made')).toHaveLength(1);
    expect(found.find((text) => text !== 'made')).toMatch(
      /^422 Service "[ab]" is invalid: spec.clusterIPs: Invalid value: \["10.96.0.50"\]: failed to allocate IP 10.96.0.50: provided IP is already allocated$/,
    );
  });

  test('a dry run claims nothing', async () => {
    const before = (await clients[0]!.list(ipAddresses)).items.length;
    const body = { metadata: { name: 'dry', namespace: 'default' }, spec: { type: 'NodePort', ports: [{ port: 80 }] } };
    const dry = await clients[0]!.create(services, body as never, { dryRun: true });
    expect(dry.spec?.clusterIP).toBe('10.96.0.0');
    expect((await clients[0]!.list(ipAddresses)).items).toHaveLength(before);
    expect(
      await clients[0]!.list(services, { fieldSelector: 'metadata.name=dry', namespace: 'default' }),
    ).toMatchObject({ items: [] });
  });

  test('an event is gone after its time', async () => {
    await clients[0]!.create(events, {
      metadata: { name: 'e', namespace: 'default' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
      reason: 'R',
    } as never);
    expect((await clients[1]!.list(events, { namespace: 'default' })).items).toHaveLength(1);
    await until(
      async () => !(await clients[1]!.list(events, { namespace: 'default' })).items.length,
      30_000,
      'the end of the event',
    );
  });

  describe('a kind that is defined through one', () => {
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const widgets = '/apis/two.example.com/v1/namespaces/default/widgets';
    const definition = (spec: object) => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.two.example.com' },
      spec: {
        group: 'two.example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: spec } } } },
          },
        ],
      },
    });
    const count = { type: 'integer' };

    test('is served by the other as soon as it is established, and counts right when both write', async () => {
      expect((await https[0]!(definitions, { body: definition({ count }) })).code).toBe(201);
      const established = async () =>
        (await https[0]!(`${definitions}/widgets.two.example.com`)).json.status?.conditions?.some(
          (c: any) => c.type === 'Established' && c.status === 'True',
        );
      await until(established);
      const body = { apiVersion: 'two.example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { count: 0 } };
      expect((await https[1]!(widgets, { body })).code).toBe(201);
      const increment = async (http: Http): Promise<void> => {
        for (;;) {
          const { json } = await http(`${widgets}/w`);
          json.spec.count++;
          const { code } = await http(`${widgets}/w`, { method: 'PUT', body: json });
          if (code === 200) return;
          expect(code).toBe(409);
        }
      };
      await Promise.all(Array.from({ length: 30 }, (_, i) => increment(https[i % 2]!)));
      for (const http of https) expect((await http(`${widgets}/w`)).json.spec).toEqual({ count: 30 });
    });

    test('changes and goes for both', async () => {
      const { json } = await https[1]!(`${definitions}/widgets.two.example.com`);
      const colour = { type: 'string', default: 'red' };
      json.spec.versions = definition({ count, colour }).spec.versions;
      expect((await https[1]!(`${definitions}/widgets.two.example.com`, { method: 'PUT', body: json })).code).toBe(200);
      for (const http of https)
        await until(async () => (await http(`${widgets}/w`)).json.spec.colour === 'red', 30_000, 'the new schema');
      await https[0]!(`${definitions}/widgets.two.example.com`, { method: 'DELETE' });
      for (const http of https)
        await until(async () => (await http(`${widgets}/w`)).code === 404, 30_000, 'the end of the kind');
      expect((await https[1]!('/apis/two.example.com')).code).toBe(404);
    });
  });

  test('a right that is granted and taken through one holds and ends at the other', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';
    const body = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'jane' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
    };
    const asked = async (http: Http) =>
      (await http('/api/v1/namespaces/default/pods', { headers: { 'impersonate-user': 'jane' } })).code;
    for (const http of https) expect(await asked(http)).toBe(403);
    expect((await https[0]!(rbac, { body })).code).toBe(201);
    for (const http of https) await until(async () => (await asked(http)) === 200, 30_000, 'the right');
    await https[1]!(`${rbac}/jane`, { method: 'DELETE' });
    for (const http of https) await until(async () => (await asked(http)) === 403, 30_000, 'its end');
  });
});
