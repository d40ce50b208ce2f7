// Filter: required (anti-)affinity between pods, both of the new pod and of those that are there. Score: the preferred ones.
// Mirrors: pkg/scheduler/framework/plugins/interpodaffinity/{plugin,filtering,scoring}.go.
// Next: domainSums.ts, which keeps what each domain has of friends and enemies from cycle to cycle.
import { namespaces } from '../../apimachinery/resources.ts';
import { type AffinityTerm, type NamespaceLabels, termMatches } from '../affinityTerms.ts';
import { action } from '../clusterEvents.ts';
import { createDomainSummer, type DomainSummer } from '../domainSums.ts';
import {
  type ForkedFilter,
  maxNodeScore,
  type PluginFactory,
  type Status,
  unresolvable,
  unschedulable,
} from '../framework.ts';
import type { NodeInfo } from '../nodeInfo.ts';
import type { PodInfo } from '../podInfo.ts';
import type { Snapshot } from '../snapshot.ts';
import { createTopology, type Domains, noDomain, type Topology } from '../topology.ts';

const name = 'InterPodAffinity';
const noFriends = unresolvable(name, "node(s) didn't match pod affinity rules");
const enemies = unschedulable(name, "node(s) didn't match pod anti-affinity rules");
const unwelcome = unschedulable(name, "node(s) didn't satisfy existing pods anti-affinity rules");

/** Amounts by the domains of one topology key. `some` is 0 when there are none. */
interface Part {
  key: string;
  domains: Domains;
  amounts: Float64Array;
  weight: number;
  some: number;
}

interface World {
  snapshot: Snapshot;
  summer: DomainSummer;
  topology: Topology;
  labelsOf: NamespaceLabels;
  /** The topology keys by which pods that are there like and dislike others. */
  keys: () => Iterable<string>;
}

/** What `amountOf` finds on all nodes; shared with other cycles, so it must not be changed. */
function partOf(world: World, what: string, key: string, amountOf: (node: NodeInfo) => number, weight = 1): Part {
  const { domains, sums, nonzero } = world.summer.sum(what, key, amountOf);
  return { key, domains, amounts: sums, weight, some: nonzero };
}

const hasSome = ({ some, weight }: Part) => some > 0 && weight !== 0;

function amountAt(part: Part, node: NodeInfo): number {
  const id = part.domains.idOf(node);
  return id === noDomain ? 0 : part.amounts[id]! * part.weight;
}

/** The sum of the parts of one key. */
function pairOf(parts: readonly Part[], node: NodeInfo, key: string): number {
  let sum = 0;
  for (const part of parts) if (part.key === key) sum += amountAt(part, node);
  return sum;
}

/** What of a pod terms of others look at: pods that are alike in it share their counts. */
const likeness = ({ namespace, pod }: PodInfo) => `${namespace} ${JSON.stringify(pod.metadata.labels ?? {})}`;

export const interPodAffinity: PluginFactory = ({ snapshot, informers }, args) => {
  const spaces = informers.informer(namespaces);
  const labelsOf: NamespaceLabels = (n) => spaces.get(n)?.metadata.labels;
  const topology = createTopology(snapshot);
  const summer = createDomainSummer(snapshot, topology);
  // Namespace selectors read labels of namespaces, which the sums do not follow.
  spaces.addHandler({
    added: () => summer.clear(),
    updated: () => summer.clear(),
    deleted: () => summer.clear(),
  });
  const world: World = { snapshot, summer, topology, labelsOf, keys: followKeys(snapshot) };
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
  against: readonly Part[];
  wanted: readonly Part[];
  unwanted: readonly Part[];
}

