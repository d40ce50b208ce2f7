// PostFilter: when a pod fits nowhere, finds the node where the least important pods would have to go, and makes them go.
// Reads: the snapshot, what the filters said, PodDisruptionBudgets. Writes: the victims' conditions, deletes them, tells of it in Events.
// Mirrors: plugins/defaultpreemption/default_preemption.go, framework/preemption/preemption.go. Next: victims.ts chooses.
import { toTime } from '../../apimachinery/clock.ts';
import { withCondition } from '../../apimachinery/conditions.ts';
import { podDisruptionBudgets, pods } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { Pod, PodCondition, PodDisruptionBudget } from '../../apimachinery/types.ts';
import { type Diagnosis, fitMessage, statusOf } from '../diagnosis.ts';
import { livePods } from '../eventHandlers.ts';
import type { Extender, Sacrifice } from '../extender.ts';
import { prepareFilters } from '../filters.ts';
import {
  type Handle,
  type Plugin,
  type PluginFactory,
  type PostFilterResult,
  type Status,
  unresolvable,
  unschedulable,
} from '../framework.ts';
import type { NodeInfo } from '../nodeInfo.ts';
import type { PodInfo } from '../podInfo.ts';
import { bestCandidate, type Candidate, selectVictims } from './victims.ts';

const name = 'DefaultPreemption';
const notHelpful = unresolvable(name, 'Preemption is not helpful for scheduling');
const says = (message: string): Status => unschedulable(name, `preemption: ${message}`);

interface Args {
  /** Of the nodes that come into question, how many are tried. */
  minCandidateNodesPercentage?: number;
  minCandidateNodesAbsolute?: number;
}

const candidatesWanted =
  ({ minCandidateNodesPercentage = 10, minCandidateNodesAbsolute = 100 }: Args) =>
  (nodes: number) =>
    Math.max(Math.floor((nodes * minCandidateNodesPercentage) / 100), minCandidateNodesAbsolute);

export const defaultPreemption: PluginFactory = (handle, args) => {
  const budgets = handle.informers.informer(podDisruptionBudgets);
  const wanted = candidatesWanted(args as Args);
  return {
    name,
    postFilter(pod, diagnosis, filters) {
      const why = ineligible(pod, diagnosis, handle);
      if (why) return { status: says(why) };
      const tried = tryNodes({ pod, diagnosis, filters, budgets: budgets.list(), wanted }, handle);
      if (!tried.candidates.length) return { status: says(nothingFound(diagnosis, tried.statuses)), nominate: '' };
      const extenders = handle.extenders.filter((e) => e.can.preempt && e.isInterested(pod.pod));
      if (!extenders.length) return preempt(pod, bestCandidate(tried.candidates), handle);
      return { later: () => preemptBeside(pod, tried.candidates, extenders, handle) };
    },
  };
};

