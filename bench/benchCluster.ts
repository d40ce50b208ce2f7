// A cluster as a person starts it, `mini-k8s up --detach` in a folder of its own, and an admin's client of it.
// Used by the groups that measure more than the API server.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from '../client/client.ts';
import { loadKubeconfig } from '../client/kubeconfig.ts';
import { createClient } from '../client/transport.ts';
import { freePort, pssOf } from './processes.ts';

const run = promisify(execFile);
const bin = new URL('../bin/mini-k8s.mjs', import.meta.url).pathname;

export interface BenchCluster {
  client: Client;
  kubeconfig: string;
  /** From `up` to ready, as it says itself: each component by name, and `all`. Seconds. */
  readyAfter: Record<string, number>;
  /** Processes by name, the supervisor as `up`. */
  pids(): Record<string, number>;
  /** Leaves the data: another `up` starts there. */
  down(): Promise<void>;
  up(): Promise<void>;
  remove(): Promise<void>;
}

export async function benchCluster(...flags: string[]): Promise<BenchCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'mk8s-bench-'));
  const dataDir = join(folder, 'd');
  const port = String(await freePort());
  const mini = (...args: string[]) =>
    run(process.execPath, [bin, ...args, '--data-dir', dataDir], { cwd: folder, timeout: 300_000 });
  const down = async () => void (await mini('down'));
  const cluster = {
    readyAfter: {} as Record<string, number>,
    kubeconfig: join(dataDir, 'kubeconfig'),
    async up() {
      const { stdout } = await mini('up', '--detach', '--port', port, ...flags);
      cluster.readyAfter = readyTimes(stdout);
    },
    pids() {
      const state = JSON.parse(readFileSync(join(dataDir, 'state.json'), 'utf8'));
      const rows = state.components.map((c: any) => [c.name, c.process.pid]);
      return Object.fromEntries([...rows, ['up', state.supervisor.pid]]);
    },
    down,
  };
  try {
    await cluster.up();
  } catch (error) {
    await down().catch(() => {});
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`up failed: ${(error as { stderr?: string }).stderr || error}`);
  }
  const client = createClient(await loadKubeconfig(cluster.kubeconfig), { component: 'bench' });
  const remove = async () => {
    client.close();
    await down();
    rmSync(folder, { recursive: true, force: true });
  };
  return Object.assign(cluster, { client, remove });
}

/** `  kubelet         ready after 1.1 s   node-1` and `Ready after 1.1 s.` */
function readyTimes(text: string): Record<string, number> {
  const rows = [...text.matchAll(/^ {2}(\S+) +ready after ([\d.]+) s/gm)].map((m) => [m[1]!, Number(m[2])]);
  const all = /^Ready after ([\d.]+) s/m.exec(text);
  return Object.fromEntries([...rows, ['all', Number(all?.[1])]]);
}

/** MB of proportional set size by process. */
export const memoryOf = (cluster: BenchCluster): Record<string, number> =>
  Object.fromEntries(Object.entries(cluster.pids()).map(([name, pid]) => [name, pssOf(pid)]));

export const sum = (values: Record<string, number>): number => Object.values(values).reduce((a, b) => a + b, 0);
