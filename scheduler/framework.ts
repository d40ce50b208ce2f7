// The contract of a scheduling plugin: a name and the extension points it takes part in, all of them optional.
// Mirrors: staging/src/k8s.io/kube-scheduler/framework/interface.go.
// Plugins live one a file in plugins/; profile.ts puts them in order. Next along the chain: schedule.ts, which runs them.
import type { Clock } from '../apimachinery/clock.ts';
import type { Client } from '../client/client.ts';
import type { EventRecorder } from '../client/events.ts';
import type { InformerFactory } from '../client/informer.ts';
import type { FeatureGates } from '../component-base/featureGates.ts';
import type { Logger } from '../component-base/logger.ts';
import type { EventResource } from './clusterEvents.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { Extender } from './extender.ts';
import type { NodeInfo } from './nodeInfo.ts';
import type { Nominations } from './nominations.ts';
import type { PodInfo } from './podInfo.ts';
import type { Snapshot } from './snapshot.ts';

export const maxNodeScore = 100;

/**
 * Why a plugin says no. Unschedulable: might fit if pods went away. Unresolvable: no preemption helps. Pending: the plugin
 * itself waits for something. Error: it could not tell; tried again after back-off.
 */
export interface Status {
  code: 'Unschedulable' | 'Unresolvable' | 'Pending' | 'Error';
  reasons: readonly string[];
  plugin: string;
}

export const unschedulable = (plugin: string, ...reasons: string[]): Status => ({
  code: 'Unschedulable',
  reasons,
  plugin,
});
export const unresolvable = (plugin: string, ...reasons: string[]): Status => ({
  code: 'Unresolvable',
  reasons,
  plugin,
});

/** What PreFilter worked out of one pod: which nodes come into question at all, and the test of each. */
export interface NodeFilter {
  /** Absent: all. */
  nodes?: ReadonlySet<string>;
  /** Filter: undefined when the pod fits. Called often: give back the same Status value where possible. */
  test?(node: NodeInfo): Status | undefined;
  /** For what-if questions of preemption: a copy that can be told of pods that come and go. None: `test` reads the node alone. */
  fork?(): ForkedFilter;
}

export interface ForkedFilter {
  test(node: NodeInfo): Status | undefined;
  /** `sign` 1: the pod is on the node now; -1: it is gone. */
  change(pod: PodInfo, node: NodeInfo, sign: 1 | -1): void;
}

/** What PreScore worked out of one pod. Scores are 0 to 100 after `normalize`. */
export interface NodeScorer {
  score(node: NodeInfo): number;
  /** In place; `nodes` go with `scores` one by one. */
  normalize?(scores: Float64Array, nodes: readonly NodeInfo[]): void;
}

/** `nominate` is the node to wait for; '' takes an earlier nomination back; undefined leaves it. */
export interface PostFilterResult {
  /** Absent: room will be made by `act`. */
  status?: Status;
  nominate?: string;
  /** How many pods have to go. */
  victims?: number;
  /** What has to be written for it; runs beside the next cycles. */
  act?(): Promise<void>;
  /** Others have to be asked first: the result is theirs. The next decision waits for it. */
  later?(): Promise<PostFilterResult>;
}

/** One kind of event that may make a pod schedulable that this plugin has refused. */
export interface EventHint {
  resource: EventResource;
  /** Of `action` in clusterEvents.ts, or-ed. */
  actions: number;
  /** Absent: always worth a try. `old` and `now` are Nodes, or PodInfos for pods; one is absent on add and delete. */
  helps?(pod: PodInfo, old: any, now: any): boolean;
}

export interface Plugin {
  name: string;
  /** PreEnqueue: a pod that it refuses does not enter the active queue. */
  preEnqueue?(pod: PodInfo): Status | undefined;
  /** QueueSort: negative when `a` goes first. Exactly one plugin of a profile has it. */
  compare?(a: Sortable, b: Sortable): number;
  /** PreFilter and Filter; undefined: has nothing to say about this pod. */
  preFilter?(pod: PodInfo): NodeFilter | Status | undefined;
  /** PostFilter: called when no node fits; may make room. The first that succeeds ends the round. */
  postFilter?(pod: PodInfo, diagnosis: Diagnosis, filters: readonly Plugin[]): PostFilterResult;
  /** PreScore, Score, NormalizeScore; undefined: has no preference for this pod. */
  preScore?(pod: PodInfo, nodes: readonly NodeInfo[]): NodeScorer | undefined;
  reserve?(pod: PodInfo, node: string): Status | undefined;
  /** Undoes `reserve`, and is called for all when one failed: must bear being called without it. */
  unreserve?(pod: PodInfo, node: string): void;
  /** Permit: the promise may wait; the pod keeps its place meanwhile. */
  permit?(pod: PodInfo, node: string, signal: AbortSignal): Promise<Status | undefined>;
  /** PreBindPreFlight: will `preBind` have something to do, which may take its time? */
  willPreBind?(pod: PodInfo, node: string): boolean;
  preBind?(pod: PodInfo, node: string, signal: AbortSignal): Promise<Status | undefined>;
  /** Bind: true when done. False leaves it to the next one. */
  bind?(pod: PodInfo, node: string): Promise<boolean>;
  postBind?(pod: PodInfo, node: string): void;
  /** Absent: any event may help the pods that it refused. */
  events?: readonly EventHint[];
}

/** What QueueSort sees. `timestamp` in milliseconds. */
export interface Sortable {
  info: PodInfo;
  timestamp: number;
}

/** What a plugin may use besides the pod and the node. The snapshot is the same object in every cycle. */
export interface Handle {
  snapshot: Snapshot;
  nominations: Nominations;
  client: Client;
  informers: InformerFactory;
  events: EventRecorder;
  clock: Clock;
  random(): number;
  log: Logger;
  gates: FeatureGates;
  extenders: readonly Extender[];
}

/** Makes a plugin. `args` are those of a KubeSchedulerConfiguration; throws UsageError when they are wrong. */
export type PluginFactory = (handle: Handle, args: Record<string, any>) => Plugin;

export const isStatus = (x: NodeFilter | Status): x is Status => 'reasons' in x;

/** Scales so that the largest becomes 100; `reverse`: so that it becomes 0. Mirrors plugins/helper/normalize_score.go. */
export function scaleScores(scores: Float64Array, reverse: boolean): void {
  let most = 0;
  for (let i = 0; i < scores.length; i++) if (scores[i]! > most) most = scores[i]!;
  if (most === 0) {
    if (reverse) scores.fill(maxNodeScore);
    return;
  }
  for (let i = 0; i < scores.length; i++) {
    const scaled = Math.floor((scores[i]! * maxNodeScore) / most);
    scores[i] = reverse ? maxNodeScore - scaled : scaled;
  }
}
