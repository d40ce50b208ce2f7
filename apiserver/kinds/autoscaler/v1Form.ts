// autoscaling/v1, where one percentage of CPU is a field and all the rest lives in four annotations, to and from the stored form (v2).
// Mirrors: pkg/apis/autoscaling/v1/conversion.go. Pure; what cannot be read from an annotation is left out, as upstream does.
// Called by: ../horizontalPodAutoscalerV1.ts. Next: v1Metrics.ts, the shapes inside the annotations.
import type { KubeObject } from '../../../apimachinery/types.ts';
import { cpuMetric, defaultUtilization } from './defaults.ts';
import { behaviorText, metricFromV1, metricToV1, readBehavior, statusFromV1, statusToV1 } from './v1Metrics.ts';

const prefix = 'autoscaling.alpha.kubernetes.io/';
const ofMetrics = `${prefix}metrics`;
const ofStatuses = `${prefix}current-metrics`;
const ofConditions = `${prefix}conditions`;
const ofBehavior = `${prefix}behavior`;
/** Those that hold spec, and those that hold status. */
export const specAnnotations: readonly string[] = [ofMetrics, ofBehavior];
export const statusAnnotations: readonly string[] = [ofStatuses, ofConditions];

const isCpu = ({ type, resource }: any) => type === 'Resource' && resource?.name === 'cpu';

/** The list in an annotation, each item converted; undefined when there is none that can be read. */
function listIn(annotations: Record<string, string>, name: string, convert: (item: any) => any): any[] | undefined {
  if (annotations[name] === undefined) return undefined;
  try {
    const list: unknown = JSON.parse(annotations[name]);
    return Array.isArray(list) && list.length ? list.map(convert) : undefined;
  } catch {
    return undefined;
  }
}

function withAnnotations(metadata: any, added: Record<string, string>): any {
  const { annotations = {}, ...rest } = metadata ?? {};
  const kept = Object.entries(annotations).filter(([k]) => ![...specAnnotations, ...statusAnnotations].includes(k));
  const all = Object.fromEntries([...kept, ...Object.entries(added)]);
  return Object.keys(all).length ? { ...rest, annotations: all } : rest;
}

const defined = (object: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

export function v1ToStored(object: KubeObject): KubeObject {
  const annotations = object.metadata?.annotations ?? {};
  const { targetCPUUtilizationPercentage: cpu, ...spec } = (object.spec ?? {}) as any;
  const metrics = listIn(annotations, ofMetrics, metricFromV1) ?? [];
  if (cpu !== undefined && cpu !== null) metrics.push(cpuMetric(cpu));
  if (!metrics.length) metrics.push(cpuMetric(defaultUtilization));
  const behavior = readBehavior(annotations[ofBehavior]);
  const stored: any = {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(object.metadata, {}),
    spec: defined({ ...spec, metrics, behavior }),
  };
  if (object.status) stored.status = statusToStored(object.status, annotations);
  return stored;
}

function statusToStored(status: any, annotations: Record<string, string>): any {
  const { currentCPUUtilizationPercentage: cpu, ...rest } = status;
  const current =
    cpu === undefined ? null : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu } } }];
  const currentMetrics = listIn(annotations, ofStatuses, statusFromV1) ?? current;
  const conditions = listIn(annotations, ofConditions, (condition) => condition);
  // This form writes the count always, the stored one when it is not 0.
  return defined({ ...rest, currentReplicas: rest.currentReplicas || undefined, conditions, currentMetrics });
}

export function storedToV1(object: KubeObject): KubeObject {
  const { metrics = [], behavior, ...spec } = (object.spec ?? {}) as any;
  const { currentMetrics, conditions, ...status } = (object.status ?? {}) as any;
  // The first CPU metric decides whether there is a percentage.
  const cpu = metrics.find(isCpu)?.resource.target?.averageUtilization;
  const others = metrics.filter((m: any) => !(isCpu(m) && m.resource.target?.averageUtilization !== undefined));
  const annotations: Record<string, string> = {};
  if (others.length) annotations[ofMetrics] = JSON.stringify(others.map(metricToV1));
  if (currentMetrics?.length) annotations[ofStatuses] = JSON.stringify(currentMetrics.map(statusToV1));
  if (behavior) annotations[ofBehavior] = behaviorText(behavior);
  if (conditions?.length) annotations[ofConditions] = JSON.stringify(conditions.map(conditionText));
  const shown: any = {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(object.metadata, annotations),
    spec: defined({ ...spec, targetCPUUtilizationPercentage: cpu }),
  };
  if (object.status) {
    const used = currentMetrics?.findLast((m: any) => isCpu(m) && m.resource.current?.averageUtilization !== undefined);
    shown.status = defined({
      currentReplicas: 0,
      desiredReplicas: 0,
      ...status,
      currentCPUUtilizationPercentage: used?.resource.current.averageUtilization,
    });
  }
  return shown;
}

const conditionText = ({ type, status, lastTransitionTime = null, reason, message }: any) => ({
  type,
  status,
  lastTransitionTime,
  ...(reason && { reason }),
  ...(message && { message }),
});
