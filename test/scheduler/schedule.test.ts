import { describe, expect, it } from 'vitest';
import { podDisruptionBudgets, pods as podRow } from '../../apimachinery/resources.ts';
import type { NodeSelectorTerm, Pod } from '../../apimachinery/types.ts';
import { action } from '../../scheduler/clusterEvents.ts';
import { prepareFilters } from '../../scheduler/filters.ts';
import { emptyNodeInfo, withNode, withPod } from '../../scheduler/nodeInfo.ts';
import { defaultBinder } from '../../scheduler/plugins/defaultBinder.ts';
import { interPodAffinity } from '../../scheduler/plugins/interPodAffinity.ts';
import { nodeAffinity } from '../../scheduler/plugins/nodeAffinity.ts';
import { nodeName } from '../../scheduler/plugins/nodeName.ts';
import { nodePorts } from '../../scheduler/plugins/nodePorts.ts';
import { nodeResourcesFit } from '../../scheduler/plugins/nodeResourcesFit.ts';
import { nodeUnschedulable } from '../../scheduler/plugins/nodeUnschedulable.ts';
import { podTopologySpread } from '../../scheduler/plugins/podTopologySpread.ts';
import { schedulingGates } from '../../scheduler/plugins/schedulingGates.ts';
import { taintToleration } from '../../scheduler/plugins/taintToleration.ts';
import { selectVictims } from '../../scheduler/plugins/victims.ts';
import { podInfoOf } from '../../scheduler/podInfo.ts';
import { nodesToFind } from '../../scheduler/profile.ts';
import { type NodeOptions, node, pod } from './objects.ts';
import { createWorld, hinted } from './world.ts';

const many = (n: number, options: (i: number) => NodeOptions = () => ({})) =>
  Array.from({ length: n }, (_, i) => node(`n${i}`, options(i)));

describe('how many nodes are enough', () => {
  it.each([
    [50, 0, 50],
    [99, 0, 99],
    [100, 0, 100],
    [1000, 0, 420],
    [5000, 0, 500],
    [6000, 0, 300],
    [10_000, 0, 500],
    [1000, 100, 1000],
    [1000, 5, 100],
  ])('of %i at %i percent: %i', (nodes, percentage, wanted) => expect(nodesToFind(nodes, percentage)).toBe(wanted));
});

it('ends the attempt where a plugin cannot tell of a node, though others fit', () => {
  const world = createWorld(many(3));
  const profile = world.defaultProfile();
  const error = { plugin: 'Doubt', code: 'Error', reasons: ['no idea'] } as const;
  const doubt = {
    name: 'Doubt',
    preFilter: () => ({ test: ({ name }: { name: string }) => (name === 'n1' ? error : undefined) }),
  };
  expect(world.decide(pod('p'), { ...profile, filters: [...profile.filters, doubt] })).toEqual({ error });
});

describe('fairness', () => {
  it('starts each search where the last one ended', () => {
    const world = createWorld(many(300));
    const evaluated = nodesToFind(300, 0);
    world.decide(pod('p'));
    expect(world.turn.start).toBe(evaluated);
    world.decide(pod('p'));
    expect(world.turn.start).toBe((2 * evaluated) % 300);
  });

  it('gives equals the same chance', () => {
    const world = createWorld(many(4));
    const profile = world.defaultProfile();
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const times = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const decision = world.decide(pod('p'), profile, random);
      if ('node' in decision) times.set(decision.node, (times.get(decision.node) ?? 0) + 1);
    }
    expect(times.size).toBe(4);
    for (const n of times.values()) expect(Math.abs(n - 1000)).toBeLessThan(120);
  });

  it('takes turns between zones', () => {
    const world = createWorld(many(6, (i) => ({ labels: { 'topology.kubernetes.io/zone': i < 4 ? 'a' : 'b' } })));
    world.decide(pod('p'));
    expect(world.handle.snapshot.nodes.map((n) => n.name)).toEqual(['n0', 'n4', 'n1', 'n5', 'n2', 'n3']);
  });
});

