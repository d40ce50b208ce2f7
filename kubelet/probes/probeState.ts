// When a run of equal probe results becomes a verdict: failureThreshold and successThreshold.
// Pure. Mirrors: pkg/kubelet/prober/worker.go (the counting in doProbe). Next: worker.ts.
import type { Probe } from '../../apimachinery/types.ts';
import type { ProbeOutcome } from '../container/killReasons.ts';

export interface Streak {
  outcome?: ProbeOutcome;
  length: number;
}

/** The streak with one more result, and the verdict when it has become long enough. */
export function countResult(
  streak: Streak,
  outcome: ProbeOutcome,
  probe: Probe,
): { streak: Streak; verdict?: ProbeOutcome } {
  const next = streak.outcome === outcome ? { outcome, length: streak.length + 1 } : { outcome, length: 1 };
  const threshold = outcome === 'failure' ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1);
  return next.length < threshold ? { streak: next } : { streak: next, verdict: outcome };
}
