// One worker a pod: it syncs the pod while it should run, ends it once, and is done when its source has let go of it.
// Reads: updates, kills, removals and wakes, each with its causes. Writes: nothing itself; calls PodHooks (podSync.ts).
// Mirrors: pkg/kubelet/pod_workers.go. Next: podSync.ts.
import type { Cause } from '../apimachinery/cause.ts';
import type { Clock } from '../apimachinery/clock.ts';
import type { Pod } from '../apimachinery/types.ts';
import { mergeCauses, withCauses, withoutCauses } from '../client/causes.ts';
import type { Logger } from '../component-base/logger.ts';
import { isStatic } from './sources/staticPods.ts';

/** Why a pod must end although its source wants it. */
export interface KillRequest {
  /** Seconds. */
  grace?: number;
  failed?: { reason: string; message: string };
}

export interface SyncResult {
  /** The pod has ended by itself, or must be failed: nothing of it may run any more. */
  end?: KillRequest;
  /** Milliseconds after which to look again; absent: the sync frequency. */
  after?: number;
}

export interface PodHooks {
  sync(pod: Pod, mirror: Pod | undefined, signal: AbortSignal): Promise<SyncResult>;
  /** Ends all that runs; called again when it rejects or when the grace period has become shorter. */
  terminate(pod: Pod, kill: KillRequest, signal: AbortSignal): Promise<void>;
  /** Nothing runs any more: frees volumes and reports the end. */
  terminated(pod: Pod): Promise<void>;
  /** The source has let go of the pod: removes what is left of it. */
  forget(pod: Pod): Promise<void>;
}

export type WorkerState = 'syncing' | 'terminating' | 'terminated';

export interface PodWorkers {
  /** The source wants the pod, as it is now. */
  update(pod: Pod, mirror: Pod | undefined, causes: readonly Cause[]): void;
  kill(uid: string, request: KillRequest, causes: readonly Cause[]): void;
  /** The source no longer has the pod. */
  remove(uid: string, causes: readonly Cause[]): void;
  /** Something about the pod has changed: look at it soon. */
  wake(uid: string, causes: readonly Cause[]): void;
  state(uid: string): WorkerState | undefined;
  uids(): string[];
  /** Stops all workers where they are; containers go on. */
  stop(): Promise<void>;
}

interface Worker {
  uid: string;
  fullName: string;
  pod: Pod;
  mirror?: Pod;
  state: WorkerState;
  kill?: KillRequest;
  removed: boolean;
  pending: boolean;
  causes: Cause[];
  /** Ends what the worker does now. */
  current: AbortController;
  ring(): void;
  done: Promise<void>;
}

export interface WorkerOptions {
  clock: Clock;
  random(): number;
  log: Logger;
  syncFrequency: number;
  /** How long to wait after a failure. */
  retryAfter: number;
}

