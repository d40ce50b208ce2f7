// The autoscaler against a real API server and a metrics server of ours, with pods whose status a test plays.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../../../apimachinery/clock.ts';
import { deployments, events, horizontalPodAutoscalers, namespaces } from '../../../apimachinery/resources.ts';
import type { HorizontalPodAutoscaler } from '../../../apimachinery/types.ts';
import type { Client } from '../../../client/client.ts';
import { createMetrics } from '../../../component-base/metrics.ts';
import { MetricError } from '../../../controllers/podAutoscaler/metric.ts';
import { createMonitor } from '../../../controllers/podAutoscaler/monitor.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { aggregatorFlags } from '../../kit/extensionServer.ts';
import { kubectls } from '../../kit/kubectls.ts';
import { type MetricsServer, startMetricsServer } from '../../kit/metricsServer.ts';
import { type RunningManager, runPods, startManager } from '../manager.ts';

const flags = [
  '--controllers=serviceaccount,deployment,replicaset,horizontalpodautoscaling',
  '--horizontal-pod-autoscaler-sync-period=100ms',
  '--horizontal-pod-autoscaler-cpu-initialization-period=0s',
];
let server: TestApiServer;
let client: Client;
let manager: RunningManager;
let nodes: { stop(): void };
let metrics: MetricsServer;
beforeAll(async () => {
  server = await startTestApiServer({ flagsFor: aggregatorFlags });
  client = await server.client();
  metrics = await startMetricsServer(server);
  manager = startManager(server, flags);
  nodes = runPods(client);
});
afterAll(async () => {
  nodes?.stop();
  await manager?.stop();
  await metrics?.stop();
  client?.close();
  await server?.stop();
});
afterEach(() => {
  metrics.usage = () => undefined;
});

let made = 0;
async function makeNamespace(): Promise<string> {
  const name = `hpa-${++made}`;
  await client.create(namespaces, { metadata: { name } } as never);
  return name;
}

async function makeDeployment(namespace: string, replicas: number, name = 'web'): Promise<void> {
  const resources = { requests: { cpu: '100m', memory: '100Mi' } };
  const containers = [
    { name: 'c', image: 'i', resources },
    { name: 'side', image: 'i', resources },
  ];
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers, terminationGracePeriodSeconds: 0 } };
  const spec = { replicas, selector: { matchLabels: labels }, template };
  await client.create(deployments, { metadata: { name, namespace }, spec } as never);
  await until(async () => (await client.get(deployments, name, namespace)).status?.readyReplicas === replicas, 30_000);
}

const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const make = (namespace: string, spec: object, name = 'web') =>
  client.create(horizontalPodAutoscalers, {
    metadata: { name, namespace },
    spec: { scaleTargetRef: web, maxReplicas: 5, ...spec },
  } as never);
const get = (namespace: string, name = 'web'): Promise<HorizontalPodAutoscaler> =>
  client.get(horizontalPodAutoscalers, name, namespace);
const replicas = async (namespace: string) => (await client.get(deployments, 'web', namespace)).spec!.replicas;
const conditions = async (namespace: string, name = 'web') =>
  Object.fromEntries(
    ((await get(namespace, name)).status?.conditions ?? []).map((c) => [
      c.type,
      `${c.status} ${c.reason}: ${c.message}`,
    ]),
  );
const told = async (namespace: string) =>
  (await client.list(events, { namespace })).items
    .filter((e: any) => e.source.component === 'horizontal-pod-autoscaler')
    .map((e: any) => `${e.type} ${e.reason}: ${e.message}`);
const see = (namespace: string, text: string) =>
  until(async () => (await told(namespace)).includes(text), 30_000, `the event «${text}»`);

const fast = {
  scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
};
const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } };

