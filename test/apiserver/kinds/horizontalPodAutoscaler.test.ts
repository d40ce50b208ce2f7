import { describe, expect, test } from 'vitest';
import { horizontalPodAutoscaler as hpa } from '../../../apiserver/kinds/horizontalPodAutoscaler.ts';
import { horizontalPodAutoscalerV1 as hpaV1 } from '../../../apiserver/kinds/horizontalPodAutoscalerV1.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { createFeatureGates } from '../../../component-base/featureGates.ts';
import { cells, created, made, texts, updated } from './said.ts';

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const of = (spec: any = {}, more: any = {}) =>
  made(hpa, { spec: { scaleTargetRef, maxReplicas: 5, ...spec }, ...more });
const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } };
const metric = (type: string, field: string, source: any) => ({ metrics: [{ type, [field]: source }] });
const object = (fields: any = {}) => ({
  describedObject: { apiVersion: 'v1', kind: 'Service', name: 's' },
  metric: { name: 'hits' },
  target: { type: 'Value', value: '10' },
  ...fields,
});
const resource = (target: any, fields: any = {}) => ({ name: 'cpu', target, ...fields });
const utilization = { type: 'Utilization', averageUtilization: 50 };
const rules = (fields: any) => ({ behavior: { scaleUp: fields } });
const policy = (fields: any) => rules({ policies: [{ type: 'Pods', value: 1, periodSeconds: 60, ...fields }] });

test('defaults', () => {
  const filled = of({ behavior: { scaleDown: { tolerance: '100m' } } }, { status: {} });
  expect(filled.spec).toMatchObject({ minReplicas: 1, metrics: [cpu] });
  expect(filled.spec.behavior).toEqual({
    scaleUp: {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [
        { type: 'Pods', value: 4, periodSeconds: 15 },
        { type: 'Percent', value: 100, periodSeconds: 15 },
      ],
    },
    scaleDown: {
      tolerance: '100m',
      selectPolicy: 'Max',
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
    },
  });
  expect(filled.status).toEqual({ currentMetrics: null, desiredReplicas: 0 });
  expect(of().spec.behavior).toBeUndefined();
});

