// A real API server for a test: its own keys, store file and port, in this process or in one of its own; gone with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flags } from '../../apiserver/flags.ts';
import { startApiServer } from '../../apiserver/run.ts';
import { issuePki } from '../../cli/pki/issuePki.ts';
import { writeKubeconfig } from '../../cli/pki/kubeconfig.ts';
import type { Client } from '../../client/client.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { createClient } from '../../client/transport.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { freePort } from './freePort.ts';

export interface TestApiServer {
  url: string;
  port: number;
  /** Everything that it wrote; removed by stop. */
  folder: string;
  /** Of kubernetes-admin, in system:masters. */
  kubeconfig: string;
  /** A kubeconfig for another identity of the PKI, such as `scheduler` or `nodes/node-1/client`. */
  kubeconfigFor(identity: string): string;
  client(): Promise<Client>;
  /** SIGKILL and start again on the same store; only with `process: true`. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestOptions {
  /** In a process of its own, so that it can be killed. */
  process?: boolean;
  /** Further flags: `--event-ttl=2s`. */
  flags?: string[];
  /** Those that name files of the PKI folder. */
  flagsFor?(pki: string): string[];
  /** For that process: arguments of Node, and the process itself once it is there, with a channel to it. */
  nodeArgs?: string[];
  onProcess?(child: ChildProcess): void;
  /** For that process: what it logs; absent: it goes where the test's own output goes. */
  onLog?(text: string): void;
  /** Nodes that get an identity. */
  nodes?: string[];
  /** Absent: embedded. */
  etcd?: string;
}

/** Resolves once /readyz answers 200. */
export async function startTestApiServer(options: TestOptions = {}): Promise<TestApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mini-k8s-test-'));
  const pki = join(folder, 'pki');
  await issuePki({ folder: pki, nodes: (options.nodes ?? []).map((name) => ({ name })) });
  const argv = (port: number) => [
    ...(options.etcd
      ? [`--etcd-servers=${options.etcd}`]
      : ['--storage-backend=embedded', `--embedded-file=${join(folder, 'state.db')}`]),
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--client-ca-file=${pki}/ca.crt`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
    `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
    `--kubelet-certificate-authority=${pki}/ca.crt`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.96.0.0/12',
    '--allow-privileged',
    `--port-file=${join(folder, 'port')}`,
    ...(options.flags ?? []),
    ...(options.flagsFor?.(pki) ?? []),
  ];
  let running = options.process
    ? await startProcess(argv(await freePort()), folder, options)
    : await startHere(argv(0));
  const port = running.port;
  const url = `https://127.0.0.1:${port}`;
  const kubeconfigFor = (identity: string) => {
    const file = join(folder, `kubeconfig-${identity.replaceAll('/', '-')}`);
    writeKubeconfig(file, { folder: pki, identity, server: url, cluster: 'test', user: identity });
    return file;
  };
  const kubeconfig = kubeconfigFor('admin');
  const client = async () => createClient(await loadKubeconfig(kubeconfig));
  const stop = async () => {
    await running.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  // A process that is left behind would keep the whole run from its end.
  await ready(await client()).catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    url,
    port,
    folder,
    kubeconfig,
    kubeconfigFor,
    client,
    async kill() {
      await running.stop('SIGKILL');
    },
    async restart() {
      running = options.process ? await startProcess(argv(port), folder, options) : await startHere(argv(port));
      await ready(await client());
    },
    stop,
  };
}

interface Started {
  port: number;
  stop(signal: NodeJS.Signals): Promise<void>;
}

async function startHere(argv: string[]): Promise<Started> {
  const { config } = parseFlags(flags, argv);
  const server = await startApiServer(config, silentLogger);
  return { port: server.port, stop: () => server.stop() };
}

async function startProcess(argv: string[], folder: string, options: TestOptions): Promise<Started> {
  const main = new URL('../../apiserver/main.ts', import.meta.url).pathname;
  const portFile = join(folder, 'port');
  rmSync(portFile, { force: true });
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), main, ...argv], {
    // Not inherited: a server that a failed test leaves behind would hold the test run's own output open, and so keep it from its end.
    stdio: ['ignore', 'ignore', 'pipe', ...(options.onProcess ? ['ipc' as const] : [])],
  });
  const tell = options.onLog ?? ((text) => void process.stderr.write(text));
  child.stderr!.setEncoding('utf8').on('data', tell);
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  options.onProcess?.(child);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await until(() => existsSync(portFile) || child.exitCode !== null, 30_000, 'the port file').catch(async (error) => {
    await end(child, 'SIGKILL', exited);
    throw error;
  });
  if (child.exitCode !== null) throw new Error(`the API server ended with ${child.exitCode}`);
  return { port: Number(readFileSync(portFile, 'utf8')), stop: (signal) => end(child, signal, exited) };
}

async function end(child: ChildProcess, signal: NodeJS.Signals, exited: Promise<void>): Promise<void> {
  child.kill(signal);
  await exited;
}

async function ready(client: Client): Promise<void> {
  const answers = () =>
    client.raw('GET', '/readyz').then(
      () => true,
      () => false,
    );
  await until(answers, 30_000, '/readyz').finally(() => client.close());
}

/** What a cold machine with two busy cores may take; patience costs nothing when all is well. */
const leastPatience = 60_000;

/** Polls until `condition` holds, every `pause` ms; rejects after `ms`, but not within a minute. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  ms = leastPatience,
  what = 'the condition',
  pause = 20,
): Promise<void> {
  const patience = Math.max(ms, leastPatience);
  const end = Date.now() + patience;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what} did not come true within ${patience} ms`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