describe('by CPU', () => {
  it('up as load rises, down as it falls, as kubectl shows it', async () => {
    const [kubectl] = kubectls().slice(-1);
    const run = async (args: string) =>
      (await promisify(execFile)(kubectl!.path, ['--kubeconfig', server.kubeconfig, '-n', ns, ...args.split(' ')]))
        .stdout;
    const ns = await makeNamespace();
    await makeDeployment(ns, 1);
    // Times of the API are whole seconds.
    const begun = Date.now() - 1000;
    expect(await run('autoscale deployment web --cpu-percent=50 --min=1 --max=3')).toContain('web autoscaled');
    const reason = 'unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API:';
    const missing = `failed to get cpu utilization: ${reason} the server could not find the requested resource (get pods.metrics.k8s.io)`;
    await see(ns, `Warning FailedGetResourceMetric: ${missing}`);
    const list = `invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: ${missing}`;
    await see(ns, `Warning FailedComputeMetricsReplicas: ${list}`);
    // Events are told on the way, the status comes at the end.
    await until(async () => 'ScalingActive' in (await conditions(ns)));
    expect(await conditions(ns)).toEqual({
      AbleToScale: "True SucceededGetScale: the HPA controller was able to get the target's current scale",
      ScalingActive: `False FailedGetResourceMetric: the HPA was unable to compute the replica count: ${missing}`,
    });
    expect(await run('get hpa')).toMatch(/web +Deployment\/web +cpu: <unknown>\/50% +1 +3 +1/);

    metrics.usage = () => ({ cpu: '100m', memory: '50Mi' });
    await metrics.register();
    await until(async () => (await replicas(ns)) === 3, 30_000, 'three replicas');
    await see(
      ns,
      'Normal SuccessfulRescale: New size: 2; reason: cpu resource utilization (percentage of request) above target',
    );
    await until(async () => (await get(ns)).status?.currentReplicas === 3, 30_000);
    await until(async () => (await conditions(ns))['ScalingLimited']?.includes('TooManyReplicas') ?? false, 30_000);
    expect(await run('get hpa')).toMatch(/web +Deployment\/web +cpu: 100%\/50% +1 +3 +3/);
    const { status } = await get(ns);
    expect(status).toMatchObject({
      desiredReplicas: 3,
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 100, averageValue: '200m' } } },
      ],
    });
    expect(Date.parse(status!.lastScaleTime as never)).toBeGreaterThan(begun);
    const found =
      'the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)';
    expect((await conditions(ns))['ScalingActive']).toBe(`True ValidMetricFound: ${found}`);
    expect(await run('describe hpa web')).toMatch(/\(as a percentage of request\): +100% \(200m\) \/ 50%/);

    // The same, as the first version of the API shows it.
    const v1 = await client.raw<any>('GET', `/apis/autoscaling/v1/namespaces/${ns}/horizontalpodautoscalers/web`);
    expect(v1.status).toMatchObject({ currentCPUUtilizationPercentage: 100, currentReplicas: 3 });
    const shown = JSON.parse(v1.metadata.annotations['autoscaling.alpha.kubernetes.io/conditions']);
    expect(shown.map((c: any) => c.type)).toEqual(['AbleToScale', 'ScalingActive', 'ScalingLimited']);

    // Five minutes must pass after the last high recommendation, unless the behavior says otherwise.
    metrics.usage = () => ({ cpu: '10m' });
    await until(async () => (await conditions(ns))['AbleToScale']?.includes('ScaleDownStabilized') ?? false, 30_000);
    expect(await replicas(ns)).toBe(3);
    await client.patch(horizontalPodAutoscalers, 'web', ns, 'merge', { spec: { behavior: fast } });
    await see(ns, 'Normal SuccessfulRescale: New size: 1; reason: All metrics below target');
    expect(await replicas(ns)).toBe(1);
  });

  it('by one container, and with a tolerance of its own', async () => {
    await metrics.register();
    const ns = await makeNamespace();
    await makeDeployment(ns, 2);
    metrics.usage = (_, container) => ({ cpu: container === 'c' ? '55m' : '0' });
    const target = { type: 'Utilization', averageUtilization: 50 };
    const containerResource = { name: 'cpu', container: 'c', target };
    await make(ns, { metrics: [{ type: 'ContainerResource', containerResource }] });
    await until(async () => Boolean((await get(ns)).status?.currentMetrics?.length), 30_000);
    // 10 % above is within the tolerance of all.
    expect((await get(ns)).status).toMatchObject({
      desiredReplicas: 2,
      currentMetrics: [{ containerResource: { container: 'c', current: { averageUtilization: 55 } } }],
    });
    await client.patch(horizontalPodAutoscalers, 'web', ns, 'merge', {
      spec: { behavior: { scaleUp: { tolerance: '50m' } } },
    });
    await see(
      ns,
      'Normal SuccessfulRescale: New size: 3; reason: cpu container resource utilization (percentage of request) above target',
    );
  });
});

