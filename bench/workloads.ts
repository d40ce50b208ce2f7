// What the scheduler is measured with: the workloads of upstream's own measure, as data, with the floor that it asks of each.
// Mirrors: test/integration/scheduler_perf (misc, affinity, topology_spreading; their 5,000-node sizes). Fewer pods are
// measured than there where that changes nothing but the time it takes. Used by: schedulerRows.ts.

export interface Workload {
  /** Of its group: `scheduler-NAME`. */
  name: string;
  nodes: number;
  /** The zones that nodes take turns in; none: no label. */
  zones: readonly string[];
  /** Pods that are there before, on nodes in turn. */
  init: readonly { pod: object; count: number }[];
  /** What is scheduled while the clock runs. */
  pod: object;
  count: number;
  /** A Service with this selector stands beside the pods that are measured: the cluster's own spread constraints hold for them. */
  service?: Record<string, string>;
  /** Happens beside it. */
  churn?: { every: number; pod?: object; recreate?: boolean };
  /** Pods a second. */
  aim: number;
  /** What the aim is: of the issue, or half of upstream's floor. */
  floor?: number;
}

const small = { cpu: '100m', memory: '500Mi' };

interface PodOptions {
  labels?: Record<string, string>;
  affinity?: object;
  spread?: object[];
  requests?: Record<string, string>;
  priority?: number;
  grace?: number;
}

const pod = ({ labels, affinity, spread, requests = small, priority, grace }: PodOptions = {}): object => ({
  metadata: { ...(labels && { labels }) },
  spec: {
    ...(affinity && { affinity }),
    ...(spread && { topologySpreadConstraints: spread }),
    ...(priority !== undefined && { priorityClassName: priority > 0 ? 'high' : '' }),
    ...(grace !== undefined && { terminationGracePeriodSeconds: grace }),
    containers: [
      { name: 'pause', image: 'registry.k8s.io/pause:3.10', ports: [{ containerPort: 80 }], resources: { requests } },
    ],
  },
});

const zone = 'topology.kubernetes.io/zone';
const hostname = 'kubernetes.io/hostname';
const both = ['init', 'measured'];
const term = (color: string, topologyKey: string) => ({
  labelSelector: { matchLabels: { color } },
  topologyKey,
  namespaces: both,
});
const preferred = (color: string) => ({
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term(color, hostname) }],
});
const required = (color: string, key: string) => ({
  requiredDuringSchedulingIgnoredDuringExecution: [term(color, key)],
});

const plain = pod();
const withAffinity = pod({ labels: { color: 'blue' }, affinity: { podAffinity: required('blue', zone) } });
const withAntiAffinity = pod({
  labels: { color: 'green', name: 'test' },
  affinity: { podAntiAffinity: required('green', hostname) },
});
const withPreferredAffinity = pod({ labels: { color: 'red' }, affinity: { podAffinity: preferred('red') } });
const withPreferredAntiAffinity = pod({
  labels: { color: 'yellow' },
  affinity: { podAntiAffinity: preferred('yellow') },
});
const withNodeAffinity = pod({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: 'In', values: ['zone1', 'zone2'] }] }],
      },
    },
  },
});
const spreading = (whenUnsatisfiable: string) =>
  pod({
    labels: { color: 'blue' },
    spread: [{ maxSkew: 5, topologyKey: zone, whenUnsatisfiable, labelSelector: { matchLabels: { color: 'blue' } } }],
  });
const low = pod({ requests: { cpu: '900m', memory: '500Mi' }, grace: 0 });
const high = pod({ requests: { cpu: '3', memory: '500Mi' }, priority: 10 });
const tooLarge = pod({ requests: { cpu: '9', memory: '500Mi' }, priority: 10 });

const moons = ['moon-1', 'moon-2', 'moon-3'];
const large = { nodes: 5000, zones: [] as string[] };
const halfOf = (floor: number) => ({ aim: floor / 2, floor });

export const workloads: readonly Workload[] = [
  { ...large, name: '1000', nodes: 1000, init: [{ pod: plain, count: 500 }], pod: plain, count: 5000, aim: 500 },
  { ...large, name: '5000', init: [{ pod: plain, count: 1000 }], pod: plain, count: 5000, aim: 400 },
  {
    ...{ ...large, name: 'node-affinity', zones: ['zone1'], init: [{ pod: withNodeAffinity, count: 5000 }] },
    ...{ pod: withNodeAffinity, count: 3000, ...halfOf(220) },
  },
  {
    ...{ ...large, name: 'preferred-affinity', init: [{ pod: withPreferredAffinity, count: 5000 }] },
    ...{ pod: withPreferredAffinity, count: 2000, ...halfOf(90) },
  },
  {
    ...{ ...large, name: 'affinity', zones: ['zone1'], init: [{ pod: withAffinity, count: 5000 }] },
    ...{ pod: withAffinity, count: 2000, ...halfOf(35) },
  },
  {
    ...{ ...large, name: 'anti-affinity', init: [{ pod: withAntiAffinity, count: 1000 }] },
    ...{ pod: withAntiAffinity, count: 2000, ...halfOf(60) },
  },
  {
    ...{ ...large, name: 'spread', zones: moons, init: [{ pod: plain, count: 5000 }] },
    ...{ pod: spreading('DoNotSchedule'), count: 3000, ...halfOf(460) },
  },
  {
    ...{ ...large, name: 'preferred-spread', zones: moons, init: [{ pod: plain, count: 5000 }] },
    ...{ pod: spreading('ScheduleAnyway'), count: 3000, ...halfOf(340) },
  },
  {
    ...{ ...large, name: 'default-spread', zones: moons, init: [{ pod: plain, count: 5000 }], service: { foo: 'bar' } },
    ...{ pod: pod({ labels: { foo: 'bar' } }), count: 3000, ...halfOf(160) },
  },
  {
    ...{ ...large, name: 'mixed', zones: ['zone1'] },
    init: [plain, withAffinity, withAntiAffinity, withPreferredAffinity, withPreferredAntiAffinity].map((pod) => ({
      pod,
      count: 2000,
    })),
    ...{ pod: plain, count: 3000, ...halfOf(140) },
  },
  {
    ...{ ...large, name: 'preemption', init: [{ pod: low, count: 20_000 }], pod: plain, count: 3000 },
    ...{ churn: { every: 200, pod: high }, ...halfOf(570) },
  },
  {
    ...{ ...large, name: 'unschedulable', init: [{ pod: plain, count: 100 }], pod: plain, count: 4000 },
    ...{ churn: { every: 200, pod: tooLarge }, ...halfOf(590) },
  },
  {
    ...{ ...large, name: 'churn', init: [], pod: plain, count: 4000 },
    ...{ churn: { every: 1000, pod: tooLarge, recreate: true }, ...halfOf(710) },
  },
];
