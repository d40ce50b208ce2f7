// What an autoscaler is when its writer leaves things out: one replica at least, 80 % of the requested CPU, upstream's pace.
// Mirrors: pkg/apis/autoscaling/v2/defaults.go. Called by: ../horizontalPodAutoscaler.ts.

/** Percent of the requested CPU, over all pods. */
export const defaultUtilization = 80;

export const cpuMetric = (averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

const doubling = { type: 'Percent', value: 100, periodSeconds: 15 };
const fastUp = { stabilizationWindowSeconds: 0, selectPolicy: 'Max' };
const upPolicies = () => [{ type: 'Pods', value: 4, periodSeconds: 15 }, { ...doubling }];

function defaultRules(rules: any, base: object, policies: object[]): any {
  return { ...base, ...rules, policies: rules?.policies ?? policies };
}

export function defaultAutoscaler(object: any): void {
  object.spec ??= {};
  const { spec } = object;
  spec.scaleTargetRef ??= { kind: '', name: '' };
  spec.maxReplicas ??= 0;
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) spec.metrics = [cpuMetric(defaultUtilization)];
  if (spec.behavior) {
    spec.behavior.scaleUp = defaultRules(spec.behavior.scaleUp, fastUp, upPolicies());
    spec.behavior.scaleDown = defaultRules(spec.behavior.scaleDown, { selectPolicy: 'Max' }, [{ ...doubling }]);
  }
  if (object.status) object.status = { currentMetrics: null, desiredReplicas: 0, ...object.status };
}
