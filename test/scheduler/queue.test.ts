import { describe, expect, it } from 'vitest';
import type { Cause } from '../../apimachinery/cause.ts';
import type { Pod } from '../../apimachinery/types.ts';
import { createMetrics } from '../../component-base/metrics.ts';
import { action, assignedPodDelete, nodeAdd } from '../../scheduler/clusterEvents.ts';
import { createSchedulerMetrics } from '../../scheduler/metrics.ts';
import { podInfoOf } from '../../scheduler/podInfo.ts';
import { createQueue, type QueuedPod, type SchedulingQueue } from '../../scheduler/queue.ts';
import { fakeClock } from '../client/fakeClock.ts';
import { node, pod } from './objects.ts';
import { createWorld } from './world.ts';

function setUp() {
  const clock = fakeClock();
  const queue = createQueue({ clock, initialBackoff: 1000, maxBackoff: 10_000 });
  const profile = createWorld().defaultProfile();
  const cause = (resourceVersion: string): Cause => ({
    resource: 'pods',
    namespace: 'default',
    name: 'p',
    resourceVersion,
  });
  const add = (p: Pod, causes: Cause[] = []) => queue.add(podInfoOf(p), profile, causes);
  /** The next pod's name; undefined when none is ready. */
  const next = async (): Promise<QueuedPod | undefined> => {
    const { active, backoff } = queue.counts();
    return active + backoff ? await queue.pop() : undefined;
  };
  const refuse = (p: QueuedPod, ...plugins: string[]) => {
    p.refusedBy = new Set(plugins);
    queue.fail(p, p.info, false);
  };
  return { clock, queue, profile, add, next, refuse, cause };
}

const names = async (queue: SchedulingQueue, n: number) => {
  const out: string[] = [];
  for (let i = 0; i < n; i++) out.push((await queue.pop())!.info.pod.metadata.name);
  return out;
};

describe('order', () => {
  it('is by priority, then by arrival', async () => {
    const { clock, queue, add } = setUp();
    add(pod('low', { priority: 1 }));
    await clock.advance(1);
    add(pod('high-1', { priority: 9 }));
    await clock.advance(1);
    add(pod('high-2', { priority: 9 }));
    expect(await names(queue, 3)).toEqual(['high-1', 'high-2', 'low']);
  });

  it('gives a pod to who waits for one', async () => {
    const { queue, add } = setUp();
    const waiting = queue.pop();
    add(pod('p'));
    expect((await waiting)!.info.key).toBe('default/p');
  });

  it('ends for all who wait when it is closed', async () => {
    const { queue, add } = setUp();
    const waiting = queue.pop();
    queue.close();
    expect(await waiting).toBeUndefined();
    add(pod('p'));
    expect(await queue.pop()).toBeUndefined();
  });

  it('forgets what was deleted', async () => {
    const { queue, add } = setUp();
    add(pod('a'));
    add(pod('b'));
    queue.delete('uid-a');
    expect(await names(queue, 1)).toEqual(['b']);
  });
});

describe('a pod that fits nowhere', () => {
  const roomy = node('new', { cpu: '4' });
  const tiny = node('tiny', { cpu: '100m' });

  it('waits for an event that could help it', async () => {
    const { queue, add, next, refuse } = setUp();
    add(pod('p', { cpu: '1' }));
    refuse((await next())!, 'NodeResourcesFit');
    expect(queue.counts()).toMatchObject({ active: 0, backoff: 0, unschedulable: 1 });
    queue.happened(nodeAdd, undefined, tiny, []);
    expect(queue.counts().unschedulable).toBe(1);
    queue.happened(nodeAdd, undefined, roomy, []);
    expect(queue.counts().unschedulable).toBe(0);
    expect((await next())!.attempts).toBe(2);
  });

  it.each<[string, string[], boolean]>([
    ['of the plugin that refused', ['NodeResourcesFit'], true],
    ['of another', ['TaintToleration'], false],
    ['when any of several', ['TaintToleration', 'NodeResourcesFit'], true],
    ['with nobody to blame', [], true],
  ])('is moved by a deleted pod: hint %s', async (_what, plugins, moved) => {
    const { queue, add, next, refuse } = setUp();
    add(pod('p', { cpu: '1' }));
    refuse((await next())!, ...plugins);
    queue.happened(assignedPodDelete, podInfoOf(pod('gone', { nodeName: 'a' })), undefined, []);
    expect(queue.counts().unschedulable).toBe(moved ? 0 : 1);
  });

  it.each([
    ['sits out its back-off', new Set<string>(), 'backoff'],
    ['goes ahead when the plugin itself waited for it', new Set(['NodeResourcesFit']), 'active'],
  ] as const)('is moved and %s', async (_what, pending, where) => {
    const { queue, add, next, refuse } = setUp();
    add(pod('p', { cpu: '1' }));
    const p = (await next())!;
    p.pendingPlugins = pending;
    refuse(p, 'NodeResourcesFit');
    queue.happened(nodeAdd, undefined, roomy, []);
    expect(queue.counts()).toMatchObject({ active: 0, backoff: 0, [where]: 1 });
  });

  it('is moved by what happened while it was tried', async () => {
    const { queue, add, next, refuse } = setUp();
    add(pod('p', { cpu: '1' }));
    const p = (await next())!;
    queue.happened(nodeAdd, undefined, roomy, []);
    refuse(p, 'NodeResourcesFit');
    expect(queue.counts()).toMatchObject({ backoff: 1, unschedulable: 0 });
  });

  it('is not moved by what happened before it was tried', async () => {
    const { queue, add, next, refuse } = setUp();
    add(pod('other'));
    const other = (await next())!;
    queue.happened(nodeAdd, undefined, roomy, []);
    add(pod('p', { cpu: '1' }));
    refuse((await next())!, 'NodeResourcesFit');
    expect(queue.counts()).toMatchObject({ backoff: 0, unschedulable: 1 });
    queue.done(other.info.uid);
  });

  it('is tried again after five minutes whatever happens', async () => {
    const { clock, queue, add, next, refuse, cause } = setUp();
    add(pod('p', { cpu: '1' }), [cause('5')]);
    refuse((await next())!, 'NodeResourcesFit');
    await clock.advance(299_000);
    expect(queue.counts().unschedulable).toBe(1);
    await clock.advance(60_000);
    expect((await next())!.causes).toEqual([cause('5'), { word: 'timer' }]);
  });

  it('carries its own event and the one that moved it', async () => {
    const { queue, add, next, refuse, cause } = setUp();
    add(pod('p', { cpu: '1' }), [cause('5')]);
    const p = (await next())!;
    expect(p.causes).toEqual([cause('5')]);
    refuse(p, 'NodeResourcesFit');
    const moved: Cause = { resource: 'nodes', namespace: '', name: 'new', resourceVersion: '9' };
    queue.happened(nodeAdd, undefined, roomy, [moved]);
    expect((await next())!.causes).toEqual([cause('5'), moved]);
  });

  it('is moved by its own change', async () => {
    const { queue, profile, add, next, refuse, cause } = setUp();
    add(pod('p'), [cause('5')]);
    const p = (await next())!;
    refuse(p, 'TaintToleration');
    const now = pod('p', { spec: { tolerations: [{ operator: 'Exists' }] } });
    queue.update(podInfoOf(now), p.info, profile, [cause('6')]);
    const again = (await next())!;
    expect(again.info.pod).toBe(now);
    expect(again.causes).toEqual([cause('6')]);
  });
});

