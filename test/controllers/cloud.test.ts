import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { events, nodes, services } from '../../apimachinery/resources.ts';
import type { Node, Service } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { inRanges, nextAddress, parseRange } from '../../controllers/cloud/addresses.ts';
import { localProvider } from '../../controllers/cloud/localProvider.ts';
import { flags, run } from '../../controllers/cloud/main.ts';
import { addressesOf, cloudPairs, labelsOf } from '../../controllers/cloud/node.ts';
import { lookAt } from '../../controllers/cloud/nodeLifecycle.ts';
import type { CloudProvider, Route } from '../../controllers/cloud/provider.ts';
import { planRoutes, routeController } from '../../controllers/cloud/route.ts';
import { changeOf, needsCleanup, takesTraffic, wantsLoadBalancer } from '../../controllers/cloud/servicePlan.ts';
import { secondLabels } from '../../controllers/common/secondLabels.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { at, now } from './objects.ts';

const service = (
  name: string,
  spec: object = {},
  o: { ips?: string[]; finalizers?: string[]; deleting?: boolean } = {},
) =>
  ({
    metadata: {
      name,
      namespace: 'd',
      uid: name,
      finalizers: o.finalizers,
      ...(o.deleting ? { deletionTimestamp: at(0) } : {}),
    },
    spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ports: [{ port: 80 }], ...spec },
    status: { loadBalancer: { ingress: (o.ips ?? []).map((ip) => ({ ip })) } },
  }) as unknown as Service;
const node = (name: string, o: any = {}) =>
  ({
    metadata: { name, uid: name, creationTimestamp: at(-10), labels: {}, annotations: {}, ...o.metadata },
    spec: { ...o.spec },
    status: { ...o.status },
  }) as Node;

describe('ranges of addresses', () => {
  it('leave out the ends of a network, take a list whole', () => {
    const ranges = [parseRange('198.18.0.0/30'), parseRange('10.0.0.7-10.0.0.8'), parseRange('fd00::/126')];
    const all = (family: 4 | 6) => {
      const taken = new Set<string>();
      for (let ip = nextAddress(ranges, family, taken); ip; ip = nextAddress(ranges, family, taken)) taken.add(ip);
      return [...taken];
    };
    expect(all(4)).toEqual(['198.18.0.1', '198.18.0.2', '10.0.0.7', '10.0.0.8']);
    expect(all(6)).toEqual(['fd00::1', 'fd00::2']);
    expect(inRanges(ranges, '198.18.0.2') && !inRanges(ranges, '198.18.0.3')).toBe(true);
    expect(() => parseRange('10.0.0.9-10.0.0.1')).toThrow(/no range/);
  });
});

