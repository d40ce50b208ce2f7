// One behaviour of the conformance facts as a test: its id, its class, and what must be done and seen.
// Rows are data; runner.ts runs them. The files in rows/ hold them by subject; rows.ts names all.
import type { Context } from './harness/context.ts';

/** The least machinery: A an API server, B controllers or scheduler, C real containers, D pod network or DNS. */
export type RowClass = 'A' | 'B' | 'C' | 'D';

export interface Row {
  /** `subject.thing.behaviour`, as in the facts. */
  id: string;
  class: RowClass;
  /** Alone, after all others: what it does could be seen by them. */
  serial?: boolean;
  /** Milliseconds; default two minutes. */
  timeout?: number;
  run(c: Context): Promise<void>;
}

export const row = (id: string, run: Row['run'], options: Partial<Omit<Row, 'id' | 'run'>> = {}): Row => ({
  id,
  class: 'A',
  ...options,
  run,
});
