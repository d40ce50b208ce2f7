// A machine for a real node: mount, network, PID and cgroup namespaces of its own with a containerd inside; gone with the test.
// The test's API server stays outside: two small relays over unix sockets join the loopback of both sides.
// Used by tests that run real containers. Needs root and Debian's containerd, runc, CNI plugins, catatonit and busybox-static.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
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
import { writeBusyboxArchive, writePauseArchive } from './podImages.ts';

export const pauseImage = 'mini-k8s.test/pause:1';
export const busyboxImage = 'mini-k8s.test/busybox:1';
const root = join(import.meta.dirname, '..', '..');

/** Why such tests cannot run here; undefined when they can. */
export function noRealNode(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: run the tests with sudo';
  const missing = [
    ...['containerd', 'ctr', 'runc', 'catatonit', 'iptables', 'ip', 'unshare', 'nsenter'].filter((p) => !onPath(p)),
    ...(existsSync('/usr/lib/cni/bridge') ? [] : ['CNI plugins']),
    ...(isStatic('/bin/busybox') ? [] : ['static busybox']),
  ];
  if (missing.length) {
    return `missing ${missing.join(', ')}: apt install containerd runc containernetworking-plugins catatonit busybox-static iptables iproute2`;
  }
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
  ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((d) =>
    existsSync(join(d, program)),
  );

/** An ELF file without an interpreter. */
const isStatic = (file: string) =>
  existsSync(file) && !readFileSync(file).subarray(0, 4096).includes('/lib64/ld-linux');

export interface RealNode {
  folder: string;
  /** `unix:///…` of its containerd. */
  runtime: string;
  cniConfDir: string;
  /** Runs a program inside to its end; gives its stdout. Throws when it fails. */
  sh(...command: string[]): string;
  /** Starts a program inside. */
  start(command: string[], options?: { log?: string }): Inside;
  /** From now on `port` on the inside's loopback is `port` outside. */
  reachOutside(port: number): Promise<void>;
  /** From now on `port` on the outside's loopback is `port` inside. */
  reachInside(port: number): Promise<void>;
  stop(): Promise<void>;
}

export interface Inside {
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

/** Inside: nothing mounted there is seen outside, and what programs keep below /run is their own. */
const inner = `set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock
sh ${root}/compose/cgroups.sh
ip link set lo up
echo ready
exec catatonit -P`;

/** Namespaces are entered, cgroups are joined; the folders are those that cgroups.sh mounted. */
const joinCgroups = 'for d in /sys/fs/cgroup/*/; do echo $$ 2>/dev/null >$d/cgroup.procs || true; done; exec "$@"';

const containerdConfig = (folder: string) => `version = 2
root = "${folder}/containerd"
state = "${folder}/state"
[grpc]
  address = "${folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/cni"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
`;

/** Resolves once containerd answers and has the images. */
export async function startRealNode(): Promise<RealNode> {
  const folder = mkdtempSync(join(tmpdir(), 'mk-node-'));
  const name = folder.split('/').at(-1)!;
  mkdirSync(join(folder, 'cni'));
  makeCgroups(name);
  const join1 = cgroupRoots().map((d) => `echo $$ > ${d}/${name}/cgroup.procs`);
  const unshare = 'unshare --mount --net --pid --cgroup --fork --kill-child --mount-proc sh -c "$0"';
  const outer = spawn('sh', ['-ec', [...join1, `exec ${unshare}`].join('\n'), inner], {
    stdio: ['ignore', 'pipe', process.env.REAL_NODE_LOG ? 'inherit' : 'ignore'],
  });
  const [said] = (await Promise.race([once(outer.stdout!, 'data'), once(outer, 'exit')])) as [Buffer | number];
  if (String(said).trim() !== 'ready') throw new Error(`the namespaces could not be made: ${said}`);
  const init = children(outer.pid!)[0]!;
  const enter = [
    'nsenter',
    '--target',
    String(init),
    '--mount',
    '--net',
    '--pid',
    '--cgroup',
    'sh',
    '-c',
    joinCgroups,
    'sh',
  ];
  const closers: (() => void)[] = [];

  const sh = (...command: string[]) => {
    const [file = '', ...args] = [...enter, ...command];
    return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const start = (command: string[], o: { log?: string } = {}): Inside => {
    const [file = '', ...args] = [...enter, ...command];
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const s of [child.stdout!, child.stderr!]) {
      s.on('data', (d) => {
        log += d;
        if (o.log) writeFileSync(join(folder, `${o.log}.log`), log);
        if (process.env.REAL_NODE_LOG) process.stderr.write(d);
      });
    }
    return { kill: (signal) => killInside(child, signal) };
  };
  const node: RealNode = {
    folder,
    runtime: `unix://${folder}/containerd.sock`,
    cniConfDir: join(folder, 'cni'),
    sh,
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
      if (outer.exitCode === null) {
        const gone = once(outer, 'exit');
        // The end of PID 1 is the end of all inside.
        process.kill(init, 'SIGKILL');
        await gone;
      }
      await until(() => cgroupRoots().every((d) => removed(join(d, name))), 10_000, 'the end of the cgroups');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  function relayInside(from: string | number, to: string | number): void {
    start([process.execPath, '-e', `(${relay})(${JSON.stringify(from)}, ${JSON.stringify(to)}, require('node:net'))`]);
  }
  try {
    writeFileSync(join(folder, 'config.toml'), containerdConfig(folder));
    start(['containerd', '--config', join(folder, 'config.toml')], { log: 'containerd' });
    await importImages(node);
  } catch (error) {
    await node.stop();
    throw error;
  }
  return node;
}

const removed = (dir: string): boolean => {
  try {
    if (existsSync(dir)) removeCgroups(dir);
    return true;
  } catch {
    return false;
  }
};

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
      one.on('close', () => open.delete(one) && other.destroy());
    }
    a.pipe(b).pipe(a);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(at(from), resolve));
  return () => {
    server.close();
    for (const s of open) s.destroy();
  };
}

/** The pod images: Debian's catatonit and busybox, as in the node image and its test. */
async function importImages(node: RealNode): Promise<void> {
  const ctr = (...args: string[]) =>
    node.sh('ctr', '--address', node.runtime.slice('unix://'.length), '--namespace', 'k8s.io', ...args);
  const archive = join(node.folder, 'image.tar');
  await until(() => answers(() => ctr('version')), 20_000, 'containerd');
  writePauseArchive(archive, pauseImage);
  ctr('images', 'import', archive);
  writeBusyboxArchive(archive, busyboxImage);
  ctr('images', 'import', archive);
}

function answers(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
