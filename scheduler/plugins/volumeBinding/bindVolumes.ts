// From a choice of volumes to claims that are bound: assumed at once, written before the pod is bound, then waited for.
// Writes: PersistentVolumes (claimRef), PersistentVolumeClaims (selected node). The volume controller and provisioners do the rest.
// Mirrors: AssumePodVolumes, BindPodVolumes and checkBindings in plugins/volumebinding/binder.go. Used by: volumeBinding.ts.
import { persistentVolumeClaims, persistentVolumes } from '../../../apimachinery/resources.ts';
import { selectedNode } from '../../../apimachinery/storage/annotations.ts';
import { boundTo } from '../../../apimachinery/storage/binding.ts';
import { isFullyBound } from '../../../apimachinery/storage/claims.ts';
import { reaches } from '../../../apimachinery/storage/matching.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../../apimachinery/types.ts';
import type { Client } from '../../../client/client.ts';
import { keyOf } from '../../../client/informerCache.ts';
import type { NodeVolumes } from './findVolumes.ts';
import type { Storage } from './podClaims.ts';

/** What is being bound, as it was written last. */
export interface Assumption {
  node: string;
  volumes: PersistentVolume[];
  /** Those of `volumes`, one by one. */
  claimsOfVolumes: readonly PersistentVolumeClaim[];
  /** To be provisioned for. */
  claims: PersistentVolumeClaim[];
}

/** Other pods must not be given the same volumes from here on. */
export function assume({ bindings, provisions }: NodeVolumes, node: string, storage: Storage): Assumption {
  const volumes = bindings.map(({ volume, claim }) => boundTo(volume, claim));
  for (const [i, volume] of volumes.entries()) if (volume !== bindings[i]!.volume) storage.volumes.assume(volume);
  const claims = provisions.map(({ claim }) => withNode(claim, node));
  for (const claim of claims) storage.claims.assume(claim);
  return { node, volumes, claimsOfVolumes: bindings.map((b) => b.claim), claims };
}

const withNode = (claim: PersistentVolumeClaim, node: string): PersistentVolumeClaim => ({
  ...claim,
  metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, [selectedNode]: node } },
});

export function restore({ volumes, claims }: Assumption, storage: Storage): void {
  for (const volume of volumes) storage.volumes.restore(volume);
  for (const claim of claims) storage.claims.restore(claim);
}

/** Writes what was assumed; the answers take the place of the assumptions, so that older states are known as such. */
export async function write(a: Assumption, client: Client): Promise<void> {
  for (const [i, volume] of a.volumes.entries()) {
    const { annotations, resourceVersion } = volume.metadata;
    const patch = { metadata: { annotations, resourceVersion }, spec: { claimRef: volume.spec!.claimRef } };
    a.volumes[i] = await client.patch(persistentVolumes, volume.metadata.name, undefined, 'merge', patch);
  }
  for (const [i, { metadata }] of a.claims.entries()) {
    const { name, namespace, annotations, resourceVersion } = metadata;
    const patch = { metadata: { resourceVersion, annotations: { [selectedNode]: annotations![selectedNode] } } };
    a.claims[i] = await client.patch(persistentVolumeClaims, name, namespace, 'merge', patch);
  }
}

export interface Around {
  pod(): Pod | undefined;
  node(name: string): Node | undefined;
}

/** True once all claims are bound, false while they are not. Throws when they never will be on this node. */
export function areBound(a: Assumption, pod: Pod, storage: Storage, around: Around): boolean {
  const node = around.node(a.node);
  if (!node) throw new Error(`failed to get node "${a.node}": node "${a.node}" not found`);
  if (around.pod()?.metadata.uid !== pod.metadata.uid)
    throw new Error(`pod does not exist any more: pod "${pod.metadata.name}" not found`);
  const volumesDone = a.volumes.map((written, i) => isVolumeBound(written, a.claimsOfVolumes[i]!, node, storage));
  const claimsDone = a.claims.map((written) => isProvisioned(written, node, storage));
  return [...volumesDone, ...claimsDone].every(Boolean);
}

const isOlder = (a: PersistentVolume | PersistentVolumeClaim, b: PersistentVolume | PersistentVolumeClaim): boolean =>
  BigInt(a.metadata.resourceVersion || 0) < BigInt(b.metadata.resourceVersion || 0);

function realClaim(claim: PersistentVolumeClaim, storage: Storage, what: string): PersistentVolumeClaim {
  const now = storage.claims.real(keyOf(claim));
  if (!now) throw new Error(`failed to check ${what}: could not find v1.PersistentVolumeClaim "${keyOf(claim)}"`);
  return now;
}

function isVolumeBound(written: PersistentVolume, claim: PersistentVolumeClaim, node: Node, storage: Storage): boolean {
  const { name } = written.metadata;
  const volume = storage.volumes.real(name);
  if (!volume) throw new Error(`failed to check binding: could not find v1.PersistentVolume "${name}"`);
  const claimNow = realClaim(claim, storage, 'binding');
  if (isOlder(volume, written)) return false;
  checkReach(volume, node);
  if (!volume.spec?.claimRef?.uid) throw new Error(`ClaimRef got reset for pv "${name}"`);
  return isFullyBound(claimNow);
}

function isProvisioned(written: PersistentVolumeClaim, node: Node, storage: Storage): boolean {
  const { name } = written.metadata;
  const claim = realClaim(written, storage, 'provisioning pvc');
  if (isOlder(claim, written)) return false;
  const { annotations } = claim.metadata;
  if (!annotations) throw new Error(`selectedNode annotation reset for PVC "${name}"`);
  // A provisioner that failed there takes the annotation off: choose again.
  if (annotations[selectedNode] !== node.metadata.name) throw new Error(`provisioning failed for PVC "${name}"`);
  if (claim.spec?.volumeName) {
    const volume = storage.volumes.real(claim.spec.volumeName);
    if (!volume) return false;
    checkReach(volume, node);
  }
  return isFullyBound(claim);
}

function checkReach(volume: PersistentVolume, node: Node): void {
  if (!reaches(volume, node))
    throw new Error(
      `pv "${volume.metadata.name}" node affinity doesn't match node "${node.metadata.name}": no matching NodeSelectorTerms`,
    );
}