describe('the cloud that is built in', () => {
  /** Services and nodes that it is shown. */
  function world(o: { services?: Service[]; nodes?: Node[]; ranges?: string[]; zones?: string[] }) {
    const list = { services: o.services ?? [], nodes: o.nodes ?? [] };
    const ranges = (o.ranges ?? ['198.18.0.0/29']).map(parseRange);
    const provider = localProvider({ ranges, zones: o.zones ?? [] });
    provider.watch!({
      informer: (r: any) => ({ list: () => list[r.plural as 'nodes'], addHandler: () => () => {} }),
    } as any);
    const ips = async (s: Service) => (await provider.loadBalancers!.ensure(s, [])).map((i) => i.ip);
    return { provider, list, ips };
  }

  it('keeps what a Service has, gives nothing twice, and gives again what is free', async () => {
    const old = service('old', {}, { ips: ['198.18.0.1'] });
    const { ips, provider } = world({ services: [old] });
    expect(await ips(service('a'))).toEqual(['198.18.0.2']);
    expect(await ips(service('a'))).toEqual(['198.18.0.2']);
    expect(await ips(old)).toEqual(['198.18.0.1']);
    expect(await ips(service('b', { loadBalancerIP: '198.18.0.5' }))).toEqual(['198.18.0.5']);
    await provider.loadBalancers!.delete(service('a'));
    expect(await ips(service('c'))).toEqual(['198.18.0.2']);
  });

  it('says what it cannot give', async () => {
    const { ips } = world({
      services: [service('old', {}, { ips: ['198.18.0.1'] })],
      ranges: ['198.18.0.1-198.18.0.1'],
    });
    await expect(ips(service('a'))).rejects.toThrow('no IPv4 address is left in the range of load balancers');
    await expect(ips(service('a', { loadBalancerIP: '198.18.0.1' }))).rejects.toThrow('given to another Service');
    await expect(ips(service('a', { loadBalancerIP: '1.2.3.4' }))).rejects.toThrow('not within the range');
    await expect(ips(service('a', { ipFamilies: ['IPv6'] }))).rejects.toThrow('no IPv6 address');
  });

  it('both families where it has both', async () => {
    const { ips } = world({ ranges: ['198.18.0.0/29', 'fd00::/64'] });
    expect(await ips(service('a', { ipFamilies: ['IPv6', 'IPv4'] }))).toEqual(['fd00::1', '198.18.0.1']);
    expect(await world({}).ips(service('a', { ipFamilies: ['IPv4', 'IPv6'] }))).toEqual(['198.18.0.1']);
  });

  it('spreads nodes over zones and leaves them where they are', async () => {
    const placed = node('n1', { metadata: { labels: { 'topology.kubernetes.io/zone': 'a' } } });
    const { provider, list } = world({ zones: ['a', 'b'], nodes: [placed, node('n2'), node('n3')] });
    const zones = [];
    for (const n of list.nodes) zones.push((await provider.instances!.metadata(n))!.zone);
    expect(zones).toEqual(['a', 'b', 'a']);
    expect(await provider.instances!.metadata(node('n2'))).toMatchObject({ zone: 'b', providerID: 'mini-k8s://n2' });
  });
});

describe('Services of a load balancer', () => {
  const finalizers = ['service.kubernetes.io/load-balancer-cleanup'];
  it.each([
    ['plain', service('s'), true, false],
    ['with a class', service('s', { loadBalancerClass: 'x.example/y' }), false, false],
    ['of another type', service('s', { type: 'ClusterIP' }), false, false],
    ['that was one', service('s', { type: 'ClusterIP' }, { finalizers }), false, true],
    ['on its way out', service('s', {}, { finalizers, deleting: true }), true, true],
    ['on its way out, never seen to', service('s', {}, { deleting: true }), true, false],
  ])('%s', (_name, s, wants, cleanup) => expect([wantsLoadBalancer(s), needsCleanup(s)]).toEqual([wants, cleanup]));

  it.each([
    ['nothing', {}, undefined],
    ['type', { type: 'NodePort' }, { reason: 'Type', message: 'LoadBalancer -> NodePort' }],
    ['ports', { ports: [{ port: 81 }] }, 'quiet'],
    ['address', { loadBalancerIP: '1.1.1.1' }, { reason: 'LoadbalancerIP', message: ' -> 1.1.1.1' }],
    [
      'ranges',
      { loadBalancerSourceRanges: ['1.0.0.0/8'] },
      { reason: 'LoadBalancerSourceRanges', message: '[] -> [1.0.0.0/8]' },
    ],
    ['external addresses', { externalIPs: ['1.1.1.1'] }, { reason: 'ExternalIP', message: 'Count: 0 -> 1' }],
    ['policy', { externalTrafficPolicy: 'Local' }, { reason: 'ExternalTrafficPolicy', message: 'undefined -> Local' }],
    ['health port', { healthCheckNodePort: 3 }, { reason: 'HealthCheckNodePort', message: '0 -> 3' }],
    ['selector', { selector: { a: 'b' } }, undefined],
  ])('a change of %s', (_name, spec, wanted) => expect(changeOf(service('s'), service('s', spec))).toEqual(wanted));

  it.each([
    ['any', {}, true],
    ['excluded', { metadata: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } } }, false],
    ['about to be removed', { spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler' }] } }, false],
    ['deleted', { metadata: { deletionTimestamp: at(0) } }, false],
    ['not ready', { status: { conditions: [{ type: 'Ready', status: 'False' }] } }, true],
  ])('a node takes traffic: %s', (_name, o, wanted) => expect(takesTraffic(node('n', o))).toBe(wanted));
});

