import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Node, Pod, Service } from '../../apimachinery/types.ts';
import { endpointChanged, portOn, selects } from '../../controllers/common/servicePods.ts';
import { createTriggerTimes, withTriggerTime } from '../../controllers/common/triggerTimes.ts';
import { desiredGroups } from '../../controllers/endpointSlice/desired.ts';
import { planSlices } from '../../controllers/endpointSlice/plan.ts';
import { planMetadata, planSubsets, truncate } from '../../controllers/endpoints/plan.ts';
import { at, makePod, type PodOptions } from './objects.ts';

const service = (spec: object = {}, labels: Record<string, string> = {}): Service =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'd', uid: 'svc', labels },
    spec: {
      selector: { app: 'web' },
      clusterIP: '10.96.0.9',
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
      ...spec,
    },
  }) as Service;

function pod(name: string, ip: string, o: PodOptions & { port?: number; ips?: string[]; spec?: object } = {}): Pod {
  const p = makePod(name, { ready: -10, node: 'n', ...o });
  p.status!.podIP = ip;
  if (o.ips) p.status!.podIPs = o.ips.map((i) => ({ ip: i }));
  if (o.port) p.spec!.containers[0]!.ports = [{ name: 'http', containerPort: o.port, protocol: 'TCP' }];
  Object.assign(p.spec!, o.spec);
  return p;
}
const shape = (subsets: any[]) =>
  subsets.map((s) => [
    s.addresses?.map((a: any) => a.ip),
    s.notReadyAddresses?.map((a: any) => a.ip),
    s.ports?.map((p: any) => p.port),
  ]);

describe('pods of a Service', () => {
  it.each([
    [{ app: 'web', x: '1' }, true],
    [{ app: 'other' }, false],
    [undefined, false],
  ])('%j: %s', (labels, chosen) => {
    expect(selects(service(), labels)).toBe(chosen);
  });

  it.each([
    [8080, 8080],
    ['http', 3000],
    ['none', undefined],
    [undefined, 80],
  ] as const)('targetPort %s is %s', (targetPort, port) => {
    expect(portOn(pod('a', '1.1.1.1', { port: 3000 }), { port: 80, targetPort, protocol: 'TCP' } as never)).toBe(port);
  });

  it('notices only what an endpoint shows', () => {
    const p = pod('a', '1.1.1.1');
    const restarted = structuredClone(p);
    restarted.status!.containerStatuses![0]!.restartCount = 5;
    expect(endpointChanged(restarted, p)).toBe(false);
    for (const changed of [
      pod('a', '1.1.1.2'),
      pod('a', '1.1.1.1', { ready: undefined }),
      pod('a', '1.1.1.1', { deleting: true }),
      pod('a', '1.1.1.1', { labels: {} }),
    ])
      expect(endpointChanged(changed, p)).toBe(true);
  });
});

