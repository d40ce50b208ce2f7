import { describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim, Pod, StatefulSet } from '../../apimachinery/types.ts';
import { planHistory, planTruncate } from '../../controllers/common/history/planHistory.ts';
import { goBytes, templateIn, templatePatch } from '../../controllers/common/history/templatePatch.ts';
import { hasStaleClaim, newClaims, ownersToSet } from '../../controllers/statefulSet/claims.ts';
import { parentAndOrdinal } from '../../controllers/statefulSet/names.ts';
import { planSet, type Step } from '../../controllers/statefulSet/plan.ts';
import { corrected, newPod, type Versions } from '../../controllers/statefulSet/pod.ts';
import { planStatus } from '../../controllers/statefulSet/status.ts';
import { at, now } from './objects.ts';

const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: {
    containers: [{ name: 'c', image }],
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'own', emptyDir: {} },
    ],
  },
});
const versions: Versions = {
  current: { revision: 'web-old', template: template('v1') as never },
  update: { revision: 'web-new', template: template('v2') as never },
};

interface SetOptions {
  replicas?: number;
  parallel?: boolean;
  start?: number;
  partition?: number;
  maxUnavailable?: number | string;
  onDelete?: boolean;
  minReady?: number;
  claims?: boolean;
  scaled?: 'Delete';
  deleted?: 'Delete';
  deleting?: boolean;
  /** No settings of the rolling update. */
  bare?: boolean;
  status?: object;
}

const makeSet = (o: SetOptions = {}): StatefulSet =>
  ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      name: 'web',
      namespace: 'd',
      uid: 'set',
      generation: 1,
      ...(o.deleting ? { deletionTimestamp: 'x' } : {}),
    },
    spec: {
      replicas: o.replicas ?? 3,
      serviceName: 'svc',
      selector: { matchLabels: { app: 'web' } },
      template: template('v2'),
      podManagementPolicy: o.parallel ? 'Parallel' : 'OrderedReady',
      updateStrategy: o.onDelete
        ? { type: 'OnDelete' }
        : {
            type: 'RollingUpdate',
            ...(o.bare ? {} : { rollingUpdate: { partition: o.partition ?? 0, maxUnavailable: o.maxUnavailable } }),
          },
      ...(o.start ? { ordinals: { start: o.start } } : {}),
      minReadySeconds: o.minReady,
      persistentVolumeClaimRetentionPolicy: { whenScaled: o.scaled ?? 'Retain', whenDeleted: o.deleted ?? 'Retain' },
      ...(o.claims
        ? {
            volumeClaimTemplates: [
              { metadata: { name: 'data', labels: { a: 'b' } }, spec: { accessModes: ['ReadWriteOnce'] } },
            ],
          }
        : {}),
    },
    status: o.status ?? {},
  }) as unknown as StatefulSet;

interface PodState {
  phase?: string;
  ready?: number;
  deleting?: boolean;
  revision?: string;
}
function pod(ordinal: number, o: PodState = {}, set = makeSet()): Pod {
  const made = newPod({ ...set, status: {} } as StatefulSet, versions, ordinal);
  made.metadata.uid = `uid-${ordinal}`;
  made.metadata.labels!['controller-revision-hash'] = o.revision ?? 'web-new';
  if (o.deleting) made.metadata.deletionTimestamp = 'x';
  const ready = 'ready' in o ? o.ready : -100;
  made.status = {
    phase: o.phase ?? 'Running',
    conditions: [{ type: 'Ready', status: ready === undefined ? 'False' : 'True', lastTransitionTime: at(ready ?? 0) }],
  };
  return made;
}
const old = (ordinal: number, o: PodState = {}) => pod(ordinal, { ...o, revision: 'web-old' });
const broken = { ready: undefined as never };
const noClaims = () => undefined;
const text = (phases: Step[][]) =>
  phases.map((steps) => steps.map((s) => `${s.do} ${s.pod.metadata.name}`).join(', ')).join('; ');
const plan = (set: StatefulSet, pods: Pod[], gate?: boolean) =>
  text(planSet({ set, versions, pods, claims: noClaims, now }, gate).phases);

it.each([
  ['web-0', { parent: 'web', ordinal: 0 }],
  ['a-b-12', { parent: 'a-b', ordinal: 12 }],
  ['web', undefined],
  ['web-', undefined],
  ['web-x', undefined],
])('the number in %s', (name, expected) => {
  expect(parentAndOrdinal(name)).toEqual(expected);
});

