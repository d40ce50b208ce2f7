import { describe, expect, it } from 'vitest';
import { selectorOf } from '../../apimachinery/labelSelector.ts';
import { replicaSets } from '../../apimachinery/resources.ts';
import { planClaims } from '../../controllers/common/owners.ts';
import { podOf } from '../../controllers/common/podControl.ts';
import { slowStart } from '../../controllers/common/slowStart.ts';
import { planReplicas } from '../../controllers/replicaSet/plan.ts';
import { chooseVictims, deletionCost } from '../../controllers/replicaSet/ranking.ts';
import { replicaSetController } from '../../controllers/replicaSet/replicaSet.ts';
import { planStatus } from '../../controllers/replicaSet/status.ts';
import { fakeClock } from '../client/fakeClock.ts';
import { makePod, makeRs, now, type PodOptions } from './objects.ts';

describe('victims', () => {
  const ready = { node: 'n1', ready: -50 };
  it.each<[string, PodOptions, PodOptions]>([
    ['without a node before those with one', {}, ready],
    ['pending before running', { node: 'n1', phase: 'Pending', ready: -50 }, ready],
    ['unknown before running', { node: 'n1', phase: 'Unknown', ready: -50 }, ready],
    ['not ready before ready', { node: 'n1' }, ready],
    ['lower cost first', { ...ready, cost: '-5' }, ready],
    ['a crowded node first', { ...ready, node: 'crowded' }, ready],
    ['ready for a shorter time first', { ...ready, ready: -2 }, { ...ready, ready: -5000 }],
    ['more restarts first', { ...ready, restarts: 3 }, ready],
    ['made later first', { ...ready, created: -60 }, { ...ready, created: -6000 }],
    ['of about the same age by uid', { ...ready, created: -101, uid: 'a' }, { ...ready, created: -100, uid: 'b' }],
    ['crowd does not outweigh cost', { ...ready, cost: '1' }, { ...ready, node: 'crowded', cost: '2' }],
  ])('%s', (_name, first, second) => {
    const [a, b] = [makePod('a', first), makePod('b', second)];
    const crowd = [makePod('x', { node: 'crowded' }), makePod('y', { node: 'crowded' })];
    for (const order of [
      [a, b],
      [b, a],
    ])
      expect(chooseVictims(order, [a, b, ...crowd], 1, now)).toEqual([a]);
  });

  it.each([
    ['5', 5],
    ['-2147483648', -2147483648],
    ['2147483648', 0],
    ['1.5', 0],
    ['+1', 0],
    ['01', 0],
    ['', 0],
  ])('cost %s counts as %d', (text, cost) => {
    expect(deletionCost(makePod('p', { cost: text }))).toBe(cost);
  });
});

