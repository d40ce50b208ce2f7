import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amountsLine } from '../../apimachinery/quota/amounts.ts';
import { evaluatorFor, resourceFor } from '../../apimachinery/quota/evaluators.ts';
import { inScopes } from '../../apimachinery/quota/scopes.ts';
import {
  configMaps,
  namespaces,
  persistentVolumeClaims,
  pods,
  replicaSets,
  resourceQuotas,
  services,
} from '../../apimachinery/resources.ts';
import type { ResourceQuota } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { usedNow } from '../../controllers/resourceQuota/plan.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { kubectls } from '../kit/kubectls.ts';
import { type RunningManager, startManager } from './manager.ts';

const podsOf = { group: '', plural: 'pods' };
const pod = (o: { requests?: object; limits?: object; spec?: object; phase?: string; deleted?: string } = {}) => ({
  metadata: o.deleted ? { deletionTimestamp: o.deleted, deletionGracePeriodSeconds: 0 } : {},
  spec: { containers: [{ name: 'c', resources: { requests: o.requests, limits: o.limits } }], ...o.spec },
  status: { phase: o.phase ?? 'Pending' },
});
const use = (plural: string, object: any) =>
  amountsLine(evaluatorFor({ group: '', plural }).usage(object, Date.parse('2024-01-01T00:00:00Z')));

describe('usage', () => {
  it.each<[string, string, any, string]>([
    ['a bare pod', 'pods', pod(), 'count/pods=1,pods=1'],
    ['one that ended', 'pods', pod({ phase: 'Succeeded', requests: { cpu: '1' } }), 'count/pods=1'],
    ['one that should be gone', 'pods', pod({ deleted: '2023-12-31T00:00:00Z' }), 'count/pods=1'],
    ['one that is going', 'pods', pod({ deleted: '2024-01-01T00:01:00Z' }), 'count/pods=1,pods=1'],
    [
      'what it asks for',
      'pods',
      pod({ requests: { cpu: '500m', 'example.com/gpu': '2', 'hugepages-2Mi': '4Mi' }, limits: { memory: '1Gi' } }),
      'count/pods=1,cpu=500m,hugepages-2Mi=4Mi,limits.memory=1Gi,pods=1,requests.cpu=500m,requests.example.com/gpu=2,requests.hugepages-2Mi=4Mi',
    ],
    [
      'a claim of a class',
      'persistentvolumeclaims',
      {
        metadata: {},
        spec: { storageClassName: 'gold', resources: { requests: { storage: '1Gi' } } },
        status: { allocatedResources: { storage: '2Gi' } },
      },
      'count/persistentvolumeclaims=1,gold.storageclass.storage.k8s.io/persistentvolumeclaims=1,gold.storageclass.storage.k8s.io/requests.storage=2Gi,persistentvolumeclaims=1,requests.storage=2Gi',
    ],
    [
      'a Service',
      'services',
      { spec: { type: 'ClusterIP', ports: [{}] } },
      'count/services=1,services=1,services.loadbalancers=0,services.nodeports=0',
    ],
    [
      'node ports',
      'services',
      { spec: { type: 'NodePort', ports: [{}, {}] } },
      'count/services=1,services=1,services.loadbalancers=0,services.nodeports=2',
    ],
    [
      'a balancer without node ports',
      'services',
      { spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{}, { nodePort: 3 }] } },
      'count/services=1,services=1,services.loadbalancers=1,services.nodeports=1',
    ],
    ['a Secret', 'secrets', {}, 'count/secrets=1,secrets=1'],
    ['anything else', 'endpoints', {}, 'count/endpoints=1'],
  ])('%s', (_name, plural, object, line) => expect(use(plural, object)).toBe(line));

  it.each<[string, object[], string]>([
    ['no device', [], ''],
    ['two of a class', [{ exactly: { deviceClassName: 'gpu', count: 2 } }], 'gpu=2'],
    ['all of a class', [{ exactly: { deviceClassName: 'gpu', allocationMode: 'All' } }], 'gpu=32'],
    [
      'several requests',
      [
        { exactly: { deviceClassName: 'gpu', count: 2 } },
        { exactly: { deviceClassName: 'gpu' } },
        { exactly: { deviceClassName: 'nic' } },
      ],
      'gpu=3,nic=1',
    ],
    [
      'the most of alternatives',
      [
        {
          firstAvailable: [
            { deviceClassName: 'gpu', count: 4 },
            { deviceClassName: 'gpu', count: 2 },
            { deviceClassName: 'nic', count: 1 },
          ],
        },
      ],
      'gpu=4,nic=1',
    ],
  ])('of a claim of devices: %s', (_, requests, line) => {
    const r = { group: 'resource.k8s.io', plural: 'resourceclaims' };
    const text = amountsLine(evaluatorFor(r).usage({ spec: { devices: { requests } } }, 0));
    const counted = line ? `${line.replace(/=/g, '.deviceclass.resource.k8s.io/devices=')}` : '';
    expect(text).toBe(['count/resourceclaims.resource.k8s.io=1', counted].filter(Boolean).join(','));
  });

  it.each([
    ['gpu.deviceclass.resource.k8s.io/devices', 'resourceclaims', 'resource.k8s.io'],
    ['requests.cpu', 'pods', ''],
    ['requests.example.com/gpu', 'pods', ''],
    ['gold.storageclass.storage.k8s.io/requests.storage', 'persistentvolumeclaims', ''],
    ['services.nodeports', 'services', ''],
    ['count/replicasets.apps', 'replicasets', 'apps'],
    ['count/pods', 'pods', ''],
  ])('%s is used by %s', (name, plural, group) => expect(resourceFor(name)).toEqual({ group, plural }));

  it('of other containers must be said', () => {
    const { missing } = evaluatorFor(podsOf);
    expect(missing!(pod({ requests: { cpu: '1' } }), ['cpu', 'limits.cpu', 'requests.memory', 'pods'])).toBe(
      'must specify limits.cpu for: c; requests.memory for: c',
    );
    expect(missing!(pod({ spec: { resources: { limits: { cpu: '1' } } } }), ['limits.memory'])).toBeUndefined();
    expect(missing!(pod(), ['pods', 'requests.storage'])).toBeUndefined();
  });
});

