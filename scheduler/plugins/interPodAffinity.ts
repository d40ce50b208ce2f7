// Filter: required (anti-)affinity between pods, both of the new pod and of those that are there. Score: the preferred ones.
// Mirrors: pkg/scheduler/framework/plugins/interpodaffinity/{plugin,filtering,scoring}.go.
// Next: podCounter.ts, which keeps what each node has of friends and enemies from cycle to cycle; topology.ts, by which it is summed.
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
import { createTopology, type Domains, noDomain, type Topology } from '../topology.ts';

const name = 'InterPodAffinity';
const noFriends = unresolvable(name, "node(s) didn't match pod affinity rules");
const enemies = unschedulable(name, "node(s) didn't match pod anti-affinity rules");
const unwelcome = unschedulable(name, "node(s) didn't satisfy existing pods anti-affinity rules");

/** Amounts by topology key, and by domain there. */
type Pairs = Map<string, { domains: Domains; amounts: Float64Array }>;

/** Adds what each node has, to the domain that it is in. A key of which no node has anything is left out. */
function addAll(pairs: Pairs, key: string, perNode: Int32Array, weight: number, { topology }: World): void {
  if (weight === 0 || perNode.every((n) => n === 0)) return;
  const { domains, amounts } = pairsFor(pairs, key, topology);
  const { ids } = domains;
  for (let at = 0; at < perNode.length; at++) if (ids[at] !== noDomain) amounts[ids[at]!]! += perNode[at]! * weight;
}

function pairsFor(pairs: Pairs, key: string, topology: Topology) {
  let found = pairs.get(key);
  if (!found) {
    const domains = topology(key);
    found = { domains, amounts: new Float64Array(domains.count) };
    pairs.set(key, found);
  }
  return found;
}

function addPair(pairs: Pairs, node: NodeInfo, key: string, n: number, topology: Topology): void {
  const { domains, amounts } = pairsFor(pairs, key, topology);
  const id = domains.idOf(node);
  if (id !== noDomain) amounts[id]! += n;
}

function pairOf(pairs: Pairs, node: NodeInfo, key: string): number {
  const found = pairs.get(key);
  const id = found ? found.domains.idOf(node) : noDomain;
  return id === noDomain ? 0 : found!.amounts[id]!;
}

const copy = (pairs: Pairs): Pairs =>
  new Map(Array.from(pairs, ([key, { domains, amounts }]) => [key, { domains, amounts: amounts.slice() }]));

interface World {
  snapshot: Snapshot;
  counters: PodCounters;
  topology: Topology;
  labelsOf: NamespaceLabels;
  /** The topology keys by which pods that are there like and dislike others. */
  keys: () => Iterable<string>;
}

/** What of a pod terms of others look at: pods that are alike in it share their counts. */
const likeness = ({ namespace, pod }: PodInfo) => `${namespace} ${JSON.stringify(pod.metadata.labels ?? {})}`;

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
  const world: World = {
    ...{ snapshot, counters, labelsOf },
    topology: createTopology(snapshot),
    keys: followKeys(snapshot),
  };
  const hardWeight: number = args.hardPodAffinityWeight ?? 1;
  const ignorePreferredOfOthers = args.ignorePreferredTermsOfExistingPods === true;
  const matches = (term: AffinityTerm, pod: PodInfo | undefined) => !!pod && termMatches(term, pod.pod, labelsOf);
  return {
    name,
    preFilter: (pod) => requiredFilter(pod, world),
    preScore: (pod) => preferredScorer(pod, world, hardWeight, ignorePreferredOfOthers),
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
    fork: () => forked(pod, found, world),
  };
}

function pairsAgainst(pod: PodInfo, world: World): Pairs {
  const pairs: Pairs = new Map();
  const { snapshot, counters, labelsOf, keys } = world;
  if (!snapshot.withAffinity.size) return pairs;
  const who = likeness(pod);
  for (const key of keys()) {
    const perNode = counters.amounts(`against ${key} ${who}`, (node) => {
      let n = 0;
      for (const other of node.podsWithAntiAffinity)
        for (const term of other.requiredAntiAffinity)
          if (term.topologyKey === key && termMatches(term, pod.pod, labelsOf)) n++;
      return n;
    });
    addAll(pairs, key, perNode, 1, world);
  }
  return pairs;
}

