import { describe, expect, it } from 'vitest';
import { withCondition } from '../../controllers/deployment/conditions.ts';
import { templateHash } from '../../controllers/deployment/hash.ts';
import { planCleanup } from '../../controllers/deployment/history.ts';
import { maxSurge, maxUnavailable, scaled } from '../../controllers/deployment/limits.ts';
import { newReplicaSet } from '../../controllers/deployment/newReplicaSet.ts';
import { findNew, sameTemplate } from '../../controllers/deployment/replicaSets.ts';
import { newReplicaSetAnnotations, nextRevision, sizeAnnotations } from '../../controllers/deployment/revisions.ts';
import { newReplicas, planNew, planOld } from '../../controllers/deployment/rolling.ts';
import { isScaling, planScale } from '../../controllers/deployment/scaling.ts';
import { isComplete, planCounts, planRolloutStatus, untilDeadline } from '../../controllers/deployment/status.ts';
import { at, makeDeployment, makeRs, now } from './objects.ts';

const sizes = (plan: { rs: { metadata: { name: string } }; to: number }[]) =>
  Object.fromEntries(plan.map((s) => [s.rs.metadata.name, s.to]));

describe('limits', () => {
  it.each([
    ['25%', 10, true, 3],
    ['25%', 10, false, 2],
    ['100%', 7, true, 7],
    [4, 10, true, 4],
    ['0%', 10, true, 0],
    [undefined, 10, true, 0],
  ] as const)('%s of %d, up %s: %d', (value, total, up, n) => {
    expect(scaled(value, total, up)).toBe(n);
  });

  it.each([
    [{ replicas: 10 }, 3, 2],
    [{ replicas: 1 }, 1, 0],
    [{ replicas: 10, maxSurge: 0, maxUnavailable: 0 }, 0, 1],
    [{ replicas: 2, maxSurge: 0, maxUnavailable: 5 }, 0, 2],
    [{ replicas: 0, maxSurge: 2, maxUnavailable: 2 }, 2, 0],
    [{ replicas: 10, recreate: true }, 0, 0],
  ])('%j: surge %d, unavailable %d', (o, surge, unavailable) => {
    expect([maxSurge(makeDeployment(o)), maxUnavailable(makeDeployment(o))]).toEqual([surge, unavailable]);
  });
});