describe('nodes of a cloud', () => {
  it('get Kubernetes’ labels under both names, and the cloud’s own where nobody else set them', () => {
    const machine = {
      providerID: 'x',
      zone: 'z',
      region: 'r',
      instanceType: 't',
      labels: { 'a.example/b': '1', mine: 'no', 'x.kubernetes.io/y': 'no' },
    };
    expect(labelsOf(node('n', { metadata: { labels: { mine: 'yes' } } }), machine)).toEqual({
      'beta.kubernetes.io/instance-type': 't',
      'node.kubernetes.io/instance-type': 't',
      'failure-domain.beta.kubernetes.io/zone': 'z',
      'topology.kubernetes.io/zone': 'z',
      'failure-domain.beta.kubernetes.io/region': 'r',
      'topology.kubernetes.io/region': 'r',
      'a.example/b': '1',
    });
  });

  it('labels under a second name follow those under the first', () => {
    const labels = { 'topology.kubernetes.io/zone': 'z', 'failure-domain.beta.kubernetes.io/region': 'r' };
    const wanted = { 'failure-domain.beta.kubernetes.io/zone': 'z' };
    expect(secondLabels(node('n', { metadata: { labels } }), cloudPairs)).toEqual(wanted);
    expect(secondLabels(node('n', { metadata: { labels: { ...labels, ...wanted } } }), cloudPairs)).toBeUndefined();
  });

  it('addresses: the kubelet’s own first, its host name kept', () => {
    const told = ['1.1.1.1', '2.2.2.2'].map((address) => ({ type: 'InternalIP', address }));
    const status = { addresses: [{ type: 'Hostname', address: 'h' }] };
    const with_ = (ip: string) =>
      node('n', { status, metadata: { annotations: { 'alpha.kubernetes.io/provided-node-ip': ip } } });
    expect(addressesOf(with_('2.2.2.2'), told).map((a) => a.address)).toEqual(['2.2.2.2', '1.1.1.1', 'h']);
    expect(() => addressesOf(with_('3.3.3.3'), told)).toThrow(/matches ip: 3.3.3.3/);
  });

  const fresh = { taints: [{ key: 'node.cloudprovider.kubernetes.io/uninitialized' }] };
  it.each([
    ['ready', node('n', { status: { conditions: [{ type: 'Ready', status: 'True' }] } }), 'ready'],
    ['unknown', node('n'), 'ask'],
    ['new', node('n', { spec: fresh }), 'wait'],
    ['new for too long', node('n', { spec: fresh, metadata: { creationTimestamp: at(-200) } }), 'ask'],
  ])('one that is %s', (_name, n, wanted) => expect(lookAt(n, now)).toBe(wanted));

  it('routes: what is missing is made; what nobody needs goes, but for what is not ours', () => {
    const n = (name: string, ...podCIDRs: string[]) => node(name, { spec: { podCIDRs } });
    const route = (target: string, cidr: string, blackhole = false) => ({ name: 'x', target, cidr, blackhole });
    const kept = route('n1', '10.244.0.0/24');
    const plan = planRoutes(
      [n('n1', '10.244.0.0/24', 'fd00:1::/64'), n('n2', '10.244.2.0/24'), node('n3')],
      [kept, route('n2', '10.244.1.0/24'), route('gone', '192.168.0.0/24'), route('n2', '10.244.2.0/24', true)],
      ['10.244.0.0/16', 'fd00:1::/48'],
    );
    expect(plan.remove.map((r) => r.cidr)).toEqual(['10.244.1.0/24', '10.244.2.0/24']);
    expect(plan.create).toEqual([
      { name: 'n1', target: 'n1', cidr: 'fd00:1::/64' },
      { name: 'n2', target: 'n2', cidr: '10.244.2.0/24' },
    ]);
  });
});

