// What an autoscaler remembers between two looks: which sizes were recommended, and how it scaled. Kept in this process alone.
// Mirrors: the maps of HorizontalController in pkg/controller/podautoscaler/horizontal.go. Used by: normalize.ts, behavior.ts, sync.ts.

export interface Recommendation {
  replicas: number;
  at: number;
}

/** `change` is never negative. */
export interface ScaleEvent {
  change: number;
  at: number;
}

export interface Memory {
  recommendations: Recommendation[];
  ups: ScaleEvent[];
  downs: ScaleEvent[];
}

/** A new process starts from what runs: it must not scale down before it knows better. */
export const newMemory = (replicas: number, now: number): Memory => ({
  recommendations: [{ replicas, at: now }],
  ups: [],
  downs: [],
});

/** Adds one and drops those older than `window` milliseconds. */
export function recommend(memory: Memory, replicas: number, now: number, window: number): void {
  memory.recommendations = [...memory.recommendations.filter((r) => r.at >= now - window), { replicas, at: now }];
}

/** `longest`: the longest period, in milliseconds, that any rule looks back. */
export function remember(memory: Memory, from: number, to: number, now: number, longest: number): void {
  const events = to > from ? 'ups' : 'downs';
  const recent = memory[events].filter((e) => e.at >= now - longest);
  memory[events] = [...recent, { change: Math.abs(to - from), at: now }];
}

/** By how much the size changed in the last `period` milliseconds, up and down added together with their signs. */
export function changeSince(memory: Memory, period: number, now: number): number {
  const sum = (events: ScaleEvent[]) => events.filter((e) => e.at > now - period).reduce((n, e) => n + e.change, 0);
  return sum(memory.ups) - sum(memory.downs);
}
