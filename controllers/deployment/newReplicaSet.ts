// Finds the ReplicaSet of the Deployment's present template, or makes it; keeps its revision and annotations.
// Writes: replicasets, and on trouble deployments/status. Mirrors: getNewReplicaSet in pkg/controller/deployment/sync.go.
// Next along the chain: the ReplicaSet controller, which makes its pods.
import { deployments, replicaSets } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { Deployment, ReplicaSet } from '../../apimachinery/types.ts';
import { isNamespaceTerminating } from '../common/errors.ts';
import { controllerOf, controllerRef } from '../common/owners.ts';
import { condition, findCondition, hasDeadline, withCondition } from './conditions.ts';
import { templateHash } from './hash.ts';
import { hashLabel, reasons, revisionAnnotation } from './names.ts';
import { findNew, findOld, replicasOf, sameTemplate } from './replicaSets.ts';
import { newReplicaSetAnnotations, nextRevision, sizeAnnotations } from './revisions.ts';
import { newReplicas } from './rolling.ts';
import { type Work, writeSet, writeStatus } from './work.ts';

/** The one that is there, with its revision brought up to date; undefined when there is none. */
export async function findAndRevise(w: Work): Promise<ReplicaSet | undefined> {
  let found = findNew(w.d, w.all);
  if (!found) return undefined;
  const annotations = newReplicaSetAnnotations(w.d, found.metadata.annotations, nextRevision(findOld(w.all, found)));
  const minReadySeconds = w.d.spec?.minReadySeconds ?? 0;
  if (annotations !== found.metadata.annotations || (found.spec?.minReadySeconds ?? 0) !== minReadySeconds) {
    const next = { ...found, metadata: { ...found.metadata, annotations }, spec: { ...found.spec, minReadySeconds } };
    found = await writeSet(w, next.metadata.name, () => w.client.update(replicaSets, next as never));
    keep(w, found);
  }
  revise(w, annotations[revisionAnnotation] ?? '');
  if (hasDeadline(w.d) && !findCondition(w.d.status?.conditions, 'Progressing'))
    note(w, 'True', reasons.foundNewReplicaSet, `Found new replica set "${found.metadata.name}"`);
  return found;
}

/** The one that is there, or a new one. */
export async function findOrCreate(w: Work): Promise<ReplicaSet> {
  return (await findAndRevise(w)) ?? create(w);
}

async function create(w: Work): Promise<ReplicaSet> {
  const wanted = newReplicaSet(w.d, w.all);
  let made: ReplicaSet;
  try {
    made = await writeSet(w, wanted.metadata.name, () => w.client.create(replicaSets, wanted as never));
    const replicas = replicasOf(made);
    if (replicas > 0)
      w.events.event(
        w.d,
        'Normal',
        'ScalingReplicaSet',
        `Scaled up replica set ${made.metadata.name} from 0 to ${replicas}`,
      );
    if (hasDeadline(w.d))
      note(w, 'True', reasons.newReplicaSetCreated, `Created new replica set "${made.metadata.name}"`);
  } catch (error) {
    made = await onFailure(w, wanted.metadata.name, error);
  }
  keep(w, made);
  revise(w, made.metadata.annotations?.[revisionAnnotation] ?? '');
  return made;
}

/** Ours from a moment ago, another's by collision, or refused. Gives ours; throws otherwise. */
async function onFailure(w: Work, name: string, error: unknown): Promise<ReplicaSet> {
  if (isReason(error, 'AlreadyExists')) {
    const there = (await w.client.get(replicaSets, name, w.d.metadata.namespace)) as ReplicaSet;
    if (controllerOf(there)?.uid === w.d.metadata.uid && sameTemplate(there.spec?.template, w.d.spec?.template))
      return there;
    // The next try hashes this count along, and so gets another name.
    w.d.status = { ...w.d.status, collisionCount: (w.d.status?.collisionCount ?? 0) + 1 };
    await writeStatus(w, w.d.status);
    throw error;
  }
  if (isNamespaceTerminating(error)) throw error;
  const message = `Failed to create new replica set "${name}": ${(error as Error).message}`;
  w.events.event(w.d, 'Warning', reasons.replicaSetCreateError, message);
  if (hasDeadline(w.d)) {
    note(w, 'False', reasons.replicaSetCreateError, message);
    await writeStatus(w, w.d.status ?? {});
  }
  throw error;
}

/** The ReplicaSet for the present template, as it is sent. Pure. */
export function newReplicaSet(d: Deployment, all: readonly ReplicaSet[]) {
  const hash = templateHash(d.spec?.template, d.status?.collisionCount);
  const template = structuredClone(d.spec!.template);
  template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [hashLabel]: hash } };
  const selector = { ...d.spec!.selector, matchLabels: { ...d.spec!.selector.matchLabels, [hashLabel]: hash } };
  const annotations = newReplicaSetAnnotations(d, undefined, nextRevision(all));
  return {
    metadata: {
      name: replicaSetName(d.metadata.name, hash),
      namespace: d.metadata.namespace,
      labels: template.metadata.labels,
      annotations: sizeAnnotations(d, annotations),
      ownerReferences: [controllerRef(d, deployments)],
    },
    spec: { replicas: newReplicas(d, all, 0), minReadySeconds: d.spec?.minReadySeconds ?? 0, selector, template },
  };
}

/** A long name is cut so that name and hash stay within 253 characters. */
const replicaSetName = (name: string, hash: string): string => `${name.slice(0, 253 - hash.length - 1)}-${hash}`;

function keep(w: Work, rs: ReplicaSet): void {
  w.all = [...w.all.filter((one) => one.metadata.uid !== rs.metadata.uid), rs];
}

function revise(w: Work, revision: string): void {
  if (!revision || w.d.metadata.annotations?.[revisionAnnotation] === revision) return;
  w.d.metadata = { ...w.d.metadata, annotations: { ...w.d.metadata.annotations, [revisionAnnotation]: revision } };
}

function note(w: Work, status: 'True' | 'False', reason: string, message: string): void {
  const conditions = withCondition(
    w.d.status?.conditions,
    condition('Progressing', status, reason, message, w.clock.now()),
  );
  w.d.status = { ...w.d.status, conditions };
}
