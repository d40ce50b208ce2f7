// Starts a daemon: flags in, signals wired, errors as one sentence, and an end when its supervisor is gone.
// Every component's main.ts calls runMain once; `run` itself knows nothing of processes, so tests call it directly.
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { type Config, type Flags, helpText, parseFlags, UsageError } from './flags.ts';
import { giveBackAtRest } from './giveBack.ts';
import { readVersionFlag } from './version.ts';

export interface Daemon<T extends Flags> {
  /** As in `ps` and in messages: `kube-scheduler`. */
  name: string;
  usage: string;
  flags: T;
  /** Resolves when the component has stopped in order after the signal aborted; rejects when it cannot go on. */
  run(config: Config<T>, signal: AbortSignal): Promise<void>;
}

/** Set by the supervisor: its pid. A child whose supervisor is gone stops by itself. */
export const supervisorPidVariable = 'MINI_K8S_SUPERVISOR_PID';

/** Runs the daemon if `meta` is the program that was started, and never returns control to a caller that matters. */
export function runMain<T extends Flags>(meta: ImportMeta, daemon: Daemon<T>): void {
  if (!meta.main) return;
  keepCompiled();
  const argv = process.argv.slice(2);
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(helpText(daemon.usage, daemon.flags));
    return;
  }
  start(daemon, argv).then(
    () => process.exit(0),
    (error: unknown) => {
      const text = error instanceof UsageError ? error.message : ((error as Error)?.stack ?? String(error));
      process.stderr.write(`${daemon.name}: ${text}\n`);
      process.exit(1);
    },
  );
}

/**
 * What V8 makes of modules that are loaded from here on is kept for the next start, which then takes half as long: where
 * NODE_COMPILE_CACHE says (`up` sets it), else in the user's cache folder. Where nothing can be written, nothing is kept.
 */
function keepCompiled(): void {
  const { NODE_COMPILE_CACHE, XDG_CACHE_HOME, HOME } = process.env;
  const caches = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
  if (!NODE_COMPILE_CACHE && caches) enableCompileCache(join(caches, 'mini-k8s'));
}

async function start<T extends Flags>(daemon: Daemon<T>, args: string[]): Promise<void> {
  const { argv, text } = readVersionFlag(args);
  if (text) {
    process.stdout.write(text);
    return;
  }
  const { config, rest } = parseFlags(daemon.flags, argv);
  if (rest.length) throw new UsageError(`unknown argument: ${rest[0]}; run with --help to see the flags.`);
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  watchSupervisor(() => process.exit(1));
  giveBackAtRest();
  await daemon.run(config, controller.signal);
}

/** Polls for the supervisor's end: its death by SIGKILL gives a child in another process group no other sign. */
function watchSupervisor(gone: () => void): void {
  const pid = Number(process.env[supervisorPidVariable]);
  if (!pid) return;
  setInterval(() => {
    if (process.ppid !== pid && !alive(pid)) gone();
  }, 500).unref();
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
