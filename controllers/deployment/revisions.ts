// Revisions and the other annotations that a ReplicaSet carries for its Deployment. Pure.
// Mirrors: SetNewReplicaSetAnnotations and its kin in pkg/controller/deployment/util/deployment_util.go.
// `kubectl rollout history` and `undo` read what is written here.
import type { Deployment, ReplicaSet } from '../../apimachinery/types.ts';
import { maxSurge } from './limits.ts';
import { desiredAnnotation, historyAnnotation, maxAnnotation, revisionAnnotation } from './names.ts';
import { replicasOf } from './replicaSets.ts';

type Annotations = Record<string, string>;

/** Of the object alone, or of kubectl: not copied from a Deployment to its ReplicaSets. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
]);

const mostHistory = 2000;

/** Revisions may pass 2^53, so they are BigInts; 0 when there is none or it is no number. */
export function revisionOf(o: { metadata: { annotations?: Annotations } }): bigint {
  const text = o.metadata.annotations?.[revisionAnnotation] ?? '';
  return /^-?\d+$/.test(text) ? BigInt(text) : 0n;
}

export function nextRevision(old: readonly ReplicaSet[]): bigint {
  let highest = 0n;
  for (const revision of old.map(revisionOf)) if (revision > highest) highest = revision;
  return highest + 1n;
}

/** The annotations of the Deployment's new ReplicaSet at `revision`; the same object when nothing changes. */
export function newReplicaSetAnnotations(
  d: Deployment,
  current: Annotations | undefined,
  revision: bigint,
): Annotations {
  const next: Annotations = { ...current };
  for (const [key, value] of Object.entries(d.metadata.annotations ?? {})) if (!notCopied.has(key)) next[key] = value;
  const before = current?.[revisionAnnotation];
  if (before !== undefined && before !== '' && !/^-?\d+$/.test(before)) return same(current, next);
  if (BigInt(before || '0') < revision) {
    next[revisionAnnotation] = String(revision);
    if (before) next[historyAnnotation] = addToHistory(current?.[historyAnnotation], before);
  }
  return same(current, next);
}

/** Older revisions are dropped from the front once the text is too long. */
function addToHistory(history: string | undefined, revision: string): string {
  if (!history) return revision;
  const all = history.split(',');
  let length = history.length + revision.length + 1;
  while (length > mostHistory && all.length) length -= all.shift()!.length + 1;
  return [...all, revision].join(',');
}

/** How many the Deployment wanted when this ReplicaSet was sized: what proportional scaling starts from. */
export function sizeAnnotations(d: Deployment, current: Annotations | undefined): Annotations {
  const sizes = { [desiredAnnotation]: String(replicasOf(d)), [maxAnnotation]: String(replicasOf(d) + maxSurge(d)) };
  return same(current, { ...current, ...sizes });
}

/** undefined when the annotation is absent or no number. */
export function sizeAnnotation(rs: ReplicaSet, name: string): number | undefined {
  const text = rs.metadata.annotations?.[name];
  return text && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

const same = (current: Annotations | undefined, next: Annotations): Annotations => {
  const changed = Object.keys(next).some((key) => current?.[key] !== next[key]);
  return changed || !current ? next : current;
};