const fullNameOf = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}`;
const timer: Cause = { word: 'timer' };

export function createPodWorkers(hooks: PodHooks, o: WorkerOptions): PodWorkers {
  const workers = new Map<string, Worker>();
  /** A changed static pod waits until the one before it, of the same name, is gone. */
  const queued = new Map<string, { pod: Pod; mirror?: Pod; causes: readonly Cause[] }>();
  let stopped = false;

  const jitter = (ms: number) => ms * (1 + o.random() * 0.5);
  const wantsEnd = (w: Worker) => w.removed || !!w.kill || !!w.pod.metadata.deletionTimestamp;

  function poke(w: Worker, causes: readonly Cause[]): void {
    w.causes = mergeCauses(w.causes, causes);
    w.pending = true;
    w.ring();
  }

  /** Seconds that the pod still has, for what ends it. */
  function killRequest(w: Worker): KillRequest {
    const asked = w.pod.metadata.deletionTimestamp ? w.pod.metadata.deletionGracePeriodSeconds : undefined;
    const grace = w.kill?.grace ?? asked ?? w.pod.spec?.terminationGracePeriodSeconds ?? undefined;
    return { ...w.kill, ...(grace == null ? {} : { grace: Math.max(grace, 1) }) };
  }

  /** One turn. Answers how long to wait for the next. */
  async function turn(w: Worker): Promise<number> {
    w.current = new AbortController();
    const { signal } = w.current;
    if (w.state === 'syncing' && !wantsEnd(w)) {
      const result = await hooks.sync(w.pod, w.mirror, signal);
      if (!result.end) return result.after ?? jitter(o.syncFrequency);
      w.kill = { ...result.end, ...w.kill };
    }
    if (w.state === 'syncing') w.state = 'terminating';
    if (w.state === 'terminating') {
      const request = killRequest(w);
      const shorter = watchGrace(w, request.grace);
      await hooks.terminate(w.pod, request, signal).finally(shorter.stop);
      w.state = 'terminated';
      await hooks.terminated(w.pod);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** A deletion with less grace ends the call that is waiting out the longer one. */
  function watchGrace(w: Worker, grace: number | undefined): { stop(): void } {
    const ring = w.ring;
    w.ring = () => {
      const now = killRequest(w).grace;
      if (now !== undefined && grace !== undefined && now < grace) w.current.abort();
      ring();
    };
    return {
      stop() {
        w.ring = ring;
      },
    };
  }

  async function loop(w: Worker): Promise<void> {
    while (!stopped) {
      const causes = w.causes;
      w.causes = [];
      w.pending = false;
      let wait: number;
      try {
        wait = await withCauses(causes, () => turn(w));
        if (w.state === 'terminated' && w.removed) {
          await withCauses(causes, () => hooks.forget(w.pod));
          break;
        }
      } catch (error) {
        if (stopped) return;
        if (!w.current.signal.aborted)
          o.log.info({ pod: w.fullName, error: String(error) }, 'pod not in its wanted state yet');
        wait = w.current.signal.aborted ? 0 : jitter(o.retryAfter);
        // What made this turn is still waiting for its effect.
        w.causes = mergeCauses(causes, w.causes);
      }
      if (!w.pending && !stopped) await pause(w, wait);
    }
    if (!stopped) finish(w);
  }

  /** Until something happens to the pod, or the time is up. */
  function pause(w: Worker, wait: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        t?.cancel();
        w.ring = () => {};
        resolve();
      };
      const t = Number.isFinite(wait)
        ? o.clock.setTimeout(() => {
            if (!w.causes.length) w.causes = [timer];
            end();
          }, wait)
        : undefined;
      w.ring = end;
    });
  }

  function finish(w: Worker): void {
    workers.delete(w.uid);
    const next = queued.get(w.fullName);
    if (!next) return;
    queued.delete(w.fullName);
    start(next.pod, next.mirror, next.causes);
  }

  function start(pod: Pod, mirror: Pod | undefined, causes: readonly Cause[]): Worker {
    const w: Worker = {
      uid: pod.metadata.uid ?? '',
      fullName: fullNameOf(pod),
      pod,
      mirror,
      state: 'syncing',
      removed: false,
      pending: true,
      causes: [...causes],
      current: new AbortController(),
      ring: () => {},
      done: Promise.resolve(),
    };
    workers.set(w.uid, w);
    // Started a tick later, so that a kill that follows at once is seen first.
    w.done = withoutCauses(() => Promise.resolve().then(() => loop(w)));
    return w;
  }

  /** An end that is wanted cuts a sync short: a pull or a hook may take minutes. */
  const interrupt = (w: Worker) => {
    if (w.state === 'syncing' && wantsEnd(w)) w.current.abort();
  };

  return {
    update(pod, mirror, causes) {
      const w = workers.get(pod.metadata.uid ?? '');
      if (!w) {
        const rival =
          isStatic(pod) && [...workers.values()].some((x) => x.fullName === fullNameOf(pod) && isStatic(x.pod));
        if (rival) queued.set(fullNameOf(pod), { pod, mirror, causes });
        else if (!stopped) start(pod, mirror, causes);
        return;
      }
      w.pod = pod;
      w.mirror = mirror;
      poke(w, causes);
      interrupt(w);
    },
    kill(uid, request, causes) {
      const w = workers.get(uid);
      if (!w) return;
      w.kill = { ...w.kill, ...request };
      poke(w, causes);
      interrupt(w);
    },
    remove(uid, causes) {
      for (const [name, q] of queued) if (q.pod.metadata.uid === uid) queued.delete(name);
      const w = workers.get(uid);
      if (!w) return;
      w.removed = true;
      poke(w, causes);
      interrupt(w);
    },
    wake(uid, causes) {
      const w = workers.get(uid);
      if (w) poke(w, causes);
    },
    state: (uid) => workers.get(uid)?.state,
    uids: () => [...workers.keys()],
    async stop() {
      stopped = true;
      for (const w of workers.values()) {
        w.current.abort();
        w.ring();
      }
      await Promise.allSettled([...workers.values()].map((w) => w.done));
    },
  };
}