describe('the sentence', () => {
  const named = (...values: string[]): NodeSelectorTerm => ({
    matchFields: [{ key: 'metadata.name', operator: 'In', values }],
  });
  const onNode = (...values: string[]) =>
    pod('p', {
      cpu: '3',
      spec: {
        affinity: {
          nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [named(...values)] } },
        },
      },
    });
  const noPreemption = (n: number) =>
    `no new claims to deallocate, preemption: 0/${n} nodes are available: ${n} Preemption is not helpful for scheduling.`;

  it('counts the reasons and sorts them as text', () => {
    const nodes = [node('a', { cpu: '1' }), node('b', { cpu: '1', memory: '1' }), node('c', { unschedulable: true })];
    expect(createWorld(nodes).why(pod('p', { cpu: '2', memory: '1Gi' }))).toBe(
      `0/3 nodes are available: 1 Insufficient memory, 1 node(s) were unschedulable, 2 Insufficient cpu. ${noPreemption(3)}`,
    );
  });

  it('speaks for the nodes that affinity ruled out', () => {
    expect(createWorld([node('a', { cpu: '1' }), node('b'), node('c')]).why(onNode('a'))).toBe(
      `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. ${noPreemption(3)}`,
    );
  });

  it('of a pod that may not preempt', () => {
    const p = pod('p', { cpu: '3', priority: 5, spec: { preemptionPolicy: 'Never' } });
    expect(createWorld([node('a', { cpu: '1' })]).why(p)).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. ' +
        'no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    );
  });

  it('of a node where not even all victims would do', () => {
    const there = [pod('low', { nodeName: 'a', cpu: '1' }), pod('high', { nodeName: 'a', cpu: '2', priority: 9 })];
    expect(createWorld([node('a', { cpu: '4' })], there).why(pod('p', { cpu: '3', priority: 5 }))).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. ' +
        'no new claims to deallocate, preemption: 0/1 nodes are available: 1 Insufficient cpu.',
    );
  });
});

it('each search goes on where the last one ended, so that all nodes have their turn', () => {
  const world = createWorld(many(300));
  const wanted = nodesToFind(300, 0);
  expect(wanted).toBe(144);
  const looked = [0, 1, 2].map((i) => {
    const decision = world.decide(pod(`p${i}`));
    if (!('among' in decision)) throw new Error('it fits nowhere');
    const names = world.handle.snapshot.nodes.map((n) => n.name);
    return decision.among.map((n) => names.indexOf(n.name));
  });
  const expected = Array.from({ length: 3 * wanted }, (_, i) => i % 300);
  expect(looked.flat()).toEqual(expected);
});