describe('rolling update', () => {
  // Upstream's TestDeploymentController_reconcileNewReplicaSet.
  it.each([
    [10, 0, 0, 10, 0, undefined],
    [10, 2, 0, 10, 0, 2],
    [10, 2, 0, 5, 0, 7],
    [10, 2, 0, 10, 2, undefined],
    [10, 2, 0, 2, 11, 10],
  ])('of %d, surge %s: old %d+%d, new %d becomes %s', (replicas, surge, _zero, old, current, expected) => {
    const d = makeDeployment({ replicas, maxSurge: surge, maxUnavailable: 0 });
    const fence = surge === 0 ? makeDeployment({ replicas, maxSurge: 0, maxUnavailable: 1 }) : d;
    const newRs = makeRs('new', { replicas: current });
    expect(planNew(fence, [makeRs('old', { replicas: old }), newRs], newRs)[0]?.to).toBe(expected);
  });

  // Upstream's TestDeploymentController_reconcileOldReplicaSets.
  it.each([
    [10, 0, 10, 0, 10, 0, 9],
    [10, 2, 10, 0, 10, 0, 8],
    [10, 2, 10, 0, 8, 0, 8],
    [10, 2, 10, 0, 9, 0, 8],
    [10, 2, 8, 0, 8, 0, undefined],
    [10, 2, 8, 4, 8, 0, undefined],
    [10, 2, 8, 4, 8, 2, 6],
    [10, 2, 10, 0, 0, 0, 8],
  ])(
    'of %d, unavailable %d: old %d, new %d, available %d+%d: old becomes %s',
    (replicas, unavailable, old, fresh, oldAvailable, newAvailable, expected) => {
      const d = makeDeployment({ replicas, maxSurge: 0, maxUnavailable: unavailable });
      const plan = planOld(d, makeRs('new', { replicas: fresh, available: newAvailable }), [
        makeRs('old', { replicas: old, available: oldAvailable }),
      ]);
      expect(plan[0]?.to).toBe(expected);
    },
  );

  it('takes unhealthy pods from the oldest first, then healthy ones within what availability allows', () => {
    const d = makeDeployment({ replicas: 10, maxSurge: 3, maxUnavailable: 2 });
    const newRs = makeRs('new', { replicas: 3, available: 3 });
    const old = [
      makeRs('older', { replicas: 2, available: 0, created: 1 }),
      makeRs('old', { replicas: 8, available: 8, created: 2 }),
    ];
    expect(sizes(planOld(d, newRs, old))).toEqual({ older: 0, old: 5 });
  });

  it('goes through to the end, never over the ceiling and never under the floor', () => {
    for (const [replicas, surge, unavailable] of [
      [10, '25%', '25%'],
      [3, 1, 0],
      [5, 0, 1],
      [1, 1, 0],
      [100, '10%', 0],
    ] as const) {
      const d = makeDeployment({ replicas, maxSurge: surge, maxUnavailable: unavailable });
      let [oldSize, newSize, newAvailable] = [replicas as number, 0, 0];
      for (let step = 0; step < 1000 && (oldSize > 0 || newAvailable < replicas); step++) {
        const old = makeRs('old', { replicas: oldSize });
        const newRs = makeRs('new', { replicas: newSize, available: newAvailable });
        const plan = [...planNew(d, [old, newRs], newRs)];
        if (!plan.length) plan.push(...planOld(d, newRs, [old]));
        for (const { rs, to } of plan) {
          if (rs === old) oldSize = to;
          else newSize = to;
        }
        expect(oldSize + newSize).toBeLessThanOrEqual(replicas + maxSurge(d));
        expect(oldSize + newAvailable).toBeGreaterThanOrEqual(replicas - maxUnavailable(d));
        if (!plan.length) newAvailable = newSize;
      }
      expect([oldSize, newSize]).toEqual([0, replicas]);
    }
  });

  it('Recreate makes all at once', () => {
    expect(newReplicas(makeDeployment({ replicas: 7, recreate: true }), [], 0)).toBe(7);
  });
});

describe('scaling', () => {
  const sized = (name: string, replicas: number, of: { desired: number; max: number }, created: number) =>
    makeRs(name, {
      replicas,
      created,
      annotations: {
        'deployment.kubernetes.io/desired-replicas': String(of.desired),
        'deployment.kubernetes.io/max-replicas': String(of.max),
      },
    });

  // Upstream's TestScale.
  it.each<[string, object, Record<string, [number, number]>, { desired: number; max: number }, Record<string, number>]>(
    [
      ['the size that it has', { replicas: 10 }, { new: [10, 2] }, { desired: 12, max: 12 }, { new: 10 }],
      ['only one: up', { replicas: 12 }, { new: [10, 2] }, { desired: 10, max: 10 }, { new: 12 }],
      ['only one: down', { replicas: 5 }, { new: [10, 2] }, { desired: 10, max: 10 }, { new: 5 }],
      [
        'proportional up',
        { replicas: 12, maxSurge: 0 },
        { new: [5, 2], old: [5, 1] },
        { desired: 10, max: 10 },
        { new: 6, old: 6 },
      ],
      [
        'proportional down',
        { replicas: 5, maxSurge: 0 },
        { new: [5, 2], old: [5, 1] },
        { desired: 10, max: 10 },
        { new: 3, old: 2 },
      ],
      [
        'the leftover goes to the largest',
        { replicas: 10, maxSurge: 0 },
        { new: [5, 3], old: [2, 2], older: [1, 1] },
        { desired: 8, max: 8 },
        { new: 6, old: 3, older: 1 },
      ],
      [
        'with surge',
        { replicas: 20, maxSurge: 3 },
        { new: [5, 3], old: [4, 2], older: [4, 1] },
        { desired: 10, max: 13 },
        { new: 9, old: 7, older: 7 },
      ],
      [
        'to nothing',
        { replicas: 0, maxSurge: 3 },
        { new: [5, 3], old: [4, 2], older: [4, 1] },
        { desired: 10, max: 13 },
        { new: 0, old: 0, older: 0 },
      ],
    ],
  )('%s', (_name, o, sets, of, expected) => {
    const made = Object.entries(sets).map(([name, [replicas, created]]) => sized(name, replicas, of, created));
    const newRs = made.find((rs) => rs.metadata.name === 'new');
    const old = made.filter((rs) => rs !== newRs);
    expect(sizes(planScale(makeDeployment({ maxUnavailable: 1, ...o }), newRs, old))).toEqual(expected);
  });

  it('a saturated new one ends the old ones', () => {
    const newRs = sized('new', 10, { desired: 10, max: 12 }, 2);
    expect(
      sizes(planScale(makeDeployment({ replicas: 10 }), newRs, [sized('old', 2, { desired: 10, max: 12 }, 1)])),
    ).toEqual({ old: 0 });
  });

  it.each([
    [10, true],
    [20, false],
  ])('desired %s in the annotation of 20: %s', (desired, scaling) => {
    expect(isScaling(makeDeployment({ replicas: 20 }), [sized('rs', 1, { desired, max: 30 }, 1)])).toBe(scaling);
  });
});

