// Filter: no topology domain may get more than maxSkew pods ahead of the emptiest (DoNotSchedule). Score: emptier domains
// first (ScheduleAnyway, and the cluster's defaults for pods of a workload). Mirrors: podtopologyspread/{plugin,filtering,scoring}.go.
// Next: spreadConstraints.ts, which finds the constraints; podCounter.ts, which counts; topology.ts, which knows the domains.
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
import { createTopology, type Domains, noDomain, type Topology } from '../topology.ts';
import { type Constraint, constraintSource, includesNode, readsNodes } from './spreadConstraints.ts';

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

/** What is known of all nodes from cycle to cycle. */
interface Counted {
  snapshot: Snapshot;
  counters: PodCounters;
  topology: Topology;
}

export const podTopologySpread: PluginFactory = (handle, args) => {
  const { snapshot } = handle;
  const counted: Counted = { snapshot, counters: createPodCounters(snapshot), topology: createTopology(snapshot) };
  const source = constraintSource(handle, args);
  const relevant = action.add | action.delete | action.updatePodLabel;
  /** A node that counts, or counted, as a domain: it came, it went, or it changed. */
  const movesDomains = (pod: PodInfo, old: Node | undefined, now: Node | undefined) => {
    const { constraints } = source.of(pod, 'DoNotSchedule');
    const counted = [old, now].filter((n) => n !== undefined && hasAllKeys(n, constraints));
    if (!constraints.length || !counted.length) return false;
    if (counted.length < 2) return true;
    const isMoved = constraints.some((c) => labelOf(old!, c.topologyKey) !== labelOf(now!, c.topologyKey));
    return isMoved || constraints.some((c) => includesNode(c, pod, old!) !== includesNode(c, pod, now!));
  };
  return {
    name,
    preFilter(pod) {
      const { constraints } = source.of(pod, 'DoNotSchedule');
      return constraints.length ? hardFilter(pod, constraints, counted) : undefined;
    },
    preScore(pod, nodes) {
      const { constraints, isDefault } = source.of(pod, 'ScheduleAnyway');
      return constraints.length ? softScorer(pod, constraints, !isDefault, nodes, counted) : undefined;
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
        helps: movesDomains,
      },
      { resource: 'TargetPod', actions: action.updatePodLabel | action.updatePodToleration },
    ],
  };
};

// --- hard constraints --------------------------------------------------------------------------------------------------

/** The pods of each domain that counts for a constraint. */
interface Tally {
  domains: Domains;
  /** By the id of the domain; `absent` where no node counts. */
  pods: Int32Array;
}

const absent = -1;

function hardFilter(pod: PodInfo, constraints: readonly Constraint[], { snapshot, counters, topology }: Counted) {
  const domains = constraints.map((c) => topology(c.topologyKey));
  const tallies = constraints.map((c, i) => {
    const perPosition = perNode(counters, c, pod.namespace);
    const pods = new Int32Array(domains[i]!.count).fill(absent);
    const mayDiffer = readsNodes(c, pod);
    for (let at = 0; at < snapshot.nodes.length; at++) {
      if (lacksOne(domains, at)) continue;
      if (mayDiffer && !includesNode(c, pod, snapshot.nodes[at]!.node!)) continue;
      const id = domains[i]!.ids[at]!;
      pods[id] = Math.max(pods[id]!, 0) + (perPosition?.[at] ?? 0);
    }
    return { domains: domains[i]!, pods };
  });
  const floors = tallies.map(({ pods }, i) => floorOf(pods, constraints[i]!));
  return {
    test: (node: NodeInfo) => skewStatus(pod, constraints, tallies, (i) => floors[i]!, node),
    fork: () => forked(pod, constraints, tallies),
  };
}

function lacksOne(domains: readonly Domains[], at: number): boolean {
  for (const { ids } of domains) if (ids[at] === noDomain) return true;
  return false;
}

