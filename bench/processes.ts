// Starts and ends the processes of a bench: servers that say when they listen, load that says what it measured.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import type { LoadJob, LoadResult } from './loadJob.ts';

const here = (file: string) => new URL(file, import.meta.url).pathname;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Started {
  pid: number;
  stop(): Promise<void>;
}

/** Resolves when `ready` does; rejects when the process ends before. */
export async function start(
  command: string,
  args: string[],
  ready: (child: ChildProcess) => Promise<void>,
): Promise<Started> {
  // As the supervisor of `up` starts its programs.
  const env = { ...process.env, MALLOC_ARENA_MAX: '1' };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await Promise.race([
    ready(child),
    exited.then(() => {
      throw new Error(`${command} ${args[0]} ended with ${child.exitCode}`);
    }),
  ]);
  child.stdout?.resume();
  return {
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

export async function runLoad(job: LoadJob): Promise<LoadResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [here('load.ts'), JSON.stringify(job)], {
    maxBuffer: 1 << 20,
  });
  const result = JSON.parse(stdout) as LoadResult;
  if (result.failures)
    throw new Error(`${job.op}: ${result.failures} of ${result.requests} requests were answered wrongly`);
  return result;
}

/** Proportional set size in MB: what processes share counts in parts. */
export const pssOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))![1]) / 1024;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