describe('scopes', () => {
  const scope = (scopeName: string, operator = 'Exists', values?: string[]) => ({
    scopeSelector: { matchExpressions: [{ scopeName, operator, values }] },
  });
  const reaching = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ namespaces: ['x'] }] } };
  it.each([
    [{ scopes: ['Terminating'] }, pod(), false],
    [{ scopes: ['Terminating'] }, pod({ spec: { activeDeadlineSeconds: 0 } }), true],
    [{ scopes: ['NotTerminating', 'BestEffort'] }, pod(), true],
    [{ scopes: ['BestEffort'] }, pod({ limits: { cpu: '1' } }), false],
    [{ scopes: ['NotBestEffort'] }, pod({ requests: { memory: '1' } }), true],
    [scope('PriorityClass', 'In', ['high']), pod({ spec: { priorityClassName: 'high' } }), true],
    [scope('PriorityClass', 'NotIn', ['high']), pod(), true],
    [scope('PriorityClass', 'Exists'), pod(), false],
    [scope('PriorityClass', 'DoesNotExist'), pod(), true],
    [scope('CrossNamespacePodAffinity'), pod({ spec: { affinity: reaching } }), true],
    [scope('CrossNamespacePodAffinity'), pod(), false],
    [{}, pod(), true],
  ])('%j: %#', (spec, object, fits) => expect(inScopes(spec, podsOf, object)).toBe(fits));
});

it('what cannot be listed keeps what was said of it', () => {
  const quota = {
    spec: { hard: { pods: '5', 'count/things.example.com': '2' } },
    status: { used: { pods: '1', 'count/things.example.com': '1' } },
  } as unknown as ResourceQuota;
  const used = usedNow(quota, (r) => (r.plural === 'pods' ? [pod(), pod()] : undefined), 0);
  expect(amountsLine(used)).toBe('count/things.example.com=1,pods=2');
});