/** A pod that may not preempt, or whose earlier victims are still going. */
function ineligible({ pod, uid, priority }: PodInfo, d: Diagnosis, handle: Handle): string | undefined {
  if (pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = handle.nominations.nodeOf(uid) ?? pod.status?.nominatedNodeName;
  const node = nominated ? handle.snapshot.get(nominated) : undefined;
  if (!node || statusOf(d, node.name)?.code === 'Unresolvable') return undefined;
  const isGoing = node.pods.some((p) => p.priority < priority && isPreempted(p.pod));
  return isGoing ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

const isPreempted = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp !== undefined &&
  pod.status?.conditions?.find((c) => c.type === 'DisruptionTarget')?.reason === 'PreemptionByScheduler';

/** The same sentence as for filters, of what trying showed. */
const nothingFound = ({ nodeCount }: Diagnosis, statuses: ReadonlyMap<string, Status>): string =>
  fitMessage({ nodeCount, statuses, absent: notHelpful, plugins: new Set() });

const nothingLeft = 'no candidate was left by the extenders.';

async function preemptBeside(
  pod: PodInfo,
  candidates: readonly Candidate[],
  extenders: readonly Extender[],
  handle: Handle,
): Promise<PostFilterResult> {
  try {
    const left = await askExtenders(pod, candidates, extenders);
    return left.length ? preempt(pod, bestCandidate(left), handle) : { status: says(nothingLeft), nominate: '' };
  } catch (error) {
    return { status: says((error as Error).message), nominate: '' };
  }
}

/** Each may take candidates and victims away. */
async function askExtenders(
  { pod }: PodInfo,
  candidates: readonly Candidate[],
  extenders: readonly Extender[],
): Promise<Candidate[]> {
  let left = new Map<string, Sacrifice>(
    candidates.map(({ node, pods: victims, violations }) => [node, { pods: victims, violations }]),
  );
  for (const extender of extenders) {
    if (!left.size) break;
    try {
      const answer = await extender.preempt(pod, left);
      const empty = [...answer].find(([, { pods: victims }]) => !victims.length)?.[0];
      if (empty && !extender.ignorable) throw new Error(`expected at least one victim pod on node "${empty}"`);
      left = new Map([...answer].filter(([, { pods: victims }]) => victims.length));
    } catch (error) {
      if (!extender.ignorable) throw error;
    }
  }
  return Array.from(left, ([node, victims]) => ({ node, ...victims }));
}

interface Trial {
  pod: PodInfo;
  diagnosis: Diagnosis;
  filters: readonly Plugin[];
  budgets: readonly PodDisruptionBudget[];
  wanted(nodes: number): number;
}

/** Goes on until there are enough candidates, one of them within all budgets if there is one. */
function tryNodes(
  { pod, diagnosis, filters, budgets, wanted }: Trial,
  { snapshot, nominations, random, clock }: Handle,
): { candidates: Candidate[]; statuses: Map<string, Status> } {
  const candidates: Candidate[] = [];
  const statuses = new Map<string, Status>();
  const nodes: NodeInfo[] = [];
  for (const [nodeName, { code }] of diagnosis.statuses)
    if (code === 'Unschedulable') nodes.push(snapshot.get(nodeName)!);
  const prepared = nodes.length ? prepareFilters(pod, filters) : undefined;
  if (!prepared || 'reasons' in prepared) return { candidates, statuses };
  const enough = wanted(nodes.length);
  const start = Math.floor(random() * nodes.length);
  let isClean = false;
  for (let i = 0; i < nodes.length && !(isClean && candidates.length >= enough); i++) {
    const node = nodes[(start + i) % nodes.length]!;
    const waiting = nominations.on(node.name);
    const question = { pod, filters: prepared.filters, budgets, waiting, now: clock.now() };
    const found = selectVictims(question, node);
    if ('reasons' in found) statuses.set(node.name, found);
    else {
      candidates.push({ node: node.name, ...found });
      isClean ||= found.violations === 0;
    }
  }
  return { candidates, statuses };
}

function preempt(pod: PodInfo, { node, pods: victims }: Candidate, handle: Handle): PostFilterResult {
  handle.log.info({ pod: pod.key, node, victims: victims.map((v) => v.key) }, 'preempting');
  // Those that waited for this node behind the preemptor have to look again.
  const outrun = handle.nominations.on(node).filter((other) => other.priority < pod.priority);
  for (const other of outrun) handle.nominations.remove(other.uid);
  const acts = () => [
    ...victims.map((victim) => evict(victim, pod, node, handle)),
    ...outrun.map((other) => disappoint(other, handle)),
  ];
  return { nominate: node, victims: victims.length, act: async () => void (await Promise.all(acts())) };
}

/** Tells the API server too that a pod waits for that node no more. */
async function disappoint({ pod, key }: PodInfo, { client, informers, log }: Handle): Promise<void> {
  const now = informers.informer(pods, livePods).get(key);
  if (now?.metadata.uid !== pod.metadata.uid || !now?.status?.nominatedNodeName) return;
  const { name: podName, namespace } = pod.metadata;
  const patch = { status: { nominatedNodeName: null } };
  try {
    await client.patch(pods, podName, namespace, 'strategic', patch, { subresource: 'status' });
  } catch (error) {
    log.debug({ pod: key, error: String(error) }, 'could not clear the nominated node');
  }
}

async function evict(victim: PodInfo, preemptor: PodInfo, node: string, handle: Handle): Promise<void> {
  const { client, events, clock } = handle;
  const { name: podName, namespace, uid } = victim.pod.metadata;
  try {
    const condition: PodCondition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${preemptor.pod.spec?.schedulerName}: preempting to accommodate a higher priority pod`,
      observedGeneration: victim.pod.metadata.generation,
    };
    const old = victim.pod.status?.conditions;
    const conditions = withCondition(old, condition, toTime(clock.now()));
    const [changed] = conditions.filter((c) => c.type === condition.type);
    if (conditions !== old)
      await client.patch(
        pods,
        podName,
        namespace,
        'strategic',
        { status: { conditions: [changed] } },
        { subresource: 'status' },
      );
    await client.delete(pods, podName, namespace, { preconditions: { uid } });
    events.event(victim.pod as any, 'Normal', 'Preempted', `Preempted by pod ${preemptor.uid} on node ${node}`);
  } catch (error) {
    // Gone already, or another pod of that name: either way there is room.
    if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error;
  }
}
