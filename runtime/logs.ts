// Container logs in the CRI's file format: `<RFC 3339 with nanoseconds> stdout F <line>`.
// Writes: the file that the sandbox's log directory and the container's log path name. Mirrors: what containerd writes, what the kubelet reads.
// Used by: life.ts. No file stays open, so that thousands of containers cost nothing and rotation needs no signal.
import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Micros } from './clock.ts';

export type Stream = 'stdout' | 'stderr';

/** `2026-01-02T03:04:05.000006000Z` */
export function logTime(t: Micros): string {
  const iso = new Date(Math.floor(t / 1000)).toISOString();
  return `${iso.slice(0, 23)}${String(t % 1000).padStart(3, '0')}000Z`;
}

export const logLine = (t: Micros, stream: Stream, text: string): string => `${logTime(t)} ${stream} F ${text}\n`;

/** Appends; makes the file, and its directory if nobody has. Throws when that is impossible. */
export function appendLog(path: string, text: string): void {
  try {
    appendFileSync(path, text, { mode: 0o640 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, text, { mode: 0o640 });
  }
}

const tailBytes = 4096;

/** The time of the file's last line; undefined when there is none. */
export function lastLogTime(path: string): Micros | undefined {
  const stamp = lastLine(path)?.match(/^(\S+)\.(\d{6})\d*Z /);
  return stamp ? Date.parse(`${stamp[1]}Z`) * 1000 + Number(stamp[2]) : undefined;
}

function lastLine(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const size = fstatSync(file).size;
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').at(-1);
  } finally {
    closeSync(file);
  }
}
