import { describe, expect, it } from 'vitest';
import type { DaemonSet, Node, Pod } from '../../apimachinery/types.ts';
import { createFailureBackoff } from '../../controllers/common/failureBackoff.ts';
import { podsByNode } from '../../controllers/daemonSet/daemonPods.ts';
import { fitOf } from '../../controllers/daemonSet/nodes.ts';
import { planPlacement } from '../../controllers/daemonSet/placement.ts';
import { planRolling } from '../../controllers/daemonSet/rolling.ts';
import { planStatus } from '../../controllers/daemonSet/status.ts';
import {
  daemonTemplate,
  daemonTolerations,
  forNode,
  hashLabel,
  targetNode,
} from '../../controllers/daemonSet/template.ts';
import { makePod, now, type PodOptions } from './objects.ts';

type Strategy = { maxSurge?: number | string; maxUnavailable?: number | string } | 'OnDelete';

const makeDs = (strategy: Strategy = { maxUnavailable: 1 }, pod: object = {}, more: object = {}): DaemonSet =>
  ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'ds', namespace: 'd', uid: 'ds', generation: 1 },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c' }], ...pod } },
      updateStrategy:
        strategy === 'OnDelete' ? { type: 'OnDelete' } : { type: 'RollingUpdate', rollingUpdate: strategy },
      ...more,
    },
    status: {},
  }) as unknown as DaemonSet;
const makeNode = (name: string, spec: object = {}, labels: object = {}): Node =>
  ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec }) as unknown as Node;
const taint = (effect: string, key = 'k') => ({ taints: [{ key, effect }] });
const daemon = (name: string, node: string, hash: string, o: PodOptions = {}): Pod =>
  makePod(name, { node, ready: -100, labels: { app: 'web', [hashLabel]: hash }, ...o });
const names = (pods: readonly Pod[]) => pods.map((p) => p.metadata.name);
const nodes = (n: number) => Array.from({ length: n }, (_, i) => makeNode(`n${i}`));

describe('where a daemon pod belongs', () => {
  const required = (terms: object[]) => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
  });
  const hasDisk = required([{ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }]);
  it.each<[string, object, Node, boolean, boolean]>([
    ['a plain node', {}, makeNode('n'), true, true],
    [
      'NoSchedule keeps new ones away, and leaves those that are there',
      {},
      makeNode('n', taint('NoSchedule')),
      false,
      true,
    ],
    ['NoExecute drives away', {}, makeNode('n', taint('NoExecute')), false, false],
    ['PreferNoSchedule does not matter', {}, makeNode('n', taint('PreferNoSchedule')), true, true],
    ['a cordoned node', {}, makeNode('n', taint('NoSchedule', 'node.kubernetes.io/unschedulable')), true, true],
    ['an unreachable node', {}, makeNode('n', taint('NoExecute', 'node.kubernetes.io/unreachable')), true, true],
    ['no network yet', {}, makeNode('n', taint('NoSchedule', 'node.kubernetes.io/network-unavailable')), false, true],
    [
      'no network yet, for one that needs none',
      { hostNetwork: true },
      makeNode('n', taint('NoSchedule', 'node.kubernetes.io/network-unavailable')),
      true,
      true,
    ],
    ['its own toleration', { tolerations: [{ operator: 'Exists' }] }, makeNode('n', taint('NoExecute')), true, true],
    ['another nodeSelector', { nodeSelector: { color: 'blue' } }, makeNode('n', {}, { color: 'green' }), false, false],
    ['its nodeSelector', { nodeSelector: { color: 'blue' } }, makeNode('n', {}, { color: 'blue' }), true, true],
    ['its affinity', hasDisk, makeNode('n', {}, { disk: 'ssd' }), true, true],
    ['not its affinity', hasDisk, makeNode('n'), false, false],
    [
      'named by matchFields',
      required([{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }]),
      makeNode('n'),
      true,
      true,
    ],
    ['its nodeName', { nodeName: 'n' }, makeNode('n'), true, true],
    ['another nodeName', { nodeName: 'm' }, makeNode('n'), false, false],
  ])('%s', (_name, pod, node, run, stay) => {
    expect(fitOf(makeDs(undefined, pod))(node)).toEqual({ run, stay });
  });
});

