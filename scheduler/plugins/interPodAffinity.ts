// Filter: required (anti-)affinity between pods, both of the new pod and of those that are there. Score: the preferred ones.
// Mirrors: pkg/scheduler/framework/plugins/interpodaffinity/{plugin,filtering,scoring}.go.
// Next: podCounter.ts, which keeps the counts of the new pod's terms from cycle to cycle.
import { namespaces } from '../../apimachinery/resources.ts';
import { type AffinityTerm, type NamespaceLabels, termMatches } from '../affinityTerms.ts';
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

const name = 'InterPodAffinity';
const noFriends = unresolvable(name, "node(s) didn't match pod affinity rules");
const enemies = unschedulable(name, "node(s) didn't match pod anti-affinity rules");
const unwelcome = unschedulable(name, "node(s) didn't satisfy existing pods anti-affinity rules");

/** Amounts by topology key and value. */
type Pairs = Map<string, Map<string, number>>;

function addPair(pairs: Pairs, node: NodeInfo, key: string, n: number): void {
  const value = node.node!.metadata.labels?.[key];
  if (value === undefined || n === 0) return;
  const values = pairs.get(key) ?? new Map<string, number>();
  pairs.set(key, values);
  values.set(value, (values.get(value) ?? 0) + n);
}

function pairOf(pairs: Pairs, node: NodeInfo, key: string): number {
  const value = node.node!.metadata.labels?.[key];
  return value === undefined ? 0 : (pairs.get(key)?.get(value) ?? 0);
}

const copy = (pairs: Pairs): Pairs => new Map(Array.from(pairs, ([key, values]) => [key, new Map(values)]));

interface World {
  snapshot: Snapshot;
  counters: PodCounters;
  labelsOf: NamespaceLabels;
}

export const interPodAffinity: PluginFactory = ({ snapshot, informers }, args) => {
  const spaces = informers.informer(namespaces);
  const labelsOf: NamespaceLabels = (n) => spaces.get(n)?.metadata.labels;
  const counters = createPodCounters(snapshot);
  // Namespace selectors read labels of namespaces, which the counters do not follow.
  spaces.addHandler({
    added: () => counters.clear(),
    updated: () => counters.clear(),
    deleted: () => counters.clear(),
  });
  const world: World = { snapshot, counters, labelsOf };
  const hardWeight: number = args.hardPodAffinityWeight ?? 1;
  const ignorePreferredOfOthers = args.ignorePreferredTermsOfExistingPods === true;
  const matches = (term: AffinityTerm, pod: PodInfo | undefined) => !!pod && termMatches(term, pod.pod, labelsOf);
  return {
    name,
    preFilter: (pod) => requiredFilter(pod, world),
    preScore: (pod, nodes) => preferredScorer(pod, nodes, world, hardWeight, ignorePreferredOfOthers),
    events: [
      {
        resource: 'AssignedPod',
        actions: action.add | action.delete | action.updatePodLabel,
        helps: (pod, old: PodInfo | undefined, now: PodInfo | undefined) =>
          pod.requiredAffinity.some((t) => matches(t, now)) ||
          pod.requiredAntiAffinity.some((t) => matches(t, old)) ||
          !!old?.requiredAntiAffinity.some((t) => matches(t, pod)),
      },
      { resource: 'Node', actions: action.add | action.updateNodeLabel },
      { resource: 'TargetPod', actions: action.updatePodLabel },
      { resource: 'Namespace', actions: action.add | action.update },
    ],
  };
};

// --- required ----------------------------------------------------------------------------------------------------------

interface Required {
  /** Pods there that would not have the new one beside them; pods that it wants, and that it does not want. */
  against: Pairs;
  wanted: Pairs;
  unwanted: Pairs;
}

function requiredFilter(pod: PodInfo, world: World) {
  const against = pairsAgainst(pod, world);
  if (!against.size && !pod.requiredAffinity.length && !pod.requiredAntiAffinity.length) return undefined;
  const found: Required = {
    against,
    wanted: pairsOfTerms(pod.requiredAffinity, world, true),
    unwanted: pairsOfTerms(pod.requiredAntiAffinity, world, false),
  };
  return {
    test: (node: NodeInfo) => requiredStatus(pod, found, node, world.labelsOf),
    fork: () => forked(pod, found, world.labelsOf),
  };
}

function pairsAgainst(pod: PodInfo, { snapshot, labelsOf }: World): Pairs {
  const pairs: Pairs = new Map();
  for (const nodeName of snapshot.withAffinity) {
    const node = snapshot.get(nodeName)!;
    for (const other of node.podsWithAntiAffinity)
      for (const term of other.requiredAntiAffinity)
        if (termMatches(term, pod.pod, labelsOf)) addPair(pairs, node, term.topologyKey, 1);
  }
  return pairs;
}

/** `together`: only pods count that match all terms, as affinity has it; else each term counts by itself. */
function pairsOfTerms(
  terms: readonly AffinityTerm[],
  { snapshot, counters, labelsOf }: World,
  together: boolean,
): Pairs {
  const pairs: Pairs = new Map();
  if (!terms.length) return pairs;
  const groups = together ? [terms] : terms.map((t) => [t]);
  for (const group of groups) {
    const key = group.map((t) => t.text).join('&');
    const tally = counters.count(key, (p) => group.every((t) => termMatches(t, p.pod, labelsOf)));
    for (let i = 0; i < tally.length; i++)
      if (tally[i]) for (const { topologyKey } of group) addPair(pairs, snapshot.nodes[i]!, topologyKey, tally[i]!);
  }
  return pairs;
}

