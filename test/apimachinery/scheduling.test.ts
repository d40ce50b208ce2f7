import { describe, expect, test } from 'vitest';
import { parseNodeSelector, preferredNodeAffinity, requiredNodeAffinity } from '../../apimachinery/nodeSelector.ts';
import { amountNumber, amountsText, podLimits, podRequests } from '../../apimachinery/resourceHelpers.ts';
import { anyTolerates, findUntolerated, keepsPodsAway, tolerates } from '../../apimachinery/taints.ts';

const container = (name: string, requests?: object, limits?: object, more: object = {}) => ({
  name,
  resources: { requests, limits },
  ...more,
});
const sidecar = { restartPolicy: 'Always' };

describe('what a pod asks for', () => {
  const requests = (spec: object, options = {}, status = {}) =>
    amountsText(podRequests({ metadata: { name: 'p' }, spec, status } as any, options));

  test('containers together', () => {
    const containers = [container('a', { cpu: '100m', memory: '1Gi' }), container('b', { cpu: '1', 'x.io/gpu': '1' })];
    expect(requests({ containers })).toEqual({ cpu: '1100m', memory: '1Gi', 'x.io/gpu': '1' });
  });
  test('or one init container, if that is more', () => {
    const spec = {
      containers: [container('a', { cpu: '1', memory: '1Mi' })],
      initContainers: [container('i', { cpu: '500m', memory: '2Mi' }), container('j', { cpu: '600m' })],
    };
    expect(requests(spec)).toEqual({ cpu: '1', memory: '2Mi' });
  });
  test('sidecars run beside the containers, and beside the init containers after them', () => {
    const spec = {
      containers: [container('a', { cpu: '1' })],
      initContainers: [
        container('before', { cpu: '2' }),
        container('s', { cpu: '500m' }, undefined, sidecar),
        container('after', { cpu: '1800m' }),
      ],
    };
    expect(requests(spec)).toEqual({ cpu: '2300m' });
  });
  test('pod-level resources replace, overhead adds', () => {
    const spec = {
      containers: [container('a', { cpu: '1', 'x.io/gpu': '1' })],
      resources: { requests: { cpu: '3', 'x.io/gpu': '9' } },
      overhead: { cpu: '100m' },
    };
    expect(requests(spec)).toEqual({ cpu: '3100m', 'x.io/gpu': '1' });
    expect(requests(spec, { excludeOverhead: true })).toEqual({ cpu: '3', 'x.io/gpu': '1' });
  });
  test('nothing can count for a little', () => {
    expect(
      requests({ containers: [container('a'), container('b', { cpu: '1' })] }, { nonMissing: { cpu: '100m' } }),
    ).toEqual({ cpu: '1100m' });
  });
  test('during a resize, what it has counts while it is more', () => {
    const spec = { containers: [container('a', { cpu: '1' })] };
    const status = {
      containerStatuses: [{ name: 'a', resources: { requests: { cpu: '2' } }, allocatedResources: { cpu: '3' } }],
    };
    expect(requests(spec, {}, status)).toEqual({ cpu: '1' });
    expect(requests(spec, { useStatus: true }, status)).toEqual({ cpu: '3' });
    const bigger = { containers: [container('a', { cpu: '9' })] };
    const infeasible = { ...status, conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }] };
    expect(requests(bigger, { useStatus: true }, infeasible)).toEqual({ cpu: '3' });
  });
  test('limits: overhead counts only where there is one', () => {
    const spec = { containers: [container('a', {}, { cpu: '1' })], overhead: { cpu: '100m', memory: '1Mi' } };
    expect(amountsText(podLimits({ metadata: { name: 'p' }, spec } as any))).toEqual({ cpu: '1100m' });
  });
  test('as numbers', () => {
    const amounts = podRequests({ spec: { containers: [container('a', { cpu: '1500m', memory: '1Ki' })] } } as any);
    expect(Array.from(amounts, ([name, q]) => amountNumber(name, q))).toEqual([1500, 1024]);
  });
});

