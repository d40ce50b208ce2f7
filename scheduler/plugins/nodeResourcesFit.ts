// Filter: what the pod asks for must be free on the node. Score: by the strategy of the arguments, the emptier by default.
// Mirrors: pkg/scheduler/framework/plugins/noderesources/fit.go. Next: resourceStrategies.ts, which scores.
import type { Node } from '../../apimachinery/types.ts';
import { action } from '../clusterEvents.ts';
import { type PluginFactory, type Status, unresolvable, unschedulable } from '../framework.ts';
import type { NodeInfo } from '../nodeInfo.ts';
import type { PodInfo } from '../podInfo.ts';
import { amountOf, type Resources, resourcesOfList } from '../resources.ts';
import { strategyOf } from './resourceStrategies.ts';

const name = 'NodeResourcesFit';

export interface FitArgs {
  ignoredResources?: string[];
  ignoredResourceGroups?: string[];
}

/** Extended resources that another party watches over. */
function ignores({ ignoredResources = [], ignoredResourceGroups = [] }: FitArgs): (resource: string) => boolean {
  if (!ignoredResources.length && !ignoredResourceGroups.length) return () => false;
  return (resource) =>
    ignoredResources.includes(resource) || ignoredResourceGroups.includes(resource.split('/', 1)[0]!);
}

/** Statuses are kept, since most refusals say the same. */
const refusals = new Map<string, Status>();

function refusal(code: 'Unschedulable' | 'Unresolvable', reasons: string[]): Status {
  const key = `${code} ${reasons.join()}`;
  let status = refusals.get(key);
  if (!status) {
    status = (code === 'Unschedulable' ? unschedulable : unresolvable)(name, ...reasons);
    if (refusals.size < 1000) refusals.set(key, status);
  }
  return status;
}

type Place = Pick<NodeInfo, 'allocatable' | 'requested' | 'pods'>;
type Ignored = (resource: string) => boolean;

/** undefined: it fits. Unresolvable when the node would be too small even if it were empty. */
export function fits(wanted: Resources, place: Place, ignored: Ignored = () => false): Status | undefined {
  const { allocatable, requested, pods } = place;
  const enough =
    pods.length < allocatable.pods &&
    wanted.milliCPU <= Math.max(allocatable.milliCPU - requested.milliCPU, 0) &&
    wanted.memory <= Math.max(allocatable.memory - requested.memory, 0) &&
    wanted.ephemeralStorage <= Math.max(allocatable.ephemeralStorage - requested.ephemeralStorage, 0);
  return enough && !wanted.scalar ? undefined : whatLacks(wanted, place, ignored);
}

function whatLacks(wanted: Resources, { allocatable, requested, pods }: Place, ignored: Ignored): Status | undefined {
  const reasons = pods.length < allocatable.pods ? [] : ['Too many pods'];
  let tooSmall = false;
  for (const resource of ['cpu', 'memory', 'ephemeral-storage', ...(wanted.scalar?.keys() ?? [])]) {
    const want = amountOf(wanted, resource);
    const all = amountOf(allocatable, resource);
    if (!want || want <= all - amountOf(requested, resource)) continue;
    if (resource.includes('/') && ignored(resource)) continue;
    reasons.push(`Insufficient ${resource}`);
    tooSmall ||= want > all;
  }
  return reasons.length ? refusal(tooSmall ? 'Unresolvable' : 'Unschedulable', reasons) : undefined;
}

const wantedBy = ({ requests }: PodInfo): string[] =>
  ['cpu', 'memory', 'ephemeral-storage', ...(requests.scalar?.keys() ?? [])].filter((r) => amountOf(requests, r) > 0);

/** Did this pod hold anything that the waiting one could use? Every pod holds a place among the node's pods. */
const setsFree = (waiting: PodInfo, old: PodInfo, now: PodInfo | undefined) =>
  now === undefined || wantedBy(waiting).some((r) => amountOf(old.requests, r) > amountOf(now.requests, r));

/** Has the node more of anything that the pod asks for, or more places? */
function grew(pod: PodInfo, old: Node, now: Node): boolean {
  const [before, after] = [old, now].map((n) => resourcesOfList(n.status?.allocatable));
  return ['pods', ...wantedBy(pod)].some((r) => amountOf(after!, r) > amountOf(before!, r));
}

export const nodeResourcesFit: PluginFactory = (_handle, args) => {
  const ignored = ignores(args as FitArgs);
  const strategy = strategyOf(args.scoringStrategy);
  const wouldFit = (pod: PodInfo, node: Node) => {
    const allocatable = resourcesOfList(node.status?.allocatable);
    return !fits(pod.requests, { allocatable, requested: { ...allocatable, ...noneUsed }, pods: [] }, ignored);
  };
  return {
    name,
    preFilter: ({ requests }) => ({ test: (node) => fits(requests, node, ignored) }),
    preScore: (pod) => ({ score: strategy(pod) }),
    events: [
      { resource: 'AssignedPod', actions: action.delete | action.updatePodScaleDown, helps: setsFree },
      { resource: 'TargetPod', actions: action.updatePodScaleDown },
      {
        resource: 'Node',
        actions: action.add | action.updateNodeAllocatable,
        helps: (pod, old: Node | undefined, now: Node) => wouldFit(pod, now) && (!old || grew(pod, old, now)),
      },
    ],
  };
};

const noneUsed = { milliCPU: 0, memory: 0, ephemeralStorage: 0, scalar: new Map<string, number>() };