describe('by other metrics', () => {
  beforeEach(() => metrics.register());

  it.each([
    ['v1beta2', ['v1beta2', 'v1beta1']],
    ['v1beta1', ['v1beta1']],
  ])(
    'of pods, in %s',
    async (version, versions) => {
      const ns = await makeNamespace();
      await makeDeployment(ns, 1);
      metrics.customVersions = versions;
      metrics.custom.set('pods/rps', '15');
      // A server of its own, because what is preferred is kept for a while.
      await manager.stop();
      manager = startManager(server, flags);
      await metrics.register();
      metrics.asked = [];
      const pods = {
        metric: { name: 'rps', selector: { matchLabels: { path: 'x' } } },
        target: { type: 'AverageValue', averageValue: '10' },
      };
      await make(ns, { metrics: [{ type: 'Pods', pods }], maxReplicas: 2 });
      await see(ns, 'Normal SuccessfulRescale: New size: 2; reason: pods metric rps above target');
      const path = `/apis/custom.metrics.k8s.io/${version}/namespaces/${ns}/pods/*/rps?labelSelector=app%3Dweb&metricLabelSelector=path%3Dx`;
      expect(metrics.asked).toContain(path);
      metrics.customVersions = ['v1beta2', 'v1beta1'];
    },
    60_000,
  );

  it('of an object, whole and for each pod, and of the namespace', async () => {
    const ns = await makeNamespace();
    await makeDeployment(ns, 2);
    metrics.custom.set('services/front/hits', '30');
    metrics.custom.set('metrics/quota', '3');
    const describedObject = { apiVersion: 'v1', kind: 'Service', name: 'front' };
    const object = (target: object) => ({
      type: 'Object',
      object: { describedObject, metric: { name: 'hits' }, target },
    });
    const quota = {
      describedObject: { apiVersion: 'v1', kind: 'Namespace', name: 'any' },
      metric: { name: 'quota' },
      target: { type: 'Value', value: '3' },
    };
    await make(ns, {
      metrics: [
        object({ type: 'Value', value: '20' }),
        object({ type: 'AverageValue', averageValue: '15' }),
        { type: 'Object', object: quota },
      ],
      behavior: { scaleUp: { selectPolicy: 'Disabled' } },
    });
    await until(async () => (await get(ns)).status?.currentMetrics?.length === 3, 30_000);
    const { status } = await get(ns);
    expect(status!.currentMetrics!.map((m) => m.object?.current)).toEqual([
      { value: '30' },
      { averageValue: '15' },
      { value: '3' },
    ]);
    expect((await conditions(ns))['ScalingLimited']).toMatch(/^True ScaleUpLimit/);
    expect((await conditions(ns))['ScalingActive']).toContain('from Service metric hits');
  });

  it('from outside: a failing one does not scale down, a working one scales up', async () => {
    const ns = await makeNamespace();
    await makeDeployment(ns, 2);
    const external = (name: string, target: object, selector?: object) => ({
      type: 'External',
      external: { metric: { name, selector }, target },
    });
    metrics.external.set('queue', ['1', '1']);
    await make(ns, {
      metrics: [
        external('queue', { type: 'Value', value: '10' }),
        external('none', { type: 'AverageValue', averageValue: '1' }, { matchLabels: { a: 'b' } }),
      ],
      behavior: fast,
    });
    const selector =
      '&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}';
    const why = `unable to get external metric ${ns}/none/${selector}: no metrics returned from external metrics API`;
    await see(ns, `Warning FailedGetExternalMetric: ${why}`);
    const told = `invalid metrics (1 invalid out of 2), first error is: failed to get none external metric value: failed to get none external metric: ${why}`;
    await see(ns, `Warning FailedComputeMetricsReplicas: ${told}`);
    expect(await replicas(ns)).toBe(2);
    await until(async () => Boolean((await get(ns)).status?.currentMetrics?.length));
    expect((await get(ns)).status!.currentMetrics).toEqual([
      { type: 'External', external: { metric: { name: 'queue' }, current: { value: '2' } } },
      { type: '' },
    ]);
    // The first version of the API keeps both in an annotation.
    const v1 = await client.raw<any>('GET', `/apis/autoscaling/v1/namespaces/${ns}/horizontalpodautoscalers/web`);
    const shown = (name: string) => JSON.parse(v1.metadata.annotations[`autoscaling.alpha.kubernetes.io/${name}`]);
    expect(shown('metrics').map((m: any) => m.external.metricName)).toEqual(['queue', 'none']);
    expect(shown('current-metrics').map((m: any) => m.type)).toEqual(['External', '']);
    metrics.external.set('queue', ['15', '5']);
    await see(ns, 'Normal SuccessfulRescale: New size: 4; reason: external metric queue(nil) above target');
  });

  it('of a custom resource that has a scale', async () => {
    const ns = await makeNamespace();
    const scale = {
      specReplicasPath: '.spec.size',
      statusReplicasPath: '.status.size',
      labelSelectorPath: '.status.selector',
    };
    const integer = { type: 'integer' };
    const properties = {
      spec: { type: 'object', properties: { size: integer } },
      status: { type: 'object', properties: { size: integer, selector: { type: 'string' } } },
    };
    await client.raw('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: 'farms.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'farms', kind: 'Farm' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            subresources: { scale, status: {} },
            schema: { openAPIV3Schema: { type: 'object', properties } },
          },
        ],
      },
    });
    const path = `/apis/example.com/v1/namespaces/${ns}/farms`;
    const farm = { apiVersion: 'example.com/v1', kind: 'Farm', metadata: { name: 'f' }, spec: { size: 2 } };
    await until(
      () =>
        client.raw('POST', path, farm).then(
          () => true,
          () => false,
        ),
      30_000,
    );
    metrics.external.set('hay', ['90']);
    const target = { type: 'AverageValue', averageValue: '30' };
    const scaleTargetRef = { apiVersion: 'example.com/v1', kind: 'Farm', name: 'f' };
    await make(
      ns,
      { scaleTargetRef, metrics: [{ type: 'External', external: { metric: { name: 'hay' }, target } }] },
      'f',
    );
    await see(ns, 'Warning SelectorRequired: selector is required');
    const invalid = "False InvalidSelector: the HPA target's scale is missing a selector";
    await until(async () => (await conditions(ns, 'f'))['ScalingActive'] === invalid, 30_000, invalid);
    await client.raw(
      'PATCH',
      `${path}/f/status`,
      { status: { size: 2, selector: 'farm=f' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    await see(ns, 'Normal SuccessfulRescale: New size: 3; reason: external metric hay(nil) above target');
    expect(((await client.raw('GET', `${path}/f`)) as any).spec.size).toBe(3);
  });
});

