import { describe, expect, it } from 'vitest';
import type { Node, Taint, Toleration } from '../../apimachinery/types.ts';
import { createCidrPool } from '../../controllers/nodeIpam/cidrPool.ts';
import { observeHealth, planConditions } from '../../controllers/nodeLifecycle/health.ts';
import { planTaints } from '../../controllers/nodeLifecycle/taints.ts';
import { createZones, zoneState } from '../../controllers/nodeLifecycle/zones.ts';
import { evictionTime } from '../../controllers/taintEviction/plan.ts';
import { at, now } from './objects.ts';

interface NodeOptions {
  ready?: string;
  taints?: Taint[];
  heartbeat?: number;
  zone?: string;
  unschedulable?: boolean;
  conditions?: object[];
}
function makeNode(o: NodeOptions = {}): Node {
  const ready = o.ready ?? 'True';
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'n',
      uid: 'n',
      creationTimestamp: at(-1000),
      labels: o.zone ? { 'topology.kubernetes.io/zone': o.zone } : {},
    },
    spec: { ...(o.taints ? { taints: o.taints } : {}), ...(o.unschedulable ? { unschedulable: true } : {}) },
    status: {
      conditions:
        ready === 'none'
          ? []
          : [
              { type: 'Ready', status: ready, lastHeartbeatTime: at(o.heartbeat ?? 0), lastTransitionTime: at(-500) },
              ...(o.conditions ?? []),
            ],
    },
  } as Node;
}
const lease = (renew: number) => ({ spec: { renewTime: at(renew) } }) as never;

describe('CIDR pool', () => {
  it('gives parts out in turn, around what is taken, and not again at once', () => {
    const pool = createCidrPool('10.244.0.0/22', 24);
    pool.occupy('10.244.1.0/24');
    expect([pool.take(), pool.take()]).toEqual(['10.244.0.0/24', '10.244.2.0/24']);
    pool.release('10.244.0.0/24');
    expect([pool.take(), pool.take(), pool.take()]).toEqual(['10.244.3.0/24', '10.244.0.0/24', undefined]);
  });

  it('keeps clear of larger and smaller ranges that overlap', () => {
    const pool = createCidrPool('10.0.0.0/22', 24);
    expect(pool.occupy('10.0.0.0/23')).toBe(true);
    expect(pool.occupy('10.0.2.128/30')).toBe(true);
    expect(pool.occupy('10.9.0.0/24')).toBe(false);
    expect([pool.take(), pool.take()]).toEqual(['10.0.3.0/24', undefined]);
    expect(createCidrPool('10.96.0.0/16', 24).occupy('10.0.0.0/8')).toBe(true);
  });

  it('knows IPv6, and refuses what cannot be cut', () => {
    expect(createCidrPool('fd00:10:244::/56', 64).take()).toBe('fd00:10:244::/64');
    expect(() => createCidrPool('10.0.0.0/25', 24)).toThrow(/smaller/);
    expect(() => createCidrPool('x', 24)).toThrow(/no CIDR/);
  });
});

describe('health', () => {
  const grace = { monitor: 50_000, startup: 60_000 };
  it('counts from our own clock when a heartbeat or a renewal is news', () => {
    const first = observeHealth(undefined, makeNode(), lease(0), 1_000);
    expect(first.heardAt).toBe(1_000);
    expect(observeHealth(first, makeNode(), lease(0), 20_000).heardAt).toBe(1_000);
    expect(observeHealth(first, makeNode(), lease(10), 20_000).heardAt).toBe(20_000);
    expect(observeHealth(first, makeNode({ heartbeat: 10 }), lease(0), 20_000).heardAt).toBe(20_000);
    expect(observeHealth(undefined, makeNode({ ready: 'none' }), undefined, now).heardAt).toBe(now - 1_000_000);
  });

  it('silence makes conditions unknown, with what upstream says', () => {
    const health = { heartbeat: undefined, renewTime: undefined, heardAt: now };
    expect(planConditions(makeNode(), health, grace, now + 50_000)).toBeUndefined();
    const conditions = planConditions(makeNode(), health, grace, now + 50_001)!;
    expect(conditions.map((c) => [c.type, c.status, c.reason, c.message])).toEqual([
      ['Ready', 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
      ...['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => [
        type,
        'Unknown',
        'NodeStatusNeverUpdated',
        'Kubelet never posted node status.',
      ]),
    ]);
    const told = { ...makeNode(), status: { conditions } } as Node;
    expect(planConditions(told, health, grace, now + 90_000)).toBeUndefined();
  });
});

