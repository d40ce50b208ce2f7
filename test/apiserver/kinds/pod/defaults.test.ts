import { expect, test } from 'vitest';
import { withGates } from '../../../../apiserver/kinds/gatedFields.ts';
import type { Context } from '../../../../apiserver/kinds/kind.ts';
import { pullPolicyFor } from '../../../../apiserver/kinds/pod/defaults.ts';
import { qosClass } from '../../../../apiserver/kinds/pod/qos.ts';
import { pod } from '../../../../apiserver/kinds/pod.ts';
import { defaultPodTemplate } from '../../../../apiserver/kinds/podTemplate.ts';
import { defaultFeatureGates } from '../../../../component-base/featureGates.ts';
import { aPod } from './pods.ts';

const context = { warn: () => {}, now: () => Date.parse('2026-01-01T00:00:00Z') } as unknown as Context;

test('what a pod gets that says as little as it may', () => {
  expect(aPod().spec).toEqual({
    containers: [
      {
        name: 'c',
        image: 'busybox:1',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
  });
});

const digest = `sha256:${'0'.repeat(64)}`;
test.each([
  ['busybox', 'Always'],
  ['busybox:1', 'IfNotPresent'],
  ['host:5000/busybox', 'Always'],
  ['host:5000/busybox:latest', 'Always'],
  [`busybox@${digest}`, 'IfNotPresent'],
  [`busybox:latest@${digest}`, 'Always'],
  ['Busybox', 'IfNotPresent'],
  ['', 'IfNotPresent'],
])('%j is pulled %s', (image, policy) => {
  expect(pullPolicyFor(image)).toBe(policy);
});

test.each([
  [
    { 'pod.beta.kubernetes.io/init-containers': '[]', 'pod.alpha.kubernetes.io/init-container-statuses': '[]' },
    undefined,
  ],
  [{ 'pod.alpha.kubernetes.io/init-containers': '[]', a: 'b' }, { a: 'b' }],
])('annotations %j of pods and of templates become %j', (annotations, expected) => {
  const change = (_spec: any, p: any) => Object.assign(p.metadata, { annotations: { ...annotations } });
  expect(aPod(change).metadata.annotations).toEqual(expected);
  const holder: any = { template: { metadata: { annotations: { ...annotations } } } };
  defaultPodTemplate(holder);
  expect(holder.template.metadata.annotations).toEqual(expected);
});

test('probes, ports, volumes and references are filled in', () => {
  const { containers, volumes } = aPod((spec) => {
    Object.assign(spec.containers[0], {
      image: 'busybox',
      ports: [{ containerPort: 80 }],
      env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      readinessProbe: { httpGet: { port: 80 } },
      livenessProbe: { grpc: { port: 1 } },
      lifecycle: { preStop: { httpGet: { port: 80 } } },
    });
    spec.volumes = [
      { name: 'a' },
      { name: 'b', secret: { secretName: 's' } },
      { name: 'c', hostPath: { path: '/x' } },
      { name: 'd', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
      { name: 'e', image: { reference: 'x' } },
    ];
  }).spec;
  const get = { path: '/', port: 80, scheme: 'HTTP' };
  const numbers = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
  expect(containers[0]).toMatchObject({
    imagePullPolicy: 'Always',
    ports: [{ containerPort: 80, protocol: 'TCP' }],
    env: [{ valueFrom: { fieldRef: { apiVersion: 'v1' } } }],
    readinessProbe: { httpGet: get, ...numbers },
    livenessProbe: { grpc: { port: 1, service: '' }, ...numbers },
    lifecycle: { preStop: { httpGet: get } },
  });
  expect(volumes).toEqual([
    { name: 'a', emptyDir: {} },
    { name: 'b', secret: { secretName: 's', defaultMode: 420 } },
    { name: 'c', hostPath: { path: '/x', type: '' } },
    {
      name: 'd',
      projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }] },
    },
    { name: 'e', image: { reference: 'x', pullPolicy: 'Always' } },
  ]);
});

test('requests follow limits, host ports container ports, and old names new ones', () => {
  const { spec, status } = aPod((s, p) => {
    s.hostNetwork = true;
    s.serviceAccount = 'sa';
    s.terminationGracePeriodSeconds = -5;
    Object.assign(s.containers[0], {
      resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m' } },
      ports: [{ containerPort: 80 }],
    });
    p.status = { podIP: '10.0.0.1' };
  });
  expect(spec.containers[0].resources.requests).toEqual({ cpu: '100m', memory: '1Gi' });
  expect(spec.containers[0].ports[0].hostPort).toBe(80);
  expect([spec.serviceAccountName, spec.serviceAccount]).toEqual(['sa', 'sa']);
  expect(spec.terminationGracePeriodSeconds).toBe(1);
  expect(status.podIPs).toEqual([{ ip: '10.0.0.1' }]);
});

