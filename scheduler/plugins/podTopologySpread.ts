// Filter: no topology domain may get more than maxSkew pods ahead of the emptiest (DoNotSchedule). Score: emptier domains
// first (ScheduleAnyway, and the cluster's defaults for pods of a workload). Mirrors: podtopologyspread/{plugin,filtering,scoring}.go.
// Next: spreadConstraints.ts, which finds the constraints; podCounter.ts, which counts.
import type { Node } from '../../apimachinery/types.ts';
import { action } from '../clusterEvents.ts';
import {
  type ForkedFilter,
  maxNodeScore,
  type PluginFactory,
  type Status,
  unresolvable,
  unschedulable,
} from '../framework.ts';
import type { NodeInfo } from '../nodeInfo.ts';
import { createPodCounters, type PodCounters } from '../podCounter.ts';
import type { PodInfo } from '../podInfo.ts';
import type { Snapshot } from '../snapshot.ts';
import { type Constraint, constraintSource, includesNode } from './spreadConstraints.ts';

const name = 'PodTopologySpread';
const tooSkewed = unschedulable(name, "node(s) didn't match pod topology spread constraints");
const noLabel = unresolvable(name, "node(s) didn't match pod topology spread constraints (missing required label)");
const hostname = 'kubernetes.io/hostname';

const labelOf = (node: Node, key: string): string | undefined => node.metadata.labels?.[key];
const hasAllKeys = (node: Node, constraints: readonly Constraint[]) =>
  constraints.every((c) => labelOf(node, c.topologyKey) !== undefined);

const counts = (c: Constraint, namespace: string, pod: PodInfo): boolean =>
  pod.namespace === namespace && !pod.pod.metadata.deletionTimestamp && c.selector.matches(pod.pod.metadata.labels);

/** Pods a node that a constraint counts; none when its selector is empty. */
function perNode(counters: PodCounters, c: Constraint, namespace: string): Int32Array | undefined {
  if (c.selector.nothing || !c.selector.requirements.length) return undefined;
  return counters.count(`${namespace} ${c.selector}`, (pod) => counts(c, namespace, pod));
}

export const podTopologySpread: PluginFactory = (handle, args) => {
  const { snapshot } = handle;
  const counters = createPodCounters(snapshot);
  const source = constraintSource(handle, args);
  const relevant = action.add | action.delete | action.updatePodLabel;
  const hasHard = (pod: PodInfo) => source.of(pod, 'DoNotSchedule').constraints.length > 0;
  return {
    name,
    preFilter(pod) {
      const { constraints } = source.of(pod, 'DoNotSchedule');
      return constraints.length ? hardFilter(pod, constraints, snapshot, counters) : undefined;
    },
    preScore(pod, nodes) {
      const { constraints, isDefault } = source.of(pod, 'ScheduleAnyway');
      return constraints.length ? softScorer(pod, constraints, !isDefault, nodes, snapshot, counters) : undefined;
    },
    events: [
      {
        resource: 'AssignedPod',
        actions: relevant,
        helps: (pod, old: PodInfo | undefined, now: PodInfo | undefined) =>
          source
            .of(pod, 'DoNotSchedule')
            .constraints.some((c) => [old, now].some((p) => p && counts(c, pod.namespace, p))),
      },
      {
        resource: 'Node',
        actions: action.add | action.delete | action.updateNodeLabel | action.updateNodeTaint,
        helps: hasHard,
      },
      { resource: 'TargetPod', actions: action.updatePodLabel | action.updatePodToleration },
    ],
  };
};

// --- hard constraints --------------------------------------------------------------------------------------------------

type Domains = Map<string, number>;

function hardFilter(pod: PodInfo, constraints: readonly Constraint[], snapshot: Snapshot, counters: PodCounters) {
  const domains = constraints.map((): Domains => new Map());
  const tallies = constraints.map((c) => perNode(counters, c, pod.namespace));
  snapshot.nodes.forEach(({ node }, position) => {
    if (!hasAllKeys(node!, constraints)) return;
    constraints.forEach((c, i) => {
      if (includesNode(c, pod, node!)) add(domains[i]!, labelOf(node!, c.topologyKey)!, tallies[i]?.[position] ?? 0);
    });
  });
  const least = domains.map(smallest);
  return {
    test: ({ node }: NodeInfo) => skewStatus(pod, constraints, domains, (i) => least[i]!, node!),
    fork: () => forked(pod, constraints, domains),
  };
}