describe('preemption', () => {
  const preempt = (world: ReturnType<typeof createWorld>, cpu = '2') => {
    const profile = world.defaultProfile();
    const p = pod('p', { cpu, priority: 100 });
    const decision = world.decide(p, profile);
    if (!('diagnosis' in decision)) throw new Error('it fits');
    const plugin = profile.postFilters.find((f) => f.name === 'DefaultPreemption')!;
    return plugin.postFilter!(podInfoOf(p), decision.diagnosis, profile.filters);
  };
  const at = (nodeName: string, name: string, cpu: string, priority: number, startTime?: string) =>
    pod(name, { nodeName, cpu, priority, ...(startTime && { status: { startTime } as any }) });
  const two = [node('a', { cpu: '2' }), node('b', { cpu: '2' })];

  it.each<[string, ReturnType<typeof at>[], string]>([
    ['the lowest priorities', [at('a', 'x', '2', 10), at('b', 'y', '2', 5)], 'b'],
    ['the lower sum', [at('a', 'x', '1', 10), at('a', 'v', '1', 9), at('b', 'y', '1', 10), at('b', 'z', '1', 3)], 'b'],
    ['fewer victims', [at('a', 'x', '1', 10), at('a', 'v', '1', 10), at('b', 'y', '2', 10)], 'b'],
    [
      'those that have run the shortest',
      [at('a', 'x', '2', 10, '2026-01-01T00:00:00Z'), at('b', 'y', '2', 10, '2026-01-02T00:00:00Z')],
      'b',
    ],
  ])('goes for %s', (_what, there, chosen) => expect(preempt(createWorld(two, there)).nominate).toBe(chosen));

  it('spares whom it can, the most important first', async () => {
    const world = createWorld(
      [node('a', { cpu: '4' })],
      [at('a', 'x', '1', 1), at('a', 'y', '1', 2), at('a', 'z', '2', 3)],
    );
    const deleted: string[] = [];
    Object.assign(world.handle.client, {
      patch: async () => ({}),
      delete: async (_r: unknown, name: string) => void deleted.push(name),
    });
    await preempt(world).act!();
    expect(deleted.sort()).toEqual(['x', 'y']);
  });

  const budget = (name: string, app: string, o: object = {}) => ({
    metadata: { name, namespace: 'default' },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed: 0, ...o },
  });
  const guarded = (nodeName: string, name: string, cpu: string, priority: number, app: string) => ({
    ...at(nodeName, name, cpu, priority),
    metadata: { name, namespace: 'default', uid: `uid-${name}`, labels: { app } },
  });
  it.each<[string, object[], string]>([
    ['no budget', [], 'b'],
    ['a budget that is used up', [budget('y', 'y')], 'a'],
    ['one that lets one go', [budget('y', 'y', { disruptionsAllowed: 1 })], 'b'],
    ['one that counts it as gone already', [budget('y', 'y', { disruptedPods: { y: '2026-01-01T00:00:00Z' } })], 'b'],
    ['one of nobody', [{ ...budget('y', 'y'), spec: { selector: {} } }], 'b'],
    ['one of each node', [budget('y', 'y'), budget('x', 'x')], 'b'],
  ])('with %s', (_what, budgets, chosen) => {
    const world = createWorld(two, [guarded('a', 'x', '2', 10, 'x'), guarded('b', 'y', '2', 5, 'y')] as Pod[]);
    for (const b of budgets) world.add(podDisruptionBudgets, b);
    expect(preempt(world).nominate).toBe(chosen);
  });

  it('spares those of a used up budget before more important ones', () => {
    const there = [guarded('a', 'x', '1', 1, 'x'), guarded('a', 'y', '1', 9, 'y')].map((p) => podInfoOf(p as Pod));
    const info = there.reduce(withPod, withNode(emptyNodeInfo('a'), node('a', { cpu: '2' })));
    const p = podInfoOf(pod('p', { cpu: '1', priority: 100 }));
    const world = createWorld([node('a', { cpu: '2' })]);
    const prepared = prepareFilters(p, world.defaultProfile().filters);
    if ('reasons' in prepared) throw new Error('refused');
    const question = { pod: p, filters: prepared.filters, waiting: [], now: 0 };
    const victims = (budgets: any[]) => {
      const found = selectVictims({ ...question, budgets }, info);
      return 'reasons' in found ? found.reasons : [found.pods.map((v) => v.pod.metadata.name), found.violations];
    };
    expect(victims([])).toEqual([['x'], 0]);
    expect(victims([budget('x', 'x')])).toEqual([['y'], 0]);
    expect(victims([budget('x', 'x'), budget('y', 'y')])).toEqual([['x'], 1]);
    const waiting = [podInfoOf(pod('w', { cpu: '1', priority: 200 }))];
    const found = selectVictims({ ...question, budgets: [], waiting }, info);
    expect('pods' in found && found.pods.map((v) => v.pod.metadata.name)).toEqual(['y', 'x']);
  });

  it('takes back the nomination of those it outruns, before the API server too', async () => {
    const world = createWorld([node('a', { cpu: '2' })], [at('a', 'x', '2', 1)]);
    const late = pod('late', { cpu: '2', priority: 5, status: { nominatedNodeName: 'a' } as any });
    // What the nomination knows is from before the API server was told.
    world.add(podRow, late);
    world.handle.nominations.set(podInfoOf({ ...late, status: {} } as Pod), 'a');
    const patched: any[] = [];
    Object.assign(world.handle.client, {
      patch: async (_r: unknown, name: string, _ns: string, _type: string, body: any) =>
        void patched.push([name, body.status.nominatedNodeName ?? body.status.conditions?.[0].type ?? null]),
      delete: async () => {},
    });
    await preempt(world).act!();
    expect(patched.sort()).toEqual([
      ['late', null],
      ['x', 'DisruptionTarget'],
    ]);
    expect(world.handle.nominations.on('a')).toEqual([]);
  });

  it('keeps the room for whom it was made', () => {
    const world = createWorld([node('a', { cpu: '2' })]);
    world.handle.nominations.set(podInfoOf(pod('high', { cpu: '2', priority: 9 })), 'a');
    expect(world.decide(pod('low', { cpu: '1', priority: 1 }))).toHaveProperty('diagnosis');
    expect(world.decide(pod('higher', { cpu: '1', priority: 10 }))).toHaveProperty('node', 'a');
    expect(world.decide(pod('high', { cpu: '2', priority: 9 }))).toHaveProperty('node', 'a');
  });
});