describe('Endpoints', () => {
  it('list ready and not ready, in order, without the dead, dying and addressless', () => {
    const pods = [
      pod('b', '10.0.0.2'),
      pod('a', '10.0.0.1'),
      pod('c', '10.0.0.3', { ready: undefined }),
      pod('d', '10.0.0.4', { deleting: true }),
      pod('e', '10.0.0.5', { phase: 'Failed' }),
      pod('f', ''),
    ];
    expect(shape(planSubsets(service(), pods))).toEqual([[['10.0.0.1', '10.0.0.2'], ['10.0.0.3'], [8080]]]);
  });

  it('keep apart what has other ports, and together what has the same addresses', () => {
    const named = service({ ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] });
    expect(
      shape(planSubsets(named, [pod('a', '10.0.0.1', { port: 3000 }), pod('b', '10.0.0.2', { port: 3001 })])),
    ).toEqual([
      [['10.0.0.1'], undefined, [3000]],
      [['10.0.0.2'], undefined, [3001]],
    ]);
    const two = service({
      ports: [
        { name: 'a', port: 1, protocol: 'TCP' },
        { name: 'b', port: 2, protocol: 'TCP' },
      ],
    });
    expect(shape(planSubsets(two, [pod('a', '10.0.0.1')]))).toEqual([[['10.0.0.1'], undefined, [1, 2]]]);
  });

  it('publish those not ready when asked, name pods under their subdomain, and need no port when headless', () => {
    const [subset] = planSubsets(service({ clusterIP: 'None', ports: undefined, publishNotReadyAddresses: true }), [
      pod('a', '10.0.0.1', { ready: undefined, spec: { hostname: 'h', subdomain: 'web' } }),
    ]);
    expect(subset).toEqual({
      addresses: [
        {
          ip: '10.0.0.1',
          nodeName: 'n',
          hostname: 'h',
          targetRef: { kind: 'Pod', namespace: 'd', name: 'a', uid: 'a' },
        },
      ],
    });
  });

  it('take the address of the first family', () => {
    expect(
      shape(planSubsets(service({ ipFamilies: ['IPv6'] }), [pod('a', '10.0.0.1', { ips: ['10.0.0.1', 'fd00::1'] })])),
    ).toEqual([[['fd00::1'], undefined, [8080]]]);
  });

  it('are cut at a thousand, ready ones first', () => {
    const pods = Array.from({ length: 1100 }, (_, i) =>
      pod(`p${i}`, `10.0.${i >> 8}.${i & 255}`, i < 200 ? { ready: undefined } : {}),
    );
    const { subsets, truncated } = truncate(planSubsets(service(), pods));
    expect([truncated, subsets[0]!.addresses!.length, subsets[0]!.notReadyAddresses!.length]).toEqual([true, 900, 100]);
    expect(planMetadata(service(), undefined, true).annotations).toEqual({
      'endpoints.kubernetes.io/over-capacity': 'truncated',
    });
  });

  it.each<[string, [number, number][], [number, number][]]>([
    [
      'three of ready ones',
      [
        [400, 0],
        [400, 0],
        [400, 0],
      ],
      [
        [334, 0],
        [334, 0],
        [332, 0],
      ],
    ],
    [
      'ready ones leave no room',
      [
        [600, 5],
        [400, 5],
      ],
      [
        [600, 0],
        [400, 0],
      ],
    ],
    [
      'some that are not ready',
      [
        [300, 300],
        [300, 500],
      ],
      [
        [300, 150],
        [300, 250],
      ],
    ],
    [
      'only some that are not ready',
      [
        [0, 900],
        [0, 600],
      ],
      [
        [0, 600],
        [0, 400],
      ],
    ],
    [
      'too many ready ones',
      [
        [1200, 9],
        [300, 9],
      ],
      [
        [800, 0],
        [200, 0],
      ],
    ],
  ])('subsets keep their parts: %s', (_, sizes, kept) => {
    const list = (n: number) => Array.from({ length: n }, (_x, i) => ({ ip: `10.0.${i >> 8}.${i & 255}` }));
    const subsets = sizes.map(([ready, not], i) => ({
      addresses: list(ready),
      notReadyAddresses: list(not),
      ports: [{ port: i + 1 }],
    }));
    const cut = truncate(subsets);
    expect(cut.truncated).toBe(true);
    expect(cut.subsets.map((s) => [s.addresses?.length ?? 0, s.notReadyAddresses?.length ?? 0])).toEqual(kept);
  });

  it('carry the labels of their Service and who keeps them', () => {
    expect(planMetadata(service({ clusterIP: 'None' }, { a: 'b' }), undefined, false).labels).toEqual({
      a: 'b',
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
      'service.kubernetes.io/headless': '',
    });
  });
});