describe('against a server', () => {
  let server: TestApiServer;
  let client: Client;
  let manager: RunningManager;
  beforeAll(async () => {
    server = await startTestApiServer({ flags: ['--disable-admission-plugins=ServiceAccount'] });
    client = await server.client();
    manager = startManager(server, ['--controllers=resourcequota-controller']);
  });
  afterAll(async () => {
    await manager.stop();
    client.close();
    await server.stop();
  });
  let made = 0;
  async function withQuota(spec: object): Promise<string> {
    const name = `q-${made++}`;
    await client.create(namespaces, { metadata: { name } });
    await client.create(resourceQuotas, { metadata: { name: 'q', namespace: name }, spec } as never);
    await until(async () => Boolean((await used(name))['ready']), 30_000, 'the first count');
    return name;
  }
  const used = async (ns: string): Promise<any> => {
    const { spec, status } = (await client.get(resourceQuotas, 'q', ns)) as ResourceQuota;
    const names = Object.keys(spec?.hard ?? {});
    return {
      ...status?.used,
      ready: names.every((n) => status?.used?.[n] !== undefined && status.hard?.[n] !== undefined),
    };
  };
  const create = (ns: string, name: string, o: Parameters<typeof pod>[0] = {}) =>
    client.create(pods, {
      metadata: { name, namespace: ns },
      spec: { ...pod(o).spec, containers: [{ ...pod(o).spec.containers[0], image: 'v1' }] },
    } as never);
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => 'accepted',
      (e) => `${e.code} ${e.message}`,
    );
  const becomes = (ns: string, wanted: object) =>
    until(
      async () => {
        const now = await used(ns);
        return Object.entries(wanted).every(([name, value]) => now[name] === value);
      },
      30_000,
      JSON.stringify(wanted),
    );

  it('charges, refuses and gives back', async () => {
    const ns = await withQuota({
      hard: { pods: '2', 'requests.cpu': '1', 'limits.memory': '1Gi', resourcequotas: '3' },
    });
    expect(await used(ns)).toMatchObject({ pods: '0', resourcequotas: '1' });
    expect(await refusal(create(ns, 'a'))).toBe(
      '403 pods "a" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c',
    );
    const o = { requests: { cpu: '400m' }, limits: { memory: '100Mi' } };
    await create(ns, 'a', o);
    expect(await used(ns)).toMatchObject({ pods: '1', 'requests.cpu': '400m', 'limits.memory': '100Mi' });
    expect(await refusal(create(ns, 'big', { ...o, requests: { cpu: '700m' } }))).toBe(
      '403 pods "big" is forbidden: exceeded quota: q, requested: requests.cpu=700m, used: requests.cpu=400m, limited: requests.cpu=1',
    );
    await create(ns, 'b', o);
    expect(await refusal(create(ns, 'c', o))).toBe(
      '403 pods "c" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=400m, used: pods=2,requests.cpu=800m, limited: pods=2,requests.cpu=1',
    );
    await client.delete(pods, 'a', ns, { gracePeriodSeconds: 0 });
    await becomes(ns, { pods: '1', 'requests.cpu': '400m' });
    await create(ns, 'c', o);
  });

  it('never lets more in than fit, whoever comes at once', async () => {
    const ns = await withQuota({ hard: { pods: '5', 'count/configmaps': '4' } });
    const outcomes = await Promise.all(Array.from({ length: 30 }, (_, i) => refusal(create(ns, `p${i}`))));
    expect(outcomes.filter((o) => o === 'accepted').length).toBe(5);
    expect((await client.list(pods, { namespace: ns })).items.length).toBe(5);
    await Promise.all(
      Array.from({ length: 9 }, (_, i) =>
        refusal(client.create(configMaps, { metadata: { name: `c${i}`, namespace: ns } })),
      ),
    );
    expect((await client.list(configMaps, { namespace: ns })).items.length).toBe(4);
  });

  it('counts objects of any kind, Services and claims', async () => {
    const ns = await withQuota({
      hard: {
        'count/replicasets.apps': '2',
        services: '2',
        'services.nodeports': '1',
        'requests.storage': '10Gi',
        configmaps: '1',
      },
    });
    const selector = { matchLabels: { a: 'b' } };
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'v1' }] } };
    await client.create(replicaSets, {
      metadata: { name: 'rs', namespace: ns },
      spec: { replicas: 0, selector, template },
    } as never);
    await client.create(services, {
      metadata: { name: 'np', namespace: ns },
      spec: { type: 'NodePort', ports: [{ port: 80 }] },
    } as never);
    expect(
      await refusal(
        client.create(services, {
          metadata: { name: 'lb', namespace: ns },
          spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
        } as never),
      ),
    ).toMatch(
      /exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1$/,
    );
    await client.create(persistentVolumeClaims, {
      metadata: { name: 'c', namespace: ns },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '6Gi' } } },
    } as never);
    await becomes(ns, {
      'count/replicasets.apps': '1',
      services: '1',
      'services.nodeports': '1',
      'requests.storage': '6Gi',
    });
    await client.patch(services, 'np', ns, 'merge', {
      spec: { type: 'ClusterIP', ports: [{ port: 80, nodePort: null }] },
    });
    await becomes(ns, { services: '1', 'services.nodeports': '0' });
    await client.delete(replicaSets, 'rs', ns);
    await client.delete(services, 'np', ns);
    await becomes(ns, { 'count/replicasets.apps': '0', services: '0' });
  });

  it('counts custom resources, also of definitions that come later, and what claims of devices may get', async () => {
    const devices = 'gpu.deviceclass.resource.k8s.io/devices';
    const name = `q-${made++}`;
    await client.create(namespaces, { metadata: { name } });
    const hard = { 'count/barns.example.com': '1', [devices]: '3' };
    await client.create(resourceQuotas, { metadata: { name: 'q', namespace: name }, spec: { hard } } as never);
    await becomes(name, { [devices]: '0' });
    const claim = (n: number) =>
      client.raw('POST', `/apis/resource.k8s.io/v1/namespaces/${name}/resourceclaims`, {
        metadata: { generateName: 'c-' },
        spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu', count: n } }] } },
      });
    await claim(2);
    expect(await refusal(claim(2))).toMatch(
      new RegExp(`exceeded quota: q, requested: ${devices}=2, used: ${devices}=2, limited: ${devices}=3$`),
    );
    await client.raw('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: 'barns.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'barns', kind: 'Barn' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
    const barns = `/apis/example.com/v1/namespaces/${name}/barns`;
    const barn = (n: string) =>
      client.raw('POST', barns, { apiVersion: 'example.com/v1', kind: 'Barn', metadata: { name: n } });
    // Until the quota has been counted nothing that it limits may come in.
    await until(
      () =>
        barn('a').then(
          () => true,
          () => false,
        ),
      40_000,
      'a barn',
    );
    await becomes(name, { 'count/barns.example.com': '1' });
    expect(await refusal(barn('b'))).toMatch(/exceeded quota: q, requested: count\/barns.example.com=1/);
    await client.raw('DELETE', `${barns}/a`);
    await becomes(name, { 'count/barns.example.com': '0' });
    await barn('b');
  });

  it('puts right what somebody else says of it', async () => {
    const ns = await withQuota({ hard: { pods: '5' }, scopes: ['BestEffort'] });
    await create(ns, 'little');
    await create(ns, 'much', { requests: { cpu: '1' } });
    await becomes(ns, { pods: '1' });
    await client.patch(
      resourceQuotas,
      'q',
      ns,
      'merge',
      { status: { hard: { pods: '9' } } },
      { subresource: 'status' },
    );
    await until(
      async () => ((await client.get(resourceQuotas, 'q', ns)) as ResourceQuota).status?.hard?.['pods'] === '5',
    );
  });

  it.each(kubectls().slice(-1))('kubectl 1.$minor makes one and shows what is used', async ({ path }) => {
    await client.create(namespaces, { metadata: { name: 'by-hand' } });
    const kubectl = async (...args: string[]) =>
      (await promisify(execFile)(path, ['--kubeconfig', server.kubeconfig, '-n', 'by-hand', ...args])).stdout;
    await kubectl('create', 'quota', 'q', '--hard=pods=1,count/configmaps=0');
    await becomes('by-hand', { pods: '0', 'count/configmaps': '0' });
    await kubectl('run', 'a', '--image=v1');
    expect(await kubectl('describe', 'quota', 'q')).toMatch(/count\/configmaps +0 +0\npods +1 +1/);
    const refused = await kubectl('create', 'configmap', 'x').catch((error) => error.stderr);
    expect(refused).toContain(
      'exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=0, limited: count/configmaps=0',
    );
  });
});
