// `mini-k8s down`: tells the supervisor of a data directory to stop, and waits until all is gone.
// Reads the lock and the state file. Next: up/supervisor.ts, which stops the components in order.
import { setTimeout as pause } from 'node:timers/promises';
import { dataDirFlag, readFlags } from '../flags.ts';
import { dataDir } from '../up/dataDir.ts';
import { isAlive, lockHolder } from '../up/lock.ts';
import { readState } from '../up/state.ts';

/** Milliseconds for an orderly end; each of four stages may take ten seconds. */
const patience = 45_000;

export async function run(args: readonly string[]): Promise<number> {
  const { config } = readFlags(
    'Stops the cluster of a data directory; its data stays.',
    { 'data-dir': dataDirFlag },
    args,
  );
  const dir = dataDir(config['data-dir']);
  const holder = lockHolder(dir.lock);
  if (!holder) {
    process.stdout.write(`Nothing runs in ${dir.path}.\n`);
    return 0;
  }
  const others = () =>
    (readState(dir.state)?.components ?? []).flatMap((c) => (c.process && isAlive(c.process) ? [c.process] : []));
  process.kill(holder.pid, 'SIGTERM');
  for (let waited = 0; isAlive(holder) && waited < patience; waited += 50) await pause(50);
  const forced = isAlive(holder);
  if (forced) process.kill(holder.pid, 'SIGKILL');
  for (const { pid } of others()) process.kill(pid, 'SIGKILL');
  process.stdout.write(forced ? 'Killed: it did not stop in time.\n' : 'Stopped.\n');
  return forced ? 1 : 0;
}
