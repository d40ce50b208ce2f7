// The scheduler's numbers, with upstream's names. Mirrors: pkg/scheduler/metrics/metrics.go.
// Written by scheduler.ts; shown by the health server of main.ts.
import { exponential, type Metrics } from '../component-base/metrics.ts';
import type { QueuedPod, SchedulingQueue } from './queue.ts';

export interface SchedulerMetrics {
  /** A decision was made, in milliseconds. */
  decided(ms: number): void;
  attempted(result: 'scheduled' | 'unschedulable' | 'error', pod: QueuedPod, ms?: number): void;
  /** Room was looked for by PostFilter; `victims`: how many pods have to go for it. */
  preempted(victims: number | undefined): void;
}

export function createSchedulerMetrics(metrics: Metrics, queue: SchedulingQueue, now: () => number): SchedulerMetrics {
  const seconds = exponential(0.001, 2, 15);
  const attempts = metrics.counter(
    'scheduler_schedule_attempts_total',
    "Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
    ['profile', 'result'],
  );
  const algorithm = metrics.histogram(
    'scheduler_scheduling_algorithm_duration_seconds',
    'Scheduling algorithm latency in seconds',
    [],
    seconds,
  );
  const attempt = metrics.histogram(
    'scheduler_scheduling_attempt_duration_seconds',
    'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
    ['profile', 'result'],
    seconds,
  );
  const sli = metrics.histogram(
    'scheduler_pod_scheduling_sli_duration_seconds',
    'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.',
    ['attempts'],
    exponential(0.01, 2, 20),
  );
  const tries = metrics.histogram(
    'scheduler_pod_scheduling_attempts',
    'Number of attempts to successfully schedule a pod.',
    [],
    exponential(1, 2, 5),
  );
  const preemptions = metrics.counter(
    'scheduler_preemption_attempts_total',
    'Total preemption attempts in the cluster till now',
  );
  const victims = metrics.histogram(
    'scheduler_preemption_victims',
    'Number of selected preemption victims',
    [],
    exponential(1, 2, 7),
  );
  const refused = metrics.gauge(
    'scheduler_unschedulable_pods',
    'The number of unschedulable pods broken down by plugin name. A pod will increment the gauge for all plugins that caused it to not schedule and so this metric have meaning only when broken down by plugin.',
    ['plugin', 'profile'],
  );
  const pending = metrics.gauge(
    'scheduler_pending_pods',
    "Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
    ['queue'],
  );
  const collect = () => {
    for (const [name, n] of Object.entries(queue.counts())) pending.set({ queue: name }, n);
    refused.reset();
    for (const { plugin, profile } of queue.refusals()) refused.inc({ plugin, profile });
  };
  metrics.onLook(collect);
  return {
    decided: (ms) => algorithm.observe(ms / 1000),
    attempted(result, pod, ms) {
      const { schedulerName: profile } = pod.profile;
      attempts.inc({ profile, result });
      if (ms !== undefined) attempt.observe({ profile, result }, ms / 1000);
      if (result !== 'scheduled' || pod.firstAttemptAt === undefined) return;
      tries.observe(pod.attempts);
      sli.observe({ attempts: pod.attempts >= 15 ? '15+' : String(pod.attempts) }, (now() - pod.firstAttemptAt) / 1000);
    },
    preempted(count) {
      preemptions.inc();
      if (count !== undefined) victims.observe(count);
    },
  };
}
