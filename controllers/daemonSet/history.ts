// A DaemonSet's revisions: which is the present one, under which hash its pods are labelled, which are forgotten.
// Reads and writes: controllerrevisions; pods' labels when two revisions turn out to be one; daemonsets/status on a collision.
// Mirrors: constructHistory, dedupCurHistories, snapshot and cleanupHistory in pkg/controller/daemon/update.go. Used by: daemonSet.ts.
import { hashOf } from '../../apimachinery/hash.ts';
import { daemonSets, pods } from '../../apimachinery/resources.ts';
import type { ControllerRevision, DaemonSet, Pod } from '../../apimachinery/types.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { planHistory, planTruncate } from '../common/history/planHistory.ts';
import type { History } from '../common/history/revisions.ts';
import { templatePatch } from '../common/history/templatePatch.ts';
import { hashLabel } from './template.ts';

export interface Revisions {
  /** The label of pods of the present template. */
  hash: string;
  old: ControllerRevision[];
}

export async function constructHistory(
  context: ControllerContext,
  history: History,
  ds: DaemonSet,
  owned: readonly Pod[],
): Promise<Revisions> {
  const all = await Promise.all(
    (await history.claimed(context, ds, true)).map((revision) => withHash(context, history, ds, revision)),
  );
  const data = templatePatch(ds.spec?.template);
  const { equal, old, number } = planHistory(all, data);
  const [newest, ...doubles] = equal;
  if (!newest) return { hash: hashIn(await snapshot(context, history, ds, data, number)), old };
  if (doubles.length) await dedupe(context, history, newest, doubles, owned);
  if (Number(newest.revision) < number) await history.update(context, ds, { ...newest, revision: number });
  return { hash: hashIn(newest), old };
}

const hashIn = (revision: ControllerRevision): string => revision.metadata.labels?.[hashLabel] ?? '';

/** One made by hand may lack the label: its name serves as well. */
async function withHash(
  context: ControllerContext,
  history: History,
  ds: DaemonSet,
  revision: ControllerRevision,
): Promise<ControllerRevision> {
  const { metadata } = revision;
  if (metadata.labels?.[hashLabel] !== undefined) return revision;
  const labels = { ...metadata.labels, [hashLabel]: metadata.name };
  return history.update(context, ds, { ...revision, metadata: { ...metadata, labels } });
}

async function snapshot(
  context: ControllerContext,
  history: History,
  ds: DaemonSet,
  data: unknown,
  number: number,
): Promise<ControllerRevision> {
  const hash = hashOf(ds.spec?.template, ds.status?.collisionCount);
  const name = `${ds.metadata.name}-${hash}`;
  const made = await history.create(context, ds, { name, labels: { [hashLabel]: hash }, data, number });
  if (made !== 'taken') return made;
  const live = await context.client.get(daemonSets, ds.metadata.name, ds.metadata.namespace);
  const [there, counted] = [live.status?.collisionCount, ds.status?.collisionCount];
  if (there === counted) {
    const status = { ...live.status, collisionCount: (there ?? 0) + 1 };
    await context.client.updateStatus(daemonSets, { ...live, status } as never);
  }
  throw new Error(`controllerrevision ${name} is taken by another template; a new name is tried`);
}

/** Pods take the label of the revision that stays before the others go. */
async function dedupe(
  context: ControllerContext,
  history: History,
  kept: ControllerRevision,
  doubles: readonly ControllerRevision[],
  owned: readonly Pod[],
): Promise<void> {
  const gone = new Set(doubles.map(hashIn));
  const labels = { [hashLabel]: hashIn(kept) };
  for (const { metadata } of owned)
    if (gone.has(metadata.labels?.[hashLabel] ?? ''))
      await context.client.patch(pods, metadata.name, metadata.namespace, 'merge', { metadata: { labels } });
  for (const double of doubles) await history.remove(context, double);
}

export async function cleanUpHistory(
  context: ControllerContext,
  history: History,
  ds: DaemonSet,
  old: readonly ControllerRevision[],
  owned: readonly Pod[],
): Promise<void> {
  const live = new Set(owned.map((pod) => pod.metadata.labels?.[hashLabel]));
  const limit = ds.spec?.revisionHistoryLimit;
  for (const revision of planTruncate(old, limit, (r) => live.has(hashIn(r)), true))
    await history.remove(context, revision);
}
