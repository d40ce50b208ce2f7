// The plugins there are, and the default profile: this list, in this order. A new plugin is a new row.
// Mirrors: pkg/scheduler/framework/plugins/registry.go and pkg/scheduler/apis/config/v1/default_plugins.go.
// Next along the chain: ../profile.ts, which makes a profile of it.
import type { PluginFactory } from '../framework.ts';
import { defaultBinder } from './defaultBinder.ts';
import { defaultPreemption } from './defaultPreemption.ts';
import { dynamicResources } from './dynamicResources/dynamicResources.ts';
import { imageLocality } from './imageLocality.ts';
import { interPodAffinity } from './interPodAffinity.ts';
import { nodeAffinity } from './nodeAffinity.ts';
import { nodeName } from './nodeName.ts';
import { nodePorts } from './nodePorts.ts';
import { nodeResourcesBalancedAllocation } from './nodeResourcesBalancedAllocation.ts';
import { nodeResourcesFit } from './nodeResourcesFit.ts';
import { nodeUnschedulable } from './nodeUnschedulable.ts';
import { nodeVolumeLimits } from './nodeVolumeLimits.ts';
import { podTopologySpread } from './podTopologySpread.ts';
import { prioritySort } from './prioritySort.ts';
import { schedulingGates } from './schedulingGates.ts';
import { taintToleration } from './taintToleration.ts';
import { volumeBinding } from './volumeBinding/volumeBinding.ts';
import { volumeRestrictions } from './volumeRestrictions.ts';
import { volumeZone } from './volumeZone.ts';

export interface PluginRow {
  name: string;
  make: PluginFactory;
  /** How much its score counts in the default profile. */
  weight?: number;
}

export const plugins: readonly PluginRow[] = [
  { name: 'SchedulingGates', make: schedulingGates },
  { name: 'PrioritySort', make: prioritySort },
  { name: 'NodeUnschedulable', make: nodeUnschedulable },
  { name: 'NodeName', make: nodeName },
  { name: 'TaintToleration', make: taintToleration, weight: 3 },
  { name: 'NodeAffinity', make: nodeAffinity, weight: 2 },
  { name: 'NodePorts', make: nodePorts },
  { name: 'NodeResourcesFit', make: nodeResourcesFit, weight: 1 },
  { name: 'VolumeRestrictions', make: volumeRestrictions },
  { name: 'NodeVolumeLimits', make: nodeVolumeLimits },
  { name: 'VolumeBinding', make: volumeBinding },
  { name: 'VolumeZone', make: volumeZone },
  { name: 'PodTopologySpread', make: podTopologySpread, weight: 2 },
  { name: 'InterPodAffinity', make: interPodAffinity, weight: 2 },
  // Before preemption: rather give up an allocation that nobody uses than a pod that works.
  { name: 'DynamicResources', make: dynamicResources, weight: 2 },
  { name: 'DefaultPreemption', make: defaultPreemption },
  { name: 'NodeResourcesBalancedAllocation', make: nodeResourcesBalancedAllocation, weight: 1 },
  { name: 'ImageLocality', make: imageLocality, weight: 1 },
  { name: 'DefaultBinder', make: defaultBinder },
];