describe('taints', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
  test.each([
    [{ key: 'k', value: 'v', effect: 'NoSchedule' }, true],
    [{ key: 'k', operator: 'Equal', value: 'v' }, true],
    [{ key: 'k', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ key: 'k' }, false],
    [{ key: 'k', value: 'w' }, false],
    [{ key: 'x', operator: 'Exists' }, false],
    [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }, false],
    [{ key: 'k', operator: 'Gt', value: '1' }, false],
  ])('%o: %s', (toleration, result) => {
    expect(tolerates(toleration, taint)).toBe(result);
  });
  test('the first that counts and that nothing tolerates', () => {
    const soft = { key: 's', effect: 'PreferNoSchedule' };
    expect(findUntolerated([soft, taint], [])).toBe(soft);
    expect(findUntolerated([soft, taint], [], keepsPodsAway)).toBe(taint);
    expect(findUntolerated([taint], [{ operator: 'Exists' }])).toBeUndefined();
    expect(findUntolerated(undefined, undefined)).toBeUndefined();
    expect(anyTolerates(undefined, taint)).toBe(false);
  });
});

describe('node affinity', () => {
  const node = { metadata: { name: 'n1', labels: { zone: 'a', cores: '8' } } } as any;
  const expression = (key: string, operator: string, ...values: string[]) => ({ key, operator, values });
  test.each([
    [[{ matchExpressions: [expression('zone', 'In', 'a', 'b')] }], true],
    [[{ matchExpressions: [expression('zone', 'NotIn', 'a')] }], false],
    [[{ matchExpressions: [expression('cores', 'Gt', '7'), expression('gone', 'DoesNotExist')] }], true],
    [[{ matchExpressions: [expression('zone', 'Lt', '7')] }], false],
    [[{ matchFields: [expression('metadata.name', 'In', 'n1')] }], true],
    [[{ matchFields: [expression('metadata.name', 'NotIn', 'n1')] }], false],
    [
      [
        { matchExpressions: [expression('zone', 'In', 'b')] },
        { matchFields: [expression('metadata.name', 'In', 'n1')] },
      ],
      true,
    ],
    [[{}], false],
    [[], false],
  ])('%j: %s', (nodeSelectorTerms, result) => {
    expect(parseNodeSelector({ nodeSelectorTerms } as any).matches(node)).toBe(result);
  });
  test('a malformed term matches nothing and says why; others still match', () => {
    const bad = { matchExpressions: [expression('zone', 'Is', 'a')] };
    const matcher = parseNodeSelector({
      nodeSelectorTerms: [bad, { matchExpressions: [expression('zone', 'Exists')] }],
    });
    expect(matcher.error).toBe(
      'nodeSelectorTerms[0].matchExpressions[0].operator: Unsupported value: "Is": supported values: "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"',
    );
    expect(matcher.matches(node)).toBe(true);
    const noNumber = parseNodeSelector({ nodeSelectorTerms: [{ matchExpressions: [expression('cores', 'Gt', 'x')] }] });
    expect(noNumber.error).toBe(
      `nodeSelectorTerms[0].matchExpressions[0].values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    );
    expect(parseNodeSelector({ nodeSelectorTerms: [bad] }).matches(node)).toBe(false);
    expect(parseNodeSelector({ nodeSelectorTerms: [{ matchFields: [expression('metadata.name', 'In')] }] }).error).toBe(
      'nodeSelectorTerms[0].matchFields[0].values: Invalid value: []: must have one element',
    );
  });
  test('nodeSelector and required affinity must both hold', () => {
    const required = { nodeSelectorTerms: [{ matchExpressions: [expression('cores', 'Exists')] }] };
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
    const matches = (nodeSelector: object) =>
      requiredNodeAffinity({ containers: [], nodeSelector, affinity } as any).matches(node);
    expect([matches({ zone: 'a' }), matches({ zone: 'b' }), matches({ constructor: 'x' })]).toEqual([
      true,
      false,
      false,
    ]);
  });
  test('preferred terms add up their weights', () => {
    const term = (weight: number, zone: string) => ({
      weight,
      preference: { matchExpressions: [expression('zone', 'In', zone)] },
    });
    const preferred = [term(3, 'a'), term(5, 'b'), term(2, 'a'), { weight: 9, preference: {} }];
    const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } };
    expect(preferredNodeAffinity({ containers: [], affinity } as any)(node)).toBe(5);
  });
});
