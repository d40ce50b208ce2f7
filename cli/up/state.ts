// What runs right now, for other commands to read: pids, ports, restarts, readiness.
// Written by the supervisor to <data-dir>/state.json; read by status.ts, down.ts and the next `up`.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ProcessId } from './lock.ts';

export interface ComponentState {
  name: string;
  process?: ProcessId;
  /** Milliseconds since the epoch. */
  started: number;
  ready: boolean;
  restarts: number;
  /** How it ended the last time. */
  lastEnd?: string;
}

export interface State {
  supervisor: ProcessId;
  server: string;
  components: ComponentState[];
  /** Everything that was asked for has been ready. */
  ready: boolean;
}

export function writeState(file: string, state: State): void {
  const beside = `${file}.tmp`;
  writeFileSync(beside, JSON.stringify(state, undefined, 1));
  renameSync(beside, file);
}

export function readState(file: string): State | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as State;
  } catch {
    return undefined;
  }
}