describe('in order', () => {
  it.each<[string, SetOptions, Pod[], string]>([
    ['the first one first', {}, [], 'create web-0'],
    ['the next only when the one before is ready', {}, [pod(0, broken)], ''],
    ['and running', {}, [pod(0, { phase: 'Unknown' })], ''],
    ['then it comes', {}, [pod(0)], 'create web-1'],
    ['and available', { minReady: 200 }, [pod(0)], ''],
    ['a pending one gets its claims', {}, [pod(0, { phase: 'Pending', ...broken })], 'claims web-0'],
    ['a gap is filled before the others matter', {}, [pod(0), pod(2, broken)], 'create web-1'],
    ['a terminating one keeps its name until it is gone', {}, [pod(0, { deleting: true }), pod(1)], ''],
    ['an ended one is deleted', {}, [pod(0, { phase: 'Failed', ...broken })], 'delete web-0'],
    ['whatever its exit code', {}, [pod(0), pod(1, { phase: 'Succeeded', ...broken })], 'delete web-1'],
    ['an ended one on its way out is waited for', {}, [pod(0, { phase: 'Failed', deleting: true })], ''],
    ['from another start', { start: 5 }, [], 'create web-5'],
    ['down from the highest', { replicas: 1 }, [pod(0), pod(1), pod(2)], 'delete web-2'],
    ['one at a time', { replicas: 1 }, [pod(0), pod(1), pod(2, { deleting: true })], ''],
    ['not while one below is unfit', { replicas: 0 }, [pod(0, broken), pod(1, broken), pod(2, broken)], ''],
    ['but an unfit one may go if all below are fit', { replicas: 1 }, [pod(0), pod(1), pod(2, broken)], 'delete web-2'],
    ['below a new start', { replicas: 2, start: 2 }, [pod(0), pod(1), pod(2), pod(3)], 'delete web-1'],
    ['nothing while the set is going', { deleting: true }, [], ''],
    [
      'foreign names do not count',
      { replicas: 1 },
      [pod(0), { ...pod(7), metadata: { ...pod(7).metadata, name: 'web-x' } }],
      '',
    ],
  ])('%s', (_name, o, pods, expected) => {
    expect(plan(makeSet(o), pods)).toBe(expected);
  });
});

describe('in parallel', () => {
  it.each<[string, SetOptions, Pod[], string]>([
    ['all at once', {}, [], 'create web-0, create web-1, create web-2'],
    ['unready ones hold nothing up', { replicas: 3 }, [pod(0, broken)], 'create web-1, create web-2'],
    [
      'nor when they are too many',
      { replicas: 1 },
      [pod(0, broken), pod(1, broken), pod(2)],
      'delete web-2, delete web-1',
    ],
    ['a terminating one still keeps its name', { replicas: 2 }, [pod(0, { deleting: true })], 'create web-1'],
  ])('%s', (_name, o, pods, expected) => {
    expect(plan(makeSet({ ...o, parallel: true }), pods)).toBe(expected);
  });
});

describe('a rolling update', () => {
  const olds = [old(0), old(1), old(2)];
  it.each<[string, SetOptions, Pod[], string]>([
    ['from the highest down', {}, olds, 'delete web-2'],
    ['one at a time', {}, [old(0), old(1), pod(2, { deleting: true })], ''],
    ['only when the last one is ready', {}, [old(0), old(1), pod(2, broken)], ''],
    ['then the next', {}, [old(0), old(1), pod(2)], 'delete web-1'],
    ['never below the partition', { partition: 2 }, [old(0), old(1), pod(2)], ''],
    ['the partition counts from the start', { partition: 1, start: 4, replicas: 2 }, [old(4), old(5)], 'delete web-5'],
    ['several at a time', { maxUnavailable: 2 }, olds, 'delete web-2, delete web-1'],
    ['a percentage, rounded down', { maxUnavailable: '67%' }, olds, 'delete web-2, delete web-1'],
    ['but one at least', { maxUnavailable: '1%' }, olds, 'delete web-2'],
    ['not on OnDelete', { onDelete: true }, olds, ''],
    ['in parallel unfit ones go at once', { parallel: true }, [old(0, broken), old(1), old(2)], 'delete web-0'],
    [
      'in parallel fit ones as far as the limit goes',
      { parallel: true, maxUnavailable: 2 },
      [old(0, broken), old(1), old(2)],
      'delete web-0, delete web-2',
    ],
  ])('%s', (_name, o, pods, expected) => {
    expect(plan(makeSet(o), pods)).toBe(expected);
  });

  it('without the gate maxUnavailable is 1', () => {
    expect(plan(makeSet({ maxUnavailable: 3 }), olds, false)).toBe('delete web-2');
  });
});