test('requests of the whole pod come from its containers, then from its limits', () => {
  const { resources } = aPod((spec) => {
    spec.resources = { limits: { cpu: '2', memory: '1Gi' } };
    spec.containers[0].resources = { requests: { cpu: '500m' } };
    spec.initContainers = [{ name: 'i', image: 'b', resources: { requests: { cpu: '750m' } } }];
  }).spec;
  expect(resources.requests).toEqual({ cpu: '750m', memory: '1Gi' });
});

const limits = { cpu: '1', memory: '1Gi' };
test.each<[string, any, string]>([
  ['nothing', {}, 'BestEffort'],
  ['zero', { requests: { cpu: '0' } }, 'BestEffort'],
  ['a request', { requests: { cpu: '1' } }, 'Burstable'],
  ['one limit', { limits: { cpu: '1' }, requests: { cpu: '1' } }, 'Burstable'],
  ['all', { limits, requests: { cpu: '1000m', memory: '1Gi' } }, 'Guaranteed'],
  ['less than the limit', { limits, requests: { cpu: '1', memory: '1Mi' } }, 'Burstable'],
])('QoS of %s', (_what, resources, expected) => {
  expect(qosClass({ containers: [{ resources }] })).toBe(expected);
});

test('a new pod is Pending, with the class it will keep, whatever status was sent', () => {
  const fresh = aPod((spec, p) => {
    spec.schedulingGates = [{ name: 'g' }];
    p.status = { phase: 'Running' };
  });
  pod.prepareCreate!(fresh, context);
  expect(fresh.status).toEqual({
    phase: 'Pending',
    qosClass: 'BestEffort',
    conditions: [
      {
        type: 'PodScheduled',
        lastProbeTime: null,
        lastTransitionTime: '2026-01-01T00:00:00Z',
        status: 'False',
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ],
  });
});

test('fields behind closed gates are dropped; label keys join their selector', () => {
  const fresh = aPod((spec, p) => {
    p.metadata.labels = { app: 'web' };
    spec.workloadRef = { name: 'w' };
    spec.containers[0].lifecycle = { stopSignal: 'SIGTERM' };
    spec.volumes = [{ name: 'v', projected: { sources: [{ clusterTrustBundle: { path: 'p' } }] } }];
    spec.topologySpreadConstraints = [
      { maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['app'], labelSelector: {} },
    ];
  });
  withGates(pod, defaultFeatureGates).prepareCreate!(fresh, context);
  expect(fresh.spec.workloadRef).toBeUndefined();
  expect(fresh.spec.containers[0].lifecycle).toBeUndefined();
  expect(fresh.spec.volumes[0].projected.sources).toEqual([{}]);
  expect(fresh.spec.topologySpreadConstraints[0].labelSelector).toEqual({
    matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }],
  });
});

test('AppArmor annotations become fields, with a warning', () => {
  const warnings: string[] = [];
  const key = 'container.apparmor.security.beta.kubernetes.io/c';
  const fresh = aPod((_spec, p) => {
    p.metadata.annotations = { [key]: 'localhost/x' };
  });
  pod.prepareCreate!(fresh, { warn: (text: string) => warnings.push(text) } as unknown as Context);
  expect(fresh.spec.containers[0].securityContext.appArmorProfile).toEqual({
    type: 'Localhost',
    localhostProfile: 'x',
  });
  expect(warnings).toEqual([
    `metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
  ]);
});

test.each<[string, any, any, number]>([
  ['its own', {}, {}, 30],
  ['what the request says', {}, { gracePeriodSeconds: 5 }, 5],
  ['at least one second', {}, { gracePeriodSeconds: -1 }, 1],
  ['none without a node', { nodeName: '' }, {}, 0],
  ['none once it ended', { phase: 'Succeeded' }, { gracePeriodSeconds: 5 }, 0],
])('grace: %s', (_what, { nodeName = 'n', phase = 'Running' }, options, seconds) => {
  const it = aPod((spec, p) => {
    spec.nodeName = nodeName;
    p.status = { phase };
  });
  expect(pod.gracePeriod!(it, options, context)).toBe(seconds);
});

test('the status of a container says all that typed clients ask for', () => {
  const state = { terminated: { reason: 'Error' } };
  const { status } = aPod((_spec, p) => {
    p.status = {
      conditions: [{ type: 'Ready', status: 'False' }],
      containerStatuses: [
        { name: 'c', state },
        { name: 'd', state: { running: {} }, ready: true, restartCount: 2 },
      ],
      ephemeralContainerStatuses: [{ name: 'e', imageID: 'sha256:1' }],
    };
  });
  const empty = { lastState: {}, ready: false, restartCount: 0, image: '', imageID: '' };
  expect(status.conditions).toEqual([
    { type: 'Ready', status: 'False', lastProbeTime: null, lastTransitionTime: null },
  ]);
  expect(status.containerStatuses).toEqual([
    { ...empty, name: 'c', state: { terminated: { reason: 'Error', exitCode: 0, startedAt: null, finishedAt: null } } },
    { ...empty, name: 'd', state: { running: { startedAt: null } }, ready: true, restartCount: 2 },
  ]);
  expect(status.ephemeralContainerStatuses).toEqual([{ ...empty, name: 'e', state: {}, imageID: 'sha256:1' }]);
});
