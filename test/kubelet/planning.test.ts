// Decisions of the kubelet that are pure: what to start and kill, phases, conditions, restarts.
import { expect, test } from 'vitest';
import type { Container, ContainerStatus, Pod } from '../../apimachinery/types.ts';
import { computePodActions } from '../../kubelet/container/computePodActions.ts';
import { containerHash } from '../../kubelet/container/containerHash.ts';
import type { ContainerRecord, PodRecord, SandboxRecord } from '../../kubelet/container/records.ts';
import { restartsAfterExit } from '../../kubelet/container/restartPolicy.ts';
import { podConditions } from '../../kubelet/status/conditions.ts';
import { podPhase } from '../../kubelet/status/phase.ts';

const c = (name: string, more: object = {}): Container => ({ name, image: 'app:1', ...more }) as Container;
const podOf = (spec: object): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'd', uid: 'u' },
    spec: { containers: [c('a')], ...spec },
  }) as Pod;
const sandbox = (more: Partial<SandboxRecord> = {}): SandboxRecord => ({
  id: 's0',
  attempt: 0,
  ready: true,
  createdAt: 1,
  hostNetwork: false,
  ips: ['10.0.0.1'],
  ...more,
});
let time = 1;
const ran = (name: string, state: ContainerRecord['state'], more: Partial<ContainerRecord> = {}): ContainerRecord => ({
  id: `${name}-${++time}`,
  name,
  sandboxId: 's0',
  state,
  createdAt: time,
  startedAt: time,
  finishedAt: state === 'exited' ? time : 0,
  exitCode: 0,
  reason: '',
  message: '',
  image: 'app:1',
  imageId: '',
  hash: containerHash(c(name)),
  restartCount: 0,
  logPath: '',
  ...more,
});
const record = (containers: ContainerRecord[], sandboxes = [sandbox()]): PodRecord => ({
  uid: 'u',
  name: 'p',
  namespace: 'd',
  sandboxes,
  containers: containers.toReversed(),
});
const quiet = { liveness: () => undefined, startup: () => undefined };
const names = (list: { name: string }[]) => list.map((x) => x.name).join(' ');
const plan = (pod: Pod, r: PodRecord, probes: Parameters<typeof computePodActions>[2] = quiet) => {
  const p = computePodActions(pod, r, probes);
  return {
    sandbox: p.createSandbox ? p.attempt : '',
    killPod: p.killPod,
    kill: p.kill.map((k) => `${k.container.name}:${k.reason}`).join(' '),
    init: names(p.startInit),
    start: names(p.start),
  };
};
const nothing = { sandbox: '', killPod: false, kill: '', init: '', start: '' };

