// Why: what each plugin says of each node for one pod, each score, and what is missing. Works everything out anew on the same
// snapshot, so that pods for which nobody asks cost nothing. Pure. Read by: why.ts, which writes it down; `mini-k8s why` prints it.
import { extenderName } from './extender.ts';
import { firstRefusal, prepareFilters, refusalBeside } from './filters.ts';
import { type ForkedFilter, isStatus, type NodeFilter, type Status } from './framework.ts';
import { type NodeInfo, withoutPod } from './nodeInfo.ts';
import type { Nominations } from './nominations.ts';
import type { PodInfo } from './podInfo.ts';
import type { Profile } from './profile.ts';
import { amountOf } from './resources.ts';
import type { Snapshot } from './snapshot.ts';

export interface NodeExplanation {
  name: string;
  /** What each plugin that refuses the node says. */
  refused?: Record<string, string>;
  /** What the pod asks for above what is free: thousandths of a CPU, bytes, counts. */
  lacks?: Record<string, number>;
  /** 0 to 100 by plugin; absent when the node was not among those that were compared. */
  scores?: Record<string, number>;
  /** The sum of the scores times their weights. */
  total?: number;
}

export interface Explanation {
  scheduler: string;
  time: string;
  attempt: number;
  /** `Asked`: nobody was scheduling it; it is what would be decided now. */
  outcome: 'Scheduled' | 'Unschedulable' | 'Error' | 'Asked';
  node?: string;
  /** The sentence of the condition. */
  message?: string;
  /** Plugins that refused the pod before any node was looked at. */
  preFilter?: Record<string, string>;
  weights: Record<string, number>;
  nodeCount: number;
  /** How many nodes fit and were compared. */
  compared: number;
  /** The chosen one first, then by total, then those that were refused; with many nodes, some of each kind. */
  nodes: NodeExplanation[];
  /** Where the pod waits, and for what. */
  waits?: Waits;
}

export interface Waits {
  queue: 'active' | 'backoff' | 'unschedulable' | 'gated';
  since: string;
  /** The end of its back-off. */
  until?: string;
  gatedBy?: string;
  /** By plugin that refused it: the events that could help. */
  events: Record<string, string[]>;
}

export interface Question {
  pod: PodInfo;
  profile: Profile;
  snapshot: Snapshot;
  nominations: Nominations;
  /** The nodes that were compared; absent: all that fit. */
  among?: readonly NodeInfo[];
  chosen?: string;
  /** The pod is bound: it is thought away from its node. */
  bound?: boolean;
  /** What was said in the attempt itself; of it, that of extenders cannot be asked for again. */
  statuses?: ReadonlyMap<string, Status>;
}

export type NodeAnswers = Pick<Explanation, 'preFilter' | 'weights' | 'nodeCount' | 'compared' | 'nodes' | 'node'>;

export function explain(q: Question): NodeAnswers {
  // A copy: what plugins remember of the real attempt stays. A bound pod is asked about as if it were not.
  const pod = {
    ...q.pod,
    ...(q.bound && { pod: { ...q.pod.pod, spec: { ...q.pod.pod.spec!, nodeName: undefined } } }),
  };
  const at = (node: NodeInfo) => (q.bound ? withoutPod(node, pod.uid) : node);
  const nodes = q.snapshot.nodes.map(at);
  const { tests, preFilter } = testsOf(pod, q, nodes);
  if (preFilter) return { preFilter, weights: {}, nodeCount: nodes.length, compared: 0, nodes: [] };
  const beside = besideOthers(pod, q);
  const refused = new Map(nodes.map((node) => [node.name, refusals([...tests, ...beside], node)]));
  const fitting = nodes.filter((n) => !Object.keys(refused.get(n.name)!).length);
  const among = q.among?.map(at) ?? fitting;
  const { weights, scores } = scoresOf(pod, q.profile, among);
  const explained = nodes.map((node) =>
    explainNode(pod, node, refused.get(node.name)!, scores.get(node.name), weights),
  );
  const chosen = q.chosen ?? (among.length ? best(explained, among) : undefined);
  const byRank = (n: NodeExplanation) => (n.name === chosen ? Infinity : (n.total ?? -1));
  return {
    weights,
    nodeCount: nodes.length,
    compared: among.length,
    nodes: explained.sort((a, b) => byRank(b) - byRank(a)),
    ...(chosen && { node: chosen }),
  };
}

const best = (explained: readonly NodeExplanation[], among: readonly NodeInfo[]): string => {
  const names = new Set(among.map((n) => n.name));
  return explained.filter((n) => names.has(n.name)).reduce((a, b) => ((b.total ?? 0) > (a.total ?? 0) ? b : a)).name;
};

// --- refusals ----------------------------------------------------------------------------------------------------------

interface PluginTest {
  plugin: string;
  test(node: NodeInfo): Status | undefined;
}

const textOf = (status: Status) => status.reasons.join(', ');

