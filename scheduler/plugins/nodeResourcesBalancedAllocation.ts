// Score: nodes whose resources would be used up evenly are better.
// Mirrors: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go.
import { maxNodeScore, type PluginFactory } from '../framework.ts';
import type { NodeInfo } from '../nodeInfo.ts';
import type { PodInfo } from '../podInfo.ts';
import { amountOf } from '../resources.ts';
import { defaultResources, type WeightedResource } from './resourceStrategies.ts';

export const nodeResourcesBalancedAllocation: PluginFactory = (_handle, args) => {
  const resources: WeightedResource[] = args.resources?.length ? args.resources : defaultResources;
  const names = resources.map((r) => r.name);
  return {
    name: 'NodeResourcesBalancedAllocation',
    preScore(pod) {
      // A pod that asks for nothing unbalances nothing, and would always go to the same node.
      if (names.every((name) => amountOf(pod.requests, name) === 0)) return undefined;
      const asked = names.filter((name) => name === 'cpu' || name === 'memory' || amountOf(pod.requests, name) > 0);
      return { score: (node) => Math.floor((1 - deviation(pod, node, asked)) * maxNodeScore) };
    },
    events: [],
  };
};

/** The standard deviation of the used fractions. */
function deviation(pod: PodInfo, node: NodeInfo, names: readonly string[]): number {
  const fractions: number[] = [];
  for (const name of names) {
    const all = amountOf(node.allocatable, name);
    if (all) fractions.push(Math.min((amountOf(node.requested, name) + amountOf(pod.requests, name)) / all, 1));
  }
  const n = fractions.length;
  if (n < 2) return 0;
  // Exact for two, where the general formula is off by a rounding error.
  if (n === 2) return Math.abs(fractions[0]! - fractions[1]!) / 2;
  const mean = fractions.reduce((a, b) => a + b) / n;
  return Math.sqrt(fractions.reduce((sum, f) => sum + (f - mean) ** 2, 0) / n);
}
