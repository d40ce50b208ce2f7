// Which ReplicaSet of a Deployment is the new one, which are old, and how they count. Pure.
// Mirrors: FindNewReplicaSet, FindOldReplicaSets and the sorts of pkg/controller/deployment/util/deployment_util.go.
// Used by: every step of a rollout.
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../apimachinery/types.ts';
import { timeOf } from '../common/pods.ts';
import { hashLabel } from './names.ts';

export const replicasOf = (o: Deployment | ReplicaSet): number => o.spec?.replicas ?? 1;
export const isWanted = (rs: ReplicaSet): boolean => replicasOf(rs) > 0;

export const sumWanted = (list: readonly ReplicaSet[]): number => sum(list, replicasOf);
export const sumStatus = (
  list: readonly ReplicaSet[],
  field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas',
): number => sum(list, (rs) => rs.status?.[field] ?? 0);
const sum = (list: readonly ReplicaSet[], of: (rs: ReplicaSet) => number) => list.reduce((n, rs) => n + of(rs), 0);

const age = (a: ReplicaSet, b: ReplicaSet) =>
  timeOf(a.metadata.creationTimestamp) - timeOf(b.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1);

export const oldestFirst = (list: readonly ReplicaSet[]): ReplicaSet[] => [...list].sort(age);
export const newestFirst = (list: readonly ReplicaSet[]): ReplicaSet[] => [...list].sort((a, b) => age(b, a));
export const largestNewestFirst = (list: readonly ReplicaSet[]): ReplicaSet[] =>
  [...list].sort((a, b) => replicasOf(b) - replicasOf(a) || age(b, a));
export const largestOldestFirst = (list: readonly ReplicaSet[]): ReplicaSet[] =>
  [...list].sort((a, b) => replicasOf(b) - replicasOf(a) || age(a, b));

/** The oldest with the Deployment's template: after a collision or an adoption there may be several. */
export const findNew = (d: Deployment, all: readonly ReplicaSet[]): ReplicaSet | undefined =>
  oldestFirst(all).find((rs) => sameTemplate(rs.spec?.template, d.spec?.template));

export const findOld = (all: readonly ReplicaSet[], newRs: ReplicaSet | undefined): ReplicaSet[] =>
  all.filter((rs) => rs.metadata.uid !== newRs?.metadata.uid);

/** Equal but for the hash label, which only ReplicaSets have. */
export const sameTemplate = (a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean =>
  equal(withoutHash(a), withoutHash(b));

function withoutHash(t: PodTemplateSpec | undefined): unknown {
  if (!t?.metadata?.labels?.[hashLabel]) return t;
  const { [hashLabel]: _, ...labels } = t.metadata.labels;
  return { ...t, metadata: { ...t.metadata, labels } };
}

/** Maps whose being empty says no more than their being absent; of other objects (emptyDir: {}) presence counts. */
const maps = new Set(['labels', 'annotations', 'nodeSelector', 'limits', 'requests', 'matchLabels']);

function equal(a: any, b: any, field = ''): boolean {
  if (a === b) return true;
  if (isEmpty(a, field) && isEmpty(b, field)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a)) return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => equal(a[key], b[key], key));
}

const isEmpty = (v: unknown, field: string): boolean =>
  v === undefined ||
  v === null ||
  (Array.isArray(v) && v.length === 0) ||
  (maps.has(field) && typeof v === 'object' && Object.keys(v).length === 0);