function requiredStatus(pod: PodInfo, found: Required, node: NodeInfo, labelsOf: NamespaceLabels): Status | undefined {
  if (pod.requiredAffinity.length && !hasFriends(pod, found, node, labelsOf)) return noFriends;
  for (const term of pod.requiredAntiAffinity) if (pairOf(found.unwanted, node, term.topologyKey) > 0) return enemies;
  for (const key of found.against.keys()) if (pairOf(found.against, node, key) > 0) return unwelcome;
  return undefined;
}

function hasFriends(pod: PodInfo, { wanted }: Required, node: NodeInfo, labelsOf: NamespaceLabels): boolean {
  let all = true;
  for (const { topologyKey } of pod.requiredAffinity) {
    if (node.node!.metadata.labels?.[topologyKey] === undefined) return false;
    if (pairOf(wanted, node, topologyKey) <= 0) all = false;
  }
  if (all) return true;
  // The first of a group that wants to be together may start anywhere.
  return isEmpty(wanted) && pod.requiredAffinity.every((t) => termMatches(t, pod.pod, labelsOf));
}

const isEmpty = (pairs: Pairs): boolean => {
  for (const values of pairs.values()) for (const n of values.values()) if (n > 0) return false;
  return true;
};

function forked(pod: PodInfo, original: Required, labelsOf: NamespaceLabels): ForkedFilter {
  const found: Required = {
    against: copy(original.against),
    wanted: copy(original.wanted),
    unwanted: copy(original.unwanted),
  };
  return {
    test: (node) => requiredStatus(pod, found, node, labelsOf),
    change(other, node, sign) {
      const { requiredAffinity, requiredAntiAffinity } = pod;
      for (const t of other.requiredAntiAffinity)
        if (termMatches(t, pod.pod, labelsOf)) addPair(found.against, node, t.topologyKey, sign);
      for (const t of requiredAntiAffinity)
        if (termMatches(t, other.pod, labelsOf)) addPair(found.unwanted, node, t.topologyKey, sign);
      if (requiredAffinity.length && requiredAffinity.every((t) => termMatches(t, other.pod, labelsOf)))
        for (const t of requiredAffinity) addPair(found.wanted, node, t.topologyKey, sign);
    },
  };
}

// --- preferred ---------------------------------------------------------------------------------------------------------

function preferredScorer(
  pod: PodInfo,
  _nodes: readonly NodeInfo[],
  { snapshot, counters, labelsOf }: World,
  hardWeight: number,
  ignorePreferredOfOthers: boolean,
) {
  const pairs: Pairs = new Map();
  const own = [
    ...pod.preferredAffinity.map(({ term, weight }) => ({ term, weight })),
    ...pod.preferredAntiAffinity.map(({ term, weight }) => ({ term, weight: -weight })),
  ];
  for (const { term, weight } of own) {
    const tally = counters.count(term.text, (p) => termMatches(term, p.pod, labelsOf));
    for (let i = 0; i < tally.length; i++)
      if (tally[i]) addPair(pairs, snapshot.nodes[i]!, term.topologyKey, tally[i]! * weight);
  }
  const skipsOthers = ignorePreferredOfOthers && own.length === 0;
  if (!skipsOthers)
    for (const nodeName of snapshot.withAffinity) {
      const node = snapshot.get(nodeName)!;
      for (const other of node.podsWithAffinity) addFeelings(pairs, node, other, pod, labelsOf, hardWeight);
    }
  if (!pairs.size) return undefined;
  return {
    score(node: NodeInfo) {
      let score = 0;
      for (const key of pairs.keys()) score += pairOf(pairs, node, key);
      return score;
    },
    normalize: spreadOut,
  };
}

/** What a pod that is there prefers, of the new one. */
function addFeelings(
  pairs: Pairs,
  node: NodeInfo,
  other: PodInfo,
  pod: PodInfo,
  labelsOf: NamespaceLabels,
  hardWeight: number,
): void {
  if (hardWeight > 0)
    for (const t of other.requiredAffinity)
      if (termMatches(t, pod.pod, labelsOf)) addPair(pairs, node, t.topologyKey, hardWeight);
  for (const { term, weight } of other.preferredAffinity)
    if (termMatches(term, pod.pod, labelsOf)) addPair(pairs, node, term.topologyKey, weight);
  for (const { term, weight } of other.preferredAntiAffinity)
    if (termMatches(term, pod.pod, labelsOf)) addPair(pairs, node, term.topologyKey, -weight);
}

/** The lowest becomes 0, the highest 100. */
function spreadOut(scores: Float64Array): void {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const s of scores) {
    if (s < least) least = s;
    if (s > most) most = s;
  }
  const range = most - least;
  for (let i = 0; i < scores.length; i++)
    scores[i] = range > 0 ? Math.floor((maxNodeScore * (scores[i]! - least)) / range) : 0;
}