describe('revisions', () => {
  it('count past 2^53', () => {
    expect(
      nextRevision([makeRs('a', { annotations: { 'deployment.kubernetes.io/revision': '3546343826724305832' } })]),
    ).toBe(3546343826724305833n);
    expect(nextRevision([])).toBe(1n);
  });

  it('go into the history when a ReplicaSet is used again; other annotations are copied, kubectl’s are not', () => {
    const d = makeDeployment({
      annotations: {
        'kubernetes.io/change-cause': 'why',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
        'deployment.kubernetes.io/revision': '4',
      },
    });
    expect(
      newReplicaSetAnnotations(
        d,
        { 'deployment.kubernetes.io/revision': '2', 'deployment.kubernetes.io/revision-history': '1' },
        5n,
      ),
    ).toEqual({
      'kubernetes.io/change-cause': 'why',
      'deployment.kubernetes.io/revision': '5',
      'deployment.kubernetes.io/revision-history': '1,2',
    });
    const same = { 'deployment.kubernetes.io/revision': '5', 'kubernetes.io/change-cause': 'why' };
    expect(newReplicaSetAnnotations(d, same, 5n)).toBe(same);
    expect(newReplicaSetAnnotations(d, same, 3n)).toBe(same);
  });

  it('the history is kept under 2,000 characters', () => {
    const history = Array.from({ length: 600 }, (_, i) => i + 1).join(',');
    const next = newReplicaSetAnnotations(
      makeDeployment(),
      { 'deployment.kubernetes.io/revision': '601', 'deployment.kubernetes.io/revision-history': history },
      700n,
    );
    const text = next['deployment.kubernetes.io/revision-history']!;
    expect(text.length).toBeLessThanOrEqual(2000);
    expect(text.endsWith(',600,601')).toBe(true);
  });

  it('sizes are noted', () => {
    const noted = sizeAnnotations(makeDeployment({ replicas: 10 }), undefined);
    expect(noted).toEqual({
      'deployment.kubernetes.io/desired-replicas': '10',
      'deployment.kubernetes.io/max-replicas': '13',
    });
    expect(sizeAnnotations(makeDeployment({ replicas: 10 }), noted)).toBe(noted);
  });
});

