// One `up` a data directory: a file that names the process which holds it, and a way to tell that this one is gone.
// Writes <data-dir>/lock. Used by prepare.ts, down.ts and status.ts.
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { UsageError } from '../../component-base/flags.ts';

/** A process as a pid alone cannot name it: pids come round again. */
export interface ProcessId {
  pid: number;
  /** Clock ticks after boot; 0 where the system does not say. */
  started: number;
}

/** Undefined: no such process, or only its zombie. */
export function processId(pid: number): ProcessId | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
  }
  try {
    // The name may hold anything; the fields follow its closing parenthesis.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : { pid, started: Number(fields[19]) };
  } catch {
    return process.platform === 'linux' ? undefined : { pid, started: 0 };
  }
}

export const isAlive = (id: ProcessId): boolean => processId(id.pid)?.started === id.started;

/** Who holds the lock, if it is a living process. */
export function lockHolder(file: string): ProcessId | undefined {
  try {
    const id = JSON.parse(readFileSync(file, 'utf8')) as ProcessId;
    return isAlive(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the lock for this process. Throws UsageError that names the holder. */
export function takeLock(file: string, directory: string): void {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(processId(process.pid)));
  try {
    for (;;) {
      if (linked(mine, file)) return;
      const holder = lockHolder(file);
      if (holder) {
        throw new UsageError(
          `${directory} is in use by pid ${holder.pid}; stop it with mini-k8s down, or choose another --data-dir.`,
        );
      }
      removeStale(file, mine);
    }
  } finally {
    unlinkSync(mine);
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moved aside before it is removed: what another `up` has just put there would be seen, and put back. */
function removeStale(file: string, mine: string): void {
  const aside = `${mine}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (lockHolder(aside)) linked(aside, file);
  rmSync(aside, { force: true });
}
