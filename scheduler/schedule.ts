// The decision: which node a pod goes to, or why none. Pure but for the turn that it advances; reads the snapshot alone.
// Mirrors: schedulePod, findNodesThatFitPod and prioritizeNodes in pkg/scheduler/schedule_one.go.
// Called by: scheduler.ts, which acts on it. Next along the chain: bindingCycle.ts.
import type { Diagnosis } from './diagnosis.ts';
import { firstRefusal, type PodFilters, pluginList, prepareFilters, refusalBeside } from './filters.ts';
import { type Status, unresolvable } from './framework.ts';
import type { NodeInfo } from './nodeInfo.ts';
import type { Nominations } from './nominations.ts';
import type { PodInfo } from './podInfo.ts';
import type { Profile } from './profile.ts';
import type { Snapshot } from './snapshot.ts';

export type Decision =
  | { node: string; evaluated: number; feasible: number; among: readonly NodeInfo[] }
  | { diagnosis: Diagnosis }
  /** A plugin could not tell. */
  | { error: Status };

export const noNodes = 'no nodes available to schedule pods';

/** Where the next search starts, so that all nodes get their turn though a search stops early. */
export interface Turn {
  start: number;
}

export interface Run {
  pod: PodInfo;
  profile: Profile;
  snapshot: Snapshot;
  nominations: Nominations;
  turn: Turn;
  /** Between 0 and 1: chooses among equals. */
  random(): number;
}

/** `snapshot` must have a node. */
export function schedulePod(run: Run): Decision {
  const found = findFeasible(run);
  if (!('statuses' in found)) return found;
  const { feasible, evaluated } = found;
  const node = feasible.length === 1 ? feasible[0]! : best(run, feasible);
  return { node: node.name, evaluated, feasible: feasible.length, among: feasible };
}

/** The nodes that pass all filters, as many as are wanted, and what was said of the others. */
export interface Found {
  feasible: NodeInfo[];
  evaluated: number;
  statuses: Map<string, Status>;
  filters: PodFilters;
}

/** `Found` has at least one node. The node that preemption made room on is tried first, unless told otherwise. */
export function findFeasible(run: Run, tryNominated = true): Decision | Found {
  const { pod, profile, snapshot, turn } = run;
  const filters = prepareFilters(pod, profile.filters);
  const nodeCount = snapshot.nodes.length;
  if ('reasons' in filters) return refusedByPreFilter(filters, nodeCount);
  const nominated = tryNominated ? nominatedNode(run, filters) : undefined;
  if (nominated) return { feasible: [nominated], evaluated: 1, statuses: new Map(), filters };
  const nodes = filters.nodes ? pick(snapshot, filters.nodes) : snapshot.nodes;
  const statuses = new Map<string, Status>();
  const feasible = search(run, nodes, filters, statuses);
  if ('reasons' in feasible) return { error: feasible };
  const evaluated = feasible.length + statuses.size;
  turn.start = (turn.start + evaluated) % nodeCount;
  const found = { feasible, evaluated, statuses, filters };
  return feasible.length ? found : { diagnosis: diagnosisOf(run, found) };
}

/** The node that preemption made room on, if the pod fits there now. */
export function findNominated(run: Run): Found | undefined {
  if (!run.nominations.nodeOf(run.pod.uid) && !run.pod.pod.status?.nominatedNodeName) return undefined;
  const filters = prepareFilters(run.pod, run.profile.filters);
  if ('reasons' in filters) return undefined;
  const node = nominatedNode(run, filters);
  return node && { feasible: [node], evaluated: 1, statuses: new Map(), filters };
}

export function diagnosisOf({ snapshot }: Run, { statuses, filters }: Found): Diagnosis {
  const diagnosis: Diagnosis = {
    nodeCount: snapshot.nodes.length,
    statuses,
    plugins: new Set(filters.narrowing),
  };
  for (const status of statuses.values()) diagnosis.plugins.add(status.plugin);
  if (filters.nodes)
    diagnosis.absent = unresolvable('', `node(s) didn't satisfy plugin(s) ${pluginList(filters.narrowing)}`);
  return diagnosis;
}

function refusedByPreFilter(status: Status, nodeCount: number): Decision {
  if (status.code === 'Error') return { error: status };
  const plugins = new Set([status.plugin]);
  return { diagnosis: { nodeCount, statuses: new Map(), absent: status, preFilter: status, plugins } };
}

/** The node that preemption made room on is tried first. */
function nominatedNode({ pod, snapshot, nominations }: Run, filters: PodFilters): NodeInfo | undefined {
  const name = nominations.nodeOf(pod.uid) ?? pod.pod.status?.nominatedNodeName;
  const node = name ? snapshot.get(name) : undefined;
  if (!node || (filters.nodes && !filters.nodes.has(node.name))) return undefined;
  return refusalBeside(pod, filters, node, nominations) ? undefined : node;
}

const pick = (snapshot: Snapshot, names: ReadonlySet<string>): NodeInfo[] =>
  Array.from(names, (name) => snapshot.get(name)).filter((n) => n !== undefined);

/**
 * Those that fit, from the turn's start on until there are enough; what the others lack goes into `statuses`. A plugin that cannot tell
 * of one node ends the search, though others may fit: what it does not know may matter there too.
 */
function search(
  { pod, profile, nominations, turn }: Run,
  nodes: readonly NodeInfo[],
  filters: PodFilters,
  statuses: Map<string, Status>,
): NodeInfo[] | Status {
  const feasible: NodeInfo[] = [];
  const wanted = profile.nodesToFind(nodes.length);
  for (let i = 0; i < nodes.length && feasible.length < wanted; i++) {
    const node = nodes[(turn.start + i) % nodes.length]!;
    const refusal = nominations.on(node.name).length
      ? refusalBeside(pod, filters, node, nominations)
      : firstRefusal(filters.tests, node);
    if (refusal?.code === 'Error') return refusal;
    if (refusal) statuses.set(node.name, refusal);
    else feasible.push(node);
  }
  return feasible;
}

/** The node with the highest sum of weighted scores on top of `totals`; among equals each has the same chance. */
export function best(
  { pod, profile, random }: Run,
  nodes: readonly NodeInfo[],
  totals: Float64Array = new Float64Array(nodes.length),
): NodeInfo {
  const scores = new Float64Array(nodes.length);
  for (const { plugin, weight } of profile.scorers) {
    const scorer = plugin.preScore!(pod, nodes);
    if (!scorer) continue;
    for (let i = 0; i < nodes.length; i++) scores[i] = scorer.score(nodes[i]!);
    scorer.normalize?.(scores, nodes);
    for (let i = 0; i < nodes.length; i++) totals[i]! += weight * scores[i]!;
  }
  return nodes[evenlyHighest(totals, random)]!;
}

function evenlyHighest(totals: Float64Array, random: () => number): number {
  let chosen = 0;
  let equals = 1;
  for (let i = 1; i < totals.length; i++) {
    if (totals[i]! > totals[chosen]!) {
      chosen = i;
      equals = 1;
    } else if (totals[i] === totals[chosen]) {
      equals++;
      if (random() * equals < 1) chosen = i;
    }
  }
  return chosen;
}