/** All plugins are asked, also those behind one that refuses. */
function testsOf(pod: PodInfo, q: Question, nodes: readonly NodeInfo[]) {
  const tests: PluginTest[] = [];
  const refusing: Record<string, string> = {};
  for (const plugin of q.profile.filters) {
    const filter = plugin.preFilter?.(pod);
    if (!filter) continue;
    if (isStatus(filter)) refusing[plugin.name] = textOf(filter);
    else tests.push({ plugin: plugin.name, test: testOf(filter, q, nodes) });
  }
  return { tests, preFilter: Object.keys(refusing).length ? refusing : undefined };
}

function testOf(filter: NodeFilter, q: Question, nodes: readonly NodeInfo[]): PluginTest['test'] {
  const fork: ForkedFilter | undefined = q.bound ? filter.fork?.() : undefined;
  const own = fork && nodes.find((n) => n.name === q.pod.pod.spec?.nodeName);
  if (own) fork!.change(q.pod, own, -1);
  const { nodes: only } = filter;
  const narrowed: Status = { code: 'Unresolvable', reasons: ['not one of the nodes that the pod names'], plugin: '' };
  return (node) => {
    if (only && !only.has(node.name)) return narrowed;
    return fork ? fork.test(node) : filter.test?.(node);
  };
}

/** Those who are no plugins: pods that wait for the node with the same right to it, and extenders. */
function besideOthers(pod: PodInfo, { profile, nominations, statuses }: Question): PluginTest[] {
  const prepared = prepareFilters(pod, profile.filters);
  const waiting: PluginTest = {
    plugin: 'beside pods that wait for the node',
    test: (node) => {
      if ('reasons' in prepared || !nominations.on(node.name).length) return undefined;
      return firstRefusal(prepared.tests, node) ? undefined : refusalBeside(pod, prepared, node, nominations);
    },
  };
  const extender: PluginTest = {
    plugin: extenderName,
    test: ({ name }) => (statuses?.get(name)?.plugin === extenderName ? statuses.get(name) : undefined),
  };
  return [waiting, extender];
}

function refusals(tests: readonly PluginTest[], node: NodeInfo): Record<string, string> {
  const said: Record<string, string> = {};
  for (const { plugin, test } of tests) {
    const status = test(node);
    if (status) said[plugin] = textOf(status);
  }
  return said;
}

// --- scores ------------------------------------------------------------------------------------------------------------

function scoresOf(pod: PodInfo, { scorers }: Profile, among: readonly NodeInfo[]) {
  const weights: Record<string, number> = {};
  const scores = new Map<string, Record<string, number>>(among.map((n) => [n.name, {}]));
  for (const { plugin, weight } of among.length ? scorers : []) {
    const scorer = plugin.preScore!(pod, among);
    if (!scorer) continue;
    weights[plugin.name] = weight;
    const values = Float64Array.from(among, (n) => scorer.score(n));
    scorer.normalize?.(values, among);
    for (const [i, n] of among.entries()) scores.get(n.name)![plugin.name] = values[i]!;
  }
  return { weights, scores };
}

function explainNode(
  pod: PodInfo,
  node: NodeInfo,
  refused: Record<string, string>,
  scores: Record<string, number> | undefined,
  weights: Record<string, number>,
): NodeExplanation {
  const lacks = Object.hasOwn(refused, 'NodeResourcesFit') ? lacking(pod, node) : {};
  const total = scores && Object.entries(scores).reduce((sum, [plugin, score]) => sum + score * weights[plugin]!, 0);
  return {
    name: node.name,
    ...(Object.keys(refused).length && { refused }),
    ...(Object.keys(lacks).length && { lacks }),
    ...(scores && { scores, total }),
  };
}

function lacking({ requests }: PodInfo, { allocatable, requested, pods }: NodeInfo): Record<string, number> {
  const names = ['cpu', 'memory', 'ephemeral-storage', ...(requests.scalar?.keys() ?? [])];
  const gaps = names.map((name) => {
    const free = Math.max(amountOf(allocatable, name) - amountOf(requested, name), 0);
    return [name, amountOf(requests, name) - free] as const;
  });
  const places = ['pods', pods.length + 1 - allocatable.pods] as const;
  return Object.fromEntries([...gaps, places].filter(([, gap]) => gap > 0));
}

// --- what fits into an annotation --------------------------------------------------------------------------------------

/** So many nodes at most: the chosen one and those next to it, and of the refused some of each kind. */
export function shortened(nodes: readonly NodeExplanation[], most = 60): NodeExplanation[] {
  if (nodes.length <= most) return [...nodes];
  const compared = nodes.filter((n) => n.scores).slice(0, most / 2);
  const kinds = new Map<string, NodeExplanation[]>();
  for (const node of nodes.filter((n) => n.refused)) {
    const kind = JSON.stringify(node.refused);
    kinds.set(kind, [...(kinds.get(kind) ?? []), node]);
  }
  const each = Math.max(Math.floor((most - compared.length) / Math.max(kinds.size, 1)), 1);
  const refused = [...kinds.values()].flatMap((list) => list.slice(0, each)).slice(0, most - compared.length);
  return [...compared, ...refused];
}
