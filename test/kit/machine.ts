// A machine of a test's own on this machine: mount, network, PID and cgroup namespaces; all that ran or was mounted inside goes with it.
// The test's API server may stay outside: two small relays over unix sockets join the loopback of both sides.
// Used by: realNode.ts, docker.ts. Needs root.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './apiServer.ts';

const root = join(import.meta.dirname, '..', '..');

/** Why no such machine can be made here; undefined when it can. `programs` must be there, `files` beside them. */
export function noMachine(programs: readonly string[], files: readonly string[], packages: string): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: run the tests with sudo';
  const needed = [...programs, 'catatonit', 'iptables', 'ip', 'unshare', 'nsenter'];
  const missing = [...needed.filter((p) => !onPath(p)), ...files.filter((f) => !existsSync(f))];
  if (missing.length) return `missing ${missing.join(', ')}: apt install ${packages} catatonit iptables iproute2`;
  try {
    execFileSync('unshare', ['--mount', '--net', '--pid', '--cgroup', '--fork', '--mount-proc', 'true'], {
      stdio: 'ignore',
    });
  } catch {
    return 'needs the right to make namespaces (CAP_SYS_ADMIN)';
  }
  return undefined;
}

const onPath = (program: string) =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));

export interface Machine {
  /** Seen from inside and outside; removed by stop. */
  folder: string;
  /** Runs a program inside to its end; gives its stdout. Throws when it fails. */
  sh(...command: string[]): string;
  /** Starts a program inside; its output goes to `<log>.log` in the folder. */
  start(command: string[], options?: StartOptions): Inside;
  /** From now on `port` on the inside's loopback is `port` outside. */
  reachOutside(port: number): Promise<void>;
  /** From now on `port` on the outside's loopback is `port` inside. */
  reachInside(port: number): Promise<void>;
  stop(): Promise<void>;
}

export interface StartOptions {
  log?: string;
  /** Leave it the network of the machine outside. */
  outerNetwork?: boolean;
}

export interface Inside {
  /** Resolves at its end with its exit code, or the signal. */
  done: Promise<number | NodeJS.Signals>;
  /** Signals the program itself, waits for its end. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

const children = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** Cgroup hierarchies with a folder that one may make: each of version 1, or the one of version 2. */
function cgroupRoots(): string[] {
  const top = '/sys/fs/cgroup';
  if (existsSync(join(top, 'cgroup.controllers'))) return [top];
  return readdirSync(top)
    .map((d) => join(top, d))
    .filter((d) => existsSync(join(d, 'tasks')));
}

function makeCgroups(name: string): void {
  for (const dir of cgroupRoots().map((d) => join(d, name))) {
    mkdirSync(dir);
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const parent = join(dir, '..', file);
      if (existsSync(parent) && existsSync(join(dir, 'tasks'))) writeFileSync(join(dir, file), readFileSync(parent));
    }
  }
}

function removeCgroups(dir: string): void {
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isDirectory()) removeCgroups(join(dir, entry.name));
  rmdirSync(dir);
}

/** Version 2 hands controllers on only from a cgroup without processes, and this one stays behind, outside. */
function leaveCgroup(pid: number): void {
  const [first = ''] = cgroupRoots();
  if (existsSync(join(first, 'cgroup.controllers'))) writeFileSync(join(first, 'cgroup.procs'), String(pid));
}

const removed = (dir: string): boolean => {
  try {
    if (existsSync(dir)) removeCgroups(dir);
    return true;
  } catch {
    return false;
  }
};

/** Inside: nothing mounted there is seen outside, and what programs keep below /run is their own. */
const inner = `set -e
read -r go
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock
sh ${root}/compose/cgroups.sh
ip link set lo up
echo ready
exec catatonit -P`;

/** Namespaces are entered, cgroups are joined; the folders are those that cgroups.sh mounted. */
const joinCgroups = `cd /sys/fs/cgroup
for d in $(if [ -e cgroup.controllers ]; then echo init; else ls; fi); do echo $$ 2>/dev/null >$d/cgroup.procs || true; done
cd /
exec "$@"`;

