// What the simulated shell's commands work in: the container's environment and files, its inputs and outputs, and the state of one shell.
// Made by: containerWorld.ts and ownCommand.ts. Used by: shell.ts, commands.ts, fileCommands.ts.
import type { Readable } from 'node:stream';

export interface ShellWorld {
  env: Map<string, string>;
  hostname: string;
  uid: number;
  /** Milliseconds. */
  now(): number;
  /** A file's bytes, or undefined when there is none; a folder's names. */
  readFile(path: string): Buffer | undefined;
  readFolder(path: string): string[] | undefined;
  /** False where nothing can be written. */
  writeFile(path: string, data: Buffer, append: boolean): boolean;
  /** False when there is none. */
  removeFile(path: string): boolean;
  makeFolder(path: string): boolean;
  /** Milliseconds; ends early with the container. */
  sleep(ms: number): Promise<void>;
  /** Between two turns of a loop: lets others in. */
  turn(): Promise<void>;
  gone: AbortSignal;
}

export interface ShellIo {
  stdin?: Readable;
  /** Resolve when more may come. */
  stdout(data: Buffer | string): Promise<void>;
  stderr(data: Buffer | string): Promise<void>;
  /** Shown before each line of an interactive shell. */
  prompt?: string;
}

export interface State {
  world: ShellWorld;
  cwd: string;
  lastCode: number;
  /** Set by `exit`. */
  exit?: number;
}

export type Run = (args: string[], io: ShellIo, state: State) => Promise<number> | number;

/** Absolute, from the shell's folder. */
export const resolvePath = (state: State, path: string) =>
  new URL(path, `file://${state.cwd.replace(/\/?$/, '/')}`).pathname;
