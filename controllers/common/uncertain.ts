// After a write that failed without a word on whether it was stored (500, or no answer): looks what became of it, so that a pod is not
// made twice, and one that is going is not counted as there. The caches would show it too late.
// Reads: pods, from the server. Upstream has no such look. Used by: podControl.ts, ../job/managePods.ts.
import { pods } from '../../apimachinery/resources.ts';
import type { KubeObject, Pod } from '../../apimachinery/types.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { isUncertain } from './errors.ts';
import { controllerOf, orphansIn, ownedBy } from './owners.ts';

/** Uids of the pods that an owner has as far as its cache knows, and of those that it may adopt. */
export function knownPods({ informers }: ControllerContext, owner: KubeObject): Set<string> {
  const informer = informers.informer(pods);
  const all = [...ownedBy(informer, owner.metadata.uid!), ...orphansIn(informer, owner.metadata.namespace!)];
  return new Set(all.map((pod) => pod.metadata.uid!));
}

/** How many pods were made beside those `known`; 0 when the server cannot be asked. */
export async function madeUnanswered(
  { client }: ControllerContext,
  owner: KubeObject,
  known: ReadonlySet<string>,
): Promise<number> {
  const list = await client.list(pods, { namespace: owner.metadata.namespace }).catch(() => undefined);
  const isNew = (pod: Pod) => controllerOf(pod)?.uid === owner.metadata.uid && !known.has(pod.metadata.uid!);
  return list?.items.filter((pod) => isNew(pod as Pod)).length ?? 0;
}

/** The deletion took place though it was answered with this error. It is listed, as controllers may not get pods. */
export async function wentUnanswered({ client }: ControllerContext, pod: Pod, error: unknown): Promise<boolean> {
  if (!isUncertain(error)) return false;
  const { name, namespace, uid } = pod.metadata;
  const list = await client.list(pods, { namespace, fieldSelector: `metadata.name=${name}` }).catch(() => undefined);
  return list?.items.every(({ metadata }) => metadata.uid !== uid || metadata.deletionTimestamp !== undefined) ?? false;
}