describe('EndpointSlices', () => {
  const aNode = () => ({ metadata: { name: 'n' } }) as Node;
  const plan = (s: Service, pods: Pod[], existing: EndpointSlice[], max = 100) =>
    planSlices(s, desiredGroups(s, pods, aNode).groups, existing, max);
  const nothing = { create: [], update: [], remove: [] };
  let made = 0;
  const stored = (slice: any): EndpointSlice => ({
    ...structuredClone(slice),
    metadata: { ...slice.metadata, name: slice.metadata.name ?? `web-${made++}`, uid: 'u', resourceVersion: '1' },
  });
  const pods = (n: number, from = 0) => Array.from({ length: n }, (_, i) => pod(`p${i + from}`, `10.0.0.${i + from}`));
  const sizes = (slices: any[]) => slices.map((s) => s.endpoints.length);

  it('say of each endpoint whether it is ready, serving, terminating', () => {
    const s = service();
    const conditions = (o: object) =>
      desiredGroups(s, [pod('a', '10.0.0.1', o)], aNode).groups[0]!.endpoints[0]!.conditions;
    expect(conditions({})).toEqual({ ready: true, serving: true, terminating: false });
    expect(conditions({ ready: undefined })).toEqual({ ready: false, serving: false, terminating: false });
    expect(conditions({ deleting: true })).toEqual({ ready: false, serving: true, terminating: true });
  });

  it('are made with labels and owner', () => {
    const [slice] = plan(service({}, { a: 'b' }), pods(2), []).create as any[];
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      metadata: {
        generateName: 'web-',
        namespace: 'd',
        labels: {
          a: 'b',
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
        ownerReferences: [{ kind: 'Service', name: 'web', uid: 'svc', controller: true }],
      },
    });
    expect(slice.endpoints).toHaveLength(2);
  });

  it('stay when they are right', () => {
    const s = service();
    const existing = (plan(s, pods(5), [], 2).create as any[]).map(stored);
    expect(sizes(existing)).toEqual([2, 2, 1]);
    expect(plan(s, pods(5), existing, 2)).toMatchObject(nothing);
  });

  it('change as few as can be: one gone, one new, one slice written', () => {
    const s = service();
    const existing = (plan(s, pods(6), [], 3).create as any[]).map(stored);
    const next = plan(s, [...pods(2), ...pods(3, 3), ...pods(1, 9)], existing, 3);
    expect([next.create.length, next.update.length, next.remove.length]).toEqual([0, 1, 0]);
    expect(next.update[0]!.endpoints!.map((e) => e.addresses[0])).toEqual(['10.0.0.0', '10.0.0.1', '10.0.0.9']);
  });

  it('fill one with room before a new one is made', () => {
    const s = service();
    const existing = (plan(s, pods(4), [], 3).create as any[]).map(stored);
    const next = plan(s, pods(6), existing, 3);
    expect([next.create.length, sizes(next.update)]).toEqual([0, [3]]);
    const more = plan(s, pods(8), existing, 3);
    expect([sizes(more.create), sizes(more.update)]).toEqual([[3], [2]]);
  });

  it('hold a placeholder when there is no pod, once', () => {
    const s = service();
    const empty = plan(s, [], []);
    expect(empty.create).toMatchObject([{ endpoints: [], ports: [] }]);
    expect(plan(s, [], [stored(empty.create[0])])).toMatchObject(nothing);
    const first = plan(s, pods(1), [stored(empty.create[0])]);
    expect([first.create.length, sizes(first.update), first.remove.length]).toEqual([0, [1], 0]);
    const last = plan(s, [], first.update.map(stored));
    expect([last.create.length, sizes(last.update), last.remove.length]).toEqual([0, [0], 0]);
  });

  it('follow a changed port', () => {
    const existing = (plan(service(), pods(2), []).create as any[]).map(stored);
    const next = plan(service({ ports: [{ port: 80, targetPort: 9090, protocol: 'TCP' }] }), pods(2), existing);
    expect([next.create.length, next.remove.length, next.update[0]!.ports![0]!.port]).toEqual([0, 0, 9090]);
  });

  it('of both families, with zones as hints where traffic is to stay near', () => {
    const s = service({ ipFamilies: ['IPv4', 'IPv6'], trafficDistribution: 'PreferSameNode' });
    const node = () => ({ metadata: { labels: { 'topology.kubernetes.io/zone': 'z' } } }) as never;
    const { groups } = desiredGroups(s, [pod('a', '10.0.0.1', { ips: ['10.0.0.1', 'fd00::1'] })], node);
    expect(groups.map((g) => [g.addressType, g.endpoints[0]!.addresses[0], g.endpoints[0]!.zone])).toEqual([
      ['IPv4', '10.0.0.1', 'z'],
      ['IPv6', 'fd00::1', 'z'],
    ]);
    expect(groups[0]!.endpoints[0]!.hints).toEqual({ forZones: [{ name: 'z' }], forNodes: [{ name: 'n' }] });
  });

  it('of several slices with room the fullest that fits takes the rest', () => {
    const s = service();
    const existing = [0, 3, 5].map((from, i) => stored((plan(s, pods([3, 2, 1][i]!, from), [], 4).create as any[])[0]));
    const next = plan(s, pods(11), existing, 4);
    // Five more: four in a new slice, one in that which it makes full.
    expect([sizes(next.create), sizes(next.update), next.kept.length]).toEqual([[4], [4], 2]);
  });

  it('of an older Service of the same name are not taken over', () => {
    const s = service();
    const [old] = (plan(s, pods(1), []).create as any[]).map(stored);
    old!.metadata.ownerReferences![0]!.uid = 'older';
    const next = plan(s, pods(1), [old!]);
    expect([next.create.length, next.update.length, next.remove]).toEqual([1, 0, [old]]);
  });

  it('leave out pods of a node that is not there, unless all are to be published', () => {
    const none = () => undefined;
    const left = desiredGroups(service(), pods(1), none);
    expect([left.groups[0]!.endpoints, left.homeless.length]).toEqual([[], 1]);
    const all = desiredGroups(service({ publishNotReadyAddresses: true }), pods(1), none);
    expect([all.groups[0]!.endpoints.length, all.homeless.length]).toEqual([1, 0]);
  });

  it.each([
    [undefined, undefined],
    ['PreferClose', { forZones: [{ name: 'z' }] }],
    ['PreferSameZone', { forZones: [{ name: 'z' }] }],
    ['PreferSameNode', { forZones: [{ name: 'z' }], forNodes: [{ name: 'n' }] }],
  ])('trafficDistribution %s', (trafficDistribution, hints) => {
    const zoned = () => ({ metadata: { labels: { 'topology.kubernetes.io/zone': 'z' } } }) as never;
    const of = (p: Pod) => desiredGroups(service({ trafficDistribution }), [p], zoned).groups[0]!.endpoints[0]!.hints;
    expect(of(pod('a', '10.0.0.1'))).toEqual(hints);
    expect(of(pod('a', '10.0.0.1', { ready: undefined }))).toBeUndefined();
  });

  it('lose hints that nobody asks for any more', () => {
    const s = service();
    const [slice] = (plan(s, pods(1), []).create as any[]).map(stored);
    slice!.endpoints![0]!.hints = { forZones: [{ name: 'z' }] };
    const next = plan(s, pods(1), [slice!]);
    expect(next.update[0]!.endpoints![0]!.hints).toBeUndefined();
  });
});

describe('the time of what triggered a change', () => {
  const s = service();
  s.metadata.creationTimestamp = at(-100);
  const readyAt = (name: string, ready: number) => pod(name, '10.0.0.1', { ready });

  it('is told once, the earliest of several', () => {
    const times = createTriggerTimes();
    expect(times.next('k', s, [readyAt('a', -50)])).toBe(at(-100));
    expect(times.next('k', s, [readyAt('a', -50)])).toBeUndefined();
    expect(times.next('k', s, [readyAt('a', -40), readyAt('b', -45)])).toBe(at(-45));
    expect(times.next('k', s, [readyAt('b', -45)])).toBeUndefined();
    times.forget('k');
    expect(times.next('k', s, [])).toBe(at(-100));
  });

  it('goes from the annotations when nothing did', () => {
    const old = { a: 'b', 'endpoints.kubernetes.io/last-change-trigger-time': 'then' };
    expect(withTriggerTime(old, undefined)).toEqual({ a: 'b' });
    expect(withTriggerTime(old, 'now')).toEqual({ ...old, 'endpoints.kubernetes.io/last-change-trigger-time': 'now' });
  });
});
