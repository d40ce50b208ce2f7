// pods/eviction: a deletion that is asked for politely; `kubectl drain` calls it. The pod learns why by a condition.
// Mirrors: EvictionREST in pkg/registry/core/pod/storage/eviction.go.
// Called by: ../pod.ts. Next: disruption.ts asks the pod's budget.
import { invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { badRequest, invalid, isReason, notFound } from '../../../apimachinery/status.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import type { Context, Subresource } from '../kind.ts';
import { success } from './binding.ts';
import { setPodCondition } from './conditions.ts';
import { askBudget, beingProcessed } from './disruption.ts';

const pods = { group: '', plural: 'pods' };
const deleteOptions = { group: 'meta.k8s.io', kind: 'DeleteOptions' };
const unsafe = 'ignoreStoreReadErrorWithClusterBreakingPotential';
const notForEviction = 'can not be set for pod eviction, try after removing the option';
const disruption = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'EvictionByEvictionAPI',
  message: 'Eviction API: evicting',
} as const;

/** Upstream answers with it as if all were well. */
const severalBudgets: KubeObject = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {} as KubeObject['metadata'],
  status: 'Failure',
  message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  code: 500,
};

async function evict(
  eviction: any,
  parent: { name: string; namespace: string },
  context: Context,
): Promise<KubeObject> {
  const { name, namespace } = parent;
  if (eviction.metadata?.name !== name) throw badRequest('name in URL does not match name in Eviction object');
  const options = eviction.deleteOptions ?? {};
  if (options[unsafe])
    throw invalid(deleteOptions, '', [invalidValue(`deleteOptions.${unsafe}`, true, notForEviction)]);
  const dryRun = context.dryRun || options.dryRun?.includes('All');
  const as = dryRun ? { ...context, dryRun: true } : context;
  for (let tries = mostTries; ; tries--) {
    const pod = await context.cluster.get(pods, name, namespace);
    if (!pod) throw notFound(pods, name);
    const verdict = await askBudget(pod, context, dryRun);
    if (verdict === 'several') return severalBudgets;
    // What it was let go for may change before it is gone: it goes as it was looked at, or it is looked at again.
    const seen = verdict === 'go' ? undefined : pod.metadata.resourceVersion;
    const problem = await letGo(name, namespace, options, seen, { context, as, dryRun });
    if (!problem) return success();
    if (options.preconditions?.resourceVersion !== undefined || verdict === 'go') throw problem;
    if (verdict !== 'whilePending') throw beingProcessed(verdict.whileUnready);
    if (tries === 0) throw problem;
  }
}

const mostTries = 20;

/** The condition, then the deletion. `seen`: only at this version, unless the caller named one. Resolves with what was in the way. */
async function letGo(
  name: string,
  namespace: string,
  options: any,
  seen: string | undefined,
  { context, as, dryRun }: { context: Context; as: Context; dryRun: boolean },
): Promise<Error | undefined> {
  const { uid, resourceVersion = seen } = options.preconditions ?? {};
  const told = await context.cluster.update(
    pods,
    name,
    namespace,
    (live) => tell(live, uid, resourceVersion, context.now()),
    { subresource: 'status', as },
  );
  if (!told && !(await context.cluster.get(pods, name, namespace))) throw notFound(pods, name);
  // The condition that was just written moved the version on.
  const version = told && !dryRun ? told.metadata.resourceVersion : resourceVersion;
  try {
    await context.cluster.delete(pods, name, namespace, {
      uid,
      resourceVersion: resourceVersion === undefined ? undefined : version,
      gracePeriodSeconds: options.gracePeriodSeconds,
      propagationPolicy: options.propagationPolicy,
      as,
    });
    return undefined;
  } catch (error) {
    if (isReason(error, 'Conflict')) return error;
    throw error;
  }
}

/** Nothing is told to a pod that is meant otherwise, or already going: the deletion answers for those. */
function tell(pod: any, uid: string | undefined, version: string | undefined, now: number): boolean {
  const { metadata } = pod;
  if (metadata.deletionTimestamp || (uid !== undefined && uid !== metadata.uid)) return false;
  if (version !== undefined && version !== metadata.resourceVersion) return false;
  setPodCondition(pod, disruption, now);
  return true;
}

export const eviction: Subresource = {
  name: 'eviction',
  verbs: ['create'],
  body: {
    group: 'policy',
    version: 'v1',
    kind: 'Eviction',
    schema: 'io.k8s.api.policy.v1.Eviction',
    also: ['policy/v1beta1'],
  },
  create: evict,
};
