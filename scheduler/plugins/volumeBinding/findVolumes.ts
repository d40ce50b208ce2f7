// What a pod's claims would get on one node: volumes that are there, or ones to be made there; or why that node will not do.
// Mirrors: FindPodVolumes in plugins/volumebinding/binder.go. Used by: volumeBinding.ts. Next along the chain: bindVolumes.ts.
import { selectorOf } from '../../../apimachinery/labelSelector.ts';
import { quantityValue } from '../../../apimachinery/quantity.ts';
import { selectedNode } from '../../../apimachinery/storage/annotations.ts';
import { classOf, noProvisioner } from '../../../apimachinery/storage/claims.ts';
import { classReaches, matchingVolumes, reaches, requestOf } from '../../../apimachinery/storage/matching.ts';
import type {
  CSIStorageCapacity,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../../../apimachinery/types.ts';
import type { PodClaims, Storage } from './podClaims.ts';

export const reasons = {
  nodeConflict: 'node(s) had volume node affinity conflict',
  bindConflict: "node(s) didn't find available persistent volumes to bind",
  notEnoughSpace: 'node(s) did not have enough free storage',
  volumeMissing: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
} as const;

export interface Provision {
  claim: PersistentVolumeClaim;
  /** Bytes that are free for it on the node, where the driver tells. */
  free?: number;
}

export interface NodeVolumes {
  bindings: readonly { volume: PersistentVolume; claim: PersistentVolumeClaim }[];
  provisions: readonly Provision[];
}

/** One a pod: what does not depend on the node is worked out once. Throws when it cannot tell. */
export type FindVolumes = (node: Node) => NodeVolumes | { refused: readonly string[] };

export const classIndex = 'class';

export function volumeFinder({ bound, delayed }: PodClaims, storage: Storage): FindVolumes {
  const volumesOfBound = bound.map((claim) => storage.volumes.get(claim.spec!.volumeName!));
  // The small ones choose first, so that they leave the large volumes to the others.
  const wanting = delayed
    .toSorted((a, b) => requestOf(a) - requestOf(b))
    .map((claim) => ({
      claim,
      node: claim.metadata.annotations?.[selectedNode],
      fitting: matchingVolumes(claim, storage.volumes.byIndex(classIndex, classOf(claim))),
    }));
  return (node) => {
    const problem = boundProblem(volumesOfBound, node);
    const found = wanting.length ? chooseFor(wanting, node, storage) : noVolumes;
    const refused = [problem, typeof found === 'string' ? found : undefined].filter((r) => r !== undefined);
    return typeof found === 'string' || refused.length ? { refused } : found;
  };
}

function boundProblem(volumes: readonly (PersistentVolume | undefined)[], node: Node): string | undefined {
  for (const volume of volumes) {
    if (!volume) return reasons.volumeMissing;
    if (!reaches(volume, node)) return reasons.nodeConflict;
  }
  return undefined;
}

const noVolumes: NodeVolumes = { bindings: [], provisions: [] };

interface Wanting {
  claim: PersistentVolumeClaim;
  /** Where another try has it being made already. */
  node: string | undefined;
  fitting: readonly PersistentVolume[];
}

function chooseFor(wanting: readonly Wanting[], node: Node, storage: Storage): NodeVolumes | string {
  if (wanting.some((w) => w.node !== undefined && w.node !== node.metadata.name)) return reasons.bindConflict;
  const bindings: { volume: PersistentVolume; claim: PersistentVolumeClaim }[] = [];
  const toMake = wanting.filter((w) => w.node !== undefined).map((w) => w.claim);
  for (const { claim, node: already, fitting } of wanting) {
    if (already !== undefined) continue;
    const volume = fitting.find((v) => !bindings.some((b) => b.volume === v) && reaches(v, node));
    if (volume) bindings.push({ volume, claim });
    else toMake.push(claim);
  }
  const provisions: Provision[] = [];
  for (const claim of toMake) {
    const provision = provisionOn(claim, node, storage);
    if (typeof provision === 'string') return provision;
    provisions.push(provision);
  }
  return { bindings, provisions };
}

/** Can a volume for the claim be made on the node? */
function provisionOn(claim: PersistentVolumeClaim, node: Node, storage: Storage): Provision | string {
  const className = classOf(claim);
  if (!className) throw new Error(`no class for claim "${claim.metadata.namespace}/${claim.metadata.name}"`);
  const found = storage.classes.get(className);
  if (!found) throw new Error(`failed to find storage class "${className}"`);
  if (!found.provisioner || found.provisioner === noProvisioner) return reasons.bindConflict;
  if (!classReaches(found, node)) return reasons.bindConflict;
  return hasSpace(claim, found, node, storage);
}

/** Only drivers that say that they tell of their capacity are asked. */
function hasSpace(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  node: Node,
  { drivers, capacities }: Storage,
): Provision | string {
  const driver = drivers.get(storageClass.provisioner!);
  if (!driver?.spec?.storageCapacity || claim.spec?.resources?.requests?.storage === undefined) return { claim };
  const size = requestOf(claim);
  for (const capacity of capacities.list()) {
    if (capacity.storageClassName !== storageClass.metadata.name) continue;
    const limit = volumeLimit(capacity);
    if (limit === undefined || limit < size || !capacity.nodeTopology) continue;
    if (selectorOf(capacity.nodeTopology).matches(node.metadata.labels))
      return { claim, free: quantityValue(capacity.capacity) };
  }
  return reasons.notEnoughSpace;
}

/** The largest volume that can be made, in bytes. */
export function volumeLimit({ maximumVolumeSize, capacity }: CSIStorageCapacity): number | undefined {
  const limit = maximumVolumeSize ?? capacity;
  return limit === undefined ? undefined : quantityValue(limit);
}
