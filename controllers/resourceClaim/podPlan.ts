// What is to be done for a pod: which claims are missing, which of them are there but not in its status.
// Pure. Mirrors: handleClaim and findPodResourceClaim in pkg/controller/resourceclaim/controller.go. Acted on by: syncPod.ts.
import { claimNameOf, notForPod } from '../../apimachinery/podClaims.ts';
import type { Pod, PodResourceClaim, ResourceClaim } from '../../apimachinery/types.ts';
import { podClaimAnnotation } from './newClaim.ts';

export type EntryPlan =
  | { entry: PodResourceClaim; do: 'nothing' }
  /** It was made before, but the pod does not say so. */
  | { entry: PodResourceClaim; do: 'record'; claim: ResourceClaim }
  | { entry: PodResourceClaim; do: 'create'; template: string }
  | { entry: PodResourceClaim; do: 'fail'; message: string };

export interface Seen {
  /** By name, in the pod's namespace. */
  claim(name: string): ResourceClaim | undefined;
  /** Those that were made for this pod. */
  own: readonly ResourceClaim[];
}

export const planPod = (pod: Pod, seen: Seen): EntryPlan[] =>
  (pod.spec?.resourceClaims ?? []).map((entry) => planEntry(pod, entry, seen));

function planEntry(pod: Pod, entry: PodResourceClaim, { claim, own }: Seen): EntryPlan {
  const named = claimNameOf(pod, entry);
  if ('missing' in named) {
    if (!named.notCreated)
      return { entry, do: 'fail', message: `checking for claim before creating it: ${named.missing}` };
  } else {
    if (named.name === undefined) return { entry, do: 'nothing' };
    const found = claim(named.name);
    if (found && !(named.ownedByPod && notForPod(pod, found))) return { entry, do: 'nothing' };
  }
  const template = entry.resourceClaimTemplateName;
  if (template === undefined) return { entry, do: 'nothing' };
  const made = own.find((c) => c.metadata.annotations?.[podClaimAnnotation] === entry.name);
  return made ? { entry, do: 'record', claim: made } : { entry, do: 'create', template };
}