describe('routes of a cloud that has some', () => {
  it('are made and taken off; a node without one is told of, and has it at the next look', async () => {
    const podCIDRs = ['10.244.1.0/24'];
    const list = [
      node('n1', { spec: { podCIDRs } }),
      node('n2', { spec: { podCIDRs: ['10.244.2.0/24'] } }),
      node('n3'),
    ];
    const routes: Route[] = [{ name: 'old', target: 'gone', cidr: '10.244.9.0/24' }];
    let refuse = true;
    const provider: CloudProvider = {
      name: 'fake',
      routes: {
        list: async () => [...routes],
        async create(route) {
          if (refuse && route.target === 'n2') throw new Error('quota');
          routes.push(route);
        },
        delete: async (route) => void routes.splice(routes.indexOf(route), 1),
      },
    };
    const told: string[] = [];
    const context = {
      informers: { informer: () => ({ list: () => list }) },
      events: {
        event: (_about: any, _type: string, reason: string, text: string) => void told.push(`${reason}: ${text}`),
      },
      client: {
        async patch(_r: any, name: string, _ns: any, _type: string, { status }: any) {
          list.find((n) => n.metadata.name === name)!.status!.conditions = status.conditions;
        },
      },
      clock: { now: () => now },
      log: silentLogger,
    } as any;
    const controller = routeController(provider, { clusterCidrs: ['10.244.0.0/16'], period: 1000 })!;
    const conditions = () =>
      list.map((n) => n.status?.conditions?.map((c) => `${c.type}=${c.status} ${c.reason}`).join());
    await controller.reconcile('all', context);
    expect(routes.map((r) => [r.target, r.cidr])).toEqual([['n1', '10.244.1.0/24']]);
    expect(conditions()).toEqual([
      'NetworkUnavailable=False RouteCreated',
      'NetworkUnavailable=True NoRouteCreated',
      undefined,
    ]);
    expect(told).toEqual(['FailedToCreateRoute: Could not create route n2 10.244.2.0/24 for node n2: quota']);
    refuse = false;
    await controller.reconcile('all', context);
    expect(conditions()[1]).toBe('NetworkUnavailable=False RouteCreated');
    expect(routeController({ name: 'none' }, { clusterCidrs: [], period: 1 })).toBeUndefined();
  });
});

