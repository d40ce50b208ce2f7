// A bounded number of things under way at once: bindings and other writes, so that neither sockets nor the API server flood.
// Used by: scheduler.ts.

export interface Slots {
  /** Starts at once; may go over the bound, but `free` then waits. Never rejects: `work` must handle its errors. */
  run(work: () => Promise<void>): void;
  /** Resolves when there is a slot. */
  free(): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export function createSlots(most: number): Slots {
  let busy = 0;
  let waiting: (() => void)[] = [];

  const wake = () => {
    const all = waiting;
    waiting = [];
    for (const resolve of all) resolve();
  };
  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => waiting.push(resolve));
  }

  return {
    run(work) {
      busy++;
      void work().finally(() => {
        busy--;
        wake();
      });
    },
    free: () => until(() => busy < most),
    idle: () => until(() => busy === 0),
  };
}