describe('a new pod', () => {
  it('has its name, number, host name, claims and revision', () => {
    const made = newPod(makeSet({ claims: true }), versions, 2);
    expect(made).toMatchObject({
      metadata: {
        name: 'web-2',
        labels: {
          app: 'web',
          'controller-revision-hash': 'web-new',
          'statefulset.kubernetes.io/pod-name': 'web-2',
          'apps.kubernetes.io/pod-index': '2',
        },
        ownerReferences: [{ kind: 'StatefulSet', name: 'web', uid: 'set', controller: true }],
      },
      spec: { hostname: 'web-2', subdomain: 'svc', containers: [{ image: 'v2' }] },
    });
    expect(made.spec?.volumes).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'data-web-2' } },
      { name: 'own', emptyDir: {} },
    ]);
  });

  it.each<[string, SetOptions, number, string]>([
    ['below the partition', { partition: 2 }, 1, 'web-old'],
    ['at the partition', { partition: 2 }, 2, 'web-new'],
    ['below the partition of another start', { partition: 2, start: 5 }, 6, 'web-old'],
    ['without settings, among the old ones', { bare: true, status: { currentReplicas: 2 } }, 1, 'web-old'],
    ['without settings, beyond them', { bare: true, status: { currentReplicas: 2 } }, 2, 'web-new'],
    ['on OnDelete', { onDelete: true, status: { currentReplicas: 2 } }, 0, 'web-new'],
  ])('is of the right template: %s', (_name, o, ordinal, revision) => {
    const made = newPod(makeSet(o), versions, ordinal);
    expect(made.metadata.labels?.['controller-revision-hash']).toBe(revision);
    expect(made.spec?.containers[0]?.image).toBe(revision === 'web-old' ? 'v1' : 'v2');
  });

  it('that lost its labels or its claim is put right', () => {
    const set = makeSet({ claims: true, replicas: 1 });
    const astray = pod(0);
    astray.metadata.labels = { app: 'web' };
    expect(text(planSet({ set, versions, pods: [astray], claims: noClaims, now }).phases).split(';')[0]).toBe(
      'correct web-0',
    );
    const right = corrected(set, astray);
    expect(right.metadata.labels).toMatchObject({ 'apps.kubernetes.io/pod-index': '0' });
    expect(right.spec?.volumes?.[0]).toEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data-web-0' } });
  });
});

describe('claims', () => {
  const claim = (owners: object[] = []): PersistentVolumeClaim =>
    ({ metadata: { name: 'data-web-0', ownerReferences: owners } }) as never;
  const setRef = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    name: 'web',
    uid: 'set',
    controller: true,
    blockOwnerDeletion: true,
  };
  const podRef = (n: number) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    name: `web-${n}`,
    uid: `uid-${n}`,
    controller: true,
    blockOwnerDeletion: true,
  });
  const other = { apiVersion: 'v1', kind: 'Other', name: 'o', uid: 'o', controller: true };

  it('have the labels of template and selector', () => {
    expect(newClaims(makeSet({ claims: true }), 1)).toMatchObject([
      { metadata: { name: 'data-web-1', namespace: 'd', labels: { a: 'b', app: 'web' } } },
    ]);
  });

  it.each<[string, SetOptions, number, object[], object[] | undefined]>([
    ['Retain: none', {}, 0, [], undefined],
    ['Retain takes ours off', {}, 0, [setRef, other], [other]],
    ['gone with the set', { deleted: 'Delete' }, 0, [], [setRef]],
    ['gone with the set: right', { deleted: 'Delete' }, 0, [setRef], undefined],
    ['gone with the set, also when scaled away', { deleted: 'Delete' }, 3, [], [setRef]],
    ['gone when scaled away: not yet', { scaled: 'Delete' }, 0, [], undefined],
    ['gone when scaled away: now', { scaled: 'Delete' }, 3, [], [podRef(3)]],
    ['both: with the pod when scaled away', { scaled: 'Delete', deleted: 'Delete' }, 3, [setRef], [podRef(3)]],
    ['both: back again', { scaled: 'Delete', deleted: 'Delete' }, 0, [podRef(0)], [setRef]],
    [
      'a reference that does not control is made to',
      { deleted: 'Delete' },
      0,
      [{ ...setRef, controller: false }],
      [setRef],
    ],
    ['another controller stays alone', { deleted: 'Delete' }, 0, [other], undefined],
    ['another controller stays, ours go', { deleted: 'Delete' }, 0, [setRef, other], [other]],
    ['of an earlier set: not touched', { deleted: 'Delete' }, 0, [{ ...setRef, uid: 'before' }], undefined],
  ])('%s', (_name, o, ordinal, owners, expected) => {
    expect(ownersToSet(claim(owners), makeSet(o), pod(ordinal))).toEqual(expected);
  });

  it('that go with an earlier pod hold the new one back', () => {
    const stale = () => claim([{ ...podRef(0), uid: 'before' }]);
    expect(hasStaleClaim(makeSet({ claims: true, scaled: 'Delete' }), newPod(makeSet(), versions, 0), stale)).toBe(
      true,
    );
    expect(hasStaleClaim(makeSet({ claims: true }), newPod(makeSet(), versions, 0), stale)).toBe(false);
    const planned = (parallel: boolean) => {
      const set = makeSet({ claims: true, scaled: 'Delete', parallel });
      return text(planSet({ set, versions, pods: [], claims: stale, now }).phases);
    };
    expect(planned(false)).toBe('');
    expect(planned(true)).toBe('create web-1, create web-2');
  });
});

