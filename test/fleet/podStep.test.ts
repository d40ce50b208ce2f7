// What a simulated node does next with a pod, played through by hand: report, wait, remove.
import { describe, expect, it } from 'vitest';
import type { Pod } from '../../apimachinery/types.ts';
import { podStep } from '../../fleet/podStep.ts';

const begin = Date.parse('2026-01-01T00:00:00Z');
const place = { hostIP: '100.64.0.1', podIP: '10.160.0.1' };

const pod = (spec: object = {}, more: object = {}, annotations: Record<string, string> = {}): Pod => {
  const named = Object.entries(annotations).map(([k, v]) => [`simulated.mini-k8s.io/${k}`, v]);
  return {
    metadata: { name: 'p', namespace: 'd', uid: 'u', generation: 1, annotations: Object.fromEntries(named), ...more },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'x' }], ...spec },
    status: { phase: 'Pending' },
  } as unknown as Pod;
};

const step = (p: Pod, at: number) => podStep(p, place, begin + at) as any;

/** The pod after its report; conditions merge by type. */
function reported(p: Pod, at: number): Pod {
  const { report } = step(p, at);
  const told = report.conditions.map((c: any) => c.type);
  const kept = (p.status?.conditions ?? []).filter((c) => !told.includes(c.type));
  return { ...p, status: { ...p.status, ...report, conditions: [...kept, ...report.conditions] } } as Pod;
}

const conditionsOf = (p: Pod) => Object.fromEntries(p.status!.conditions!.map((c) => [c.type, c.status]));
const state = (p: Pod) => p.status!.containerStatuses![0]!;

describe('a pod that runs', () => {
  const running = reported(pod(), 0);

  it('is told to be Running, with addresses, ready containers and all conditions', () => {
    expect(running.status).toMatchObject({
      phase: 'Running',
      podIP: '10.160.0.1',
      hostIP: '100.64.0.1',
      startTime: '2026-01-01T00:00:00Z',
      observedGeneration: 1,
    });
    expect(state(running)).toMatchObject({ ready: true, started: true, restartCount: 0 });
    expect(conditionsOf(running)).toEqual({
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      Ready: 'True',
      ContainersReady: 'True',
      PodScheduled: 'True',
    });
  });

  it('needs nothing more', () => {
    expect(step(running, 5000)).toEqual({ next: Number.POSITIVE_INFINITY });
  });

  it('shares the address of its node with hostNetwork', () => {
    expect(reported(pod({ hostNetwork: true }), 0).status!.podIP).toBe('100.64.0.1');
  });

  it('waits for its readiness gates', () => {
    const gated = reported(pod({ readinessGates: [{ conditionType: 'g' }] }), 0);
    expect(conditionsOf(gated)).toMatchObject({ Ready: 'False', ContainersReady: 'True' });
    gated.status!.conditions!.push({ type: 'g', status: 'True' } as never);
    expect(conditionsOf(reported(gated, 1000))).toMatchObject({ Ready: 'True' });
  });

  it('gets another container with another image', () => {
    const changed = { ...running, spec: { ...running.spec!, containers: [{ name: 'c', image: 'y' }] } } as Pod;
    const status = state(reported(changed, 3000));
    expect(status).toMatchObject({ image: 'y', restartCount: 1, ready: true });
    expect(status.lastState?.terminated).toMatchObject({ exitCode: 0 });
    expect(status.containerID).not.toBe(state(running).containerID);
  });
});

describe('a pod that ends by itself', () => {
  it.each([
    ['Never', '0', 'Succeeded'],
    ['Never', '3', 'Failed'],
    ['OnFailure', '0', 'Succeeded'],
  ])('restartPolicy %s, exit code %s: %s', (restartPolicy, code, phase) => {
    const running = reported(pod({ restartPolicy }, {}, { 'exit-after': '2s', 'exit-code': code }), 0);
    expect(step(running, 1500)).toEqual({ next: begin + 2000 });
    const ended = reported(running, 2000);
    expect(ended.status!.phase).toBe(phase);
    expect(state(ended).state?.terminated).toMatchObject({ exitCode: Number(code) });
    expect(conditionsOf(ended)).toMatchObject({ Ready: 'False', ContainersReady: 'False' });
    expect(step(ended, 9000)).toEqual({ next: Number.POSITIVE_INFINITY });
  });

  it('starts again, at first at once, then after a back-off', () => {
    let p = reported(pod({ restartPolicy: 'OnFailure' }, {}, { 'exit-code': '1' }), 0);
    p = reported(p, 0);
    expect(state(p).state?.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });
    p = reported(p, 1);
    expect(state(p)).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 1 } } });
    p = reported(reported(p, 1000), 1001);
    expect(state(p).state?.waiting?.reason).toBe('CrashLoopBackOff');
    expect(p.status!.phase).toBe('Running');
    expect(step(p, 5000)).toEqual({ next: begin + 11_000 });
    expect(state(reported(p, 11_000))).toMatchObject({ restartCount: 2, ready: true });
  });

  it('takes its sidecar along', () => {
    const initContainers = [{ name: 'i' }, { name: 's', restartPolicy: 'Always' }];
    let p = reported(pod({ initContainers, restartPolicy: 'Never' }, {}, { 'exit-after.c': '1s' }), 0);
    expect(p.status!.initContainerStatuses).toMatchObject([{ ready: true, started: false }, { started: true }]);
    p = reported(p, 1000);
    expect(p.status!.phase).toBe('Succeeded');
    expect(p.status!.initContainerStatuses![1]!.state?.terminated).toMatchObject({ exitCode: 0 });
  });
});

describe('a pod that is deleted', () => {
  const deleted = (annotations: Record<string, string>, more: object = {}) => {
    const p = reported(pod({}, {}, annotations), 0);
    const end = { deletionTimestamp: '2026-01-01T00:01:30Z', deletionGracePeriodSeconds: 30, ...more };
    return { ...p, metadata: { ...p.metadata, ...end } } as unknown as Pod;
  };

  it('is removed at once', () => {
    expect(step(deleted({}), 60_000)).toEqual({ remove: true });
  });

  it.each([
    ['takes its time', '10s', 70_000],
    ['has no more than its grace', '5m', 90_000],
  ])('%s', (_, stopAfter, end) => {
    const p = deleted({ 'stop-after': stopAfter });
    expect(step(p, 60_000)).toEqual({ next: begin + end });
    expect(step(p, end)).toEqual({ remove: true });
  });

  it('tells how it ended where a finalizer holds it, and is then removed once', () => {
    const p = reported(deleted({ 'stop-exit-code': '143' }, { finalizers: ['f'] }), 60_000);
    expect(p.status!.phase).toBe('Failed');
    expect(state(p).state?.terminated).toMatchObject({ exitCode: 143 });
    expect(step(p, 60_000)).toEqual({ remove: true });
    const none = { deletionTimestamp: '2026-01-01T00:01:00Z', deletionGracePeriodSeconds: 0 };
    const removed = { ...p, metadata: { ...p.metadata, ...none } } as unknown as Pod;
    expect(step(removed, 61_000)).toEqual({ next: Number.POSITIVE_INFINITY });
  });
});
