// The scheduler's loop: a pod from the queue, a decision, then the deed beside the next decisions.
// Reads: queue, cache. Writes: through bindingCycle.ts (bindings) and failure.ts (conditions, events).
// Mirrors: pkg/scheduler/schedule_one.go and scheduler.go. Next along the chain: bindingCycle.ts.

import type { Pod } from '../apimachinery/types.ts';
import { sleep } from '../client/backoff.ts';
import { withCauses, withoutCauses } from '../client/causes.ts';
import type { Informer } from '../client/informer.ts';
import { bindingCycle, reservePod } from './bindingCycle.ts';
import type { SchedulerCache } from './cache.ts';
import { assignedPodDelete } from './clusterEvents.ts';
import { type Diagnosis, fitMessage } from './diagnosis.ts';
import { schedulePodWith } from './extended.ts';
import { type Failure, tellFailure } from './failure.ts';
import { type Handle, type PostFilterResult, type Status, unschedulable } from './framework.ts';
import type { SchedulerMetrics } from './metrics.ts';
import type { QueuedPod, SchedulingQueue } from './queue.ts';
import { type Decision, noNodes, type Run, schedulePod, type Turn } from './schedule.ts';
import { createSlots, type Slots } from './slots.ts';
import type { Why } from './why.ts';

export interface Scheduler {
  /** By scheduler name. */
  handles: ReadonlyMap<string, Handle>;
  cache: SchedulerCache;
  queue: SchedulingQueue;
  pods: Informer<Pod>;
  metrics?: SchedulerMetrics;
  why: Why;
  bindsInFlight: number;
}

interface Working extends Scheduler {
  slots: Slots;
  turn: Turn;
  signal: AbortSignal;
}

/** How long decisions may follow each other before others (answers, watch events) get a turn, in milliseconds. */
const mostInARow = 5;

/** Schedules until the signal aborts; resolves when what was begun has ended. */
export async function runScheduler(s: Scheduler, signal: AbortSignal): Promise<void> {
  const w: Working = { ...s, signal, slots: createSlots(s.bindsInFlight), turn: { start: 0 } };
  signal.addEventListener('abort', () => s.queue.close(), { once: true });
  if (signal.aborted) s.queue.close();
  let since = performance.now();
  while (!signal.aborted) {
    await w.slots.free();
    const pod = await s.queue.pop();
    if (!pod) break;
    if (performance.now() - since > mostInARow) {
      await new Promise((resolve) => setImmediate(resolve));
      since = performance.now();
    }
    const going = withCauses(pod.causes, () => scheduleOne(w, pod));
    // Extenders alone make it wait: the next decision is taken after this one.
    if (going) await going;
  }
  await w.slots.idle();
}

/** Decides at once unless extenders have to be asked; what has to be written for it goes on in a slot. */
function scheduleOne(w: Working, pod: QueuedPod): Promise<void> | undefined {
  const handle = handleOf(w, pod);
  const broke = (error: unknown) => {
    handle.log.error({ pod: pod.info.key, error: (error as Error).stack }, 'scheduling failed');
    fail(w, pod, { reason: 'SchedulerError', message: (error as Error).message, nominate: '' });
  };
  try {
    if (shouldSkip(w, pod)) w.queue.done(pod.info.uid);
    else return decide(w, pod, handle)?.catch(broke);
  } catch (error) {
    broke(error);
  }
  return undefined;
}

function decide(w: Working, pod: QueuedPod, handle: Handle): Promise<void> | undefined {
  const started = performance.now();
  const { snapshot, nominations, random } = handle;
  w.cache.refresh(snapshot);
  if (!snapshot.nodes.length) {
    fail(w, pod, { reason: 'Unschedulable', message: noNodes, nominate: '' });
    return undefined;
  }
  const run = { pod: pod.info, profile: pod.profile, snapshot, nominations, turn: w.turn, random };
  const extenders = handle.extenders.filter((e) => e.isInterested(pod.info.pod));
  if (!extenders.length) return act(w, pod, run, schedulePod(run), started);
  return schedulePodWith(extenders, run, handle.log).then((decision) => act(w, pod, run, decision, started));
}

