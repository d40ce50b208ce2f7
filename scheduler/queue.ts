// The pods that wait: active (next, by priority), back-off (failed lately), unschedulable (until an event could help them).
// Written by eventHandlers.ts (pods and events) and scheduler.ts (failures); popped by scheduler.ts.
// Mirrors: pkg/scheduler/backend/queue/scheduling_queue.go. Next along the chain: scheduler.ts.
import type { Cause } from '../apimachinery/cause.ts';
import type { Clock } from '../apimachinery/clock.ts';
import { mergeCauses } from '../client/causes.ts';
import { type ClusterEvent, podUpdate, unschedulableTimeout } from './clusterEvents.ts';
import { createHeap } from './heap.ts';
import { createInFlight, type Happening } from './inFlight.ts';
import type { PodInfo } from './podInfo.ts';
import type { Profile } from './profile.ts';
import { createWaiting } from './waiting.ts';

export interface QueuedPod {
  info: PodInfo;
  profile: Profile;
  /** When it came into the queue this time, in milliseconds: among equals of priority the earlier goes first. */
  timestamp: number;
  firstAttemptAt?: number;
  attempts: number;
  /** Failures in a row, which its back-off grows with. */
  unschedulableCount: number;
  errorCount: number;
  /** The plugins that refused it last; empty: any event is worth a try. */
  refusedBy: ReadonlySet<string>;
  /** Of those, the ones that themselves wait for something: their event ends the back-off too. */
  pendingPlugins: ReadonlySet<string>;
  /** The PreEnqueue plugin that keeps it out. */
  gatedBy?: string;
  /** The watch event of the pod, and the one that moved it. */
  causes: readonly Cause[];
  ownCauses: readonly Cause[];
}

export interface SchedulingQueue {
  add(info: PodInfo, profile: Profile, causes: readonly Cause[]): void;
  /** Another state of a pod that waits. */
  update(info: PodInfo, old: PodInfo, profile: Profile, causes: readonly Cause[]): void;
  delete(uid: string): void;
  /** The next pod, or undefined once closed. It is in flight until `done` or `fail`. */
  pop(): Promise<QueuedPod | undefined>;
  /** It was bound, or needs no scheduling any more. */
  done(uid: string): void;
  /** It could not be scheduled; `isError` when that was not for lack of a place. `info` is its newest state. */
  fail(pod: QueuedPod, info: PodInfo, isError: boolean): void;
  /** Something happened: wakes the pods that it can help. `old` and `now` as the hints expect them. */
  happened(event: ClusterEvent, old: unknown, now: unknown, causes: readonly Cause[], except?: string): void;
  /** Where a pod is, and until when at least; undefined when it is not here. */
  find(
    uid: string,
  ): { where: 'active' | 'backoff' | 'unschedulable'; pod: QueuedPod; until?: number } | InFlightPod | undefined;
  /** Of each pod that waits for an event, the plugins that refused it. */
  refusals(): Iterable<{ plugin: string; profile: string }>;
  counts(): { active: number; backoff: number; unschedulable: number; gated: number };
  close(): void;
}

export interface QueueOptions {
  clock: Clock;
  /** Milliseconds. */
  initialBackoff: number;
  maxBackoff: number;
  maxInUnschedulable?: number;
}

type InFlightPod = { where: 'in flight'; pod: undefined };

const flushEvery = 30_000;
const none: ReadonlySet<string> = new Set();
type Worth = 'no' | 'afterBackoff' | 'now';

