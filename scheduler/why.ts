// Who asks why gets it written down: an annotation on the pod asks, another one holds the answer. Of all others a line each is
// kept in memory, of the last attempts alone.
// Reads: pods with the asking annotation. Writes: pods/status (the answering annotation). Mirrors nothing; `kubectl get --raw`
// and `mini-k8s why` read it. Called by: scheduler.ts and assemble.ts. Next along the chain: explain.ts.
import { toTime } from '../apimachinery/clock.ts';
import { pods } from '../apimachinery/resources.ts';
import { StatusError } from '../apimachinery/status.ts';
import type { Pod } from '../apimachinery/types.ts';
import type { Informer } from '../client/informer.ts';
import type { SchedulerCache } from './cache.ts';
import { action } from './clusterEvents.ts';
import { type Explanation, explain, type NodeAnswers, shortened, type Waits } from './explain.ts';
import type { Handle } from './framework.ts';
import { podInfoOf } from './podInfo.ts';
import type { Profile } from './profile.ts';
import type { QueuedPod, SchedulingQueue } from './queue.ts';
import type { Decision, Run } from './schedule.ts';

/** On a pod, with any value: explain each attempt. Another value asks anew. */
export const askAnnotation = 'scheduler.mini-k8s.io/explain';
/** The answer, as JSON: Explanation. */
export const answerAnnotation = 'scheduler.mini-k8s.io/explanation';

export interface Attempt {
  time: string;
  pod: string;
  attempt: number;
  outcome: 'Scheduled' | 'Unschedulable' | 'Error';
  node?: string;
  message?: string;
}

export interface Why {
  /** Before anything is done about the decision. */
  decided(pod: QueuedPod, run: Run, decision: Decision, handle: Handle): void;
  /** After it: the place is taken, or the pod is in the queue again. */
  ended(pod: QueuedPod, outcome: Attempt['outcome'], told: { node?: string; message?: string }): void;
  /** The last attempts, the newest first. */
  attempts(): Attempt[];
}

export interface WhyParts {
  handles: ReadonlyMap<string, Handle>;
  profiles: ReadonlyMap<string, Profile>;
  cache: SchedulerCache;
  queue: SchedulingQueue;
  pods: Informer<Pod>;
}

const kept = 200;
const asked = (pod: Pod): string | undefined => pod.metadata.annotations?.[askAnnotation];

export function createWhy(parts: WhyParts): Why {
  const ring: Attempt[] = [];
  let next = 0;
  /** Answers of attempts that are under way. */
  const open = new WeakMap<QueuedPod, NodeAnswers>();
  /** Uids of pods about which somebody asked in the middle of an attempt. */
  const late = new Set<string>();

  function answer(pod: Pod, profile: Profile, rest: Omit<Explanation, 'scheduler' | 'time'>): void {
    const handle = parts.handles.get(profile.schedulerName)!;
    const time = toTime(handle.clock.now());
    const waits = waitsOf(pod.metadata.uid ?? '', parts.queue, profile);
    void write(handle, pod, { scheduler: profile.schedulerName, time, ...rest, ...(waits && { waits }) });
  }

  /** Nobody is deciding about it: what would be decided now. */
  function answerNow(pod: Pod): void {
    const profile = parts.profiles.get(pod.spec?.schedulerName ?? '');
    const handle = profile && parts.handles.get(profile.schedulerName);
    if (!profile || !handle) return;
    const found = parts.queue.find(pod.metadata.uid ?? '');
    if (found?.where === 'in flight') {
      late.add(pod.metadata.uid ?? '');
      return;
    }
    const { snapshot, nominations } = handle;
    parts.cache.refresh(snapshot);
    const bound = pod.spec?.nodeName;
    const answers = explain({
      pod: podInfoOf(pod),
      profile,
      snapshot,
      nominations,
      ...(bound && { bound: true, chosen: bound }),
    });
    const message = pod.status?.conditions?.find((c) => c.type === 'PodScheduled')?.message;
    const attempt = found?.pod?.attempts ?? 0;
    answer(pod, profile, { outcome: 'Asked', attempt, ...(message && { message }), ...answers });
  }

  parts.pods.addHandler({
    updated(pod, old) {
      const now = asked(pod);
      if (now !== undefined && now !== asked(old)) answerNow(pod);
    },
    deleted: (pod) => void late.delete(pod.metadata.uid ?? ''),
  });

  return {
    decided(pod, { snapshot, nominations }, decision, { log }) {
      const { info, profile } = pod;
      if (asked(info.pod) === undefined) return;
      const found =
        'node' in decision
          ? { among: decision.among, chosen: decision.node }
          : { statuses: 'diagnosis' in decision ? decision.diagnosis.statuses : undefined };
      try {
        open.set(pod, explain({ pod: info, profile, snapshot, nominations, ...found }));
      } catch (error) {
        log.warn({ pod: info.key, error: (error as Error).stack }, 'could not explain the decision');
      }
    },
    ended(pod, outcome, told) {
      const { info, profile, attempts } = pod;
      const now = parts.handles.get(profile.schedulerName)!.clock.now();
      ring[next] = { time: toTime(now), pod: info.key, attempt: attempts, outcome, ...told };
      next = (next + 1) % kept;
      const answers = open.get(pod);
      const newest = late.delete(info.uid) ? parts.pods.get(info.key) : undefined;
      if (newest && !answers) answerNow(newest);
      if (!answers) return;
      open.delete(pod);
      const { node: _would, ...rest } = answers;
      answer(info.pod, profile, { outcome, attempt: attempts, ...told, ...rest });
    },
    attempts: () => [...ring.slice(next), ...ring.slice(0, next)].reverse(),
  };
}

async function write({ client, log }: Handle, pod: Pod, explanation: Explanation): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const text = JSON.stringify({ ...explanation, nodes: shortened(explanation.nodes) });
  const patch = { metadata: { uid, annotations: { [answerAnnotation]: text } } };
  try {
    await client.patch(pods, name, namespace, 'strategic', patch, { subresource: 'status' });
  } catch (error) {
    const isGone = error instanceof StatusError && (error.code === 404 || error.code === 409);
    log[isGone ? 'debug' : 'warn']({ pod: name, error: String(error) }, 'could not write down why');
  }
}

// --- what it waits for -------------------------------------------------------------------------------------------------

function waitsOf(uid: string, queue: SchedulingQueue, profile: Profile): Waits | undefined {
  const found = queue.find(uid);
  if (!found || found.where === 'in flight') return undefined;
  const { pod, where, until } = found;
  return {
    queue: pod.gatedBy ? 'gated' : where,
    since: toTime(pod.timestamp),
    ...(until !== undefined && { until: toTime(until) }),
    ...(pod.gatedBy && { gatedBy: pod.gatedBy }),
    events: Object.fromEntries([...pod.refusedBy].map((plugin) => [plugin, eventsOf(plugin, profile)])),
  };
}

/** `Node add|updateNodeTaint`: the events that the plugin named. */
function eventsOf(name: string, profile: Profile): string[] {
  const plugin = [...profile.filters, ...profile.preEnqueue].find((p) => p.name === name);
  if (!plugin?.events) return ['any'];
  const words = Object.entries(action);
  return plugin.events.map(
    ({ resource, actions }) =>
      `${resource} ${words
        .filter(([, bit]) => (actions & bit) !== 0)
        .map(([word]) => word)
        .join('|')}`,
  );
}