describe('status', () => {
  it('counts, and is complete when all are of the new template and ready', () => {
    const set = makeSet({ minReady: 30, replicas: 4 });
    const pods = [old(0), pod(1, { ready: -10 }), pod(2, { deleting: true }), pod(3, broken)];
    expect(planStatus(set, versions, pods, 0, 0, now)).toEqual({
      observedGeneration: 1,
      replicas: 4,
      readyReplicas: 3,
      availableReplicas: 2,
      currentReplicas: 1,
      updatedReplicas: 2,
      currentRevision: 'web-old',
      updateRevision: 'web-new',
      collisionCount: 0,
    });
    expect(planStatus(set, versions, pods, 0, 1, now)?.currentReplicas).toBeUndefined();
    const done = planStatus(makeSet(), versions, [pod(0), pod(1), pod(2)], 0, 0, now);
    expect(done).toMatchObject({ currentRevision: 'web-new', currentReplicas: 3 });
    expect(planStatus(makeSet({ status: done! }), versions, [pod(0), pod(1), pod(2)], 0, 0, now)).toBeUndefined();
  });
});

describe('history', () => {
  const revision = (name: string, number: number, image: string) =>
    ({
      metadata: { name, creationTimestamp: at(number) },
      revision: number,
      data: templatePatch(template(image) as never),
    }) as never;

  it('the patch is as Go writes it, and gives the template back', () => {
    const data = templatePatch({
      spec: { containers: [{ name: 'c', args: ['a && b <c>'] }] },
      metadata: { labels: undefined },
    } as never);
    expect(goBytes(data)).toBe(
      '{"spec":{"template":{"$patch":"replace","metadata":{},"spec":{"containers":[{"args":["a \\u0026\\u0026 b \\u003cc\\u003e"],"name":"c"}]}}}}',
    );
    expect(templateIn(data)).toEqual({ metadata: {}, spec: { containers: [{ args: ['a && b <c>'], name: 'c' }] } });
    expect(templateIn({ spec: {} })).toBeUndefined();
  });

  it('finds the present one, and its number', () => {
    const [a, b, c] = [revision('a', 1, 'v1'), revision('b', 2, 'v2'), revision('c', 3, 'v3')];
    const of = (image: string) => planHistory([c, a, b], templatePatch(template(image) as never));
    expect(of('v3')).toEqual({ equal: [c], old: [a, b], number: 3 });
    expect(of('v1')).toEqual({ equal: [a], old: [b, c], number: 4 });
    expect(of('v4')).toEqual({ equal: [], old: [a, b, c], number: 4 });
  });

  it('forgets the oldest that nobody uses', () => {
    const all = [1, 2, 3, 4].map((n) => revision(`r${n}`, n, `v${n}`)) as any[];
    const forget = (limit: number, liveCount: boolean) =>
      planTruncate(all, limit, (r) => r.metadata.name === 'r1', liveCount).map((r) => r.metadata.name);
    expect(forget(2, false)).toEqual(['r2']);
    expect(forget(2, true)).toEqual(['r2', 'r3']);
    expect(forget(0, true)).toEqual(['r2', 'r3', 'r4']);
    expect(forget(-1, false)).toEqual([]);
  });
});

