// What a StatefulSet's pod looks like: its name, its labels, its hostname under the service, and its claims as volumes.
// Pure. Mirrors: newVersionedStatefulSetPod, updateIdentity, updateStorage, identityMatches in stateful_set_utils.go. Used by: plan.ts, act.ts.
import { statefulSets } from '../../apimachinery/resources.ts';
import type { Pod, PodTemplateSpec, StatefulSet, Volume } from '../../apimachinery/types.ts';
import { controllerRef } from '../common/owners.ts';
import { claimName, indexLabel, ordinalOf, podName, podNameLabel, revisionLabel, startOf } from './names.ts';

/** The two templates that pods of a StatefulSet may be of. */
export interface Versions {
  current: Version;
  update: Version;
}

export interface Version {
  /** The name of its ControllerRevision. */
  revision: string;
  template: PodTemplateSpec | undefined;
}

/** A pod that is to be made has no status yet. */
export function newPod(set: StatefulSet, versions: Versions, ordinal: number): Pod {
  const { revision, template } = staysBehind(set, ordinal) ? versions.current : versions.update;
  const name = podName(set, ordinal);
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: set.metadata.namespace,
      labels: { ...labels, ...identityLabels(name, ordinal), [revisionLabel]: revision },
      annotations,
      finalizers,
      ownerReferences: [controllerRef(set, statefulSets)],
    },
    spec: {
      ...template?.spec,
      hostname: name,
      subdomain: set.spec?.serviceName,
      volumes: volumesOf(set, template?.spec?.volumes, ordinal),
    },
  } as Pod;
}

/** Below the partition the old template still holds; without a rolling update's settings, for as many as there are of it. */
function staysBehind(set: StatefulSet, ordinal: number): boolean {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (rollingUpdate) return ordinal < startOf(set) + (rollingUpdate.partition ?? 0);
  return type === 'RollingUpdate' && ordinal < startOf(set) + (set.status?.currentReplicas ?? 0);
}

const identityLabels = (name: string, ordinal: number) => ({ [podNameLabel]: name, [indexLabel]: String(ordinal) });

const claimTemplates = (set: StatefulSet): string[] =>
  (set.spec?.volumeClaimTemplates ?? []).map((t) => t.metadata!.name!);

/** A volume for each claim template, in place of any that has its name. */
function volumesOf(set: StatefulSet, others: readonly Volume[] | undefined, ordinal: number): Volume[] | undefined {
  const names = claimTemplates(set);
  if (!names.length) return others as Volume[] | undefined;
  const claims = names.map((name) => ({
    name,
    persistentVolumeClaim: { claimName: claimName(set, name, ordinal) },
  }));
  return [...claims, ...(others ?? []).filter((v) => !names.includes(v.name))];
}

export function identityMatches(pod: Pod): boolean {
  const labels = pod.metadata.labels;
  return labels?.[podNameLabel] === pod.metadata.name && labels[indexLabel] === String(ordinalOf(pod));
}

export function storageMatches(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(pod);
  return claimTemplates(set).every((name) => {
    const volume = pod.spec?.volumes?.find((v) => v.name === name);
    return volume?.persistentVolumeClaim?.claimName === claimName(set, name, ordinal);
  });
}

/** The pod with its identity and its claims put right. */
export function corrected(set: StatefulSet, pod: Pod): Pod {
  const { metadata, spec } = pod;
  const ordinal = ordinalOf(pod);
  const labels = { ...metadata.labels, ...identityLabels(metadata.name, ordinal) };
  const volumes = storageMatches(set, pod) ? spec?.volumes : volumesOf(set, spec?.volumes, ordinal);
  return { ...pod, metadata: { ...metadata, labels }, spec: { ...spec, volumes } } as Pod;
}