describe('in a cluster, as a cloud-controller-manager', () => {
  let server: TestApiServer;
  let client: Client;
  let ended: Promise<void>;
  const ending = new AbortController();
  beforeAll(async () => {
    server = await startTestApiServer();
    client = await server.client();
    const { config } = parseFlags(flags, [
      `--kubeconfig=${server.kubeconfigFor('controller-manager')}`,
      '--use-service-account-credentials',
      '--leader-elect=false',
      '--secure-port=0',
      '--cloud-provider=mini-k8s',
      '--load-balancer-range=198.18.0.0/29',
      '--cloud-zones=a,b',
      '--node-monitor-period=100ms',
    ]);
    ended = run(config, ending.signal);
  });
  afterAll(async () => {
    ending.abort();
    await ended;
    client?.close();
    await server?.stop();
  });
  const get = (name: string) => client.get(services, name, 'default');
  const ingress = async (name: string) => (await get(name)).status?.loadBalancer?.ingress ?? [];
  const make = (name: string, spec: object = {}) =>
    client.create(services, {
      metadata: { name, namespace: 'default' },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
    } as never);
  const reasons = async (name: string) =>
    (await client.list(events, { namespace: 'default', fieldSelector: `involvedObject.name=${name}` })).items.map(
      (e) => `${e.source?.component} ${e.reason}: ${e.message}`,
    );

  it('refuses to run without a provider, or with a name that is not one of its controllers', async () => {
    const start = async (...args: string[]) => run(parseFlags(flags, args).config, ending.signal);
    await expect(start()).rejects.toThrow('no cloud provider specified');
    await expect(start('--cloud-provider=mini-k8s', '--controllers=job')).rejects.toThrow('"job-controller" is not in');
    await expect(start('--cloud-provider=gce')).rejects.toThrow('must be one of');
  });

  it('a LoadBalancer Service gets an address, and is let go when that is free again', async () => {
    await make('web');
    await until(async () => (await ingress('web')).length > 0);
    expect(await ingress('web')).toEqual([{ ip: '198.18.0.1', ipMode: 'VIP' }]);
    expect((await get('web')).metadata.finalizers).toEqual(['service.kubernetes.io/load-balancer-cleanup']);
    await make('classed', { loadBalancerClass: 'example.com/other' });
    await make('second');
    await until(async () => (await ingress('second')).length > 0);
    expect(await ingress('classed')).toEqual([]);
    await until(async () => (await reasons('web')).length >= 3);
    expect(await reasons('web')).toEqual([
      'service-controller EnsuringLoadBalancer: Ensuring load balancer',
      'service-controller UnAvailableLoadBalancer: There are no available nodes for LoadBalancer',
      'service-controller EnsuredLoadBalancer: Ensured load balancer',
    ]);
    await client.patch(services, 'web', 'default', 'merge', { spec: { type: 'ClusterIP' } });
    await until(async () => !(await get('web')).metadata.finalizers && (await ingress('web')).length === 0);
    await client.delete(services, 'second', 'default');
    await until(() =>
      get('second').then(
        () => false,
        (e) => e.reason === 'NotFound',
      ),
    );
    await make('third', { loadBalancerIP: '198.18.0.99' });
    await until(async () => (await reasons('third')).some((r) => r.includes('SyncLoadBalancerFailed')));
    expect((await reasons('third')).at(-1)).toBe(
      'service-controller SyncLoadBalancerFailed: Error syncing load balancer: failed to ensure load balancer: 198.18.0.99 is not within the range of load balancers',
    );
  });

  it('a node gets its machine’s facts and loses the taint; a machine that is off is tainted, one that is gone deleted', async () => {
    const taint = { key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' };
    await client.create(nodes, { metadata: { name: 'n1' }, spec: { taints: [taint] } } as never);
    const n1 = () => client.get(nodes, 'n1') as Promise<Node>;
    const taints = async () => (await n1()).spec?.taints?.map((t) => t.key) ?? [];
    await until(async () => !(await taints()).includes(taint.key));
    expect((await n1()).spec?.providerID).toBe('mini-k8s://n1');
    expect((await n1()).metadata.labels).toMatchObject({
      'topology.kubernetes.io/zone': 'a',
      'topology.kubernetes.io/region': 'local',
      'node.kubernetes.io/instance-type': 'mini-k8s',
    });
    const play = (state: string) =>
      client.patch(nodes, 'n1', undefined, 'merge', {
        metadata: { annotations: { 'cloud.mini-k8s.io/instance': state } },
      });
    const ready = (status: string) =>
      client.patch(
        nodes,
        'n1',
        undefined,
        'strategic',
        { status: { conditions: [{ type: 'Ready', status }] } },
        { subresource: 'status' },
      );
    await play('stopped');
    const shutdown = 'node.cloudprovider.kubernetes.io/shutdown';
    await until(async () => (await taints()).includes(shutdown));
    await play('running');
    await ready('True');
    await until(async () => !(await taints()).includes(shutdown));
    await play('terminated');
    await ready('Unknown');
    await until(() =>
      n1().then(
        () => false,
        (e) => e.reason === 'NotFound',
      ),
    );
    await until(async () => (await reasons('n1')).length >= 2);
    expect(await reasons('n1')).toEqual([
      'cloud-node-controller Synced: Node synced successfully',
      'cloud-node-lifecycle-controller DeletingNode: Deleting node n1 because it does not exist in the cloud provider',
    ]);
  });
});
