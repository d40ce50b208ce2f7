// The strategies of a Deployment, each a few steps over pure plans: scale, roll, or recreate; then history and status.
// Writes: through work.ts and newReplicaSet.ts; deletes old replicasets. Mirrors: pkg/controller/deployment (sync.go, rolling.go,
// recreate.go, progress.go). Used by: deployment.ts.
import { pods, replicaSets } from '../../apimachinery/resources.ts';
import type { Pod, ReplicaSet } from '../../apimachinery/types.ts';
import type { Result } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import { ownedBy } from '../common/owners.ts';
import { isTerminal } from '../common/pods.ts';
import { planCleanup } from './history.ts';
import { findAndRevise, findOrCreate } from './newReplicaSet.ts';
import { findOld, isWanted, replicasOf, sumStatus } from './replicaSets.ts';
import { planNew, planOld } from './rolling.ts';
import { planScale } from './scaling.ts';
import { isComplete, planCounts, planRolloutStatus, untilDeadline } from './status.ts';
import { resize, type Work, writeStatus } from './work.ts';

/** Paused, or only its size was changed: no new ReplicaSet, no step of the rollout. */
export async function scaleOnly(w: Work): Promise<void> {
  const newRs = await findAndRevise(w);
  await resize(w, planScale(w.d, newRs, findOld(w.all, newRs)));
  if (w.d.spec?.paused) await cleanUp(w, newRs);
  await statusOnly(w);
}

/** Being deleted: say how it stands, change nothing. */
export async function statusOnly(w: Work): Promise<void> {
  const newRs = await findAndRevise(w);
  await writeStatus(w, planCounts(w.d, w.all, newRs, w.clock.now()));
}

/** One step up or one step down, then wait until it is seen. */
export async function rollingUpdate(w: Work): Promise<Result | undefined> {
  const newRs = await findOrCreate(w);
  const up = planNew(w.d, w.all, newRs);
  const steps = up.length ? up : planOld(w.d, newRs, findOld(w.all, newRs));
  await resize(w, steps);
  if (!steps.length && isComplete(w.d, w.d.status)) await cleanUp(w, newRs);
  return rolloutStatus(w, newRs);
}

/** All old pods away before the first new one is made. */
export async function recreate(w: Work): Promise<Result | undefined> {
  let newRs = await findAndRevise(w);
  const old = findOld(w.all, newRs);
  const down = old.filter(isWanted).map((rs) => ({ rs, to: 0 }));
  await resize(w, down);
  if (down.length || oldPodsRun(w, old)) return rolloutStatus(w, newRs);
  newRs ??= await findOrCreate(w);
  if (replicasOf(newRs) !== replicasOf(w.d)) await resize(w, [{ rs: newRs, to: replicasOf(w.d) }]);
  if (isComplete(w.d, w.d.status)) await cleanUp(w, newRs);
  return rolloutStatus(w, newRs);
}

const oldPodsRun = (w: Work, old: readonly ReplicaSet[]): boolean =>
  sumStatus(old, 'replicas') > 0 ||
  old.some((rs) => ownedBy(w.informers.informer(pods), rs.metadata.uid!).some((pod) => !isTerminal(pod as Pod)));

async function cleanUp(w: Work, newRs: ReplicaSet | undefined): Promise<void> {
  const doomed = planCleanup(w.d, findOld(w.all, newRs));
  for (const rs of doomed) {
    await tolerate(
      ['NotFound'],
      w.client.delete(replicaSets, rs.metadata.name, rs.metadata.namespace, {
        preconditions: { uid: rs.metadata.uid },
      }),
    );
    w.all = w.all.filter((one) => one !== rs);
  }
}

async function rolloutStatus(w: Work, newRs: ReplicaSet | undefined): Promise<Result | undefined> {
  const current = newRs && (w.all.find((rs) => rs.metadata.uid === newRs.metadata.uid) ?? newRs);
  const status = planRolloutStatus(w.d, w.all, current, w.clock.now());
  await writeStatus(w, status);
  const after = untilDeadline(w.d, status, w.clock.now());
  return after === undefined ? undefined : { after };
}
