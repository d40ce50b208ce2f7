// What a simulated container does by itself, read from its pod's annotations: the names, and their meaning, that the
// simulated runtime gives them (runtime/README.md), as many as make sense without a container behind them.
// Pure. Used by: containers.ts and podStep.ts.
import { parseDuration } from '../component-base/flags.ts';

export const prefix = 'simulated.mini-k8s.io/';

/** Durations are milliseconds. */
export interface Behaviour {
  /** Absent: runs until it is stopped. */
  exitAfter?: number;
  exitCode: number;
  exitReason: string;
  /** How long it takes to end when asked to, and with what. */
  stopAfter: number;
  stopExitCode: number;
}

/** How container `name` behaves on its `attempt`-th start, counted from 0. What cannot be read counts as not said. */
export function behaviourOf(name: string, attempt: number, annotations: Record<string, string> | undefined): Behaviour {
  const text = (key: string) => annotations?.[`${prefix}${key}.${name}`] ?? annotations?.[prefix + key];
  const duration = (key: string) => parseDuration(text(key) ?? '');
  const int = (key: string) => (/^\d{1,9}$/.test(text(key) ?? '') ? Number(text(key)) : undefined);
  const after = duration('exit-after');
  const code = int('exit-code');
  const reason = text('exit-reason');
  const says = after !== undefined || code !== undefined || reason !== undefined;
  const exits = says && attempt < (int('exit-attempts') ?? Number.POSITIVE_INFINITY);
  const exitCode = code ?? (reason === 'OOMKilled' ? 137 : 0);
  return {
    ...(exits && { exitAfter: after ?? 0 }),
    exitCode,
    exitReason: reason ?? (exitCode === 0 ? 'Completed' : 'Error'),
    stopAfter: duration('stop-after') ?? 0,
    stopExitCode: int('stop-exit-code') ?? 0,
  };
}