/** `together`: only pods count that match all terms, as affinity has it; else each term counts by itself. */
function pairsOfTerms(terms: readonly AffinityTerm[], world: World, together: boolean): Pairs {
  const { counters, labelsOf } = world;
  const pairs: Pairs = new Map();
  if (!terms.length) return pairs;
  const groups = together ? [terms] : terms.map((t) => [t]);
  for (const group of groups) {
    const key = group.map((t) => t.text).join('&');
    const tally = counters.count(key, (p) => group.every((t) => termMatches(t, p.pod, labelsOf)));
    for (const { topologyKey } of group) addAll(pairs, topologyKey, tally, 1, world);
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
  for (const { amounts } of pairs.values()) if (amounts.some((n) => n > 0)) return false;
  return true;
};

function forked(pod: PodInfo, original: Required, { labelsOf, topology }: World): ForkedFilter {
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
        if (termMatches(t, pod.pod, labelsOf)) addPair(found.against, node, t.topologyKey, sign, topology);
      for (const t of requiredAntiAffinity)
        if (termMatches(t, other.pod, labelsOf)) addPair(found.unwanted, node, t.topologyKey, sign, topology);
      if (requiredAffinity.length && requiredAffinity.every((t) => termMatches(t, other.pod, labelsOf)))
        for (const t of requiredAffinity) addPair(found.wanted, node, t.topologyKey, sign, topology);
    },
  };
}

// --- preferred ---------------------------------------------------------------------------------------------------------

function preferredScorer(pod: PodInfo, world: World, hardWeight: number, ignorePreferredOfOthers: boolean) {
  const { snapshot, counters, labelsOf } = world;
  const pairs: Pairs = new Map();
  const own = [
    ...pod.preferredAffinity.map(({ term, weight }) => ({ term, weight })),
    ...pod.preferredAntiAffinity.map(({ term, weight }) => ({ term, weight: -weight })),
  ];
  for (const { term, weight } of own) {
    const tally = counters.count(term.text, (p) => termMatches(term, p.pod, labelsOf));
    addAll(pairs, term.topologyKey, tally, weight, world);
  }
  const skipsOthers = ignorePreferredOfOthers && own.length === 0;
  if (!skipsOthers && snapshot.withAffinity.size) addFeelings(pairs, pod, world, hardWeight);
  if (!pairs.size) return undefined;
  return {
    score(node: NodeInfo) {
      let score = 0;
      for (const { domains, amounts } of pairs.values()) {
        const id = domains.idOf(node);
        if (id !== noDomain) score += amounts[id]!;
      }
      return score;
    },
    normalize: spreadOut,
  };
}

/** What the pods that are there prefer, of the new one. */
function addFeelings(pairs: Pairs, pod: PodInfo, world: World, hardWeight: number): void {
  const { counters, labelsOf, keys } = world;
  const who = likeness(pod);
  for (const key of keys()) {
    const perNode = counters.amounts(`feelings ${key} ${who}`, (node) => {
      let sum = 0;
      for (const other of node.podsWithAffinity) sum += feelingOf(other, pod, key, labelsOf, hardWeight);
      return sum;
    });
    addAll(pairs, key, perNode, 1, world);
  }
}

function feelingOf(other: PodInfo, pod: PodInfo, key: string, labelsOf: NamespaceLabels, hardWeight: number): number {
  const means = (t: AffinityTerm) => t.topologyKey === key && termMatches(t, pod.pod, labelsOf);
  let sum = 0;
  if (hardWeight > 0) for (const t of other.requiredAffinity) if (means(t)) sum += hardWeight;
  for (const { term, weight } of other.preferredAffinity) if (means(term)) sum += weight;
  for (const { term, weight } of other.preferredAntiAffinity) if (means(term)) sum -= weight;
  return sum;
}

/** The topology keys in the terms of all pods that are there. One that nobody uses any more may stay among them. */
function followKeys(snapshot: Snapshot): () => Iterable<string> {
  const keys = new Set<string>();
  let epoch = -1;
  let seen = 0;
  const look = (node: NodeInfo) => {
    for (const p of node.podsWithAffinity) {
      for (const t of p.requiredAffinity) keys.add(t.topologyKey);
      for (const t of p.requiredAntiAffinity) keys.add(t.topologyKey);
      for (const { term } of p.preferredAffinity) keys.add(term.topologyKey);
      for (const { term } of p.preferredAntiAffinity) keys.add(term.topologyKey);
    }
  };
  return () => {
    const changes = epoch === snapshot.epoch ? snapshot.changesSince(seen) : undefined;
    if (changes) for (const position of changes) look(snapshot.nodes[position]!);
    else {
      keys.clear();
      for (const node of snapshot.nodes) look(node);
    }
    epoch = snapshot.epoch;
    seen = snapshot.changeCount;
    return keys;
  };
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