const add = (domains: Domains, value: string, n: number) => void domains.set(value, (domains.get(value) ?? 0) + n);

function smallest(domains: Domains): number {
  let least = Number.MAX_SAFE_INTEGER;
  for (const n of domains.values()) if (n < least) least = n;
  return least;
}

function skewStatus(
  pod: PodInfo,
  constraints: readonly Constraint[],
  domains: readonly Domains[],
  least: (i: number) => number,
  node: Node,
): Status | undefined {
  for (const [i, c] of constraints.entries()) {
    const value = labelOf(node, c.topologyKey);
    if (value === undefined) return noLabel;
    const floor = domains[i]!.size < c.minDomains ? 0 : least(i);
    const self = c.selector.matches(pod.pod.metadata.labels) ? 1 : 0;
    if ((domains[i]!.get(value) ?? 0) + self - floor > c.maxSkew) return tooSkewed;
  }
  return undefined;
}

function forked(pod: PodInfo, constraints: readonly Constraint[], original: readonly Domains[]): ForkedFilter {
  const domains = original.map((d) => new Map(d));
  return {
    test: ({ node }) => skewStatus(pod, constraints, domains, (i) => smallest(domains[i]!), node!),
    change(other, { node }, sign) {
      if (!hasAllKeys(node!, constraints)) return;
      constraints.forEach((c, i) => {
        if (counts(c, pod.namespace, other) && includesNode(c, pod, node!))
          add(domains[i]!, labelOf(node!, c.topologyKey)!, sign);
      });
    },
  };
}

// --- soft constraints --------------------------------------------------------------------------------------------------

/** Marks nodes that lack a key; no real score is negative. */
const ignored = -1;

function softScorer(
  pod: PodInfo,
  constraints: readonly Constraint[],
  needsAllKeys: boolean,
  candidates: readonly NodeInfo[],
  snapshot: Snapshot,
  counters: PodCounters,
) {
  const lacksKey = (node: Node) => needsAllKeys && !hasAllKeys(node, constraints);
  const counting = candidates.filter(({ node }) => !lacksKey(node!));
  const parts = constraints.map((c) => {
    const tally = perNode(counters, c, pod.namespace);
    const isHost = c.topologyKey === hostname;
    const domains = isHost ? undefined : domainsOf(pod, c, counting, tally, snapshot, lacksKey);
    const weight = Math.log((isHost ? counting.length : domains!.size) + 2);
    return { key: c.topologyKey, skew: c.maxSkew - 1, tally, domains, weight };
  });
  return {
    score(info: NodeInfo): number {
      if (lacksKey(info.node!)) return ignored;
      let score = 0;
      for (const { key, skew, tally, domains, weight } of parts) {
        const value = labelOf(info.node!, key);
        if (value === undefined) continue;
        const n = domains ? (domains.get(value) ?? 0) : (tally?.[snapshot.position(info.name)!] ?? 0);
        score += n * weight + skew;
      }
      return Math.round(score);
    },
    normalize: emptiestHighest,
  };
}

/** How many pods each domain has of those that a candidate is in. */
function domainsOf(
  pod: PodInfo,
  c: Constraint,
  candidates: readonly NodeInfo[],
  tally: Int32Array | undefined,
  snapshot: Snapshot,
  lacksKey: (node: Node) => boolean,
): Domains {
  const domains: Domains = new Map();
  for (const { node } of candidates) {
    const value = labelOf(node!, c.topologyKey);
    if (value !== undefined) domains.set(value, 0);
  }
  if (tally && domains.size)
    snapshot.nodes.forEach(({ node }, position) => {
      const n = tally[position]!;
      const value = n ? labelOf(node!, c.topologyKey) : undefined;
      if (value === undefined || !domains.has(value) || lacksKey(node!) || !includesNode(c, pod, node!)) return;
      add(domains, value, n);
    });
  return domains;
}

function emptiestHighest(scores: Float64Array): void {
  let least = Number.MAX_SAFE_INTEGER;
  let most = 0;
  for (const s of scores) {
    if (s === ignored) continue;
    if (s < least) least = s;
    if (s > most) most = s;
  }
  for (let i = 0; i < scores.length; i++) {
    if (scores[i] === ignored) scores[i] = 0;
    else scores[i] = most === 0 ? maxNodeScore : Math.floor((maxNodeScore * (most + least - scores[i]!)) / most);
  }
}
