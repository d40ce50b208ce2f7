import { expect, test } from 'vitest';
import { tableRow } from '../../../../apiserver/codecs/forms.ts';
import { pod } from '../../../../apiserver/kinds/pod.ts';
import { cells } from '../said.ts';
import { aPod } from './pods.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const running = { state: { running: {} }, ready: true, restartCount: 0 };
const init = (spec: any, ...fields: any[]) => {
  spec.initContainers = fields.map((f, i) => ({ name: `i${i}`, image: 'b', ...f }));
};

/** Ready, Status, Restarts. */
function line(status: any, change: (spec: any, p: any) => void = () => {}): string {
  const it = aPod((spec, p) => {
    p.metadata.creationTimestamp = '2026-01-01T00:00:00Z';
    p.status = status;
    change(spec, p);
  });
  const c = cells(pod, it, now);
  return `${c.Ready} ${c.Status} ${c.Restarts}`;
}

test.each<[any, string]>([
  [{ phase: 'Pending' }, '0/1 Pending 0'],
  [{ phase: 'Failed', reason: 'Evicted' }, '0/1 Evicted 0'],
  [{ phase: 'Running', containerStatuses: [{ name: 'c', ...running }] }, '1/1 Running 0'],
  [
    { phase: 'Pending', containerStatuses: [{ name: 'c', state: { waiting: { reason: 'ContainerCreating' } } }] },
    '0/1 ContainerCreating 0',
  ],
  [
    {
      phase: 'Running',
      containerStatuses: [
        {
          name: 'c',
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          restartCount: 3,
          lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:55:00Z' } },
        },
      ],
    },
    '0/1 CrashLoopBackOff 3 (5m ago)',
  ],
  [{ phase: 'Failed', containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 2 } } }] }, '0/1 ExitCode:2 0'],
  [
    { phase: 'Failed', containerStatuses: [{ name: 'c', state: { terminated: { signal: 9, exitCode: 137 } } }] },
    '0/1 Signal:9 0',
  ],
  [
    {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        { name: 'c', state: { terminated: { reason: 'Completed' } } },
        { name: 'd', ...running },
      ],
    },
    '1/1 Running 0',
  ],
  [
    {
      phase: 'Running',
      containerStatuses: [
        { name: 'c', state: { terminated: { reason: 'Completed' } } },
        { name: 'd', ...running },
      ],
    },
    '1/1 NotReady 0',
  ],
  [
    { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
    '0/1 SchedulingGated 0',
  ],
])('%j reads %s', (status, expected) => {
  expect(line(status)).toBe(expected);
});

test.each<[string, any[], any[], string]>([
  [
    'the second of two',
    [{}, {}],
    [{ state: { terminated: { exitCode: 0 } } }, { state: { running: {} } }],
    '0/1 Init:1/2 0',
  ],
  ['waiting', [{}], [{ state: { waiting: { reason: 'ErrImagePull' } } }], '0/1 Init:ErrImagePull 0'],
  ['failed', [{}], [{ state: { terminated: { exitCode: 1, reason: 'Error' } }, restartCount: 2 }], '0/1 Init:Error 2'],
  ['ended without reason', [{}], [{ state: { terminated: { exitCode: 1 } } }], '0/1 Init:ExitCode:1 0'],
  [
    'a sidecar that has started',
    [{ restartPolicy: 'Always' }],
    [{ state: { running: {} }, started: true, ready: true, restartCount: 1 }],
    '1/2 Pending 1',
  ],
])('init: %s', (_what, containers, statuses, expected) => {
  const initContainerStatuses = statuses.map((s, i) => ({ name: `i${i}`, restartCount: 0, ...s }));
  expect(line({ phase: 'Pending', initContainerStatuses }, (spec) => init(spec, ...containers))).toBe(expected);
});

test.each<[any, string]>([
  [{ phase: 'Running' }, 'Terminating'],
  [{ phase: 'Running', reason: 'NodeLost' }, 'Unknown'],
  [{ phase: 'Succeeded' }, 'Succeeded'],
])('being deleted with %j it is %s', (status, expected) => {
  const marked = (_spec: any, p: any) => {
    p.metadata.deletionTimestamp = '2026-01-01T00:59:00Z';
  };
  expect(line(status, marked)).toBe(`0/1 ${expected} 0`);
});

test('the wide columns', () => {
  const it = aPod((spec, p) => {
    spec.nodeName = 'n';
    spec.readinessGates = [{ conditionType: 'a' }, { conditionType: 'b' }];
    p.status = { podIP: '10.0.0.1', conditions: [{ type: 'a', status: 'True' }] };
  });
  expect(cells(pod, it, now)).toMatchObject({
    IP: '10.0.0.1',
    Node: 'n',
    'Nominated Node': '<none>',
    'Readiness Gates': '1/2',
  });
});

test('fields to select by', () => {
  const it = aPod((spec) => {
    spec.nodeName = 'n';
    spec.hostNetwork = true;
  });
  const fields = Object.fromEntries(Object.entries(pod.selectableFields!).map(([k, of]) => [k, of(it)]));
  expect(fields).toEqual({
    'spec.nodeName': 'n',
    'spec.restartPolicy': 'Always',
    'spec.schedulerName': 'default-scheduler',
    'spec.host': 'n',
    'status.podIPs': '',
    'spec.serviceAccountName': '',
    'spec.hostNetwork': 'true',
    'status.phase': '',
    'status.podIP': '',
    'status.nominatedNodeName': '',
  });
});

test.each<[string, (spec: any, p: any) => void, string[]]>([
  ['nothing', () => {}, []],
  [
    'a name with dots',
    (_s, p) => Object.assign(p.metadata, { name: 'a.b' }),
    [
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    ],
  ],
  [
    'an old label',
    (s) => Object.assign(s, { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }),
    ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
  ],
  [
    'a variable twice',
    (s) =>
      Object.assign(s.containers[0], {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      }),
    ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
  ],
  [
    'a variable that grows',
    (s) =>
      Object.assign(s.containers[0], {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '$(A)2' },
        ],
      }),
    [],
  ],
  [
    'half a byte',
    (s) => Object.assign(s.containers[0], { resources: { requests: { memory: '1500m' } } }),
    ['spec.containers[0].resources.requests[memory]: fractional byte value "1500m" is invalid, must be an integer'],
  ],
  [
    'a port twice',
    (s) => Object.assign(s.containers[0], { ports: [{ containerPort: 80 }, { containerPort: 80 }] }),
    ['spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]'],
  ],
])('warnings: %s', (_what, change, expected) => {
  expect(pod.warnings!(aPod(change), undefined)).toEqual(expected);
});

test.each<[string, string[] | undefined]>([
  ['Pending', undefined],
  ['Running', undefined],
  ['Succeeded', ['Completed True Succeeded: The pod has completed successfully.']],
  ['Failed', ['Completed True Failed: The pod failed.']],
  ['constructor', undefined],
])('the row of a pod that is %s has the conditions %j', (phase, expected) => {
  const row = tableRow(
    pod,
    aPod((_, p) => Object.assign(p, { status: { phase } })),
    'Metadata',
    'meta.k8s.io/v1',
    now,
  );
  const said = (row.conditions as any[] | undefined)?.map((c) => `${c.type} ${c.status} ${c.reason}: ${c.message}`);
  expect(said).toEqual(expected);
  expect('conditions' in row).toBe(expected !== undefined);
});