/** Small random numbers from a seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('in a random world', () => {
  it.each(Array.from({ length: 60 }, (_, i) => i))('keeps what it promises and converges, seed %d', (seed) => {
    const random = randomFrom(seed);
    const o: SetOptions = {
      parallel: random(3) === 0,
      partition: random(3),
      maxUnavailable: 1 + random(3),
      start: random(2) * 3,
      claims: true,
    };
    let set = makeSet({ ...o, replicas: random(5) });
    const world = new Map<string, Pod>();
    const start = o.start ?? 0;
    const isUp = (p: Pod | undefined) =>
      p?.status?.phase === 'Running' && p.status.conditions?.[0]?.status === 'True' && !p.metadata.deletionTimestamp;
    let uid = 0;
    for (let i = 0; i < (set.spec?.replicas ?? 0); i++) world.set(`web-${start + i}`, old(start + i));
    const perform = ({ do: what, pod: p }: Step) => {
      const { name } = p.metadata;
      const there = world.get(name);
      if (what === 'create') {
        // A pod that still exists is never replaced.
        expect(there).toBeUndefined();
        const ordinal = Number(name.slice(4));
        // In order: none before all below are fit.
        if (!o.parallel)
          for (let below = start; below < ordinal; below++) expect(isUp(world.get(`web-${below}`))).toBe(true);
        const isOld = ordinal < start + (o.partition ?? 0);
        expect(p.metadata.labels?.['controller-revision-hash']).toBe(isOld ? 'web-old' : 'web-new');
        world.set(name, { ...p, metadata: { ...p.metadata, uid: `u${uid++}` }, status: { phase: 'Pending' } } as Pod);
      }
      if (what === 'delete') {
        expect(there?.metadata.uid).toBe(p.metadata.uid);
        world.set(name, { ...there!, metadata: { ...there!.metadata, deletionTimestamp: 'x' } });
      }
    };
    for (let turn = 0; turn < 600; turn++) {
      const calm = turn > 300;
      if (!calm && random(25) === 0) set = makeSet({ ...o, replicas: random(6) });
      const pods = [...world.values()];
      const wanted = (p: Pod) => Number(p.metadata.name.slice(4)) - start;
      const away = pods.filter((p) => wanted(p) < (set.spec?.replicas ?? 0) && !isUp(p)).length;
      const { phases } = planSet({ set, versions, pods, claims: noClaims, now });
      const updates = phases
        .flat()
        .filter((s) => s.do === 'delete' && isUp(s.pod) && wanted(s.pod) < (set.spec?.replicas ?? 0));
      // An update crosses neither the partition nor its limit.
      for (const { pod: p } of updates) expect(wanted(p)).toBeGreaterThanOrEqual(o.partition ?? 0);
      if (updates.length) expect(away + updates.length).toBeLessThanOrEqual(o.maxUnavailable as number);
      // Any write may fail, and then the rest of its phase and what follows is not done.
      const failAt = calm ? -1 : random(12);
      let step = 0;
      done: for (const steps of phases)
        for (const s of steps) {
          if (step++ === failAt) break done;
          perform(s);
        }
      for (const [name, p] of world) {
        if (p.metadata.deletionTimestamp) {
          if (random(3) === 0) world.delete(name);
        } else if (!calm && random(40) === 0)
          world.set(name, { ...p, status: { phase: random(2) ? 'Failed' : 'Succeeded' } } as Pod);
        else if (!calm && random(30) === 0)
          world.set(name, {
            ...p,
            status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] },
          } as Pod);
        else if (!['Failed', 'Succeeded'].includes(p.status?.phase ?? '') && random(3) === 0)
          world.set(name, {
            ...p,
            status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
          } as Pod);
      }
    }
    const names = Array.from({ length: set.spec?.replicas ?? 0 }, (_, i) => `web-${start + i}`);
    expect([...world.keys()].sort()).toEqual(names.sort());
    for (const [name, p] of world) {
      expect(isUp(p)).toBe(true);
      const isNew = Number(name.slice(4)) - start >= (o.partition ?? 0);
      if (isNew) expect(p.metadata.labels?.['controller-revision-hash']).toBe('web-new');
    }
  });
});