test.each<[string, any, string[]]>([
  ['fine', { metrics: [cpu], behavior: {} }, []],
  ['an object', metric('Object', 'object', object()), []],
  [
    'an external metric',
    metric('External', 'external', { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '1' } }),
    [],
  ],
  ['pods', metric('Pods', 'pods', { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '1' } }), []],
  [
    'a container',
    metric('ContainerResource', 'containerResource', resource(utilization, { container: 'c', name: 'memory' })),
    [],
  ],
  [
    'no replicas',
    { minReplicas: 0 },
    [
      'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
      'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
    ],
  ],
  [
    'no most',
    { maxReplicas: 0 },
    [
      'spec.maxReplicas: Invalid value: 0: must be greater than 0',
      'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
    ],
  ],
  [
    'least above most',
    { minReplicas: 6 },
    ['spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`'],
  ],
  [
    'nothing to scale',
    { scaleTargetRef: { apiVersion: 'a/b' } },
    ['spec.scaleTargetRef.kind: Required value', 'spec.scaleTargetRef.name: Required value'],
  ],
  [
    'odd reference',
    { scaleTargetRef: { apiVersion: 'a/b', kind: '..', name: 'a/b' } },
    [
      'spec.scaleTargetRef.kind: Invalid value: "..": may not be \'..\'',
      'spec.scaleTargetRef.name: Invalid value: "a/b": may not contain \'/\'',
    ],
  ],
  [
    'no group',
    { scaleTargetRef: { kind: 'Deployment', name: 'web' } },
    ['spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group'],
  ],
  ['the core group, of what scales there', { scaleTargetRef: { kind: 'ReplicationController', name: 'web' } }, []],
  [
    'no version',
    { scaleTargetRef: { apiVersion: 'a/b/c', kind: 'Deployment', name: 'web' } },
    ['spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
  ],
  [
    'no type',
    { metrics: [{ resource: resource(utilization) }] },
    [
      'spec.metrics[0].type: Required value: must specify a metric source type',
      ...Array(2).fill(
        'spec.metrics[0].type: Unsupported value: "": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
      ),
    ],
  ],
  [
    'no source',
    { metrics: [{ type: 'Pods' }] },
    ['spec.metrics[0].pods: Required value: must populate information for the given metric source'],
  ],
  [
    'two sources',
    { metrics: [{ ...cpu, object: object() }] },
    ['spec.metrics[0].object: Forbidden: must populate the given metric source only'],
  ],
  [
    'object without a target',
    metric('Object', 'object', object({ target: { type: 'Value' }, metric: {} })),
    [
      'spec.metrics[0].object.metric.name: Required value: must specify a metric name',
      'spec.metrics[0].object.target.averageValue: Required value: must set either a target value or averageValue',
    ],
  ],
  [
    'external with both',
    metric('External', 'external', {
      metric: { name: 'a%b' },
      target: { type: 'Value', value: '1', averageValue: '0' },
    }),
    [
      'spec.metrics[0].external.metric.name: Invalid value: "a%b": may not contain \'%\'',
      'spec.metrics[0].external.target.averageValue: Invalid value: "0": must be positive',
      'spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target',
    ],
  ],
  [
    'external with none',
    metric('External', 'external', { metric: { name: 'a' }, target: { type: 'Value' } }),
    [
      'spec.metrics[0].external.target.averageValue: Required value: must set either a target value for metric or a per-pod target',
    ],
  ],
  [
    'pods with no average',
    metric('Pods', 'pods', { metric: { name: 'a' }, target: { type: 'Value', value: '-1' } }),
    [
      'spec.metrics[0].pods.target.value: Invalid value: "-1": must be positive',
      'spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue',
    ],
  ],
  [
    'resource of no name',
    metric('Resource', 'resource', resource({}, { name: '' })),
    [
      'spec.metrics[0].resource.name: Required value: must specify a resource name',
      'spec.metrics[0].resource.target.type: Required value: must specify a metric target type',
      'spec.metrics[0].resource.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue',
      'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
    ],
  ],
  [
    'resource with both',
    metric('Resource', 'resource', resource({ ...utilization, averageUtilization: 0, averageValue: '1' })),
    [
      'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
      'spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization',
    ],
  ],
  [
    'container of no name',
    metric('ContainerResource', 'containerResource', resource(utilization, { name: 'odd' })),
    [
      'spec.metrics[0].containerResource.name: Invalid value: "odd": must be a standard resource type or fully qualified',
      'spec.metrics[0].containerResource.name: Invalid value: "odd": must be a standard resource for containers',
      'spec.metrics[0].containerResource.container: Required value: must specify a container',
    ],
  ],
  [
    'window',
    rules({ stabilizationWindowSeconds: -1 }),
    ['spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero'],
  ],
  [
    'long window',
    rules({ stabilizationWindowSeconds: 3601 }),
    ['spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600'],
  ],
  [
    'which policy',
    rules({ selectPolicy: 'Most' }),
    ['spec.behavior.scaleUp.selectPolicy: Unsupported value: "Most": supported values: "Disabled", "Max", "Min"'],
  ],
  [
    'no policies',
    rules({ policies: [] }),
    ['spec.behavior.scaleUp.policies: Required value: must specify at least one Policy'],
  ],
  [
    'tolerance',
    rules({ tolerance: '-1' }),
    ['spec.behavior.scaleUp.tolerance: Invalid value: "-1": must be greater than or equal to 0'],
  ],
  [
    'policy',
    policy({ type: 'All', value: 0, periodSeconds: 0 }),
    [
      'spec.behavior.scaleUp.policies[0].type: Unsupported value: "All": supported values: "Percent", "Pods"',
      'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
      'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 0: must be greater than zero',
    ],
  ],
  [
    'long period',
    policy({ periodSeconds: 1801 }),
    ['spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800'],
  ],
])('%s', (_what, spec, expected) => {
  expect(created(hpa, of(spec))).toEqual(expected);
});