describe('the pod', () => {
  it('has the tolerations of every daemon, and a toleration of its own only where it says more', () => {
    const seconds = {
      key: 'node.kubernetes.io/not-ready',
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 5,
    };
    const all = daemonTolerations({ tolerations: [seconds, { key: 'own', operator: 'Exists' }] } as never);
    expect(all.map((t) => t.key)).toEqual([
      'node.kubernetes.io/not-ready',
      'own',
      'node.kubernetes.io/unreachable',
      'node.kubernetes.io/disk-pressure',
      'node.kubernetes.io/memory-pressure',
      'node.kubernetes.io/pid-pressure',
      'node.kubernetes.io/unschedulable',
    ]);
    expect(all[0]!.tolerationSeconds).toBeUndefined();
  });

  it('is labelled with hash and generation, and goes to its node alone, keeping the rest of its affinity', () => {
    const preferred = [{ weight: 1, preference: {} }];
    const ds = makeDs(undefined, {
      affinity: {
        podAntiAffinity: {},
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: preferred,
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{}, {}] },
        },
      },
    });
    ds.metadata.annotations = { 'deprecated.daemonset.template.generation': '3' };
    const template = forNode(daemonTemplate(ds, 'h'), 'n7');
    expect(template.metadata?.labels).toEqual({ app: 'web', 'pod-template-generation': '3', [hashLabel]: 'h' });
    expect(template.spec?.affinity).toEqual({
      podAntiAffinity: {},
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: preferred,
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n7'] }] }],
        },
      },
    });
    expect(targetNode({ metadata: { name: 'p' }, spec: template.spec } as never)).toBe('n7');
    expect(targetNode({ metadata: { name: 'p' }, spec: { containers: [] } } as never)).toBeUndefined();
  });
});

describe('placement', () => {
  const plan = (ds: DaemonSet, all: Node[], owned: Pod[], backoff = (_: string) => 0) => {
    const p = planPlacement(ds, all, podsByNode(owned), 'h', backoff, now);
    return {
      create: p.create,
      remove: names(p.remove),
      failed: p.failed.length,
      succeeded: p.succeeded.length,
      after: p.after,
    };
  };
  const nothing = { create: [], remove: [], failed: 0, succeeded: 0, after: undefined };

  it('one pod for each node that lacks one; a pod on its way out still holds its place', () => {
    const owned = [daemon('a', 'n0', 'h'), daemon('b', 'n1', 'h', { deleting: true })];
    expect(plan(makeDs(), nodes(3), owned)).toEqual({ ...nothing, create: ['n2'] });
  });

  it('one that ended and is being deleted holds none', () => {
    const owned = [daemon('a', 'n0', 'h', { deleting: true, phase: 'Failed' })];
    expect(plan(makeDs(), nodes(1), owned)).toEqual({ ...nothing, create: ['n0'] });
  });

  it('the oldest of several stays, and one on its node before one that waits', () => {
    const waiting = makePod('w', { created: -900, labels: { app: 'web' } });
    waiting.spec!.affinity = forNode(daemonTemplate(makeDs(), 'h'), 'n0').spec!.affinity!;
    const owned = [waiting, daemon('b', 'n0', 'h', { created: -100 }), daemon('a', 'n0', 'h', { created: -500 })];
    expect(plan(makeDs(), nodes(1), owned)).toEqual({ ...nothing, remove: ['b', 'w'] });
  });

  it('pods that ended are replaced; failed ones after their back-off', () => {
    const owned = [
      daemon('a', 'n0', 'h', { phase: 'Failed' }),
      daemon('b', 'n1', 'h', { phase: 'Failed' }),
      daemon('c', 'n2', 'h', { phase: 'Succeeded' }),
    ];
    const backoff = (node: string) => (node === 'n1' ? 700 : 0);
    const expected = { create: [], remove: ['a', 'c'], failed: 1, succeeded: 1, after: 700 };
    expect(plan(makeDs(), nodes(3), owned, backoff)).toEqual(expected);
  });

  it('pods leave nodes that they may not stay on, and those of a node that is gone if never bound', () => {
    const ghost = makePod('g', { labels: { app: 'web' } });
    ghost.spec!.affinity = forNode(daemonTemplate(makeDs(), 'h'), 'gone').spec!.affinity!;
    const all = [makeNode('n0', taint('NoExecute')), makeNode('n1', taint('NoSchedule'))];
    const owned = [daemon('a', 'n0', 'h'), daemon('b', 'n1', 'h'), ghost, daemon('lost', 'away', 'h')];
    expect(plan(makeDs(), all, owned)).toEqual({ ...nothing, remove: ['a', 'g'] });
  });

  it('while surging an old one and a new one may be on a node, until the old is unready or the new available', () => {
    const ds = makeDs({ maxSurge: 1, maxUnavailable: 0 });
    const old = daemon('old', 'n0', 'x');
    expect(plan(ds, nodes(1), [old, daemon('new', 'n0', 'h', { ready: undefined as never })])).toEqual(nothing);
    expect(plan(ds, nodes(1), [old, daemon('new', 'n0', 'h')]).remove).toEqual(['old']);
    const unready = makePod('old', { node: 'n0', labels: { [hashLabel]: 'x' } });
    const fresh = makePod('new', { node: 'n0', labels: { [hashLabel]: 'h' } });
    expect(plan(ds, nodes(1), [unready, fresh]).remove).toEqual(['old']);
    const third = daemon('third', 'n0', 'x', { created: -5 });
    expect(
      plan(ds, nodes(1), [old, makePod('new', { node: 'n0', labels: { [hashLabel]: 'h' } }), third]).remove,
    ).toEqual(['third']);
  });
});

