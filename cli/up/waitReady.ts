// Looks at processes of a plan until each is ready, and prints each name as it is. A program of its own: the supervisor stays small.
// Reads <data-dir>/plan.json, the components' health endpoints, and the nodes through the API server.
// Next: readiness.ts, how each kind of process is looked at.
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { dataDir } from './dataDir.ts';
import type { Plan } from './plan.ts';
import { createLooker } from './readiness.ts';
import { readState } from './state.ts';

/** Milliseconds between two looks: quick at first, then with more and more patience. */
const shortest = 20;
const longest = 1000;

async function main(path: string, names: readonly string[]): Promise<void> {
  const dir = dataDir(path);
  const plan = JSON.parse(readFileSync(dir.plan, 'utf8')) as Plan;
  const started = new Map(readState(dir.state)?.components.map((c) => [c.name, c.started]));
  const looker = createLooker(await loadKubeconfig(plan.kubeconfig));
  const supervisor = Number(process.env['MINI_K8S_SUPERVISOR_PID']);
  await Promise.all(
    plan.processes
      .filter((p) => names.includes(p.name))
      .map(async (p) => {
        for (
          let wait = shortest;
          !(await looker.isReady(p.ready, started.get(p.name)));
          wait = Math.min(wait * 1.05, longest)
        ) {
          if (process.ppid !== supervisor) process.exit(1);
          await pause(wait);
        }
        process.stdout.write(`${p.name}\n`);
      }),
  );
  process.exit(0);
}

if (import.meta.main) await main(process.argv[2]!, process.argv.slice(3));