describe('what is assumed', () => {
  it('takes its place at once and gives it back when forgotten', () => {
    const world = createWorld([node('a', { cpu: '1' })]);
    const p = podInfoOf(pod('p', { cpu: '1' }));
    world.cache.assume(p, 'a');
    expect(world.decide(pod('q', { cpu: '1' }))).toHaveProperty('diagnosis');
    expect(world.cache.forget(p.uid)).toBe(true);
    expect(world.decide(pod('q', { cpu: '1' }))).toHaveProperty('node', 'a');
  });

  it('is counted once when the API server confirms it, and no longer forgotten', () => {
    const world = createWorld([node('a', { cpu: '2' })]);
    const p = pod('p', { cpu: '1' });
    world.cache.assume(podInfoOf(p), 'a');
    world.cache.setPod(podInfoOf(pod('p', { cpu: '1', nodeName: 'a' })));
    expect(world.cache.counts()).toEqual({ nodes: 1, pods: 1, assumedPods: 0 });
    expect(world.cache.forget('uid-p')).toBe(false);
    expect(world.decide(pod('q', { cpu: '1' }))).toHaveProperty('node', 'a');
    expect(world.decide(pod('r', { cpu: '2' }))).toHaveProperty('diagnosis');
  });

  it('moves when another scheduler put it elsewhere', () => {
    const world = createWorld([node('a', { cpu: '1' }), node('b', { cpu: '1' })]);
    world.cache.assume(podInfoOf(pod('p', { cpu: '1' })), 'a');
    world.cache.setPod(podInfoOf(pod('p', { cpu: '1', nodeName: 'b' })));
    expect(world.decide(pod('q', { cpu: '1' }))).toHaveProperty('node', 'a');
  });

  it('knows the pods of a node that is not there yet, or comes back', () => {
    const world = createWorld([], [pod('p', { cpu: '1', nodeName: 'late' })]);
    world.cache.setNode(node('late', { cpu: '1' }));
    expect(world.decide(pod('q', { cpu: '1' }))).toHaveProperty('diagnosis');
    world.cache.removeNode('late');
    world.cache.setNode(node('late', { cpu: '2' }));
    expect(world.decide(pod('q', { cpu: '1' }))).toHaveProperty('node', 'late');
    expect(world.decide(pod('q', { cpu: '2' }))).toHaveProperty('diagnosis');
  });
});

