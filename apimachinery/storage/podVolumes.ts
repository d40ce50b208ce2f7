// Which claims stand behind the volumes of a pod, and whose the claims of its ephemeral volumes are.
// Pure. Reads: pods and claims. Mirrors: component-helpers/storage/ephemeral/ephemeral.go.
// Used by: scheduler/plugins (volumes), controllers, kubelet. Next: claims.ts.
import type { PersistentVolumeClaim, Pod, Volume } from '../types.ts';

export interface ClaimUse {
  name: string;
  /** Made for this pod from the template in its volume. */
  ephemeral: boolean;
}

/** undefined: the volume has no claim. */
export function claimOf(pod: Pod, volume: Volume): ClaimUse | undefined {
  if (volume.persistentVolumeClaim) return { name: volume.persistentVolumeClaim.claimName, ephemeral: false };
  if (volume.ephemeral) return { name: `${pod.metadata.name}-${volume.name}`, ephemeral: true };
  return undefined;
}

/** In the order of the volumes; a claim that several volumes name is there once. */
export function claimsOf(pod: Pod): ClaimUse[] {
  const uses = (pod.spec?.volumes ?? []).map((v) => claimOf(pod, v)).filter((c) => c !== undefined);
  return uses.filter((use, i) => uses.findIndex((other) => other.name === use.name) === i);
}

/** Why a claim that should have been made for this pod is not its own; undefined: it is. */
export function notMadeFor(pod: Pod, claim: PersistentVolumeClaim): string | undefined {
  const owned = claim.metadata.ownerReferences?.some((ref) => ref.controller && ref.uid === pod.metadata.uid);
  if (owned && claim.metadata.namespace === pod.metadata.namespace) return undefined;
  const text = (o: Pod | PersistentVolumeClaim) => `${o.metadata.namespace}/${o.metadata.name}`;
  return `PVC ${text(claim)} was not created for pod ${text(pod)} (pod is not owner)`;
}