describe('plan', () => {
  const pods = (n: number) => Array.from({ length: n }, (_, i) => makePod(`p${i}`, { node: 'n', ready: -10 }));
  it.each([
    [3, 0, 3, 0],
    [3, 3, 0, 0],
    [3, 5, 0, 2],
    [2000, 0, 500, 0],
    [0, 600, 0, 500],
  ])('%d wanted, %d there: create %d, remove %d', (wanted, there, create, remove) => {
    const plan = planReplicas(makeRs('rs', { replicas: wanted }), pods(there), () => pods(there), now);
    expect([plan.create, plan.remove.length]).toEqual([create, remove]);
  });

  it('a new pod has the template and its owner', () => {
    const rs = makeRs('rs', { hash: 'h' });
    expect(podOf(rs, replicaSets, rs.spec?.template)).toMatchObject({
      metadata: {
        generateName: 'rs-',
        namespace: 'd',
        labels: { app: 'web', 'pod-template-hash': 'h' },
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'ReplicaSet',
            name: 'rs',
            uid: 'rs',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: { containers: [{ name: 'c', image: 'v1' }] },
    });
  });
});

describe('reconcile', () => {
  it('does not wait for pods of another ReplicaSet that had the name', async () => {
    const made: string[] = [];
    let rs: any = makeRs('web', { replicas: 2 });
    const informer = {
      resource: replicaSets,
      lastResourceVersion: '0',
      get: () => rs,
      byIndex: () => [],
      addIndex() {},
      addHandler() {},
    };
    const client = {
      create: async (_: unknown, pod: any) => {
        made.push(pod.metadata.ownerReferences[0].uid);
        return { metadata: { name: 'p', uid: `${made.length}` } };
      },
      updateStatus: async (_: unknown, object: any) => object,
    };
    const informers = { informer: () => informer };
    const context: any = { client, informers, clock: fakeClock(), events: { event() {} } };
    const controller = replicaSetController();
    controller.setup!(context, () => {});
    await controller.reconcile('d/web', context);
    await controller.reconcile('d/web', context);
    expect(made).toEqual([rs.metadata.uid, rs.metadata.uid]);
    rs = { ...rs, metadata: { ...rs.metadata, uid: 'anew' } };
    await controller.reconcile('d/web', context);
    expect(made.slice(2)).toEqual(['anew', 'anew']);
  });
});

describe('claims', () => {
  const rs = makeRs('rs');
  const selector = selectorOf({ matchLabels: { app: 'web' } });
  it('keep, adopt, release and leave alone', () => {
    const kept = makePod('kept', { owner: 'rs' });
    const strayed = makePod('strayed', { owner: 'rs', labels: { app: 'other' } });
    const orphan = makePod('orphan');
    const dying = makePod('dying', { deleting: true });
    const others = makePod('others', { owner: 'other' });
    const unlike = makePod('unlike', { labels: {} });
    expect(planClaims(rs, selector, [kept, strayed, orphan, dying, others, unlike])).toEqual({
      owned: [kept],
      adopt: [orphan],
      release: [strayed],
    });
    const leaving = { ...rs, metadata: { ...rs.metadata, deletionTimestamp: 'x' } };
    expect(planClaims(leaving, selector, [kept, strayed, orphan])).toEqual({ owned: [kept], adopt: [], release: [] });
  });
});

describe('status', () => {
  it('counts replicas, labelled, ready, available and terminating', () => {
    const rs = makeRs('rs', { minReadySeconds: 30, hash: 'h' });
    const full = { app: 'web', 'pod-template-hash': 'h' };
    const owned = [
      makePod('a', { ready: -60, labels: full }),
      makePod('b', { ready: -10 }),
      makePod('c'),
      makePod('d', { phase: 'Failed' }),
      makePod('e', { deleting: true, ready: -60 }),
    ];
    expect(planStatus(rs, owned, undefined, now)).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 1,
      readyReplicas: 2,
      availableReplicas: 1,
      terminatingReplicas: 1,
      observedGeneration: 1,
      conditions: undefined,
    });
  });

  it('is left alone when right, and told when only the failure changes', () => {
    const rs = makeRs('rs', { replicas: 0 });
    expect(planStatus(rs, [], undefined, now)).toBeUndefined();
    const failed = planStatus(rs, [], { reason: 'FailedCreate', message: 'quota' }, now)!;
    expect(failed.conditions).toEqual([
      {
        type: 'ReplicaFailure',
        status: 'True',
        reason: 'FailedCreate',
        message: 'quota',
        lastTransitionTime: '2023-11-14T22:13:20Z',
      },
    ]);
    const told = { ...rs, status: failed } as typeof rs;
    expect(planStatus(told, [], { reason: 'FailedCreate', message: 'another' }, now)).toBeUndefined();
    expect(planStatus(told, [], undefined, now)!.conditions).toBeUndefined();
  });
});

describe('slow start', () => {
  it('doubles while all succeed', async () => {
    let [running, most, done] = [0, 0, 0];
    const result = await slowStart(20, async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      done++;
    });
    expect([result.succeeded, most, done]).toEqual([20, 8, 20]);
  });

  it('stops after the batch that failed', async () => {
    let calls = 0;
    const result = await slowStart(100, async () => {
      if (++calls > 2) throw new Error('no');
    });
    expect(calls).toBe(3);
    expect(result).toMatchObject({ succeeded: 2, error: { message: 'no' } });
  });
});
