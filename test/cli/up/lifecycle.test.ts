// `up` as a person uses it: real processes, one API server, in a data directory of its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from '../../../cli/up/freePorts.ts';
import { isAlive, lockHolder, processId } from '../../../cli/up/lock.ts';
import { readState } from '../../../cli/up/state.ts';

const program = join(import.meta.dirname, '../../../bin/mini-k8s.mjs');
let base: string;
let port: number;
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'mk8s-'));
  [port] = (await freePorts(1)) as [number];
});
afterAll(() => {
  mini('down');
  rmSync(base, { recursive: true, force: true });
});

const data = () => join(base, 'data');
const state = () => readState(join(data(), 'state.json'));
const apiserver = () => state()?.components[0]?.process;
const mini = (...args: string[]) => {
  const [name, ...rest] = args;
  return spawnSync(process.execPath, [program, name!, '--data-dir', data(), ...rest], {
    encoding: 'utf8',
    env: { ...process.env, KUBECONFIG: '' },
  });
};
const up = (...args: string[]) => mini('up', '--only', 'apiserver', '--port', String(port), ...args);

async function until(what: () => unknown, ms = 60_000): Promise<void> {
  for (const end = Date.now() + ms; !what(); ) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

/** In the foreground, with its output. */
function foreground(...args: string[]): { child: ChildProcess; text: () => string; ended: Promise<number | null> } {
  const child = spawn(
    process.execPath,
    [program, 'up', '--data-dir', data(), '--only', 'apiserver', '--port', String(port), ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  child.stdout!.on('data', (d) => (text += d));
  child.stderr!.on('data', (d) => (text += d));
  return { child, text: () => text, ended: new Promise((done) => child.on('close', done)) };
}

it('--detach returns when all is ready, with the kubeconfig to copy', () => {
  const { status, stdout } = up('--detach');
  expect(stdout).toMatch(/apiserver +ready after \d+\.\d s +https:\/\/127\.0\.0\.1:\d+/);
  expect(stdout).toContain(`export KUBECONFIG=${data()}/kubeconfig`);
  expect(status).toBe(0);
  expect(statSync(join(data(), 'kubeconfig')).mode & 0o777).toBe(0o600);
});

it('status tells what runs', () => {
  const { status, stdout } = mini('status');
  expect(stdout).toMatch(new RegExp(`apiserver +${apiserver()!.pid} +Ready +https://127.0.0.1:${port} +0`));
  expect(stdout).toContain('v1.35');
  expect(status).toBe(0);
});

it('a second up names the pid that holds the directory', () => {
  const { status, stderr } = up();
  expect(stderr).toBe(
    `mini-k8s: ${data()} is in use by pid ${lockHolder(join(data(), 'lock'))!.pid}; stop it with mini-k8s down, or choose another --data-dir.\n`,
  );
  expect(status).toBe(1);
});

it('a component that dies is restarted, and said so', async () => {
  const before = apiserver()!;
  process.kill(before.pid, 'SIGKILL');
  await until(() => state()!.components[0]!.ready && apiserver()!.pid !== before.pid);
  expect(state()!.components[0]).toMatchObject({ restarts: 1, lastEnd: 'SIGKILL' });
  const log = () => readFileSync(join(data(), 'logs/up.log'), 'utf8');
  expect(log()).toContain('apiserver has ended (SIGKILL); it starts again in 0.5 s.');
  expect(mini('status').status).toBe(0);
});

it('SIGKILL of up leaves nothing behind, and the next up finds its data', async () => {
  const child = apiserver()!;
  process.kill(state()!.supervisor.pid, 'SIGKILL');
  await until(() => !isAlive(child));
  expect(mini('status').status).toBe(1);
  const ca = readFileSync(join(data(), 'pki/ca.crt'), 'utf8');
  expect(up('--detach').status).toBe(0);
  expect(readFileSync(join(data(), 'pki/ca.crt'), 'utf8')).toBe(ca);
});

it('up right after SIGKILL of up does not stumble over its children', () => {
  process.kill(state()!.supervisor.pid, 'SIGKILL');
  expect(up('--detach').status).toBe(0);
});

it('down stops all; a second one finds nothing', () => {
  const all = [state()!.supervisor, apiserver()!];
  expect(mini('down')).toMatchObject({ status: 0, stdout: 'Stopped.\n' });
  expect(all.filter(isAlive)).toEqual([]);
  expect(mini('down')).toMatchObject({ status: 0, stdout: `Nothing runs in ${data()}.\n` });
});

it('Ctrl-C stops in order', async () => {
  const { child, text, ended } = foreground();
  await until(() => text().includes('Three things to try'));
  const api = apiserver()!;
  // From the terminal and from npm, at once: it counts as one.
  child.kill('SIGINT');
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(text()).toContain('Stopped.');
  expect(isAlive(api)).toBe(false);
});

it('what cannot start says why, and up ends', async () => {
  const server: Server = createServer();
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const taken = up();
  server.close();
  expect(taken.stderr).toContain(
    `port ${port} is in use; stop what listens on 127.0.0.1:${port}, or choose another --port.`,
  );
  expect(taken.status).toBe(1);
  const [nobody] = (await freePorts(1)) as [number];
  const noStore = up('--store', `etcd:http://127.0.0.1:${nobody}`);
  expect(noStore.stdout).toMatch(/apiserver cannot start: .*etcd/i);
  expect(noStore.status).toBe(1);
});

it('a directory that cannot be written is one sentence', () => {
  const file = join(base, 'file');
  writeFileSync(file, '');
  const { status, stderr } = spawnSync(process.execPath, [program, 'up', '--data-dir', join(file, 'data')], {
    encoding: 'utf8',
  });
  expect(stderr).toMatch(
    /^mini-k8s: .* cannot be written \(ENOTDIR\); choose another --data-dir, or make it writable for this user\.\n$/,
  );
  expect(status).toBe(1);
});

it.each([
  [['up', '--frobnicate'], 'unknown flag: --frobnicate'],
  [['up', 'now'], 'unknown argument: now'],
  [['fly'], 'unknown command "fly"'],
  [['status', '--data-dir', '/nonexistent'], 'there is no cluster in /nonexistent'],
  [['kubectl', '--data-dir', '/nonexistent', '--', 'get', 'pods'], 'there is no cluster in /nonexistent'],
])('%j is refused with a sentence', (args, text) => {
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, KUBECONFIG: '' },
  });
  expect(stderr).toContain(text);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(status).toBe(1);
});

it('--help lists each flag with its default', () => {
  const { status, stdout } = spawnSync(process.execPath, [program, 'up', '--help'], { encoding: 'utf8' });
  expect(stdout).toMatch(/--port int\n +Port of the API server\. \(default 6443\)/);
  expect(status).toBe(0);
});

it('tells a living process from one that had the same pid', () => {
  const me = processId(process.pid)!;
  expect(isAlive(me)).toBe(true);
  if (existsSync('/proc/self/stat')) expect(isAlive({ ...me, started: me.started - 1 })).toBe(false);
});
