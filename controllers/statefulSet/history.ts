// A StatefulSet's revisions: the one of its present template, the one that its pods are still of, and those that are forgotten.
// Reads and writes: controllerrevisions. Mirrors: getStatefulSetRevisions and truncateHistory in stateful_set_control.go,
// NewControllerRevision in pkg/controller/history. Used by: statefulSet.ts.
import { fnv32, safeEncode } from '../../apimachinery/hash.ts';
import type { ControllerRevision, Pod, StatefulSet } from '../../apimachinery/types.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { planHistory, planTruncate } from '../common/history/planHistory.ts';
import type { History } from '../common/history/revisions.ts';
import { goBytes, templateIn, templatePatch } from '../common/history/templatePatch.ts';
import { revisionOf } from './names.ts';
import type { Version, Versions } from './pod.ts';

const hashLabel = 'controller.kubernetes.io/hash';
const longestPrefix = 223;

export interface SetHistory {
  versions: Versions;
  all: ControllerRevision[];
  collisionCount: number;
}

export async function setHistory(context: ControllerContext, history: History, set: StatefulSet): Promise<SetHistory> {
  const all = await history.claimed(context, set, false);
  const data = templatePatch(set.spec?.template);
  const { equal, number } = planHistory(all, data);
  let { collisionCount = 0 } = set.status ?? {};
  let update = equal[0];
  if (!update) ({ update, collisionCount } = await create(context, history, set, data, number, collisionCount));
  // Back to an earlier template: its revision is the latest again, under its old name.
  else if (Number(update.revision) < number)
    update = await history.update(context, set, { ...update, revision: number });
  const current = all.find((r) => r.metadata.name === set.status?.currentRevision) ?? update;
  return { versions: { current: versionOf(set, current), update: versionOf(set, update) }, all, collisionCount };
}

const versionOf = (set: StatefulSet, { metadata, data }: ControllerRevision): Version => ({
  revision: metadata.name,
  template: templateIn(data) ?? set.spec?.template,
});

/** The name follows from the data alone; one that other data has is passed over. */
async function create(
  context: ControllerContext,
  history: History,
  set: StatefulSet,
  data: unknown,
  number: number,
  collisions: number,
): Promise<{ update: ControllerRevision; collisionCount: number }> {
  for (let collisionCount = collisions; ; collisionCount++) {
    const hash = safeEncode(String(fnv32(goBytes(data) + collisionCount)));
    const name = `${set.metadata.name.slice(0, longestPrefix)}-${hash}`;
    const update = await history.create(context, set, { name, labels: { [hashLabel]: hash }, data, number });
    if (update !== 'taken') return { update, collisionCount };
  }
}

export async function truncateHistory(
  context: ControllerContext,
  history: History,
  set: StatefulSet,
  { versions, all }: SetHistory,
  pods: readonly Pod[],
): Promise<void> {
  const live = new Set([versions.current.revision, versions.update.revision, ...pods.map(revisionOf)]);
  const limit = set.spec?.revisionHistoryLimit;
  for (const revision of planTruncate(all, limit, (r) => live.has(r.metadata.name), false))
    await history.remove(context, revision);
}