describe('a step of a rolling update', () => {
  const step = (ds: DaemonSet, all: Node[], owned: Pod[]) => {
    const s = planRolling(ds, all, podsByNode(owned), 'h', now);
    return [names(s.remove), s.create];
  };
  const olds = (n: number) => Array.from({ length: n }, (_, i) => daemon(`p${i}`, `n${i}`, 'x'));

  it.each<[string, Strategy, Pod[], string[], string[]]>([
    ['as many as may be away', { maxUnavailable: 2 }, olds(4), ['p0', 'p1'], []],
    ['a percentage, rounded up', { maxUnavailable: '30%' }, olds(4), ['p0', 'p1'], []],
    [
      'a new one that is not available counts',
      { maxUnavailable: 2 },
      [makePod('new', { node: 'n0', labels: { [hashLabel]: 'h' } }), ...olds(4).slice(1)],
      ['p1'],
      [],
    ],
    [
      'unavailable old ones go whatever the limit',
      { maxUnavailable: 1 },
      [makePod('p0', { node: 'n0', labels: {} }), makePod('p1', { node: 'n1', labels: {} }), ...olds(4).slice(2)],
      ['p0', 'p1'],
      [],
    ],
    ['a node without its pod counts', { maxUnavailable: 1 }, olds(3), [], []],
    ['with surge a new one first', { maxSurge: 1, maxUnavailable: 0 }, olds(4), [], ['n0']],
    [
      'the old one goes when the new is available',
      { maxSurge: 1, maxUnavailable: 0 },
      [...olds(4), daemon('new', 'n0', 'h')],
      ['p0'],
      ['n1'],
    ],
    [
      'no more surge than allowed',
      { maxSurge: 1, maxUnavailable: 0 },
      [...olds(4), makePod('new', { node: 'n0', labels: { [hashLabel]: 'h' } })],
      [],
      [],
    ],
    ['neither given: one may be away', { maxSurge: 0, maxUnavailable: 0 }, olds(4), ['p0'], []],
  ])('%s', (_name, strategy, owned, remove, create) => {
    expect(step(makeDs(strategy), nodes(4), owned)).toEqual([remove, create]);
  });

  it('with surge, a pod where it no longer belongs serves until enough others do', () => {
    const ds = makeDs({ maxSurge: 1, maxUnavailable: 0 }, { nodeSelector: { color: 'green' } });
    const all = [makeNode('n0'), makeNode('n1', {}, { color: 'green' })];
    expect(step(ds, all, [daemon('p0', 'n0', 'x')])).toEqual([[], []]);
    expect(step(ds, all, [daemon('p0', 'n0', 'x'), daemon('new', 'n1', 'h')])).toEqual([['p0'], []]);
  });
});

