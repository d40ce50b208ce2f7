// The claim that a template makes for an entry of a pod: its own copy, owned by the pod, so that it goes with it.
// Pure. Mirrors: handleClaim in pkg/controller/resourceclaim/controller.go. Used by: syncPod.ts.
import { pods } from '../../apimachinery/resources.ts';
import type { NewObject, Pod, ResourceClaim, ResourceClaimTemplate } from '../../apimachinery/types.ts';
import { controllerRef } from '../common/owners.ts';

/** Says which entry of the pod a claim was made for. */
export const podClaimAnnotation = 'resource.kubernetes.io/pod-claim-name';

/** 63, less a hyphen and five random characters. */
const longestBase = 57;

export function newClaim(pod: Pod, entry: string, { spec }: ResourceClaimTemplate): NewObject<ResourceClaim> {
  const { annotations, labels } = spec.metadata ?? {};
  return {
    metadata: {
      namespace: pod.metadata.namespace,
      generateName: baseName(pod.metadata.name, entry),
      annotations: { ...annotations, [podClaimAnnotation]: entry },
      ...(labels && { labels }),
      ownerReferences: [controllerRef(pod, pods)],
    },
    spec: spec.spec,
  } as NewObject<ResourceClaim>;
}

/** Both names are in it; where they are too long together, each gives in proportion to its length. */
export function baseName(pod: string, entry: string): string {
  const whole = `${pod}-${entry}-`;
  if (whole.length <= longestBase) return whole;
  const part = (name: string) => name.slice(0, Math.floor((name.length * longestBase) / whole.length));
  return `${part(pod)}-${part(entry)}`;
}