export function createQueue(o: QueueOptions): SchedulingQueue {
  const { clock } = o;
  const uidOf = (p: QueuedPod) => p.info.uid;
  const byProfile = (a: QueuedPod, b: QueuedPod) => a.profile.compare(a, b);
  const backoffEnd = (p: QueuedPod) => p.timestamp + backoffOf(p, o);
  // Whole seconds, so that among pods whose back-off ends about the same time priority decides.
  const window = (p: QueuedPod) => Math.floor(backoffEnd(p) / 1000);
  const byBackoff = (a: QueuedPod, b: QueuedPod) => window(a) - window(b) || byProfile(a, b);
  const active = createHeap(uidOf, byProfile);
  const backoff = createHeap(uidOf, byBackoff);
  const errorBackoff = createHeap(uidOf, byBackoff);
  const unschedulable = createWaiting();
  const inFlight = createInFlight();
  const takers: ((pod: QueuedPod | undefined) => void)[] = [];
  let closed = false;
  let backoffTimer: { cancel(): void } | undefined;
  let flushTimer = clock.setTimeout(flushOld, flushEvery);

  function flushOld(): void {
    for (const pod of [...unschedulable.values()])
      if (clock.now() - pod.timestamp > (o.maxInUnschedulable ?? 300_000))
        move(pod, 'afterBackoff', [{ word: 'timer' }], unschedulableTimeout);
    flushTimer = clock.setTimeout(flushOld, flushEvery);
  }

  /** Into active unless a PreEnqueue plugin keeps it out. */
  function activate(pod: QueuedPod): void {
    const refusal = firstPreEnqueueRefusal(pod);
    pod.gatedBy = refusal;
    if (refusal) {
      pod.refusedBy = new Set([refusal]);
      unschedulable.add(pod);
      return;
    }
    active.set(pod);
    serve();
  }

  function enterBackoff(pod: QueuedPod): void {
    const refusal = firstPreEnqueueRefusal(pod);
    if (refusal) {
      activate(pod);
      return;
    }
    pod.gatedBy = undefined;
    (pod.errorCount ? errorBackoff : backoff).set(pod);
    serve();
    watchBackoff();
  }

  /** Gives pods to those who wait for one. With nothing active, a pod need not sit out its back-off, unless it met errors. */
  function serve(): void {
    while (takers.length) {
      const pod = take();
      if (!pod) return;
      takers.shift()!(pod);
    }
  }

  function take(): QueuedPod | undefined {
    const pod = active.pop() ?? backoff.pop();
    if (!pod) return undefined;
    pod.attempts++;
    pod.firstAttemptAt ??= clock.now();
    inFlight.start(pod.info.uid);
    return pod;
  }

  function watchBackoff(): void {
    backoffTimer?.cancel();
    const ends = [backoff.peek(), errorBackoff.peek()].filter((p) => p !== undefined).map(backoffEnd);
    if (!ends.length || closed) return;
    backoffTimer = clock.setTimeout(endBackoffs, Math.max(Math.min(...ends) - clock.now(), 0) + 1);
  }

  function endBackoffs(): void {
    for (const heap of [backoff, errorBackoff])
      for (let pod = heap.peek(); pod && backoffEnd(pod) <= clock.now(); pod = heap.peek()) {
        heap.pop();
        activate(pod);
      }
    watchBackoff();
  }

  /** Out of the unschedulable ones, after `event`. */
  function move(pod: QueuedPod, worth: Worth, causes: readonly Cause[], event: ClusterEvent): void {
    if (pod.gatedBy && event !== unschedulableTimeout && firstPreEnqueueRefusal(pod)) return;
    unschedulable.delete(pod.info.uid);
    pod.causes = mergeCauses(pod.ownCauses, causes);
    if (worth === 'now' || pod.gatedBy || backoffEnd(pod) <= clock.now()) activate(pod);
    else enterBackoff(pod);
  }

  return {
    add(info, profile, causes) {
      if (closed || active.get(info.uid) || inFlight.has(info.uid)) return;
      backoff.remove(info.uid);
      errorBackoff.remove(info.uid);
      unschedulable.delete(info.uid);
      activate(newPod(info, profile, causes, clock.now()));
    },
    update(info, old, profile, causes) {
      const event = podUpdate(info, old, 'TargetPod');
      if (inFlight.has(info.uid)) {
        if (event) inFlight.note({ event, old, now: info, causes });
        return;
      }
      const queued = [active, backoff, errorBackoff].find((heap) => heap.get(info.uid));
      const pod = queued?.get(info.uid) ?? unschedulable.get(info.uid);
      if (!pod) return this.add(info, profile, causes);
      pod.info = info;
      if (event) pod.ownCauses = causes;
      if (queued) return queued.set(pod);
      const worth = event ? worthOf(pod, { event, old, now: info, causes }) : 'no';
      if (worth !== 'no') move(pod, worth, causes, event!);
    },
    delete(uid) {
      active.remove(uid);
      backoff.remove(uid);
      errorBackoff.remove(uid);
      unschedulable.delete(uid);
    },
    pop() {
      const pod = closed ? undefined : take();
      if (pod || closed) return Promise.resolve(pod);
      return new Promise((resolve) => takers.push(resolve));
    },
    done: (uid) => inFlight.drop(uid),
    fail(pod, info, isError) {
      const happenings = inFlight.end(info.uid);
      if (closed) return;
      pod.info = info;
      pod.timestamp = clock.now();
      pod.causes = pod.ownCauses;
      if (isError) pod.errorCount++;
      else {
        pod.errorCount = 0;
        pod.unschedulableCount++;
      }
      const helpful = happenings.map((h) => ({ h, worth: worthOf(pod, h) })).filter(({ worth }) => worth !== 'no');
      if (!isError && !helpful.length) {
        unschedulable.add(pod);
        return;
      }
      for (const { h } of helpful) pod.causes = mergeCauses(pod.causes, h.causes);
      if (isError && !helpful.length) pod.causes = mergeCauses(pod.ownCauses, [{ word: 'timer' }]);
      if (helpful.some(({ worth }) => worth === 'now')) activate(pod);
      else enterBackoff(pod);
    },
    happened(event, old, now, causes, except) {
      const happening = { event, old, now, causes, except };
      inFlight.note(happening);
      for (const pod of unschedulable.concernedBy(event)) {
        const worth = worthOf(pod, happening);
        if (worth !== 'no') move(pod, worth, causes, event);
      }
    },
    find(uid) {
      if (inFlight.has(uid)) return { where: 'in flight', pod: undefined };
      const ready = active.get(uid);
      if (ready) return { where: 'active', pod: ready };
      const resting = backoff.get(uid) ?? errorBackoff.get(uid);
      if (resting) return { where: 'backoff', pod: resting, until: backoffEnd(resting) };
      const waiting = unschedulable.get(uid);
      return waiting && { where: 'unschedulable', pod: waiting };
    },
    *refusals() {
      for (const { refusedBy, profile } of unschedulable.values())
        for (const plugin of refusedBy) yield { plugin, profile: profile.schedulerName };
    },
    counts() {
      const gated = [...unschedulable.values()].filter((p) => p.gatedBy).length;
      return {
        active: active.size,
        backoff: backoff.size + errorBackoff.size,
        unschedulable: unschedulable.size - gated,
        gated,
      };
    },
    close() {
      closed = true;
      backoffTimer?.cancel();
      flushTimer.cancel();
      for (const taker of takers.splice(0)) taker(undefined);
    },
  };
}

