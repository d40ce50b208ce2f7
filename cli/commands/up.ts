// `mini-k8s up`: prepares the data directory, then becomes the supervisor; with --detach lets another process do both and waits.
// Reads flags; writes the data directory. Next: up/prepare.ts, then up/supervisor.ts.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { UsageError } from '../../component-base/flags.ts';
import { readFlags } from '../flags.ts';
import { type DataDir, dataDir } from '../up/dataDir.ts';
import { upFlags, upOptions } from '../up/flags.ts';
import { prepare } from '../up/prepare.ts';

const usage =
  'Starts a cluster. Everything of it lies in the data directory; started again there, it goes on where it was.';

export async function run(args: readonly string[]): Promise<number> {
  const { config, set } = readFlags(usage, upFlags, args);
  const options = upOptions(config, set);
  const dir = dataDir(config['data-dir']);
  if (config.detach) return detach(dir, args);
  const begun = process.env['MINI_K8S_UP_BEGUN'] ?? String(Date.now());
  await prepare(options, dir);
  return becomeSupervisor(dir, { MINI_K8S_UP_BEGUN: begun });
}

/** The same process with another program: what was loaded to prepare is gone from memory. */
function becomeSupervisor(dir: DataDir, more: Record<string, string>): never {
  const env = { ...process.env, ...more, NODE_COMPILE_CACHE: dir.cache };
  const v8 = ['--v8-pool-size=0', '--max-semi-space-size=1'];
  const program = `${import.meta.dirname}/../up/supervisor.ts`;
  process.execve!(process.execPath, [process.execPath, ...v8, program, dir.path], env as Record<string, string>);
  throw new Error('execve returned');
}

/** Shows what the other process says until it has said that all is ready, or has ended. */
async function detach(dir: DataDir, args: readonly string[]): Promise<number> {
  try {
    mkdirSync(dir.logs, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${dir.path} cannot be written (${code}); choose another --data-dir, or make it writable for this user.`,
    );
  }
  const own = args.filter((a) => !/^--?detach(=|$)/.test(a));
  const launcher = `${import.meta.dirname}/../../bin/mini-k8s.mjs`;
  const child = spawn(process.execPath, [launcher, 'up', ...own], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MINI_K8S_DETACHED: '1', MINI_K8S_UP_BEGUN: String(Date.now()) },
  });
  child.stderr!.pipe(process.stderr);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (line === '\0') resolve(0);
      else process.stdout.write(`${line}\n`);
    });
    child.on('exit', (code) => resolve(code || 1));
  });
}