function requiredFilter(pod: PodInfo, world: World) {
  const against = pairsAgainst(pod, world);
  if (!against.length && !pod.requiredAffinity.length && !pod.requiredAntiAffinity.length) return undefined;
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

function pairsAgainst(pod: PodInfo, world: World): Part[] {
  const { snapshot, labelsOf, keys } = world;
  if (!snapshot.withAffinity.size) return [];
  const what = `against ${likeness(pod)}`;
  const parts = Array.from(keys(), (key) =>
    partOf(world, what, key, (node) => {
      let n = 0;
      for (const other of node.podsWithAntiAffinity)
        for (const term of other.requiredAntiAffinity)
          if (term.topologyKey === key && termMatches(term, pod.pod, labelsOf)) n++;
      return n;
    }),
  );
  return parts.filter(hasSome);
}

/** `together`: only pods count that match all terms, as affinity has it; else each term counts by itself. */
function pairsOfTerms(terms: readonly AffinityTerm[], world: World, together: boolean): Part[] {
  const groups = together && terms.length ? [terms] : terms.map((t) => [t]);
  return groups.flatMap((group) =>
    group.map(({ topologyKey }) =>
      partOf(world, group.map((t) => t.text).join('&'), topologyKey, countOf(group, world)),
    ),
  );
}

/** How many pods of a node match all terms. */
const countOf =
  (terms: readonly AffinityTerm[], { labelsOf }: World) =>
  (node: NodeInfo): number => {
    let n = 0;
    for (const p of node.pods) if (terms.every((t) => termMatches(t, p.pod, labelsOf))) n++;
    return n;
  };

function requiredStatus(pod: PodInfo, found: Required, node: NodeInfo, labelsOf: NamespaceLabels): Status | undefined {
  if (pod.requiredAffinity.length && !hasFriends(pod, found, node, labelsOf)) return noFriends;
  for (const term of pod.requiredAntiAffinity) if (pairOf(found.unwanted, node, term.topologyKey) > 0) return enemies;
  for (const part of found.against) if (amountAt(part, node) > 0) return unwelcome;
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
  return wanted.every((part) => part.some <= 0) && pod.requiredAffinity.every((t) => termMatches(t, pod.pod, labelsOf));
}

function forked(pod: PodInfo, original: Required, { labelsOf, topology }: World): ForkedFilter {
  const found = {
    against: original.against.map(ownCopy),
    wanted: original.wanted.map(ownCopy),
    unwanted: original.unwanted.map(ownCopy),
  };
  const add = (parts: Part[], node: NodeInfo, key: string, n: number) => {
    const known = parts.find((p) => p.key === key);
    const part = known ?? emptyPart(key, topology(key));
    if (!known) parts.push(part);
    const id = part.domains.idOf(node);
    if (id === noDomain) return;
    part.amounts[id]! += n;
    part.some += n;
  };
  return {
    test: (node) => requiredStatus(pod, found, node, labelsOf),
    change(other, node, sign) {
      const { requiredAffinity, requiredAntiAffinity } = pod;
      for (const t of other.requiredAntiAffinity)
        if (termMatches(t, pod.pod, labelsOf)) add(found.against, node, t.topologyKey, sign);
      for (const t of requiredAntiAffinity)
        if (termMatches(t, other.pod, labelsOf)) add(found.unwanted, node, t.topologyKey, sign);
      if (requiredAffinity.length && requiredAffinity.every((t) => termMatches(t, other.pod, labelsOf)))
        for (const t of requiredAffinity) add(found.wanted, node, t.topologyKey, sign);
    },
  };
}

/** All amounts of required terms are counts of pods: their sum says whether there are any. */
const ownCopy = (part: Part): Part => ({
  ...part,
  amounts: part.amounts.slice(),
  some: part.amounts.reduce((sum, n) => sum + n, 0),
});

const emptyPart = (key: string, domains: Domains): Part => ({
  ...{ key, domains, weight: 1, some: 0 },
  amounts: new Float64Array(domains.count),
});

// --- preferred ---------------------------------------------------------------------------------------------------------

function preferredScorer(pod: PodInfo, world: World, hardWeight: number, ignorePreferredOfOthers: boolean) {
  const own = [
    ...pod.preferredAffinity.map(({ term, weight }) => ({ term, weight })),
    ...pod.preferredAntiAffinity.map(({ term, weight }) => ({ term, weight: -weight })),
  ];
  const parts = own.map(({ term, weight }) =>
    partOf(world, term.text, term.topologyKey, countOf([term], world), weight),
  );
  const skipsOthers = ignorePreferredOfOthers && own.length === 0;
  if (!skipsOthers && world.snapshot.withAffinity.size) parts.push(...feelings(pod, world, hardWeight));
  const telling = parts.filter(hasSome);
  if (!telling.length) return undefined;
  return {
    score(node: NodeInfo) {
      let score = 0;
      for (const part of telling) score += amountAt(part, node);
      return score;
    },
    normalize: spreadOut,
  };
}

/** What the pods that are there prefer, of the new one. */
function feelings(pod: PodInfo, world: World, hardWeight: number): Part[] {
  const what = `feelings ${likeness(pod)}`;
  return Array.from(world.keys(), (key) =>
    partOf(world, what, key, (node) => {
      let sum = 0;
      for (const other of node.podsWithAffinity) sum += feelingOf(other, pod, key, world.labelsOf, hardWeight);
      return sum;
    }),
  );
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
