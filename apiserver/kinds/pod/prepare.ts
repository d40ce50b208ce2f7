// What the server itself writes into a pod as it is created, and what each kind of update may not touch.
// Mirrors: PrepareForCreate and PrepareForUpdate of the strategies in pkg/registry/core/pod/strategy.go.
// Called by: ../pod.ts.
import { toTime } from '../../../apimachinery/clock.ts';
import type { Context } from '../kind.ts';
import { appArmorPrefix } from './annotations.ts';
import { qosClass } from './qos.ts';
import { eachContainer } from './spec.ts';

const gatedCondition = {
  type: 'PodScheduled',
  lastProbeTime: null,
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

/** Keys whose values are taken from the pod become part of the selector. */
function mergeLabelKeys(term: any, labels: Record<string, string>): void {
  const { labelSelector: selector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  if (!selector) return;
  const add = (keys: string[], operator: string) => {
    for (const key of keys) {
      if (labels[key] === undefined) continue;
      selector.matchExpressions ??= [];
      selector.matchExpressions.push({ key, operator, values: [labels[key]] });
    }
  };
  add(matchLabelKeys, 'In');
  add(mismatchLabelKeys, 'NotIn');
}

function mergeAllLabelKeys(spec: any, labels: Record<string, string>): void {
  for (const name of ['podAffinity', 'podAntiAffinity']) {
    const affinity = spec.affinity?.[name];
    for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) mergeLabelKeys(term, labels);
    for (const weighted of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      mergeLabelKeys(weighted.podAffinityTerm, labels);
  }
  for (const constraint of spec.topologySpreadConstraints ?? [])
    mergeLabelKeys({ ...constraint, mismatchLabelKeys: [] }, labels);
}

function appArmorProfile(annotation: string): any {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  if (annotation.startsWith('localhost/') && annotation.length > 10)
    return { type: 'Localhost', localhostProfile: annotation.slice(10) };
  return undefined;
}

/** The old annotations still work: they fill the fields that replaced them. */
function appArmorFromAnnotations(pod: any, context: Context): void {
  const annotations = pod.metadata.annotations;
  if (!annotations || pod.spec.os?.name === 'windows') return;
  const ofPod = pod.spec.securityContext?.appArmorProfile;
  eachContainer(
    pod.spec,
    'spec',
  )((container) => {
    const key = appArmorPrefix + container.name;
    if (annotations[key] === undefined || container.securityContext?.appArmorProfile) return;
    const profile = appArmorProfile(annotations[key]);
    if (!ofPod)
      context.warn(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
    if (!profile || (ofPod?.type === profile.type && ofPod.localhostProfile === profile.localhostProfile)) return;
    container.securityContext = { ...container.securityContext, appArmorProfile: profile };
  });
}

export function prepareCreate(pod: any, context: Context): void {
  pod.spec ??= {};
  pod.status = { phase: 'Pending', qosClass: qosClass(pod.spec) };
  if (pod.spec.schedulingGates?.length)
    pod.status.conditions = [{ ...gatedCondition, lastTransitionTime: toTime(context.now()) }];
  mergeAllLabelKeys(pod.spec, pod.metadata.labels ?? {});
  appArmorFromAnnotations(pod, context);
}

/** A writer that does not know observedGeneration does not erase it. */
function keepObservedGenerations(status: any, old: any): void {
  if (!status.observedGeneration && old.observedGeneration) status.observedGeneration = old.observedGeneration;
  const before = new Map<string, number[]>();
  for (const c of old.conditions ?? []) before.set(c.type, [...(before.get(c.type) ?? []), c.observedGeneration ?? 0]);
  for (const condition of status.conditions ?? []) {
    const known = before.get(condition.type)?.shift();
    if (!condition.observedGeneration && known) condition.observedGeneration = known;
  }
}

/** Of a write to /status, everything but spec, owners and the time of deletion counts. */
export function keepForStatus(pod: any, old: any): void {
  pod.spec = old.spec;
  delete pod.metadata.deletionTimestamp;
  if (old.metadata.deletionTimestamp) pod.metadata.deletionTimestamp = old.metadata.deletionTimestamp;
  if (old.metadata.ownerReferences) pod.metadata.ownerReferences = old.metadata.ownerReferences;
  else delete pod.metadata.ownerReferences;
  pod.status ??= {};
  if (!pod.status.qosClass && old.status?.qosClass) pod.status.qosClass = old.status.qosClass;
  keepObservedGenerations(pod.status, old.status ?? {});
}
