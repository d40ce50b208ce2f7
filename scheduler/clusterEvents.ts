// What happens in a cluster, as narrowly as it matters to pods that wait: a kind of object and what changed in it.
// Reads: old and new states of nodes and pods. Mirrors: kube-scheduler framework/types.go (ClusterEvent), pkg/scheduler/framework/events.go.
// Written by eventHandlers.ts; read by queue.ts, which asks the plugins' hints. Next along the chain: queue.ts.
import { isDeepStrictEqual } from 'node:util';
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  deviceClasses,
  persistentVolumeClaims,
  persistentVolumes,
  type Resource,
  resourceClaims,
  resourceSlices,
  storageClasses,
  volumeAttachments,
} from '../apimachinery/resources.ts';
import type { Node, Pod } from '../apimachinery/types.ts';
import type { PodInfo } from './podInfo.ts';

/** `TargetPod` is the waiting pod itself, `AssignedPod` one that has a node. `*` is anything. */
export type EventResource = 'AssignedPod' | 'TargetPod' | 'Node' | 'Namespace' | 'Service' | ObjectResource | '*';

/** Kinds whose events are told as they are: added, updated, deleted. A plugin that names one has it watched. */
export const objectResources = {
  PersistentVolumeClaim: persistentVolumeClaims,
  PersistentVolume: persistentVolumes,
  StorageClass: storageClasses,
  CSINode: csiNodes,
  CSIDriver: csiDrivers,
  CSIStorageCapacity: csiStorageCapacities,
  VolumeAttachment: volumeAttachments,
  ResourceClaim: resourceClaims,
  ResourceSlice: resourceSlices,
  DeviceClass: deviceClasses,
} as const satisfies Record<string, Resource<any>>;
export type ObjectResource = keyof typeof objectResources;

/** Bits, so that one event can say several changes. */
export const action = {
  add: 1,
  delete: 2,
  updateNodeAllocatable: 4,
  updateNodeLabel: 8,
  updateNodeTaint: 16,
  updatePodLabel: 32,
  updatePodScaleDown: 64,
  updatePodToleration: 128,
  updatePodGatesEliminated: 256,
  update: 512,
  updatePodGeneratedResourceClaim: 1024,
} as const;

export interface ClusterEvent {
  resource: EventResource;
  /** Of `action`, or-ed. */
  actions: number;
  /** As metrics and logs name it. */
  label: string;
}

const event = (resource: EventResource, actions: number, label: string): ClusterEvent => ({ resource, actions, label });

export const nodeAdd = event('Node', action.add, 'NodeAdd');
export const nodeDelete = event('Node', action.delete, 'NodeDelete');
export const assignedPodAdd = event('AssignedPod', action.add, 'AssignedPodAdd');
export const assignedPodDelete = event('AssignedPod', action.delete, 'AssignedPodDelete');
/** Time alone: what waited too long is tried again whatever its plugins hope for. */
export const unschedulableTimeout = event('*', ~0, 'UnschedulableTimeout');

/** Is `got` one of those that `wanted` names? */
export const matchesEvent = (wanted: { resource: EventResource; actions: number }, got: ClusterEvent): boolean =>
  wanted.resource === got.resource && (wanted.actions & got.actions) !== 0;

/** What changed in a node, of what scheduling looks at; undefined: nothing. */
export function nodeUpdate(now: Node, old: Node): ClusterEvent | undefined {
  let actions = 0;
  if (!isDeepStrictEqual(old.status?.allocatable, now.status?.allocatable)) actions |= action.updateNodeAllocatable;
  if (!isDeepStrictEqual(old.metadata.labels, now.metadata.labels)) actions |= action.updateNodeLabel;
  const cordoned = Boolean(old.spec?.unschedulable) !== Boolean(now.spec?.unschedulable);
  if (cordoned || !isDeepStrictEqual(old.spec?.taints, now.spec?.taints)) actions |= action.updateNodeTaint;
  return actions ? event('Node', actions, 'NodeUpdate') : undefined;
}

const resourceNames = (p: PodInfo) => ['cpu', 'memory', 'ephemeral-storage', ...(p.requests.scalar?.keys() ?? [])];

function asksLess(now: PodInfo, old: PodInfo): boolean {
  const { requests: a } = now;
  const { requests: b } = old;
  if (a.milliCPU < b.milliCPU || a.memory < b.memory || a.ephemeralStorage < b.ephemeralStorage) return true;
  return resourceNames(old).some((name) => (a.scalar?.get(name) ?? 0) < (b.scalar?.get(name) ?? 0));
}

/** What changed in a pod; undefined: nothing that scheduling looks at. */
export function podUpdate(now: PodInfo, old: PodInfo, resource: 'AssignedPod' | 'TargetPod'): ClusterEvent | undefined {
  let actions = 0;
  const [a, b]: [Pod, Pod] = [now.pod, old.pod];
  if (!isDeepStrictEqual(a.metadata.labels, b.metadata.labels)) actions |= action.updatePodLabel;
  if (asksLess(now, old)) actions |= action.updatePodScaleDown;
  if (!isDeepStrictEqual(a.spec?.tolerations, b.spec?.tolerations)) actions |= action.updatePodToleration;
  if (b.spec?.schedulingGates?.length && !a.spec?.schedulingGates?.length) actions |= action.updatePodGatesEliminated;
  if (!isDeepStrictEqual(a.status?.resourceClaimStatuses, b.status?.resourceClaimStatuses))
    actions |= action.updatePodGeneratedResourceClaim;
  return actions ? event(resource, actions, `${resource}Update`) : undefined;
}