test('an update may keep what was stored before a rule came', () => {
  const bare = { scaleTargetRef: { kind: 'Deployment', name: 'web' } };
  expect(updated(hpa, of(bare), of(bare))).toEqual([]);
  const zero = { minReplicas: 0, ...metric('Object', 'object', object()) };
  expect(updated(hpa, of(zero), of(zero))).toEqual([]);
  expect(updated(hpa, of(zero), of())).toEqual([
    'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
  ]);
  const odd = metric('Object', 'object', object({ describedObject: { apiVersion: 'a/b/c', kind: 'K', name: 'n' } }));
  expect(updated(hpa, of(odd), of(odd))).toEqual([]);
  expect(created(hpa, of(odd))).toEqual([
    'spec.metrics[0].object.describedObject.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
  ]);
});

test('scaling to nothing is behind its gate', () => {
  const gated = hpa.withGates!(createFeatureGates({ HPAScaleToZero: 'true' }));
  expect(gated.validateCreate!(of({ minReplicas: 0, ...metric('Object', 'object', object()) }))).toEqual([]);
});

test('status', () => {
  const status = hpa.subresources![0]!;
  const bad = of({}, { status: { currentReplicas: -1, desiredReplicas: -2 } });
  expect(texts(status.validateUpdate!(bad, of()))).toEqual([
    'status.currentReplicas: Invalid value: -1: must be greater than or equal to 0',
    'status.desiredReplicas: Invalid value: -2: must be greater than or equal to 0',
  ]);
  expect(status.validateUpdate!(of({}, { status: { currentReplicas: 1 } }), of())).toEqual([]);
});

test.each<[string, any, any, string]>([
  ['one that nobody measured yet', {}, {}, 'cpu: <unknown>/80%'],
  [
    'measured',
    {},
    { currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 3 } } }] },
    'cpu: 3%/80%',
  ],
  [
    'three of them',
    { metrics: [cpu, metric('Object', 'object', object()).metrics[0], cpu] },
    {},
    'cpu: <unknown>/80%, <unknown>/10 + 1 more...',
  ],
  [
    'an average',
    metric('External', 'external', { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '7' } }),
    { currentMetrics: [{ type: 'External', external: { current: { averageValue: '2' } } }] },
    '2/7 (avg)',
  ],
])('targets of %s', (_what, spec, status, text) => {
  expect(cells(hpa, of(spec, { status }))).toMatchObject({
    Reference: 'Deployment/web',
    Targets: text,
    MinPods: '1',
    MaxPods: 5,
    Replicas: 0,
  });
});