describe('taints', () => {
  const noSchedule = (key: string) => ({ key: `node.kubernetes.io/${key}`, effect: 'NoSchedule' });
  const noExecute = (key: string) => ({ key: `node.kubernetes.io/${key}`, effect: 'NoExecute' });
  const plan = (o: NodeOptions, evict: boolean, calm = false) =>
    planTaints(makeNode(o), { evict, calm }, now)?.map(({ key, effect }) => ({ key, effect }));
  const own = { key: 'own', effect: 'NoExecute' };

  it.each<[string, NodeOptions, boolean, boolean, object[] | undefined]>([
    ['a ready node has none', {}, true, false, undefined],
    ['not ready, in its turn', { ready: 'False' }, true, false, [noSchedule('not-ready'), noExecute('not-ready')]],
    ['not ready, not yet its turn', { ready: 'False' }, false, false, [noSchedule('not-ready')]],
    [
      'unknown',
      { ready: 'Unknown', taints: [own] },
      true,
      false,
      [own, noSchedule('unreachable'), noExecute('unreachable')],
    ],
    [
      'from not ready to unknown swaps at once',
      { ready: 'Unknown', taints: [noSchedule('not-ready'), noExecute('not-ready')] },
      false,
      false,
      [noSchedule('unreachable'), noExecute('unreachable')],
    ],
    ['well again', { taints: [own, noSchedule('not-ready'), noExecute('not-ready')] }, false, false, [own]],
    [
      'nothing is evicted while all is broken',
      { ready: 'Unknown', taints: [noSchedule('unreachable'), noExecute('unreachable')] },
      true,
      true,
      [noSchedule('unreachable')],
    ],
    [
      'cordoned and short of memory',
      { unschedulable: true, conditions: [{ type: 'MemoryPressure', status: 'True' }] },
      false,
      false,
      [noSchedule('memory-pressure'), noSchedule('unschedulable')],
    ],
  ])('%s', (_name, o, evict, calm, expected) => {
    expect(plan(o, evict, calm)).toEqual(expected);
  });
});

describe('zones', () => {
  const many = (good: number, bad: number) => [...Array(good).fill(true), ...Array(bad).fill(false)];
  it.each([
    [3, 0, 'Normal'],
    [1, 1, 'Normal'],
    [0, 1, 'FullDisruption'],
    [2, 3, 'PartialDisruption'],
    [4, 3, 'Normal'],
    [0, 0, 'Normal'],
  ] as const)('%d ready, %d not: %s', (good, bad, state) => {
    expect(zoneState(many(good, bad), 0.55)).toBe(state);
  });

  it('one node, then one each ten seconds; none when all is broken or a small zone is', () => {
    const zones = createZones({ normal: 0.1, secondary: 0.01, largeCluster: 50, unhealthyThreshold: 0.55 });
    const [good, bad] = [makeNode({ zone: 'a' }), makeNode({ zone: 'a', ready: 'Unknown' })];
    zones.update([good, good, good, bad]);
    expect([
      zones.mayEvict(bad, now),
      zones.mayEvict(bad, now),
      zones.mayEvict(bad, now + 9_000),
      zones.mayEvict(bad, now + 10_000),
    ]).toEqual([true, false, false, true]);
    zones.update([good, bad, bad, bad]);
    expect([zones.calm, zones.mayEvict(bad, now + 100_000)]).toEqual([false, false]);
    zones.update([bad]);
    expect([zones.calm, zones.mayEvict(bad, now + 200_000), zones.wait(bad)]).toEqual([true, false, undefined]);
  });
});

describe('zones in numbers', () => {
  const rates = { normal: 0.1, secondary: 0.01, largeCluster: 2, unhealthyThreshold: 0.55 };
  const [good, bad] = [makeNode({ zone: 'a' }), makeNode({ zone: 'a', ready: 'Unknown' })];
  const apart = makeNode({ zone: 'a', ready: 'Unknown' });
  apart.metadata.labels!['node.kubernetes.io/exclude-disruption'] = '';

  it('a zone alone may be wholly broken: its nodes go at the usual rate, as long as another is well', () => {
    const zones = createZones(rates);
    const elsewhere = makeNode({ zone: 'b' });
    const counts = zones.update([bad, bad, elsewhere]);
    expect(counts.map((c) => [c.size, c.unhealthy])).toEqual([
      [2, 2],
      [1, 0],
    ]);
    expect([zones.calm, zones.wait(bad), zones.mayEvict(bad, now)]).toEqual([false, 10_000, true]);
  });

  it('a large zone that is broken in part goes slowly', () => {
    const zones = createZones(rates);
    zones.update([good, good, bad, bad, bad]);
    expect(zones.wait(bad)).toBe(100_000);
  });

  it('nodes that are left out of it do not make a zone broken', () => {
    const zones = createZones(rates);
    expect(zones.update([apart, apart, apart, good]).map((c) => [c.size, c.unhealthy])).toEqual([[1, 0]]);
    zones.update([apart]);
    expect(zones.calm).toBe(false);
  });
});

describe('eviction', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoExecute' };
  it.each<[string, Toleration[], Taint[], number | undefined]>([
    ['not tolerated: at once', [], [taint], 0],
    ['tolerated for ever', [{ key: 'k', operator: 'Exists' }], [taint], undefined],
    ['tolerated for a time', [{ key: 'k', operator: 'Exists', tolerationSeconds: 10 }], [taint], 10],
    [
      'the shortest time counts',
      [
        { operator: 'Exists', tolerationSeconds: 30 },
        { key: 'k', value: 'v', tolerationSeconds: 5 },
      ],
      [taint],
      5,
    ],
    ['below zero is at once', [{ operator: 'Exists', tolerationSeconds: -3 }], [taint], 0],
    ['another value', [{ key: 'k', value: 'w' }], [taint], 0],
    ['another effect', [{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }], [taint], 0],
    [
      'one of two is not tolerated',
      [{ key: 'k', operator: 'Exists' }],
      [taint, { key: 'other', effect: 'NoExecute' }],
      0,
    ],
    ['no taints', [], [], undefined],
  ])('%s', (_name, tolerations, taints, seconds) => {
    expect(evictionTime(tolerations, taints, now)).toBe(seconds === undefined ? undefined : now + seconds * 1000);
  });
});
