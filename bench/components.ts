// Components as processes of a bench's own, with the flags that it wants: an API server on the embedded store, and beside it
// scheduler, controller manager and a fleet of simulated nodes; what each has spent of CPU time, and what it says of itself.
// Used by the groups of thousands of nodes. Next: schedulerRows.ts, fleetRows.ts.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serviceAccounts } from '../apimachinery/resources.ts';
import { issuePki } from '../cli/pki/issuePki.ts';
import { writeKubeconfig } from '../cli/pki/kubeconfig.ts';
import type { Client } from '../client/client.ts';
import { loadKubeconfig } from '../client/kubeconfig.ts';
import { createClient } from '../client/transport.ts';
import { freePort, pause, type Started, start } from './processes.ts';
import { embedded, startOurs } from './servers.ts';

export interface Component extends Started {
  name: string;
  /** Of its own: `/metrics`. Absent where it has none. */
  port?: number;
}

export interface Components {
  url: string;
  pki: string;
  client: Client;
  apiserver: Component;
  startScheduler(): Promise<Component>;
  startControllers(...flags: string[]): Promise<Component>;
  startFleet(...flags: string[]): Promise<Component>;
  remove(): Promise<void>;
}

/** As `mini-k8s up` starts them: see there. */
const asUp = ['--max-semi-space-size=2'];

/** `flags`: further ones of the API server. */
export async function startComponents(...flags: string[]): Promise<Components> {
  const folder = mkdtempSync(join(tmpdir(), 'mk8s-bench-'));
  const pki = join(folder, 'pki');
  await issuePki({ folder: pki, nodes: [] });
  const ours = await startOurs(pki, [...embedded(folder), ...flags]);
  const running: Started[] = [];
  const kubeconfigOf = (identity: string) => {
    const file = join(folder, identity);
    writeKubeconfig(file, { folder: pki, identity, server: ours.url, cluster: 'bench', user: identity });
    return `--kubeconfig=${file}`;
  };
  const begin = async (name: string, program: string, args: string[], port?: number): Promise<Component> => {
    const profile = process.env['BENCH_CPU_PROF']
      ? ['--cpu-prof', `--cpu-prof-dir=${process.env['BENCH_CPU_PROF']}`]
      : [];
    const file = new URL(`../${program}/main.ts`, import.meta.url).pathname;
    const started = await start(process.execPath, [...asUp, ...profile, file, ...args], async () => {});
    running.push(started);
    return { name, ...started, ...(port !== undefined && { port }) };
  };
  const serving = async (name: string, program: string, identity: string, more: string[]) => {
    const port = await freePort();
    const args = [kubeconfigOf(identity), '--leader-elect=false', '--bind-address=127.0.0.1', `--secure-port=${port}`];
    return begin(name, program, [...args, ...more], port);
  };
  const client = createClient(await loadKubeconfig(kubeconfigOf('admin').slice('--kubeconfig='.length)), {
    component: 'bench',
  });
  return {
    url: ours.url,
    pki,
    client,
    apiserver: { name: 'API server', ...ours.server },
    startScheduler: () => serving('scheduler', 'scheduler', 'scheduler', []),
    startControllers: (...more) =>
      serving('controllers', 'controllers', 'controller-manager', [
        '--use-service-account-credentials',
        `--root-ca-file=${pki}/ca.crt`,
        `--cluster-signing-cert-file=${pki}/ca.crt`,
        `--cluster-signing-key-file=${pki}/ca.key`,
        '--allocate-node-cidrs',
        '--cluster-cidr=10.192.0.0/10',
        ...more,
      ]),
    startFleet: (...more) => begin('fleet', 'fleet', [kubeconfigOf('admin'), ...more]),
    async remove() {
      client.close();
      for (const process of running.reverse()) await process.stop();
      await ours.server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What pods of a namespace need there before any can be made. */
export async function account(client: Client, namespace: string): Promise<void> {
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace } } as never);
}

/** Seconds of CPU that a process has spent, of user and system. Told in hundredths. */
export function cpuOf({ pid }: Started): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** CPU time of each from now on. */
export function watchCpu(components: readonly Component[]): () => Record<string, number> {
  const before = components.map(cpuOf);
  return () => Object.fromEntries(components.map((c, i) => [c.name, cpuOf(c) - before[i]!]));
}

/** `scheduler 1.2, API server 0.8 ms`: milliseconds of CPU for each of so many. */
export const perItem = (cpu: Record<string, number>, count: number): string =>
  `${Object.entries(cpu)
    .map(([name, seconds]) => `${name} ${((seconds * 1000) / count).toFixed(2)}`)
    .join(', ')} ms`;

/** One number of a component's own metrics; 0 while it does not answer or does not know it. */
export async function metricOf({ port }: Component, name: string): Promise<number> {
  const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  );
  const line = text.split('\n').find((l) => l.startsWith(`${name} `));
  return line ? Number(line.slice(name.length)) : 0;
}

/** Asks until it holds, four times a second. Rejects after `seconds`, with what was there last. */
export async function waitFor<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T>,
  holds: (value: T) => boolean,
): Promise<T> {
  for (const end = performance.now() + seconds * 1000; ; await pause(250)) {
    const value = await ask();
    if (holds(value)) return value;
    if (performance.now() > end) throw new Error(`${what}: still ${JSON.stringify(value)} after ${seconds} s`);
  }
}

/** Calls `create` with 0 … count-1, so many at a time. */
export async function createMany(count: number, create: (i: number) => Promise<unknown>, atATime = 16): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await create(next++);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}