const newPod = (info: PodInfo, profile: Profile, causes: readonly Cause[], now: number): QueuedPod => ({
  info,
  profile,
  timestamp: now,
  attempts: 0,
  unschedulableCount: 0,
  errorCount: 0,
  refusedBy: none,
  pendingPlugins: none,
  causes,
  ownCauses: causes,
});

/** Doubles with each failure in a row. */
function backoffOf(pod: QueuedPod, o: QueueOptions): number {
  const failures = pod.errorCount || pod.unschedulableCount;
  return failures === 0 ? 0 : Math.min(o.initialBackoff * 2 ** (failures - 1), o.maxBackoff);
}

function firstPreEnqueueRefusal(pod: QueuedPod): string | undefined {
  for (const plugin of pod.profile.preEnqueue) if (plugin.preEnqueue!(pod.info)) return plugin.name;
  return undefined;
}

/** Can what happened help this pod? Asks the hints of the plugins that refused it. */
function worthOf(pod: QueuedPod, { event, old, now, except }: Happening): Worth {
  if (except === pod.info.uid) return 'no';
  if (event.resource === 'TargetPod' && (now as PodInfo).uid !== pod.info.uid) return 'no';
  if (!pod.refusedBy.size || event.resource === '*') return 'afterBackoff';
  let worth: Worth = 'no';
  for (const { plugin, hint } of pod.profile.hintsFor(event)) {
    if (!pod.refusedBy.has(plugin)) continue;
    if (hint.helps && !hint.helps(pod.info, old, now)) continue;
    if (pod.pendingPlugins.has(plugin)) return 'now';
    worth = 'afterBackoff';
  }
  return worth;
}