describe('the new ReplicaSet', () => {
  it('is the oldest with the same template, the hash label aside', () => {
    const d = makeDeployment({ image: 'v2' });
    const all = [
      makeRs('a', { image: 'v2', hash: 'x', created: 5 }),
      makeRs('b', { image: 'v2', hash: 'y', created: 3 }),
      makeRs('c', { image: 'v1', hash: 'z', created: 1 }),
    ];
    expect(findNew(d, all)?.metadata.name).toBe('b');
  });

  it.each([
    [{ spec: { tolerations: [] } }, { spec: {} }, true],
    [{ metadata: { labels: {}, creationTimestamp: null } }, { metadata: {} }, true],
    [{ spec: { volumes: [{ name: 'v', emptyDir: {} }] } }, { spec: { volumes: [{ name: 'v' }] } }, false],
    [{ spec: { containers: [{ name: 'a' }] } }, { spec: { containers: [{ name: 'b' }] } }, false],
  ])('%j against %j: %s', (a, b, same) => {
    expect(sameTemplate(a as never, b as never)).toBe(same);
  });

  it('is named, labelled and sized', () => {
    const d = makeDeployment({ replicas: 10, image: 'v2' });
    const made = newReplicaSet(d, [
      makeRs('old', { replicas: 10, annotations: { 'deployment.kubernetes.io/revision': '7' } }),
    ]);
    const hash = templateHash(d.spec!.template, undefined);
    expect(made).toMatchObject({
      metadata: {
        name: `web-${hash}`,
        labels: { app: 'web', 'pod-template-hash': hash },
        annotations: { 'deployment.kubernetes.io/revision': '8', 'deployment.kubernetes.io/desired-replicas': '10' },
        ownerReferences: [{ kind: 'Deployment', uid: 'web', controller: true }],
      },
      spec: { replicas: 3, selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } } },
    });
    expect(d.spec!.template.metadata!.labels).toEqual({ app: 'web' });
  });

  it('has a hash that depends on content and collisions, not on the order of keys', () => {
    const [a, b] = [{ spec: { x: 1, y: 2 } }, { spec: { y: 2, x: 1 } }] as never[];
    expect(templateHash(a, undefined)).toBe(templateHash(b, undefined));
    expect(templateHash(a, 1)).not.toBe(templateHash(a, undefined));
    expect(templateHash(a, undefined)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });
});

describe('history', () => {
  it('forgets the lowest revisions that are done', () => {
    const rs = (name: string, revision: string, o = {}) =>
      makeRs(name, { replicas: 0, annotations: { 'deployment.kubernetes.io/revision': revision }, ...o });
    const old = [rs('r9', '9'), rs('r10', '10'), rs('r2', '2', { actual: 1 }), rs('r1', '1')];
    expect(planCleanup(makeDeployment({ historyLimit: 1 }), old).map((o) => o.metadata.name)).toEqual(['r1', 'r9']);
    expect(planCleanup(makeDeployment({ historyLimit: 4 }), old)).toEqual([]);
    expect(
      planCleanup({ ...makeDeployment(), spec: { ...makeDeployment().spec!, revisionHistoryLimit: undefined } }, old),
    ).toEqual([]);
  });
});