describe('status', () => {
  it('counts nodes', () => {
    const ds = makeDs(undefined, {}, { minReadySeconds: 30 });
    const all = [...nodes(4), makeNode('n4', taint('NoSchedule'))];
    const owned = [
      daemon('a', 'n0', 'h'),
      daemon('b', 'n1', 'x'),
      daemon('c', 'n2', 'h', { ready: -10 }),
      daemon('e', 'n4', 'h'),
    ];
    const byNode = podsByNode(owned);
    const status = planStatus(ds, all, byNode, 'h', true, now);
    expect(status).toEqual({
      observedGeneration: 1,
      desiredNumberScheduled: 4,
      currentNumberScheduled: 3,
      numberMisscheduled: 1,
      numberReady: 3,
      updatedNumberScheduled: 2,
      numberAvailable: 2,
      numberUnavailable: 2,
    });
    const told = { ...ds, status } as DaemonSet;
    expect(planStatus(told, all, byNode, 'h', true, now)).toBeUndefined();
    const changed = { ...told, metadata: { ...told.metadata, generation: 2 } };
    expect(planStatus(changed, all, byNode, 'h', false, now)).toBeUndefined();
    expect(planStatus(changed, all, byNode, 'h', true, now)?.observedGeneration).toBe(2);
  });
});

it('a back-off doubles up to its most, and is forgotten after a long time', () => {
  let time = 0;
  const backoff = createFailureBackoff({ now: () => time } as never, 1000, 4000);
  const waits = [0, 1, 2, 3].map(() => {
    backoff.tried('k');
    const wait = backoff.left('k');
    time += wait;
    expect(backoff.left('k')).toBe(0);
    return wait;
  });
  expect(waits).toEqual([1000, 2000, 4000, 4000]);
  time += 9000;
  backoff.tried('k');
  expect(backoff.left('k')).toBe(1000);
});

/** Small random numbers from a seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('a rolling update over a random cluster', () => {
  it.each(Array.from({ length: 40 }, (_, i) => i))('converges and never breaks its limits, seed %d', (seed) => {
    const random = randomFrom(seed);
    const surging = random(2) === 1;
    const limit = 1 + random(3);
    const ds = makeDs(surging ? { maxSurge: limit, maxUnavailable: 0 } : { maxUnavailable: limit });
    const all = nodes(2 + random(8));
    let pods = all.map((n, i) => daemon(`p${i}`, n.metadata.name, 'x'));
    let made = 0;
    const isUp = (p: Pod) => p.status?.conditions?.[0]?.status === 'True' && !p.metadata.deletionTimestamp;
    const served = () => all.filter((n) => pods.some((p) => p.spec?.nodeName === n.metadata.name && isUp(p))).length;
    for (let turn = 0; turn < 400; turn++) {
      const placement = planPlacement(ds, all, podsByNode(pods), 'h', () => 0, now);
      const idle = !placement.create.length && !placement.remove.length;
      const { create, remove } = idle ? planRolling(ds, all, podsByNode(pods), 'h', now) : placement;
      const going = new Set(names(remove));
      pods = pods.map((p) =>
        going.has(p.metadata.name) ? { ...p, metadata: { ...p.metadata, deletionTimestamp: 'x' } } : p,
      );
      for (const node of create) pods.push(makePod(`new${made++}`, { node, labels: { app: 'web', [hashLabel]: 'h' } }));
      expect(all.length - served()).toBeLessThanOrEqual(surging ? 0 : limit);
      const extra = pods.filter((p) => !p.metadata.deletionTimestamp).length - all.length;
      expect(extra).toBeLessThanOrEqual(surging ? limit : 0);
      // The world moves on by a random bit: pods go, pods become ready.
      pods = pods.filter((p) => !(p.metadata.deletionTimestamp && random(2)));
      pods = pods.map((p) =>
        random(3)
          ? p
          : makePod(p.metadata.name, {
              node: p.spec!.nodeName!,
              ready: -1,
              labels: p.metadata.labels!,
              deleting: Boolean(p.metadata.deletionTimestamp),
            }),
      );
    }
    expect(pods.map((p) => p.metadata.labels?.[hashLabel])).toEqual(all.map(() => 'h'));
    expect(new Set(pods.map((p) => p.spec?.nodeName)).size).toBe(all.length);
  });
});