describe('without looking at metrics', () => {
  beforeEach(() => metrics.register());

  it('zero is off, and the range is kept', async () => {
    const ns = await makeNamespace();
    await makeDeployment(ns, 1);
    await make(ns, { metrics: [cpu], minReplicas: 2, maxReplicas: 3 });
    await see(ns, 'Normal SuccessfulRescale: New size: 2; reason: Current number of replicas below Spec.MinReplicas');
    const scale = (n: number) => client.patch(deployments, 'web', ns, 'merge', { spec: { replicas: n } });
    await scale(6);
    await see(ns, 'Normal SuccessfulRescale: New size: 3; reason: Current number of replicas above Spec.MaxReplicas');
    await scale(0);
    const off = 'False ScalingDisabled: scaling is disabled since the replica count of the target is zero';
    await until(async () => (await conditions(ns))['ScalingActive'] === off, 30_000, 'ScalingDisabled');
    // The pods go in their own time.
    await until(async () => (await get(ns)).status?.currentReplicas === 0, 60_000, 'no replicas');
    expect((await get(ns)).status).toMatchObject({ currentReplicas: 0, desiredReplicas: 0 });
  });

  it('two of one Deployment are told so', async () => {
    const ns = await makeNamespace();
    await makeDeployment(ns, 1);
    metrics.usage = () => ({ cpu: '1' });
    await make(ns, { metrics: [cpu], maxReplicas: 1 }, 'a');
    await make(ns, { metrics: [cpu], maxReplicas: 1 }, 'b');
    await see(
      ns,
      `Warning AmbiguousSelector: pods by selector app=web are controlled by multiple HPAs: [{a ${ns}} {b ${ns}}]`,
    );
    await until(
      async () => (await conditions(ns, 'b'))['ScalingActive']?.startsWith('False AmbiguousSelector') ?? false,
      30_000,
    );
    await client.delete(horizontalPodAutoscalers, 'a', ns);
    await until(async () => (await conditions(ns, 'b'))['ScalingActive']?.startsWith('True') ?? false, 30_000);
  });

  it.each([
    [{ ...web, name: 'none' }, 'deployments.apps "none" not found'],
    [{ apiVersion: 'example.org/v1', kind: 'Boat', name: 'b' }, 'no matches for kind "Boat" in group "example.org"'],
    [
      { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', name: 'b' },
      'the server could not find the requested resource',
    ],
  ])('what cannot be scaled: %j', async (scaleTargetRef, why) => {
    const ns = await makeNamespace();
    await make(ns, { scaleTargetRef });
    await see(ns, `Warning FailedGetScale: ${why}`);
    // Events are told on the way, the status comes at the end.
    await until(async () => 'AbleToScale' in (await conditions(ns)));
    expect(await conditions(ns)).toEqual({
      AbleToScale: `False FailedGetScale: the HPA controller was unable to get the target's current scale: ${why}`,
    });
  });
});

it('counts its looks and metrics', async () => {
  const metrics = createMetrics();
  const monitor = createMonitor(metrics, { ...realClock, now: () => 5000 });
  await monitor.look(async () => ({ action: 'scale_up' as const }));
  await monitor.look(async () => ({ action: 'none' as const, error: new Error('x') }));
  await expect(monitor.look(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
  await monitor.metric('Resource', 3, async () => ({ replicas: 2 }));
  const failed = await monitor.metric('x', 3, () =>
    Promise.reject(new MetricError('InvalidMetricSourceType', 'a', 'b')),
  );
  expect(failed).toBeInstanceOf(MetricError);
  monitor.autoscalers(4);
  const name = 'horizontal_pod_autoscaler_controller';
  const text = await metrics.text();
  for (const line of [
    `${name}_reconciliations_total{action="scale_up",error="none"} 1`,
    `${name}_reconciliations_total{action="none",error="internal"} 2`,
    `${name}_metric_computation_total{action="scale_down",error="none",metric_type="Resource"} 1`,
    `${name}_metric_computation_total{action="none",error="spec",metric_type="x"} 1`,
    `${name}_reconciliation_duration_seconds_bucket{le="0.001",action="scale_up",error="none"} 1`,
    `${name}_num_horizontal_pod_autoscalers 4`,
  ])
    expect(text.split('\n')).toContain(line);
});