describe('status', () => {
  const progressing = (reason: string, status = 'True', age = 10) => ({
    type: 'Progressing',
    status,
    reason,
    message: 'm',
    lastUpdateTime: at(-age),
    lastTransitionTime: at(-age),
  });
  const find = (s: any, type: string) => s.conditions.find((c: any) => c.type === type);

  it('counts', () => {
    const d = makeDeployment({ replicas: 10 });
    const status = planCounts(
      d,
      [makeRs('old', { replicas: 8, available: 7 }), makeRs('new', { replicas: 3, available: 1 })],
      makeRs('new', { replicas: 3, available: 1 }),
      now,
    );
    expect(status).toMatchObject({
      replicas: 11,
      updatedReplicas: 3,
      readyReplicas: 8,
      availableReplicas: 8,
      unavailableReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
    expect(find(status, 'Available')).toMatchObject({
      status: 'True',
      reason: 'MinimumReplicasAvailable',
      message: 'Deployment has minimum availability.',
    });
  });

  it.each([
    [
      'moving on',
      { replicas: 10, conditions: [progressing('NewReplicaSetCreated')] },
      4,
      'True',
      'ReplicaSetUpdated',
      'ReplicaSet "new" is progressing.',
    ],
    [
      'done',
      { replicas: 10, updatedReplicas: 9, conditions: [progressing('ReplicaSetUpdated')] },
      10,
      'True',
      'NewReplicaSetAvailable',
      'ReplicaSet "new" has successfully progressed.',
    ],
    [
      'stuck',
      {
        replicas: 5,
        updatedReplicas: 5,
        readyReplicas: 5,
        availableReplicas: 5,
        conditions: [progressing('ReplicaSetUpdated', 'True', 601)],
      },
      5,
      'False',
      'ProgressDeadlineExceeded',
      'ReplicaSet "new" has timed out progressing.',
    ],
    [
      'waiting',
      {
        replicas: 5,
        updatedReplicas: 5,
        readyReplicas: 5,
        availableReplicas: 5,
        conditions: [progressing('ReplicaSetUpdated', 'True', 599)],
      },
      5,
      'True',
      'ReplicaSetUpdated',
      'm',
    ],
  ])('%s', (_name, before, size, status, reason, message) => {
    const newRs = makeRs('new', { replicas: size });
    const next = planRolloutStatus(makeDeployment({ replicas: 10, status: before }), [newRs], newRs, now);
    expect(find(next, 'Progressing')).toMatchObject({ status, reason, message });
  });

  it('shows what keeps a ReplicaSet from its pods, and no longer once it is over', () => {
    const failure = {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: 'quota',
      lastTransitionTime: at(-5),
    };
    const newRs = makeRs('new', { replicas: 1, status: { conditions: [failure] } });
    const next = planRolloutStatus(makeDeployment(), [newRs], newRs, now);
    expect(find(next, 'ReplicaFailure')).toEqual({ ...failure, lastUpdateTime: at(-5) });
    expect(
      find(planRolloutStatus(makeDeployment({ status: next }), [makeRs('new')], makeRs('new'), now), 'ReplicaFailure'),
    ).toBeUndefined();
  });

  it('has no Progressing without a deadline', () => {
    const d = makeDeployment({ deadline: 2147483647, status: { conditions: [progressing('ReplicaSetUpdated')] } });
    expect(find(planRolloutStatus(d, [makeRs('new')], makeRs('new'), now), 'Progressing')).toBeUndefined();
  });

  it('is complete only when all is updated, available and observed', () => {
    const whole = { replicas: 3, updatedReplicas: 3, availableReplicas: 3, observedGeneration: 1 };
    const d = makeDeployment({ replicas: 3 });
    expect(isComplete(d, whole)).toBe(true);
    for (const change of [{ replicas: 4 }, { updatedReplicas: 2 }, { availableReplicas: 2 }, { observedGeneration: 0 }])
      expect(isComplete(d, { ...whole, ...change })).toBe(false);
  });

  it('knows when to look again', () => {
    const d = makeDeployment({ deadline: 60 });
    const status = { conditions: [progressing('ReplicaSetUpdated', 'True', 50)] };
    expect(untilDeadline(d, status as never, now)).toBe(11_000);
    expect(untilDeadline(d, { conditions: [progressing('ProgressDeadlineExceeded')] } as never, now)).toBeUndefined();
  });

  it('conditions keep the time of their last transition', () => {
    const old = progressing('A');
    expect(withCondition([old] as never, { ...old, message: 'other' } as never)).toEqual([old]);
    expect(withCondition([old] as never, { ...old, reason: 'B', lastTransitionTime: at(0) } as never)[0]).toMatchObject(
      { reason: 'B', lastTransitionTime: at(-10) },
    );
    expect(
      withCondition([old] as never, { ...old, status: 'False', reason: 'B', lastTransitionTime: at(0) } as never)[0],
    ).toMatchObject({ lastTransitionTime: at(0) });
  });
});