export async function startMachine(): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'mk-node-'));
  const name = folder.split('/').at(-1)!;
  makeCgroups(name);
  const own = cgroupRoots().map((d) => `echo $$ > ${d}/${name}/cgroup.procs`);
  const unshare = 'unshare --mount --net --pid --cgroup --fork --kill-child --mount-proc sh -c "$0"';
  const outer = spawn('sh', ['-ec', [...own, `exec ${unshare}`].join('\n'), inner], {
    stdio: ['pipe', 'pipe', process.env.MACHINE_LOG ? 'inherit' : 'ignore'],
  });
  await until(() => children(outer.pid!).length === 1, 30_000, 'the namespaces');
  leaveCgroup(outer.pid!);
  outer.stdin!.end('go\n');
  const [said] = (await Promise.race([once(outer.stdout!, 'data'), once(outer, 'exit')])) as [Buffer | number];
  if (String(said).trim() !== 'ready') throw new Error(`the namespaces could not be made: ${said}`);
  const init = children(outer.pid!)[0]!;
  const enter = (outerNetwork = false) => [
    ...['nsenter', '--target', String(init), '--mount', '--pid', '--cgroup'],
    ...(outerNetwork ? [] : ['--net']),
    ...['sh', '-c', joinCgroups, 'sh'],
  ];
  const closers: (() => void)[] = [];
  const start = (command: string[], o: StartOptions = {}): Inside => {
    const [file = '', ...args] = [...enter(o.outerNetwork), ...command];
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const out = o.log ? createWriteStream(join(folder, `${o.log}.log`), { flags: 'a' }) : undefined;
    out?.on('error', () => {});
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (text) => {
        out?.write(text);
        if (process.env.MACHINE_LOG) process.stderr.write(text);
      });
    }
    const done = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
    done.then(() => out?.end());
    return { done, kill: (signal) => killInside(child, signal) };
  };
  const relayInside = (from: string | number, to: string | number) =>
    start([process.execPath, '-e', `(${relay})(${JSON.stringify(from)}, ${JSON.stringify(to)}, require('node:net'))`]);
  return {
    folder,
    sh(...command) {
      const [file = '', ...args] = [...enter(), ...command];
      return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    },
    start,
    async reachOutside(port) {
      const socket = join(folder, `out-${port}.sock`);
      closers.push(await relay(socket, port));
      relayInside(port, socket);
    },
    async reachInside(port) {
      const socket = join(folder, `in-${port}.sock`);
      relayInside(socket, port);
      closers.push(await relay(port, socket));
    },
    async stop() {
      for (const close of closers) close();
      if (outer.exitCode === null && outer.signalCode === null) {
        const gone = once(outer, 'exit');
        // The end of PID 1 is the end of all inside.
        process.kill(init, 'SIGKILL');
        await gone;
      }
      await until(() => cgroupRoots().every((d) => removed(join(d, name))), 30_000, 'the end of the cgroups');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** nsenter waits for the program and passes no signal on. */
async function killInside(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode) return;
  const gone = once(child, 'exit');
  for (const pid of children(child.pid!)) process.kill(pid, signal);
  await gone;
}

/** Accepts at `from`, connects to `to`; a port on loopback or a socket's path. Also runs inside, as text: uses nothing from here. */
async function relay(from: string | number, to: string | number, lib: typeof net = net): Promise<() => void> {
  const at = (x: string | number) => (typeof x === 'number' ? { port: x, host: '127.0.0.1' } : { path: x });
  const open = new Set<net.Socket>();
  const server = lib.createServer((a) => {
    const b = lib.connect(at(to));
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      // What came before a clean end is still on its way.
      one.on('close', () => open.delete(one) && !one.readableEnded && other.destroy());
    }
    a.pipe(b).pipe(a);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(at(from), resolve));
  return () => {
    server.close();
    for (const s of open) s.destroy();
  };
}