test.each<[string, object, PodRecord, object]>([
  ['nothing is there', {}, record([], []), { sandbox: 0, killPod: true, start: 'a' }],
  [
    'init first in a new sandbox',
    { initContainers: [c('i')] },
    record([], []),
    { sandbox: 0, killPod: true, init: 'i' },
  ],
  ['all runs', {}, record([ran('a', 'running')]), {}],
  [
    'sandbox is down',
    {},
    record([ran('a', 'exited', { exitCode: 137 })], [sandbox({ ready: false })]),
    { sandbox: 1, killPod: true, start: 'a' },
  ],
  ['sandbox has no address', {}, record([], [sandbox({ ips: [] })]), { sandbox: 1, killPod: true, start: 'a' }],
  [
    'host network has changed',
    { hostNetwork: true },
    record([ran('a', 'running')]),
    { sandbox: 1, killPod: true, start: 'a' },
  ],
  [
    'two sandboxes are up',
    {},
    record([], [sandbox({ id: 's1', attempt: 1 }), sandbox()]),
    { sandbox: 2, killPod: true, start: 'a' },
  ],
  [
    'Never: a dead sandbox is not made again',
    { restartPolicy: 'Never' },
    record([ran('a', 'exited', { exitCode: 1 })], [sandbox({ ready: false })]),
    { killPod: true },
  ],
  [
    'OnFailure: succeeded ones stay out of a new sandbox',
    { restartPolicy: 'OnFailure', containers: [c('a'), c('b')] },
    record([ran('a', 'exited'), ran('b', 'exited', { exitCode: 1 })], [sandbox({ ready: false })]),
    { sandbox: 1, killPod: true, start: 'b' },
  ],
  ['Always restarts', {}, record([ran('a', 'exited')]), { start: 'a' }],
  [
    'OnFailure and success: all is done',
    { restartPolicy: 'OnFailure' },
    record([ran('a', 'exited')]),
    { killPod: true },
  ],
  [
    'OnFailure restarts a failure',
    { restartPolicy: 'OnFailure' },
    record([ran('a', 'exited', { exitCode: 2 })]),
    { start: 'a' },
  ],
  [
    'Never: one ended, one runs',
    { restartPolicy: 'Never', containers: [c('a'), c('b')] },
    record([ran('a', 'exited'), ran('b', 'running')]),
    {},
  ],
  ['created and never started', {}, record([ran('a', 'created')]), { start: 'a' }],
  ['unknown is killed, then started', {}, record([ran('a', 'unknown')]), { kill: 'a:unknownState', start: 'a' }],
  [
    'another image',
    { containers: [c('a', { image: 'app:2' })] },
    record([ran('a', 'running')]),
    { kill: 'a:definitionChanged', start: 'a' },
  ],
  ['init runs', { initContainers: [c('i'), c('j')] }, record([ran('i', 'running')]), {}],
  ['next init', { initContainers: [c('i'), c('j')] }, record([ran('i', 'exited')]), { init: 'j' }],
  [
    'inits done',
    { initContainers: [c('i'), c('j')] },
    record([ran('i', 'exited'), ran('j', 'exited')]),
    { start: 'a' },
  ],
  ['init failed, Always', { initContainers: [c('i')] }, record([ran('i', 'exited', { exitCode: 1 })]), { init: 'i' }],
  [
    'init failed, Never',
    { initContainers: [c('i')], restartPolicy: 'Never' },
    record([ran('i', 'exited', { exitCode: 1 })]),
    { killPod: true },
  ],
  [
    'collected init records do not run again',
    { initContainers: [c('i'), c('j')] },
    record([ran('j', 'exited')]),
    { start: 'a' },
  ],
  ['main has begun: init is past', { initContainers: [c('i')] }, record([ran('a', 'exited')]), { start: 'a' }],
  [
    'init again in a new sandbox',
    { initContainers: [c('i')] },
    record([ran('i', 'exited', { sandboxId: 'old' }), ran('a', 'exited', { sandboxId: 'old' })]),
    { init: 'i' },
  ],
  ['sidecar first', { initContainers: [c('s', { restartPolicy: 'Always' })] }, record([]), { init: 's' }],
  [
    'sidecar runs: on',
    { initContainers: [c('s', { restartPolicy: 'Always' })] },
    record([ran('s', 'running')]),
    { start: 'a' },
  ],
  [
    'sidecar ended beside a running main',
    { initContainers: [c('s', { restartPolicy: 'Always' })] },
    record([ran('s', 'exited'), ran('a', 'running')]),
    { init: 's' },
  ],
  [
    'main done: the sidecar goes too',
    { restartPolicy: 'Never', initContainers: [c('s', { restartPolicy: 'Always' })] },
    record([ran('s', 'running'), ran('a', 'exited')]),
    { killPod: true },
  ],
  [
    'a rule of the container restarts',
    {
      restartPolicy: 'Never',
      containers: [
        c('a', {
          restartPolicy: 'Never',
          restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
        }),
      ],
    },
    record([ran('a', 'exited', { exitCode: 42 })]),
    { start: 'a' },
  ],
])('plan: %s', (_, spec, r, expected) => {
  expect(plan(podOf(spec), r)).toEqual({ ...nothing, ...expected });
});

test('plan: probes that gave up', () => {
  const failed = (kind: 'liveness' | 'startup') => ({ ...quiet, [kind]: () => 'failure' as const });
  const r = record([ran('a', 'running')]);
  expect(plan(podOf({}), r, failed('liveness'))).toEqual({ ...nothing, kill: 'a:livenessProbe', start: 'a' });
  expect(plan(podOf({ restartPolicy: 'Never' }), r, failed('startup'))).toEqual({
    ...nothing,
    killPod: true,
    kill: 'a:startupProbe',
  });
  const message = computePodActions(podOf({}), r, failed('liveness')).kill[0]!.message;
  expect(message).toBe('Container a failed liveness probe, will be restarted');
});

test('plan: a sidecar must have started, by its startup probe', () => {
  const side = c('s', { restartPolicy: 'Always', startupProbe: { periodSeconds: 1 } });
  const pod = podOf({ initContainers: [side] });
  const r = record([ran('s', 'running')]);
  expect(plan(pod, r, { ...quiet, startup: () => 'unknown' })).toEqual(nothing);
  expect(plan(pod, r, { ...quiet, startup: () => 'success' })).toEqual({ ...nothing, start: 'a' });
});

