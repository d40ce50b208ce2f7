// How full a node would be, as a score: LeastAllocated, MostAllocated, RequestedToCapacityRatio.
// Reads: NodeInfos. Mirrors: pkg/scheduler/framework/plugins/noderesources/{resource_allocation,least_allocated,most_allocated,
// requested_to_capacity_ratio}.go. Used by: nodeResourcesFit.ts.
import { aggregateMessage, type FieldError, invalidValue, path, required } from '../../apimachinery/fieldErrors.ts';
import { UsageError } from '../../component-base/flags.ts';
import { maxNodeScore } from '../framework.ts';
import type { NodeInfo } from '../nodeInfo.ts';
import type { PodInfo } from '../podInfo.ts';
import { amountOf } from '../resources.ts';

export interface WeightedResource {
  name: string;
  weight?: number;
}

interface ScoringStrategy {
  type?: string;
  resources?: WeightedResource[];
  requestedToCapacityRatio?: { shape?: ShapePoint[] };
}

type Score = (node: NodeInfo) => number;
/** The score of one resource: `wanted` in all after this pod, of `capacity`. */
type Rate = (wanted: number, capacity: number) => number;

const least: Rate = (wanted, capacity) =>
  wanted > capacity ? 0 : Math.floor(((capacity - wanted) * maxNodeScore) / capacity);
const most: Rate = (wanted, capacity) => Math.floor((Math.min(wanted, capacity) * maxNodeScore) / capacity);

export const defaultResources: WeightedResource[] = [{ name: 'cpu' }, { name: 'memory' }];

/** The scorer of one pod. Throws UsageError when the strategy is not known. */
export function strategyOf(strategy: ScoringStrategy = {}): (pod: PodInfo) => Score {
  const resources = strategy.resources?.length ? strategy.resources : defaultResources;
  switch (strategy.type ?? 'LeastAllocated') {
    case 'LeastAllocated':
      return scorer(resources, least, Math.floor);
    case 'MostAllocated':
      return scorer(resources, most, Math.floor);
    case 'RequestedToCapacityRatio':
      return scorer(
        resources,
        curveOf(strategy.requestedToCapacityRatio?.shape ?? [], 'requestedToCapacityRatio.shape'),
        Math.round,
        true,
      );
    default:
      throw new UsageError(
        `scoringStrategy.type: unknown "${strategy.type}"; supported: LeastAllocated, MostAllocated, RequestedToCapacityRatio.`,
      );
  }
}

function scorer(
  resources: readonly WeightedResource[],
  rate: Rate,
  round: (n: number) => number,
  skipZero = false,
): (pod: PodInfo) => Score {
  const weighted = resources.map(({ name, weight }) => ({ name, weight: weight || 1 }));
  return (pod) => {
    const wanted = weighted.filter(({ name }) => isBasic(name) || amountOf(pod.requests, name) > 0);
    return (node) => {
      let total = 0;
      let weights = 0;
      for (const { name, weight } of wanted) {
        const capacity = amountOf(node.allocatable, name);
        if (capacity === 0) continue;
        const score = rate(usedWith(pod, node, name), capacity);
        if (skipZero && score <= 0) continue;
        total += score * weight;
        weights += weight;
      }
      return weights ? round(total / weights) : 0;
    };
  };
}

const isBasic = (name: string) => name === 'cpu' || name === 'memory' || name === 'ephemeral-storage';

/** With the little that is assumed of pods that ask for no CPU or memory. */
function usedWith(pod: PodInfo, node: NodeInfo, name: string): number {
  if (name === 'cpu') return node.nonZeroCPU + pod.nonZero.milliCPU;
  if (name === 'memory') return node.nonZeroMemory + pod.nonZero.memory;
  return amountOf(node.requested, name) + amountOf(pod.requests, name);
}

export interface ShapePoint {
  utilization?: number;
  score?: number;
}

/** What is wrong with a shape, if anything. */
export function errorsOfShape(shape: readonly ShapePoint[], at: string): FieldError[] {
  if (!shape.length) return [required(at, 'at least one point must be specified')];
  return shape.flatMap(({ utilization: x = 0, score = 0 }, i) => {
    const errors: FieldError[] = [];
    const wrong = (field: string, value: number, why: string) =>
      void errors.push(invalidValue(path.child(path.index(at, i), field), value, why));
    if (x < 0) wrong('utilization', x, 'should be greater than or equal to 0');
    if (x > 100) wrong('utilization', x, 'should be less than or equal to 100');
    const before = shape[i - 1]?.utilization ?? 0;
    if (i > 0 && x <= before) wrong('utilization', x, 'utilization values must be sorted in increasing order');
    if (score < 0) wrong('score', score, 'should be greater than or equal to 0');
    if (score > 10) wrong('score', score, 'should be less than or equal to 10');
    return errors;
  });
}

/** Between the points of a curve in straight lines; scores of a shape go to 10. Throws UsageError naming `what`. */
export function curveOf(shape: readonly ShapePoint[], what: string): Rate {
  const errors = errorsOfShape(shape, what);
  if (errors.length) throw new UsageError(`${aggregateMessage(errors)}.`);
  const points = shape.map((p) => ({ x: p.utilization ?? 0, y: (p.score ?? 0) * (maxNodeScore / 10) }));
  return (wanted, capacity) => {
    const x = wanted > capacity ? maxNodeScore : Math.floor((wanted * maxNodeScore) / capacity);
    const next = points.findIndex((p) => x <= p.x);
    if (next <= 0) return points.at(next)!.y;
    const [a, b] = [points[next - 1]!, points[next]!];
    return a.y + Math.trunc(((b.y - a.y) * (x - a.x)) / (b.x - a.x));
  };
}
