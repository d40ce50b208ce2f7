// Runs a job when asked, however often asked: one run at a time, not more often than `minInterval`, at least every `maxInterval`.
// A failed run is tried again with back-off. Mirrors: pkg/util/async/bounded_frequency_runner.go, pkg/proxy/runner.
// Used by: proxier.ts, addons/network keeps its own beat.
import type { Clock } from '../apimachinery/clock.ts';

export interface BoundedRunner {
  /** Asks for a run soon; asks that come before it begins share it. */
  ask(): void;
  /** Resolves when the signal has aborted and no run is under way. */
  done: Promise<void>;
}

export interface BoundedRunnerOptions {
  /** `due`: it runs because `maxInterval` has passed, or because the last run failed. */
  job(due: boolean): Promise<void>;
  /** Milliseconds. */
  minInterval: number;
  maxInterval: number;
  clock: Clock;
  random(): number;
  onError(error: unknown): void;
  signal: AbortSignal;
}

const longestRetry = 30_000;

export function boundedRunner(o: BoundedRunnerOptions): BoundedRunner {
  let asked = false;
  let failures = 0;
  let lastRun = Number.NEGATIVE_INFINITY;
  let wake: () => void = () => {};

  /** Waits until the time comes, or somebody asks (when asking may shorten it). */
  const waitUntil = (time: number, askable: boolean) =>
    new Promise<void>((resolve) => {
      const timer = o.clock.setTimeout(resolve, Math.max(time - o.clock.now(), 0));
      const end = () => {
        timer.cancel();
        resolve();
      };
      wake = () => (askable || o.signal.aborted) && end();
      if (o.signal.aborted) end();
    });

  async function loop(): Promise<void> {
    while (!o.signal.aborted) {
      const retryIn = failures
        ? Math.min(1000 * 2 ** (failures - 1), longestRetry) * (0.5 + o.random())
        : o.maxInterval;
      if (!asked || failures) await waitUntil(lastRun + retryIn, !failures);
      if (asked && !failures) await waitUntil(lastRun + o.minInterval, false);
      if (o.signal.aborted) return;
      await runOnce(failures > 0 || o.clock.now() - lastRun >= o.maxInterval);
    }
  }

  async function runOnce(due: boolean): Promise<void> {
    asked = false;
    lastRun = o.clock.now();
    try {
      await o.job(due);
      failures = 0;
    } catch (error) {
      failures++;
      o.onError(error);
    }
  }

  o.signal.addEventListener('abort', () => wake(), { once: true });
  return {
    ask() {
      asked = true;
      wake();
    },
    done: loop(),
  };
}