test('plan: nothing starts in a pod that is being deleted', () => {
  const pod = podOf({});
  pod.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  expect(plan(pod, record([ran('a', 'exited', { exitCode: 1 })])).start).toBe('');
});

test.each([
  ['Always', undefined, 0, true],
  ['OnFailure', undefined, 0, false],
  ['OnFailure', undefined, 1, true],
  ['Never', undefined, 1, false],
  ['Never', 'Always', 0, true],
  ['Always', 'Never', 1, false],
])('pod policy %s, container policy %s, exit code %i: restarts %s', (policy, own, code, expected) => {
  expect(restartsAfterExit(podOf({ restartPolicy: policy }), c('a', own ? { restartPolicy: own } : {}), code)).toBe(
    expected,
  );
});

const status = (name: string, state: object, more: object = {}): ContainerStatus =>
  ({ name, state, ready: false, ...more }) as ContainerStatus;
const running = (name: string) => status(name, { running: {} }, { ready: true, started: true });
const ended = (name: string, exitCode: number) => status(name, { terminated: { exitCode } }, { ready: exitCode === 0 });
const waiting = (name: string, more: object = {}) => status(name, { waiting: {} }, more);
const again = { lastState: { terminated: { exitCode: 1 } } };
const two = { containers: [c('a'), c('b')] };

test.each<[string, object, ContainerStatus[], ContainerStatus[], boolean, string]>([
  ['nothing yet', {}, [], [waiting('a')], false, 'Pending'],
  ['runs', {}, [], [running('a')], false, 'Running'],
  ['one waits for its first start', two, [], [running('a'), waiting('b')], false, 'Pending'],
  ['one waits for its next start', two, [], [running('a'), waiting('b', again)], false, 'Running'],
  ['all wait for their next start', {}, [], [waiting('a', again)], false, 'Running'],
  ['Always, ended', {}, [], [ended('a', 0)], false, 'Running'],
  ['Never, succeeded', { restartPolicy: 'Never' }, [], [ended('a', 0)], false, 'Succeeded'],
  ['Never, one failed', { ...two, restartPolicy: 'Never' }, [], [ended('a', 0), ended('b', 1)], false, 'Failed'],
  ['OnFailure, failed', { restartPolicy: 'OnFailure' }, [], [ended('a', 1)], false, 'Running'],
  ['ending, all succeeded', {}, [], [ended('a', 0)], true, 'Succeeded'],
  ['ending, one failed', two, [], [ended('a', 0), ended('b', 137)], true, 'Failed'],
  ['init runs', { initContainers: [c('i')] }, [running('i')], [waiting('a')], false, 'Pending'],
  [
    'init failed for good',
    { initContainers: [c('i')], restartPolicy: 'Never' },
    [ended('i', 1)],
    [waiting('a')],
    false,
    'Failed',
  ],
  ['init fails and is tried again', { initContainers: [c('i')] }, [ended('i', 1)], [waiting('a')], false, 'Pending'],
])('phase: %s', (_, spec, init, main, ending, expected) => {
  expect(podPhase(podOf(spec), { initContainerStatuses: init, containerStatuses: main }, ending)).toBe(expected);
});

test('conditions name what is missing', () => {
  const pod = podOf({ ...two, initContainers: [c('i')], readinessGates: [{ conditionType: 'x/y' }] });
  const of = (s: Parameters<typeof podConditions>[1], phase: any = 'Running') =>
    Object.fromEntries(podConditions(pod, s, phase, true).map((x) => [x.type, [x.status, x.reason, x.message]]));
  const early = of(
    { initContainerStatuses: [status('i', { running: {} })], containerStatuses: [waiting('a'), waiting('b')] },
    'Pending',
  );
  expect(early.Initialized).toEqual(['False', 'ContainersNotInitialized', 'containers with incomplete status: [i]']);
  expect(early.Ready).toEqual(['False', 'ContainersNotReady', 'containers with unready status: [a b]']);
  const late = of({ initContainerStatuses: [ended('i', 0)], containerStatuses: [running('a'), running('b')] });
  expect(late.Initialized![0]).toBe('True');
  expect(late.ContainersReady![0]).toBe('True');
  expect(late.Ready).toEqual([
    'False',
    'ReadinessGatesNotReady',
    'corresponding condition of pod readiness gate "x/y" does not exist.',
  ]);
});
