// The revision history of a workload, kept as ControllerRevisions that it controls: found, adopted, made, renumbered and forgotten.
// Reads: controllerrevisions. Writes: controllerrevisions. Mirrors: pkg/controller/history/controller_history.go.
// Used by: daemonSet/ and statefulSet/. Next: planHistory.ts decides.
import { type Selector, selectorOf } from '../../../apimachinery/labelSelector.ts';
import { controllerRevisions, type Resource } from '../../../apimachinery/resources.ts';
import { isReason } from '../../../apimachinery/status.ts';
import type { ControllerRevision, KubeObject, PodTemplateSpec } from '../../../apimachinery/types.ts';
import type { ControllerContext } from '../../../client/controller.ts';
import { keyOf } from '../../../client/informerCache.ts';
import { tolerate } from '../errors.ts';
import { createFreshness, type Freshness } from '../freshness.ts';
import { claim, controllerRef, indexByController, orphansIn, ownedBy, planClaims } from '../owners.ts';
import { goBytes } from './templatePatch.ts';

/** A workload that has a history. */
export type Workload = KubeObject & {
  spec?: { selector?: any; template?: PodTemplateSpec; revisionHistoryLimit?: number };
  status?: { collisionCount?: number };
};

export interface History {
  /** The cache has seen what was written for this workload. */
  isFresh(owner: KubeObject): boolean;
  /** All that are its own; orphans that it selects are adopted, and what it does not select any more is let go if `release`. */
  claimed(context: ControllerContext, owner: Workload, release: boolean): Promise<ControllerRevision[]>;
  /** `taken`: the name belongs to other data. */
  create(context: ControllerContext, owner: Workload, revision: NewRevision): Promise<ControllerRevision | 'taken'>;
  update(context: ControllerContext, owner: Workload, revision: ControllerRevision): Promise<ControllerRevision>;
  remove(context: ControllerContext, revision: ControllerRevision): Promise<void>;
}

export interface NewRevision {
  name: string;
  /** Beside those of the pod template. */
  labels: Record<string, string>;
  data: unknown;
  number: number;
}

/** Call in a controller's setup. `r` is the kind of its workloads. */
export function createHistory({ informers, clock }: ControllerContext, r: Resource<any>): History {
  const informer = informers.informer(controllerRevisions);
  indexByController(informer);
  const fresh: Freshness = createFreshness(informer, clock);
  const selectorFor = (owner: Workload): Selector => selectorOf(owner.spec?.selector);
  return {
    isFresh: (owner) => fresh.isFresh(keyOf(owner)),
    async claimed({ client }, owner, release) {
      const candidates = [
        ...ownedBy(informer, owner.metadata.uid!),
        ...orphansIn(informer, owner.metadata.namespace!),
      ].filter((revision) => !revision.metadata.deletionTimestamp);
      const plan = planClaims(owner, selectorFor(owner), candidates);
      return claim(client, owner, r, controllerRevisions, release ? plan : { ...plan, release: [] });
    },
    async create({ client }, owner, { name, labels, data, number }) {
      const namespace = owner.metadata.namespace;
      const revision = {
        metadata: {
          name,
          namespace,
          labels: { ...owner.spec?.template?.metadata?.labels, ...labels },
          annotations: owner.metadata.annotations,
          ownerReferences: [controllerRef(owner, r)],
        },
        data,
        revision: number,
      };
      try {
        const made = await client.create(controllerRevisions, revision as never);
        fresh.wrote(keyOf(owner), made);
        return made;
      } catch (error) {
        if (!isReason(error, 'AlreadyExists')) throw error;
        const there = await client.get(controllerRevisions, name, namespace);
        return goBytes(there.data) === goBytes(data) ? there : 'taken';
      }
    },
    async update({ client }, owner, revision) {
      const written = await client.update(controllerRevisions, revision as never);
      fresh.wrote(keyOf(owner), written);
      return written;
    },
    async remove({ client }, { metadata: { name, namespace } }) {
      await tolerate(['NotFound'], client.delete(controllerRevisions, name, namespace));
    },
  };
}