it('is counted by plugin and profile', async () => {
  const { clock, queue, add, next, refuse } = setUp();
  const metrics = createMetrics();
  const numbers = createSchedulerMetrics(metrics, queue, () => clock.now());
  add(pod('p', { cpu: '1' }));
  const p = (await next())!;
  refuse(p, 'NodeResourcesFit', 'TaintToleration');
  numbers.attempted('unschedulable', p);
  numbers.preempted(2);
  const shown = async () => (await metrics.text()).split('\n').filter((line) => /^scheduler_/.test(line));
  expect(await shown()).toEqual(
    expect.arrayContaining([
      'scheduler_schedule_attempts_total{profile="default-scheduler",result="unschedulable"} 1',
      'scheduler_unschedulable_pods{plugin="NodeResourcesFit",profile="default-scheduler"} 1',
      'scheduler_unschedulable_pods{plugin="TaintToleration",profile="default-scheduler"} 1',
      'scheduler_pending_pods{queue="unschedulable"} 1',
      'scheduler_preemption_attempts_total 1',
      'scheduler_preemption_victims_sum 2',
    ]),
  );
  queue.delete(p.info.uid);
  expect((await shown()).some((line) => line.startsWith('scheduler_unschedulable_pods{'))).toBe(false);
});

describe('back-off', () => {
  it('doubles with each error, and is sat out', async () => {
    const { clock, queue, add } = setUp();
    add(pod('p'));
    for (const wait of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
      const p = (await queue.pop())!;
      queue.fail(p, p.info, true);
      expect(queue.counts().backoff).toBe(1);
      await clock.advance(wait - 50);
      expect(queue.counts()).toMatchObject({ active: 0, backoff: 1 });
      await clock.advance(100);
      expect(queue.counts()).toMatchObject({ active: 1, backoff: 0 });
    }
  });

  it('lets a pod that is merely unschedulable go ahead while nothing else is active', async () => {
    const { queue, add, next, refuse } = setUp();
    add(pod('p'));
    refuse((await next())!, 'NodeResourcesFit');
    queue.happened(nodeAdd, undefined, node('a'), []);
    expect(queue.counts().backoff).toBe(1);
    add(pod('fresh'));
    expect(await names(queue, 2)).toEqual(['fresh', 'p']);
  });
});

describe('gates', () => {
  it('keep a pod out until the last is gone', async () => {
    const { queue, profile, add, next } = setUp();
    const gated = pod('p', { spec: { schedulingGates: [{ name: 'a' }] } });
    add(gated);
    expect(queue.counts()).toEqual({ active: 0, backoff: 0, unschedulable: 0, gated: 1 });
    queue.happened(nodeAdd, undefined, node('a'), []);
    expect(queue.counts().gated).toBe(1);
    queue.update(podInfoOf(pod('p')), podInfoOf(gated), profile, []);
    expect((await next())!.info.pod.spec!.schedulingGates).toBeUndefined();
  });
});

it('passes over events that no hint names', async () => {
  const { queue, add, next, refuse } = setUp();
  add(pod('p', { cpu: '1' }));
  refuse((await next())!, 'NodeResourcesFit');
  const relabelled = { resource: 'Node' as const, actions: action.updateNodeLabel, label: 'NodeUpdate' };
  queue.happened(relabelled, node('a'), node('a', { labels: { x: 'y' } }), []);
  expect(queue.counts().unschedulable).toBe(1);
});