function act(w: Working, pod: QueuedPod, run: Run, decision: Decision, started: number): Promise<void> | undefined {
  const handle = handleOf(w, pod);
  w.why.decided(pod, run, decision, handle);
  w.metrics?.decided(performance.now() - started);
  if ('error' in decision) fail(w, pod, errorOf(decision.error));
  else if ('diagnosis' in decision) return unfit(w, pod, decision.diagnosis, handle);
  else place(w, pod, decision.node, handle, started);
  return undefined;
}

const handleOf = (w: Working, pod: QueuedPod): Handle => w.handles.get(pod.profile.schedulerName)!;

const errorOf = (status: Status): Failure => ({
  reason: 'SchedulerError',
  message: status.reasons.join(', '),
  nominate: '',
});

/** Deleted or bound while it waited, or assumed already. */
function shouldSkip({ cache, pods }: Working, { info }: QueuedPod): boolean {
  const now = pods.get(info.key);
  if (!now || now.metadata.uid !== info.uid || now.spec?.nodeName) return true;
  return now.metadata.deletionTimestamp !== undefined || cache.isAssumed(info.uid);
}

// --- it fits nowhere ---------------------------------------------------------------------------------------------------

function unfit(w: Working, pod: QueuedPod, diagnosis: Diagnosis, handle: Handle): Promise<void> | undefined {
  noteRefusal(pod, diagnosis);
  const result = runPostFilters(pod, diagnosis);
  if (!result.later) {
    afterPostFilters(w, pod, diagnosis, handle, result);
    return undefined;
  }
  return result.later().then((told) => {
    diagnosis.postFilterMessage = [...(result.status?.reasons ?? []), ...(told.status?.reasons ?? [])].join(', ');
    afterPostFilters(w, pod, diagnosis, handle, told);
  });
}

function afterPostFilters(
  w: Working,
  pod: QueuedPod,
  diagnosis: Diagnosis,
  handle: Handle,
  result: PostFilterResult,
): void {
  if (result.nominate) handle.nominations.set(pod.info, result.nominate);
  w.metrics?.preempted(result.victims);
  const failure: Failure = { reason: 'Unschedulable', diagnosis, nominate: result.nominate };
  const { act: makeRoom } = result;
  if (!makeRoom) {
    fail(w, pod, failure);
    return;
  }
  // Until the victims are told the pod stays in flight: their going must not be missed.
  w.slots.run(async () => {
    try {
      await makeRoom();
    } catch (error) {
      handle.log.warn({ pod: pod.info.key, error: String(error) }, 'preemption failed');
      failure.nominate = '';
      failure.retry = true;
    }
    fail(w, pod, failure);
  });
}

/** Who said no, and who of them waits for something itself. */
function noteRefusal(pod: QueuedPod, { plugins, preFilter, statuses }: Diagnosis): void {
  pod.refusedBy = plugins;
  const pending = new Set<string>();
  if (preFilter?.code === 'Pending') pending.add(preFilter.plugin);
  for (const status of statuses.values()) if (status.code === 'Pending') pending.add(status.plugin);
  pod.pendingPlugins = pending;
}

/** The first that makes room ends the round; what all others say goes into the message. */
function runPostFilters({ info, profile }: QueuedPod, diagnosis: Diagnosis): PostFilterResult {
  const reasons: string[] = [];
  let last: PostFilterResult = {};
  for (const plugin of profile.postFilters) {
    const result = plugin.postFilter!(info, diagnosis, profile.filters);
    last = { ...last, ...result };
    if (result.later) return { ...result, status: unschedulable(plugin.name, ...reasons) };
    if (!result.status) return result;
    reasons.push(...result.status.reasons);
    if (result.status.code === 'Unresolvable') break;
  }
  diagnosis.postFilterMessage = reasons.join(', ');
  return last;
}

