// `mini-k8s status`: what runs, with pid, port, restarts and memory, and how the nodes are. Exit code 0 when all is ready.
// Reads the state and plan files of a data directory and asks the components; with a kubeconfig alone it asks the API server.
// Next: up/readiness.ts.
import { readFileSync } from 'node:fs';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { clusterFlags, findCluster, readFlags } from '../flags.ts';
import type { DataDir } from '../up/dataDir.ts';
import { lockHolder } from '../up/lock.ts';
import type { Plan, ProcessPlan } from '../up/plan.ts';
import { createLooker, type Looker } from '../up/readiness.ts';
import { type ComponentState, readState } from '../up/state.ts';

export async function run(args: readonly string[]): Promise<number> {
  const { config, set } = readFlags('What runs, and whether it is ready.', clusterFlags, args);
  const found = findCluster(config, set);
  const client = await loadKubeconfig(found.kubeconfig);
  const looker = createLooker(client);
  const components = found.dataDir ? await showComponents(found.dataDir, looker) : true;
  return (await showCluster(client.server, looker)) && components ? 0 : 1;
}

const print = (text: string) => void process.stdout.write(`${text}\n`);

/** Columns as wide as their widest cell. */
function printTable(rows: readonly string[][]): void {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((r) => r[i]!.length)));
  for (const row of rows)
    print(
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('   ')
        .trimEnd(),
    );
}

async function showComponents(dir: DataDir, looker: Looker): Promise<boolean> {
  const holder = lockHolder(dir.lock);
  const state = readState(dir.state);
  if (!holder || !state) {
    print(`Nothing runs in ${dir.path}; start it with: mini-k8s up`);
    return false;
  }
  const plan = JSON.parse(readFileSync(dir.plan, 'utf8')) as Plan;
  const ready = await Promise.all(plan.processes.map((p) => looker.isReady(p.ready)));
  const rows = plan.processes.map((p, i) =>
    row(
      p,
      state.components.find((c) => c.name === p.name),
      ready[i]!,
    ),
  );
  print(`up: pid ${holder.pid}, data in ${dir.path}\n`);
  printTable([
    ['COMPONENT', 'PID', 'STATUS', 'LISTENS', 'RESTARTS', 'MEMORY'],
    ...rows,
    ['up', String(holder.pid), 'Running', '', '', memory(holder.pid)],
  ]);
  print('');
  return ready.every(Boolean);
}

function row(p: ProcessPlan, c: ComponentState | undefined, ready: boolean): string[] {
  const pid = c?.process?.pid;
  const status = !pid ? `Ended (${c?.lastEnd ?? 'not started'})` : ready ? 'Ready' : 'NotReady';
  return [p.name, pid ? String(pid) : '', status, listens(p), String(c?.restarts ?? 0), pid ? memory(pid) : ''];
}

function listens(p: ProcessPlan): string {
  if (p.ready.kind === 'https') return p.ready.url;
  if (p.ready.kind === 'http') return `127.0.0.1:${p.ready.port}`;
  return p.ready.kind === 'sockets'
    ? `${p.ready.paths[0]}${p.ready.paths.length > 1 ? ` and ${p.ready.paths.length - 1} more` : ''}`
    : '';
}

/** Proportional set size: what is shared counts in parts. Empty where the system does not say. */
function memory(pid: number): string {
  try {
    const kb = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))![1];
    return `${(Number(kb) / 1024).toFixed(0)} MB`;
  } catch {
    return '';
  }
}

async function showCluster(server: string, looker: Looker): Promise<boolean> {
  const version = await looker.api('/version');
  if (!version) {
    print(`The API server at ${server} does not answer.`);
    return false;
  }
  const nodes = (await looker.api('/api/v1/nodes'))?.items ?? [];
  print(`API server ${server}: ${version.gitVersion}`);
  for (const node of nodes) print(`  ${node.metadata.name.padEnd(16)}${nodeStatus(node)}`);
  return nodes.every((node: any) => nodeStatus(node) === 'Ready');
}

function nodeStatus(node: any): string {
  const ready = (node.status?.conditions ?? []).find((c: any) => c.type === 'Ready');
  return ready?.status === 'True' ? 'Ready' : ready?.status === 'False' ? 'NotReady' : 'Unknown';
}