/** What the emptiest domain has; nothing while there are fewer domains than there should be. */
function floorOf(pods: Int32Array, { minDomains }: Constraint): number {
  let least = Number.MAX_SAFE_INTEGER;
  let there = 0;
  for (const n of pods) {
    if (n === absent) continue;
    there++;
    if (n < least) least = n;
  }
  return there < minDomains ? 0 : least;
}

function skewStatus(
  pod: PodInfo,
  constraints: readonly Constraint[],
  tallies: readonly Tally[],
  floor: (i: number) => number,
  node: NodeInfo,
): Status | undefined {
  for (let i = 0; i < constraints.length; i++) {
    const c = constraints[i]!;
    const { domains, pods } = tallies[i]!;
    const id = domains.idOf(node);
    if (id === noDomain) return noLabel;
    const self = c.selector.matches(pod.pod.metadata.labels) ? 1 : 0;
    if (Math.max(pods[id]!, 0) + self - floor(i) > c.maxSkew) return tooSkewed;
  }
  return undefined;
}

function forked(pod: PodInfo, constraints: readonly Constraint[], original: readonly Tally[]): ForkedFilter {
  const tallies = original.map(({ domains, pods }) => ({ domains, pods: Int32Array.from(pods) }));
  return {
    test: (node) => skewStatus(pod, constraints, tallies, (i) => floorOf(tallies[i]!.pods, constraints[i]!), node),
    change(other, node, sign) {
      if (tallies.some(({ domains }) => domains.idOf(node) === noDomain)) return;
      for (const [i, c] of constraints.entries()) {
        if (!counts(c, pod.namespace, other) || !includesNode(c, pod, node.node!)) continue;
        const { domains, pods } = tallies[i]!;
        const id = domains.idOf(node);
        pods[id] = Math.max(pods[id]!, 0) + sign;
      }
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
  { snapshot, counters, topology }: Counted,
) {
  const domains = constraints.map((c) => topology(c.topologyKey));
  const lacksKey = ({ position }: NodeInfo) => needsAllKeys && lacksOne(domains, position);
  const counting = candidates.filter((node) => !lacksKey(node));
  const parts = constraints.map((c, i) => {
    const tally = perNode(counters, c, pod.namespace);
    const { ids } = domains[i]!;
    const isHost = c.topologyKey === hostname;
    const sums = isHost ? undefined : domainSums(pod, c, counting, tally, snapshot, domains[i]!, lacksKey);
    const weight = Math.log((isHost ? counting.length : sums!.size) + 2);
    return { ids, skew: c.maxSkew - 1, tally, pods: sums?.pods, weight };
  });
  return {
    score(node: NodeInfo): number {
      if (lacksKey(node)) return ignored;
      const { position } = node;
      let score = 0;
      for (const { ids, skew, tally, pods, weight } of parts) {
        const id = ids[position]!;
        if (id === noDomain) continue;
        const n = pods ? Math.max(pods[id]!, 0) : (tally?.[position] ?? 0);
        score += n * weight + skew;
      }
      return Math.round(score);
    },
    normalize: emptiestHighest,
  };
}

/** How many pods each domain has of those that a candidate is in, and how many such domains there are. */
function domainSums(
  pod: PodInfo,
  c: Constraint,
  candidates: readonly NodeInfo[],
  tally: Int32Array | undefined,
  snapshot: Snapshot,
  domains: Domains,
  lacksKey: (node: NodeInfo) => boolean,
): { size: number; pods: Int32Array } {
  const pods = new Int32Array(domains.count).fill(absent);
  const mayDiffer = readsNodes(c, pod);
  let size = 0;
  for (const node of candidates) {
    const id = domains.idOf(node);
    if (id === noDomain || pods[id] !== absent) continue;
    pods[id] = 0;
    size++;
  }
  for (let at = 0; tally && size && at < tally.length; at++) {
    const id = tally[at] ? domains.ids[at]! : noDomain;
    if (id === noDomain || pods[id] === absent) continue;
    const node = snapshot.nodes[at]!;
    if (!lacksKey(node) && (!mayDiffer || includesNode(c, pod, node.node!))) pods[id]! += tally[at]!;
  }
  return { size, pods };
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
