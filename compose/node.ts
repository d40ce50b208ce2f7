// A node of compose.yaml: joins the cluster, then keeps containerd, kubelet, pod network and proxy running, as an init system would.
// Reads: /join. Writes: /var/lib/node (the node's volume), /run. Further flags for the kubelet may be given after `--kubelet`.
// Next: join.ts; then kubelet/main.ts, addons/network/main.ts and proxy/main.ts.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureIdentity } from './join.ts';

const state = '/var/lib/node';
const identity = join(state, 'identity');
const socket = '/run/containerd/containerd.sock';
const imagesFolder = '/opt/mini-k8s/images';
const name = hostname().toLowerCase();
const log = (text: string) => process.stderr.write(`node: ${text}\n`);

/** What runs here beside containerd, with the flags that upstream's programs would get. */
const programs: Record<string, string[]> = {
  kubelet: [
    'kubelet/main.ts',
    `--hostname-override=${name}`,
    `--kubeconfig=${identity}/kubelet.kubeconfig`,
    `--container-runtime-endpoint=unix://${socket}`,
    `--root-dir=${state}/kubelet`,
    `--tls-cert-file=${identity}/serving.crt`,
    `--tls-private-key-file=${identity}/serving.key`,
    `--client-ca-file=${identity}/ca.crt`,
    '--anonymous-auth=false',
    '--authentication-token-webhook',
    '--authorization-mode=Webhook',
    '--read-only-port=0',
    '--cluster-domain=cluster.local',
    ...process.argv.slice(2),
  ],
  network: [
    'addons/network/main.ts',
    `--hostname-override=${name}`,
    `--kubeconfig=${identity}/kubelet.kubeconfig`,
    '--service-account=node-network',
    // Addresses are free again after a restart: no pod outlives its node.
    '--cni-data-dir=/run/cni',
  ],
  proxy: [
    'proxy/main.ts',
    `--hostname-override=${name}`,
    `--kubeconfig=${identity}/proxy.kubeconfig`,
    '--cluster-cidr=10.244.0.0/16',
  ],
};

const stopping = new AbortController();
const running = new Set<ChildProcess>();

/** Starts a program again whenever it ends. */
async function keep(command: string, args: string[]): Promise<void> {
  for (let wait = 500; !stopping.signal.aborted; wait = Math.min(wait * 2, 10_000)) {
    const started = Date.now();
    const how = await runOnce(command, args);
    if (stopping.signal.aborted) return;
    log(`${args[0] ?? command} ended (${how}); it starts again`);
    if (Date.now() - started > 60_000) wait = 500;
    await pause(wait, undefined, { signal: stopping.signal }).catch(() => {});
  }
}

function runOnce(command: string, args: string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    running.add(child);
    const ended = (how: string) => {
      running.delete(child);
      resolve(how);
    };
    child.once('error', (error) => ended(error.message));
    child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
  });
}

async function importImages(): Promise<void> {
  const ctr = (...args: string[]) => runOnce('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args]);
  for (const archive of readdirSync(imagesFolder)) {
    while (!stopping.signal.aborted && (await ctr('images', 'import', join(imagesFolder, archive))) !== 'exit code 0') {
      await pause(500);
    }
  }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stopping.abort();
    // The end of the container is the end of its pods; the programs may say good-bye before.
    for (const child of running) child.kill('SIGTERM');
    setTimeout(() => process.exit(0), 5000).unref();
  });
}

mkdirSync(state, { recursive: true });
const runtime = keep('containerd', ['--config', '/app/compose/containerd.toml']);
await Promise.all([
  ensureIdentity({ name, joinFolder: '/join', identityFolder: identity, setup: 'https://setup:8443', log }),
  importImages(),
]);
await Promise.all([runtime, ...Object.values(programs).map((args) => keep(process.execPath, args))]);
