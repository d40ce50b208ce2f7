// pods/eviction: a deletion that is asked for politely; `kubectl drain` calls it. The pod learns why by a condition.
// Mirrors: EvictionREST in pkg/registry/core/pod/storage/eviction.go, without disruption budgets, which are not served.
// Called by: ../pod.ts.
import { badRequest, notFound } from '../../../apimachinery/status.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import type { Context, Subresource } from '../kind.ts';
import { success } from './binding.ts';
import { setPodCondition } from './conditions.ts';

const pods = { group: '', plural: 'pods' };
const disruption = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'EvictionByEvictionAPI',
  message: 'Eviction API: evicting',
} as const;

async function evict(
  eviction: any,
  parent: { name: string; namespace: string },
  context: Context,
): Promise<KubeObject> {
  const { name, namespace } = parent;
  if (eviction.metadata?.name && eviction.metadata.name !== name)
    throw badRequest('name in URL does not match name in Eviction object');
  const options = eviction.deleteOptions ?? {};
  const as = options.dryRun?.includes('All') ? { ...context, dryRun: true } : context;
  const { uid, resourceVersion } = options.preconditions ?? {};
  const told = await context.cluster.update(
    pods,
    name,
    namespace,
    (pod) => tell(pod, uid, resourceVersion, context.now()),
    {
      subresource: 'status',
      as,
    },
  );
  if (!told && !(await context.cluster.get(pods, name, namespace))) throw notFound(pods, name);
  await context.cluster.delete(pods, name, namespace, {
    uid,
    // The condition that was just written moved the version on.
    resourceVersion: told ? undefined : resourceVersion,
    gracePeriodSeconds: options.gracePeriodSeconds,
    propagationPolicy: options.propagationPolicy,
    as,
  });
  return success();
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
  body: { group: 'policy', version: 'v1', kind: 'Eviction', schema: 'io.k8s.api.policy.v1.Eviction' },
  create: evict,
};
