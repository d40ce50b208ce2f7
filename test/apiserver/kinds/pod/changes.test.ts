import { expect, test } from 'vitest';
import { pod } from '../../../../apiserver/kinds/pod.ts';
import { texts } from '../said.ts';
import { aPod, type Row, updateRefused } from './pods.ts';

const onlyThese =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n';
const tolerated = { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 };
const affinity = (...matchExpressions: any[]) => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
});
const inZone = (zone: string) => ({ key: 'zone', operator: 'In', values: [zone] });
const before = (spec: any, whole: any) => {
  spec.tolerations = [tolerated];
  spec.activeDeadlineSeconds = 100;
  whole.metadata.labels = { a: 'b' };
};

test.each<Row>([
  ['nothing', () => {}, []],
  ['label', (_s, p) => Object.assign(p.metadata, { labels: { a: 'c' } }), []],
  ['image', (s) => Object.assign(s.containers[0], { image: 'b:2' }), []],
  [
    'the same amount in other words',
    (s) => Object.assign(s.containers[0], { resources: {}, ports: [], stdin: false }),
    [],
  ],
  ['shorter deadline', (s) => Object.assign(s, { activeDeadlineSeconds: 10 }), []],
  [
    'longer deadline',
    (s) => Object.assign(s, { activeDeadlineSeconds: 101 }),
    ['spec.activeDeadlineSeconds: Invalid value: 101: must be less than or equal to previous value'],
  ],
  [
    'no deadline',
    (s) => {
      delete s.activeDeadlineSeconds;
    },
    ['spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value'],
  ],
  ['one toleration more', (s) => s.tolerations.push({ key: 'b', operator: 'Exists' }), []],
  ['other seconds', (s) => Object.assign(s.tolerations[0], { tolerationSeconds: 6 }), []],
  [
    'no toleration',
    (s) => Object.assign(s, { tolerations: [] }),
    ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'],
  ],
  [
    'a container more',
    (s) => s.containers.push({ name: 'd', image: 'b' }),
    ['spec.containers: Forbidden: pod updates may not add or remove containers'],
  ],
  ['node', (s) => Object.assign(s, { nodeName: 'n' }), [`${onlyThese}+ spec.nodeName: "n"`]],
  [
    'env',
    (s) => Object.assign(s.containers[0], { env: [{ name: 'A', value: 'b' }] }),
    [`${onlyThese}+ spec.containers[0].env: [{"name":"A","value":"b"}]`],
  ],
  [
    'gate',
    (s) => Object.assign(s, { schedulingGates: [{ name: 'g' }] }),
    ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'g'"],
  ],
  [
    'node selector',
    (s) => Object.assign(s, { nodeSelector: { a: 'b' } }),
    [`${onlyThese}+ spec.nodeSelector: {"a":"b"}`],
  ],
  [
    'mirror annotation',
    (_s, p) => Object.assign(p.metadata, { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
    [
      'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
      'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation',
    ],
  ],
])('changing %s', (_what, change, expected) => {
  expect(updateRefused(change, before)).toEqual(expected);
});

const gated = (spec: any) => {
  spec.schedulingGates = [{ name: 'g' }, { name: 'h' }];
  spec.nodeSelector = { a: 'b' };
  spec.affinity = affinity(inZone('x'));
};
const terms = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
test.each<Row>([
  ['a gate less', (s) => s.schedulingGates.pop(), []],
  ['one label more', (s) => Object.assign(s.nodeSelector, { c: 'd' }), []],
  [
    'another label',
    (s) => Object.assign(s, { nodeSelector: { a: 'c' } }),
    [
      'spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ],
  ],
  ['one requirement more', (s) => Object.assign(s, { affinity: affinity(inZone('x'), inZone('y')) }), []],
  [
    'another requirement',
    (s) => Object.assign(s, { affinity: affinity(inZone('y')) }),
    [
      `${terms}[0]: Invalid value: {"matchExpressions":[{"key":"zone","operator":"In","values":["y"]}]}: only additions are allowed (no mutations or deletions)`,
    ],
  ],
])('a gated pod may change: %s', (_what, change, expected) => {
  expect(updateRefused(change, gated)).toEqual(expected);
});

const status = pod.subresources!.find((s) => s.name === 'status')!;
function statusRefused(now: any, old: any, change: (p: any) => void = () => {}): string[] {
  const stored = aPod((_spec, p) => {
    p.status = { qosClass: 'BestEffort', ...old };
  });
  const written = structuredClone(stored);
  written.status = now;
  change(written);
  pod.defaults!(written);
  status.keep!(written, stored);
  return texts(status.validateUpdate!(written, stored));
}
const ended = (exitCode: number) => [{ name: 'c', state: { terminated: { exitCode } } }];
const runs = [{ name: 'c', state: { running: {} } }];

test.each<[string, any, any, string[]]>([
  ['a phase', { phase: 'Running', podIP: '10.0.0.1' }, {}, []],
  ['spec is left alone, whatever comes', { phase: 'Running' }, {}, []],
  ['both families', { podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] }, {}, []],
  [
    'one family twice',
    { podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] },
    {},
    [
      'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: may specify no more than one IP for each IP family',
    ],
  ],
  [
    'no address',
    { podIPs: [{ ip: 'x' }] },
    {},
    ['status.podIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ],
  [
    'host addresses',
    { hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.2' }] },
    {},
    ['status.hostIPs[0].ip: Invalid value: "10.0.0.2": must be equal to `hostIP`'],
  ],
  ['QoS', { qosClass: 'Burstable' }, {}, ['status.qosClass: Invalid value: "Burstable": field is immutable']],
  ['a restart', { containerStatuses: runs }, { containerStatuses: ended(1) }, []],
  [
    'an ephemeral one restarted',
    { ephemeralContainerStatuses: runs },
    { ephemeralContainerStatuses: ended(1) },
    ['status.ephemeralContainerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state'],
  ],
  ['a condition of others', { conditions: [{ type: 'example.com/ok', status: 'True' }] }, {}, []],
  [
    'a condition without name',
    { conditions: [{ type: 'a b', status: 'True' }] },
    {},
    [
      "status.conditions[0].Type: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ],
])('status: %s', (_what, now, old, expected) => {
  const change = (p: any) => {
    p.spec = null;
  };
  expect(statusRefused(now, old, expected.length ? undefined : change)).toEqual(expected);
});

test.each([
  ['Never', 1, false],
  ['OnFailure', 1, true],
  ['OnFailure', 0, false],
  ['Always', 0, true],
])('with restartPolicy %s a container that ended with %d may run again: %s', (restartPolicy, code, may) => {
  const stored = aPod((spec, p) => {
    spec.restartPolicy = restartPolicy;
    p.status = { containerStatuses: ended(code) };
  });
  const written = { ...stored, status: { containerStatuses: runs } };
  expect(status.validateUpdate!(written, stored).length === 0).toBe(may);
});

test('a status write keeps owners, QoS and observed generations', () => {
  const stored = aPod((_spec, p) => {
    p.metadata.ownerReferences = [{ uid: '1' }];
    p.status = {
      qosClass: 'BestEffort',
      observedGeneration: 3,
      conditions: [{ type: 'Ready', status: 'False', observedGeneration: 3 }],
    };
  });
  const written = aPod((_spec, p) => {
    p.metadata.deletionTimestamp = '2020-01-01T00:00:00Z';
    p.status = { conditions: [{ type: 'Ready', status: 'True' }] };
  });
  status.keep!(written, stored);
  expect(written.metadata).not.toHaveProperty('deletionTimestamp');
  expect(written.metadata.ownerReferences).toEqual([{ uid: '1' }]);
  expect(written.status).toEqual({
    qosClass: 'BestEffort',
    observedGeneration: 3,
    conditions: [
      { type: 'Ready', status: 'True', observedGeneration: 3, lastProbeTime: null, lastTransitionTime: null },
    ],
  });
});