describe('hints', () => {
  const { handle } = createWorld();
  const added = { resource: 'Node', actions: action.add };
  const tainted = { resource: 'Node', actions: action.updateNodeTaint };
  const removed = { resource: 'AssignedPod', actions: action.delete };
  const taints = [{ key: 'k', effect: 'NoSchedule' }];
  const port = (hostPort: number) =>
    pod('p', { spec: { containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort }] }] } });
  const grown = { resource: 'Node', actions: action.updateNodeAllocatable };
  const relabelled = { resource: 'Node', actions: action.updateNodeLabel };
  const shrunk = { resource: 'AssignedPod', actions: action.updatePodScaleDown };
  const ungated = { resource: 'TargetPod', actions: action.updatePodGatesEliminated };
  const asks = (cpu: string) => podInfoOf(pod('q', { cpu }));
  const more = node('a', { memory: '99Gi' });
  const zone = (value: string) => node('a', { labels: { zone: value } });
  const spread = pod('p', {
    labels: { app: 'web' },
    spec: {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'web' } },
        },
      ],
    },
  });
  const ssd = pod('p', { spec: { nodeSelector: { disk: 'ssd' } } });
  const far = pod('p', {
    spec: {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'web' } } },
          ],
        },
      },
    },
  });

  it.each([
    ['fit: a large node', nodeResourcesFit, pod('p', { cpu: '2' }), added, undefined, node('a', { cpu: '2' }), true],
    ['fit: a small node', nodeResourcesFit, pod('p', { cpu: '2' }), added, undefined, node('a', { cpu: '1' }), false],
    [
      'fit: a node that grew',
      nodeResourcesFit,
      pod('p', { cpu: '2' }),
      grown,
      node('a', { cpu: '2' }),
      node('a'),
      true,
    ],
    ['fit: in what it has enough of', nodeResourcesFit, pod('p', { cpu: '2' }), grown, node('a'), more, false],
    ['fit: a pod that asks for less', nodeResourcesFit, pod('p', { cpu: '2' }), shrunk, asks('2'), asks('1'), true],
    ['fit: of another thing', nodeResourcesFit, pod('p', { memory: '1' }), shrunk, asks('2'), asks('1'), false],
    ['spread: a domain more', podTopologySpread, spread, added, undefined, zone('z1'), true],
    ['spread: no domain', podTopologySpread, spread, added, undefined, node('a'), false],
    ['spread: another domain', podTopologySpread, spread, relabelled, zone('z1'), zone('z2'), true],
    ['spread: another label', podTopologySpread, spread, relabelled, zone('z1'), zone('z1'), false],
    [
      'spread: a domain less',
      podTopologySpread,
      spread,
      { ...added, actions: action.delete },
      zone('z1'),
      undefined,
      true,
    ],
    ['spread: a pod that counts', podTopologySpread, spread, removed, podInfoOf(spread), undefined, true],
    ['spread: one that does not', podTopologySpread, spread, removed, podInfoOf(pod('q')), undefined, false],
    ['gates: the last is gone', schedulingGates, pod('p'), ungated, undefined, podInfoOf(pod('p')), true],
    ['name: a node comes', nodeName, pod('p'), added, undefined, node('a'), true],
    ['binding: nothing helps', defaultBinder, pod('p'), added, undefined, node('a'), undefined],
    ['fit: a pod less', nodeResourcesFit, pod('p', { cpu: '2' }), removed, podInfoOf(pod('q')), undefined, true],
    ['fit: a taint less', nodeResourcesFit, pod('p'), tainted, node('a', { taints } as any), node('a'), undefined],
    ['taints: the last one gone', taintToleration, pod('p'), tainted, node('a', { taints } as any), node('a'), true],
    ['taints: one more', taintToleration, pod('p'), tainted, node('a'), node('a', { taints } as any), false],
    ['cordon: taken back', nodeUnschedulable, pod('p'), tainted, node('a', { unschedulable: true }), node('a'), true],
    ['cordon: as it was', nodeUnschedulable, pod('p'), tainted, node('a'), node('a'), false],
    [
      'affinity: a node that matches',
      nodeAffinity,
      ssd,
      added,
      undefined,
      node('a', { labels: { disk: 'ssd' } }),
      true,
    ],
    ['affinity: one that does not', nodeAffinity, ssd, added, undefined, node('a'), false],
    ['ports: the same one freed', nodePorts, port(80), removed, podInfoOf(port(80)), undefined, true],
    ['ports: another', nodePorts, port(80), removed, podInfoOf(port(81)), undefined, false],
    [
      'pods: one it avoids is gone',
      interPodAffinity,
      far,
      removed,
      podInfoOf(pod('q', { labels: { app: 'web' } })),
      undefined,
      true,
    ],
    ['pods: another is gone', interPodAffinity, far, removed, podInfoOf(pod('q')), undefined, false],
  ] as const)('%s', (_what, make, p, event, old, now, helps) =>
    expect(hinted(make(handle, {}), p, event, old, now)).toBe(helps),
  );
});