describe('autoscaling/v1', () => {
  const alpha = 'autoscaling.alpha.kubernetes.io/';
  const { toStored, fromStored } = hpaV1.storedAs!;
  const everything = of(
    {
      metrics: [
        metric('Object', 'object', object({ metric: { name: 'hits', selector: { matchLabels: { a: 'b' } } } }))
          .metrics[0],
        metric('Pods', 'pods', { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '1k' } })
          .metrics[0],
        metric('External', 'external', { metric: { name: 'q' }, target: { type: 'Value', value: '2' } }).metrics[0],
        metric('Resource', 'resource', { name: 'memory', target: { type: 'AverageValue', averageValue: '1Mi' } })
          .metrics[0],
        metric('ContainerResource', 'containerResource', resource(utilization, { container: 'c' })).metrics[0],
        cpu,
      ],
      behavior: { scaleUp: { tolerance: '50m', selectPolicy: 'Min' } },
    },
    {
      status: {
        observedGeneration: 2,
        lastScaleTime: '2026-01-01T00:00:00Z',
        currentReplicas: 2,
        desiredReplicas: 3,
        currentMetrics: [
          { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 7, averageValue: '70m' } } },
          { type: 'Pods', pods: { metric: { name: 'q' }, current: { averageValue: '3' } } },
          {
            type: 'Object',
            object: { describedObject: { kind: 'Service', name: 's' }, metric: { name: 'h' }, current: { value: '1' } },
          },
          { type: 'External', external: { metric: { name: 'q' }, current: { value: '1', averageValue: '2' } } },
        ],
        conditions: [
          {
            type: 'AbleToScale',
            status: 'True',
            lastTransitionTime: '2026-01-01T00:00:00Z',
            reason: 'R',
            message: 'm',
          },
        ],
      },
    },
  );

  test('goes there and back with nothing lost', () => {
    const shown: any = fromStored(everything);
    expect(shown.spec).toEqual({ scaleTargetRef, minReplicas: 1, maxReplicas: 5, targetCPUUtilizationPercentage: 80 });
    expect(shown.status).toEqual({
      observedGeneration: 2,
      lastScaleTime: '2026-01-01T00:00:00Z',
      currentReplicas: 2,
      desiredReplicas: 3,
      currentCPUUtilizationPercentage: 7,
    });
    expect(toStored(shown)).toEqual(everything);
  });

  test('writes the annotations as upstream does', () => {
    const { annotations } = fromStored(everything).metadata as any;
    expect(annotations[`${alpha}metrics`]).toMatch(
      /^\[{"type":"Object","object":{"target":{"kind":"Service","name":"s","apiVersion":"v1"},"metricName":"hits","targetValue":"10","selector":{"matchLabels":{"a":"b"}}}},{"type":"Pods","pods":{"metricName":"q","targetAverageValue":"1k"}},/,
    );
    expect(annotations[`${alpha}current-metrics`]).toMatch(
      /^\[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":7,"currentAverageValue":"70m"}}/,
    );
    expect(annotations[`${alpha}conditions`]).toBe(
      '[{"type":"AbleToScale","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z","reason":"R","message":"m"}]',
    );
    expect(JSON.parse(annotations[`${alpha}behavior`]).ScaleUp).toEqual({
      StabilizationWindowSeconds: 0,
      SelectPolicy: 'Min',
      Policies: [
        { Type: 'Pods', Value: 4, PeriodSeconds: 15 },
        { Type: 'Percent', Value: 100, PeriodSeconds: 15 },
      ],
      Tolerance: '50m',
    });
  });

  const v1 = (spec: any = {}, metadata: any = {}) =>
    made(hpaV1, { spec: { scaleTargetRef, maxReplicas: 5, ...spec } }, metadata);
  test('defaults, and annotations that say nothing', () => {
    expect(v1().spec).toMatchObject({ minReplicas: 1, targetCPUUtilizationPercentage: 80 });
    const odd = v1({}, { annotations: { [`${alpha}metrics`]: '{', [`${alpha}behavior`]: '{}', mine: 'x' } });
    expect(odd.metadata.annotations).toEqual({ mine: 'x' });
    expect(created(hpaV1, v1({ maxReplicas: 0, targetCPUUtilizationPercentage: 0 }))).toEqual([
      'spec.maxReplicas: Invalid value: 0: must be greater than 0',
      'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
      'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
    ]);
    expect(created(hpaV1, v1())).toEqual([]);
    expect(cells(hpaV1, v1())).toMatchObject({ Targets: 'cpu: <unknown>/80%' });
  });

  test('a count of 0 is written by this form alone', () => {
    const shown: any = fromStored(of({}, { status: {} }));
    expect(shown.status).toEqual({ currentReplicas: 0, desiredReplicas: 0 });
    expect(toStored(shown).status).toEqual({ currentMetrics: null, desiredReplicas: 0 });
  });

  test('a writer of spec leaves the annotations of status alone, and the other way round', () => {
    const old = fromStored(everything);
    const now = v1();
    hpaV1.prepareUpdate!(now, old, {} as Context);
    expect(Object.keys(now.metadata.annotations)).toEqual([`${alpha}current-metrics`, `${alpha}conditions`]);
    const status = v1();
    hpaV1.subresources![0]!.keep!(status, old);
    expect([status.spec, Object.keys(status.metadata.annotations)]).toEqual([
      old.spec,
      [`${alpha}metrics`, `${alpha}behavior`],
    ]);
    const fresh = v1({}, { annotations: { [`${alpha}conditions`]: '[{"type":"A","status":"True"}]' } });
    hpaV1.prepareCreate!(fresh, {} as Context);
    expect(fresh.metadata.annotations).toBeUndefined();
  });
});
