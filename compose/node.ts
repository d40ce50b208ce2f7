// A node of compose.yaml: joins the cluster, then keeps containerd, kubelet, pod network, volumes and proxy running, as an init system would.
// Reads: /join. Writes: /var/lib/node (the node's volume), /run. Its arguments are further flags of the kubelet.
// Next: join.ts; nodePrograms.ts names what runs.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureIdentity } from './join.ts';
import { nodePrograms } from './nodePrograms.ts';

const state = '/var/lib/node';
const identity = join(state, 'identity');
const socket = '/run/containerd/containerd.sock';
const imagesFolder = '/opt/mini-k8s/images';
const name = hostname().toLowerCase();
const log = (text: string) => process.stderr.write(`node: ${text}\n`);

const programs = nodePrograms({ name, state, identity, socket, kubeletFlags: process.argv.slice(2) });
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
await Promise.all([runtime, ...programs.map((args) => keep(process.execPath, args))]);
