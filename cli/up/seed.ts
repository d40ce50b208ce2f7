// Applies what a cluster starts with, such as its default StorageClass: a program of its own, which ends when the API server has it all.
// Reads <data-dir>/plan.json and the files of manifests/ that it names. Writes objects, as admin. Started by supervisor.ts.
// Next: addons/localPath, which acts as a ServiceAccount that is made here.
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ConnectionError } from '../../client/client.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { createClient } from '../../client/transport.ts';
import { applyManifests, readManifests } from './applyManifests.ts';
import { dataDir } from './dataDir.ts';
import type { Plan } from './plan.ts';

/** Milliseconds between two tries while nobody answers. */
const shortest = 20;
const longest = 1000;

async function main(path: string): Promise<void> {
  const plan = JSON.parse(readFileSync(dataDir(path).plan, 'utf8')) as Plan;
  const objects = readManifests(new URL('../../manifests', import.meta.url).pathname, plan.manifests);
  const client = createClient(await loadKubeconfig(plan.kubeconfig), { component: 'mini-k8s-up' });
  const supervisor = Number(process.env['MINI_K8S_SUPERVISOR_PID']);
  for (let wait = shortest; ; wait = Math.min(wait * 1.2, longest)) {
    try {
      await client.raw('GET', '/readyz');
      await applyManifests(client, objects, 'mini-k8s-up');
      break;
    } catch (error) {
      if (!(error instanceof ConnectionError)) console.error(`not applied yet: ${(error as Error).message}`);
      if (process.ppid !== supervisor) process.exit(1);
      await pause(wait);
    }
  }
  process.exit(0);
}

if (import.meta.main) await main(process.argv[2]!);
