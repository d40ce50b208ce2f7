// Rolls a Deployment out: a ReplicaSet for each template it ever had, sized step by step by its strategy.
// Reads: deployments, replicasets, pods. Writes: replicasets, deployments/status, Events.
// Mirrors: pkg/controller/deployment/deployment_controller.go. Next: rollout.ts for the steps; ../replicaSet makes the pods.
import { selectorOf } from '../../apimachinery/labelSelector.ts';
import { deployments, pods, replicaSets } from '../../apimachinery/resources.ts';
import type { Deployment, KubeObject, Pod, ReplicaSet } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { createFreshness, type Freshness } from '../common/freshness.ts';
import {
  claim,
  controllerOf,
  indexByController,
  orphansIn,
  ownedBy,
  planClaims,
  wouldSelect,
} from '../common/owners.ts';
import { condition, findCondition, hasDeadline, withCondition } from './conditions.ts';
import { isRolling } from './limits.ts';
import { reasons } from './names.ts';
import { recreate, rollingUpdate, scaleOnly, statusOnly } from './rollout.ts';
import { isScaling } from './scaling.ts';
import { type Work, writeStatus } from './work.ts';

/** `workers` is --concurrent-deployment-syncs. */
export function deploymentController(workers = 5): Controller {
  let fresh: { deployments: Freshness; replicaSets: Freshness };
  return {
    name: 'deployment-controller',
    workers,
    watches: [
      watch({ resource: deployments, keys: (d) => [keyOf(d)] }),
      watch({
        resource: replicaSets,
        keys: (rs, context) => deploymentsOf(rs as ReplicaSet, context),
        when: (rs, old) => rs.metadata.resourceVersion !== old.metadata.resourceVersion,
      }),
      // Recreate waits for the last old pod to be gone.
      watch({ resource: pods, keys: (pod, context) => recreatingDeploymentOf(pod as Pod, context), when: () => false }),
    ],
    setup({ informers, clock }) {
      fresh = {
        deployments: createFreshness(informers.informer(deployments), clock),
        replicaSets: createFreshness(informers.informer(replicaSets), clock),
      };
      indexByController(informers.informer(replicaSets));
      indexByController(informers.informer(pods));
    },
    async reconcile(key, context) {
      if (!fresh.deployments.isFresh(key) || !fresh.replicaSets.isFresh(key)) return { after: 1000, postponed: true };
      return reconcile(key, context, (r, object) =>
        fresh[r === deployments ? 'deployments' : 'replicaSets'].wrote(key, object),
      );
    },
  };
}

function owner(o: KubeObject, kind: string, find: (key: string) => KubeObject | undefined): KubeObject | undefined {
  const ref = controllerOf(o);
  if (ref?.kind !== kind) return undefined;
  const found = find(`${o.metadata.namespace}/${ref.name}`);
  return found?.metadata.uid === ref.uid ? found : undefined;
}

/** The Deployment that controls a ReplicaSet; for an orphan, those that would adopt it. */
function deploymentsOf(rs: ReplicaSet, { informers }: ControllerContext): string[] {
  const informer = informers.informer(deployments);
  if (controllerOf(rs)) {
    const d = owner(rs, 'Deployment', informer.get);
    return d ? [keyOf(d)] : [];
  }
  const all = informer.list(rs.metadata.namespace) as Deployment[];
  return all.filter((d) => wouldSelect(d.spec?.selector, rs)).map(keyOf);
}

function recreatingDeploymentOf(pod: Pod, { informers }: ControllerContext): string[] {
  const rs = owner(pod, 'ReplicaSet', informers.informer(replicaSets).get);
  const d = rs && (owner(rs, 'Deployment', informers.informer(deployments).get) as Deployment | undefined);
  return d && !isRolling(d) ? [keyOf(d)] : [];
}

async function reconcile(key: string, context: ControllerContext, wrote: Work['wrote']): Promise<Result | undefined> {
  const before = context.informers.informer(deployments).get(key) as Deployment | undefined;
  if (!before) return;
  const d: Deployment = { ...before, metadata: { ...before.metadata }, status: { ...before.status } };
  const w: Work = { ...context, d, before, all: [], wrote };
  if (selectsAll(d)) return refuse(w);
  w.all = await ownReplicaSets(w);
  if (d.metadata.deletionTimestamp) return void (await statusOnly(w));
  notePause(w);
  if (d.spec?.paused || isScaling(d, w.all)) return void (await scaleOnly(w));
  return isRolling(d) ? rollingUpdate(w) : recreate(w);
}

const selectsAll = (d: Deployment): boolean =>
  !Object.keys(d.spec?.selector?.matchLabels ?? {}).length && !d.spec?.selector?.matchExpressions?.length;

async function refuse(w: Work): Promise<undefined> {
  w.events.event(
    w.d,
    'Warning',
    'SelectingAll',
    'This deployment is selecting all pods. A non-empty selector is required.',
  );
  if ((w.d.status?.observedGeneration ?? 0) < (w.d.metadata.generation ?? 0))
    await writeStatus(w, { ...w.d.status, observedGeneration: w.d.metadata.generation });
  return undefined;
}

async function ownReplicaSets({ client, informers, d }: Work): Promise<ReplicaSet[]> {
  const informer = informers.informer(replicaSets);
  const candidates = [...ownedBy(informer, d.metadata.uid!), ...orphansIn(informer, d.metadata.namespace!)];
  return (await claim(
    client,
    d,
    deployments,
    replicaSets,
    planClaims(d, selectorOf(d.spec?.selector), candidates),
  )) as ReplicaSet[];
}

/** While paused no progress is expected, so the deadline does not run; a deadline that has passed stays said. */
function notePause({ d, clock }: Work): void {
  const current = findCondition(d.status?.conditions, 'Progressing');
  if (!hasDeadline(d) || current?.reason === reasons.deadlineExceeded) return;
  const wasPaused = current?.reason === reasons.paused;
  const set = (reason: string, message: string) => {
    d.status = {
      ...d.status,
      conditions: withCondition(
        d.status?.conditions,
        condition('Progressing', 'Unknown', reason, message, clock.now()),
      ),
    };
  };
  if (d.spec?.paused && !wasPaused) set(reasons.paused, 'Deployment is paused');
  if (!d.spec?.paused && wasPaused) set(reasons.resumed, 'Deployment is resumed');
}
