// Names and numbers: which pod is whose number, which numbers a StatefulSet wants, what its pods' claims are called.
// Pure. Mirrors: getParentNameAndOrdinal, getPodName, getPersistentVolumeClaimName in pkg/controller/statefulset/stateful_set_utils.go.
// Used by: all of this folder.
import type { Pod, StatefulSet } from '../../apimachinery/types.ts';

export const revisionLabel = 'controller-revision-hash';
export const podNameLabel = 'statefulset.kubernetes.io/pod-name';
export const indexLabel = 'apps.kubernetes.io/pod-index';

/** `web-7` is number 7 of `web`; undefined when the name is of no such form. */
export function parentAndOrdinal(podName: string): { parent: string; ordinal: number } | undefined {
  const match = /^(.*)-(\d+)$/.exec(podName);
  const ordinal = Number(match?.[2]);
  return match && ordinal < 2 ** 31 ? { parent: match[1]!, ordinal } : undefined;
}

/** -1 when the name holds none. */
export const ordinalOf = (pod: Pod): number => parentAndOrdinal(pod.metadata.name)?.ordinal ?? -1;

export const isMember = (set: StatefulSet, pod: Pod): boolean =>
  parentAndOrdinal(pod.metadata.name)?.parent === set.metadata.name;

export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${ordinal}`;

export const replicasOf = (set: StatefulSet): number => set.spec?.replicas ?? 1;
export const startOf = (set: StatefulSet): number => set.spec?.ordinals?.start ?? 0;
export const isWanted = (set: StatefulSet, ordinal: number): boolean =>
  ordinal >= startOf(set) && ordinal < startOf(set) + replicasOf(set);

export const claimName = (set: StatefulSet, template: string, ordinal: number): string =>
  `${template}-${set.metadata.name}-${ordinal}`;

export const revisionOf = (pod: Pod): string => pod.metadata.labels?.[revisionLabel] ?? '';
export const isParallel = (set: StatefulSet): boolean => set.spec?.podManagementPolicy === 'Parallel';
