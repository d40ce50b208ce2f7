// Which spread constraints hold for a pod: its own, or the cluster's defaults by the selectors of its workload.
// Reads: pods, Services, ReplicaSets, StatefulSets and ReplicationControllers. Mirrors: podtopologyspread/common.go, plugins/helper/spread.go.
// Used by: podTopologySpread.ts.
import { nothing, type Selector, selectorFromLabels } from '../../apimachinery/labelSelector.ts';
import { requiredNodeAffinity } from '../../apimachinery/nodeSelector.ts';
import { replicaSets, replicationControllers, services, statefulSets } from '../../apimachinery/resources.ts';
import { findUntolerated, keepsPodsAway } from '../../apimachinery/taints.ts';
import type { Node, Pod, TopologySpreadConstraint } from '../../apimachinery/types.ts';
import { UsageError } from '../../component-base/flags.ts';
import { parsed, withLabelKeys } from '../affinityTerms.ts';
import type { Handle } from '../framework.ts';
import type { PodInfo } from '../podInfo.ts';

export interface Constraint {
  maxSkew: number;
  topologyKey: string;
  selector: Selector;
  minDomains: number;
  /** Count only nodes that the pod's node affinity allows; that have no taint which keeps it away. */
  honorsAffinity: boolean;
  honorsTaints: boolean;
}

type Action = 'DoNotSchedule' | 'ScheduleAnyway';

export interface ConstraintSource {
  of(pod: PodInfo, action: Action): { constraints: readonly Constraint[]; isDefault: boolean };
}

const systemDefaults: TopologySpreadConstraint[] = [
  { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
];

const none: readonly Constraint[] = [];

export function constraintSource(handle: Pick<Handle, 'informers'>, args: Record<string, any>): ConstraintSource {
  const isSystem = (args.defaultingType ?? 'System') === 'System';
  if (isSystem && args.defaultConstraints?.length)
    throw new UsageError('PodTopologySpread: defaultConstraints must be empty when defaultingType is System.');
  const defaults: TopologySpreadConstraint[] = isSystem ? systemDefaults : (args.defaultConstraints ?? []);
  const workloadOf = workloadSelectors(handle);
  return {
    of(info, action) {
      const own = info.pod.spec?.topologySpreadConstraints;
      if (own?.length) return { constraints: ownConstraints(info.pod, own, action), isDefault: false };
      const wanted = defaults.filter((c) => c.whenUnsatisfiable === action);
      if (!wanted.length) return { constraints: none, isDefault: isSystem };
      const selector = workloadOf(info.pod);
      if (!selector) return { constraints: none, isDefault: isSystem };
      return { constraints: wanted.map((c) => constraintOf(c, selector)), isDefault: isSystem };
    },
  };
}

const ownConstraints = (pod: Pod, list: readonly TopologySpreadConstraint[], action: Action) =>
  list
    .filter((c) => c.whenUnsatisfiable === action)
    .map((c) => constraintOf(c, withLabelKeys(parsed(c.labelSelector), pod.metadata.labels ?? {}, c.matchLabelKeys)));

const constraintOf = (c: TopologySpreadConstraint, selector: Selector): Constraint => ({
  maxSkew: c.maxSkew,
  topologyKey: c.topologyKey,
  selector,
  minDomains: c.minDomains ?? 1,
  honorsAffinity: c.nodeAffinityPolicy !== 'Ignore',
  honorsTaints: c.nodeTaintsPolicy === 'Honor',
});

/** Can it differ from node to node whether its pods count? */
export const readsNodes = (c: Constraint, { pod }: PodInfo): boolean =>
  c.honorsTaints || (c.honorsAffinity && !!(pod.spec!.nodeSelector || pod.spec!.affinity?.nodeAffinity));

/** Do the pods of this node count for the constraint? */
export function includesNode(c: Constraint, { pod }: PodInfo, node: Node): boolean {
  const spec = pod.spec!;
  if (c.honorsAffinity && (spec.nodeSelector || spec.affinity?.nodeAffinity) && !affinityOf(pod).matches(node))
    return false;
  return !c.honorsTaints || !findUntolerated(node.spec?.taints, spec.tolerations, keepsPodsAway);
}

const affinities = new WeakMap<Pod, ReturnType<typeof requiredNodeAffinity>>();

function affinityOf(pod: Pod) {
  const affinity = affinities.get(pod) ?? requiredNodeAffinity(pod.spec!);
  affinities.set(pod, affinity);
  return affinity;
}

/** What the Services that select a pod and the workload that controls it select in common; undefined: there are none. */
function workloadSelectors({ informers }: Pick<Handle, 'informers'>): (pod: Pod) => Selector | undefined {
  const serviceCache = informers.informer(services);
  const owners = new Map<string, (key: string) => Selector | undefined>();
  for (const r of [replicaSets, statefulSets]) {
    const cache = informers.informer<any>(r);
    owners.set(r.kind, (key) => ifGiven(cache.get(key)?.spec?.selector, parsed));
  }
  const controllers = informers.informer(replicationControllers);
  owners.set('ReplicationController', (key) => ifGiven(controllers.get(key)?.spec?.selector, selectorFromLabels));
  return (pod) => {
    const labels = pod.metadata.labels;
    const namespace = pod.metadata.namespace ?? '';
    if (!labels) return undefined;
    const wanted: Record<string, string> = {};
    for (const { spec } of serviceCache.list(namespace))
      if (spec?.selector && Object.keys(spec.selector).length && isSubset(spec.selector, labels))
        Object.assign(wanted, spec.selector);
    let selector = Object.keys(wanted).length ? selectorFromLabels(wanted) : undefined;
    const owner = pod.metadata.ownerReferences?.find((o) => o.controller);
    const own = owner && owners.get(owner.kind)?.(`${namespace}/${owner.name}`);
    if (own) selector = selector ? merged(selector, own) : own;
    return selector?.nothing ? undefined : selector;
  };
}

const ifGiven = <T, S>(value: T | undefined, then: (value: T) => S): S | undefined =>
  value === undefined ? undefined : then(value);

const isSubset = (part: Record<string, string>, whole: Record<string, string>) =>
  Object.entries(part).every(([k, v]) => whole[k] === v);

const merged = (a: Selector, b: Selector): Selector =>
  a.nothing || b.nothing
    ? nothing
    : {
        requirements: [...a.requirements, ...b.requirements],
        nothing: false,
        matches: (labels) => a.matches(labels) && b.matches(labels),
        toString: () => `${a},${b}`,
      };
