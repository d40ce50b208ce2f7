// What one reconcile of a Deployment holds in its hands, and the few writes that its steps share.
// Writes: replicasets (size and annotations), deployments/status, Events. Mirrors: scaleReplicaSet in pkg/controller/deployment/sync.go.
// Used by: deployment.ts, newReplicaSet.ts, rollout.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { deployments, replicaSets } from '../../apimachinery/resources.ts';
import type { Deployment, DeploymentStatus, KubeObject, ReplicaSet } from '../../apimachinery/types.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { isUncertain } from '../common/errors.ts';
import { replicasOf } from './replicaSets.ts';
import { sizeAnnotations } from './revisions.ts';
import type { Sizes } from './rolling.ts';

export interface Work extends ControllerContext {
  /** Our own copy, which steps change (annotations, conditions, collisionCount) until `writeStatus` sends it. */
  d: Deployment;
  /** As the cache has it. */
  before: Deployment;
  /** All ReplicaSets that are its own. */
  all: ReplicaSet[];
  /** Told of every write, so that the next reconcile starts from caches that have seen it. */
  wrote(r: typeof deployments | typeof replicaSets, object: KubeObject): void;
}

/** Resizes in order, with an Event each; annotations are brought up to date with it. */
export async function resize(w: Work, sizes: Sizes): Promise<void> {
  for (const { rs, to } of sizes) {
    const from = replicasOf(rs);
    const annotations = sizeAnnotations(w.d, rs.metadata.annotations);
    if (from === to && annotations === rs.metadata.annotations) continue;
    const next = { ...rs, metadata: { ...rs.metadata, annotations }, spec: { ...rs.spec, replicas: to } };
    const written = await writeSet(w, rs.metadata.name, () => w.client.update(replicaSets, next as never));
    w.all = w.all.map((one) => (one.metadata.uid === rs.metadata.uid ? written : one));
    if (from !== to)
      w.events.event(
        w.d,
        'Normal',
        'ScalingReplicaSet',
        `Scaled ${to > from ? 'up' : 'down'} replica set ${rs.metadata.name} from ${from} to ${to}`,
      );
  }
}

/**
 * Writes a ReplicaSet. When it is not known whether that was stored (500, or no answer) it is looked up: a size that the cache does not
 * show yet would else be given out twice.
 */
export async function writeSet(w: Work, name: string, write: () => Promise<unknown>): Promise<ReplicaSet> {
  try {
    const written = (await write()) as ReplicaSet;
    w.wrote(replicaSets, written);
    return written;
  } catch (error) {
    const there = isUncertain(error)
      ? await w.client.get(replicaSets, name, w.d.metadata.namespace).catch(() => undefined)
      : undefined;
    if (there) w.wrote(replicaSets, there);
    throw error;
  }
}

/** Sends status and annotations if they changed since the cache; one write for all that the steps did. */
export async function writeStatus(w: Work, status: DeploymentStatus): Promise<void> {
  const { before } = w;
  const metadata = { ...w.d.metadata };
  if (
    deepEqual(counted(before.status), counted(status)) &&
    deepEqual(before.metadata.annotations ?? {}, metadata.annotations ?? {})
  )
    return;
  w.before = w.d = (await w.client.updateStatus(deployments, { ...w.d, metadata, status } as never)) as Deployment;
  w.wrote(deployments, w.d);
}

/** Counts of 0 and empty lists are absent on the wire; they mean the same. */
const counted = (s: Partial<DeploymentStatus> | undefined) => ({
  ...s,
  replicas: s?.replicas ?? 0,
  updatedReplicas: s?.updatedReplicas ?? 0,
  readyReplicas: s?.readyReplicas ?? 0,
  availableReplicas: s?.availableReplicas ?? 0,
  unavailableReplicas: s?.unavailableReplicas ?? 0,
  observedGeneration: s?.observedGeneration ?? 0,
  conditions: s?.conditions ?? [],
});