/** Back into the queue, and said so in Event and condition. */
function fail(w: Working, pod: QueuedPod, failure: Failure): void {
  const { uid, key } = pod.info;
  const handle = handleOf(w, pod);
  const { nominations } = handle;
  if (failure.nominate === '') nominations.remove(uid);
  const now = w.pods.get(key);
  if (!now || now.metadata.uid !== uid || now.spec?.nodeName) {
    nominations.remove(uid);
    w.queue.done(uid);
    return;
  }
  const isError = failure.reason === 'SchedulerError';
  if (isError || !failure.diagnosis) pod.refusedBy = pod.pendingPlugins = new Set();
  w.metrics?.attempted(isError ? 'error' : 'unschedulable', pod);
  const message = failure.message ?? fitMessage(failure.diagnosis!);
  if (!w.signal.aborted) w.slots.run(() => tellFailure(handle, now, failure, message));
  w.queue.fail(pod, { ...pod.info, pod: now }, isError || failure.retry === true);
  w.why.ended(pod, isError ? 'Error' : 'Unschedulable', { message });
}

// --- it has a place ----------------------------------------------------------------------------------------------------

function place(w: Working, pod: QueuedPod, node: string, handle: Handle, started: number): void {
  w.cache.assume(pod.info, node);
  handle.nominations.remove(pod.info.uid);
  const refusal = reservePod(pod, node);
  if (refusal) {
    giveUp(w, pod, node, refusedAt(node, refusal));
    return;
  }
  w.slots.run(async () => {
    const outcome = await bindingCycle(handle, pod, node, w.signal);
    if (outcome === 'bound') {
      w.queue.done(pod.info.uid);
      w.metrics?.attempted('scheduled', pod, performance.now() - started);
      w.why.ended(pod, 'Scheduled', { node });
    } else if (outcome === 'gone') {
      // Another scheduler was first, or it is deleted: the watch tells.
      forget(w, pod, node);
      await settle(w, pod);
    } else if (outcome !== 'stopped') giveUp(w, pod, node, outcome);
  });
}

const refusedAt = (node: string, status: Status): Failure =>
  status.code === 'Error'
    ? errorOf(status)
    : {
        reason: 'Unschedulable',
        diagnosis: { nodeCount: 1, statuses: new Map([[node, status]]), plugins: new Set([status.plugin]) },
        nominate: '',
      };

function giveUp(w: Working, pod: QueuedPod, node: string, failure: Failure): void {
  if (failure.diagnosis) noteRefusal(pod, failure.diagnosis);
  forget(w, pod, node);
  fail(w, pod, failure);
}

/** Its place is free again, which is to others as if it had been deleted. */
function forget({ cache, queue }: Working, pod: QueuedPod, node: string): void {
  for (const plugin of pod.profile.reserve) plugin.unreserve?.(pod.info, node);
  if (cache.forget(pod.info.uid)) queue.happened(assignedPodDelete, pod.info, undefined, pod.causes, pod.info.uid);
}

/** Waits for the watch to show what the refusal said; a pod that is still there after that goes back into the queue. */
async function settle(w: Working, pod: QueuedPod): Promise<void> {
  const { clock } = handleOf(w, pod);
  const isWaiting = () => {
    const now = w.pods.get(pod.info.key);
    return now?.metadata.uid === pod.info.uid && !now?.spec?.nodeName && !now?.metadata.deletionTimestamp;
  };
  const until = clock.now() + 1000;
  while (isWaiting() && clock.now() < until && !w.signal.aborted) await withoutCauses(() => sleep(clock, 20, w.signal));
  const now = w.pods.get(pod.info.key);
  if (isWaiting() && now) w.queue.fail(pod, { ...pod.info, pod: now }, true);
  else w.queue.done(pod.info.uid);
}
