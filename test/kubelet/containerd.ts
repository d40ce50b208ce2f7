// A containerd of a test's own: own root, state, socket, network and mount namespaces; its images made from busybox.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../kit/apiServer.ts';

const needed: [string, string][] = [
  ['/usr/bin/containerd', 'containerd'],
  ['/usr/sbin/runc', 'runc'],
  ['/usr/bin/busybox', 'busybox-static'],
  ['/usr/bin/unshare', 'util-linux'],
  ['/usr/lib/cni/bridge', 'containernetworking-plugins'],
];

/** Why these tests cannot run here, and how that can be mended. */
export const containerdMissing: string | undefined = (() => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'real containers need Linux and root';
  const absent = needed.filter(([path]) => !existsSync(path)).map(([, name]) => name);
  return absent.length ? `real containers need: apt-get install ${absent.join(' ')}` : undefined;
})();

export interface Containerd {
  endpoint: string;
  folder: string;
  ctr(...args: string[]): string;
  stop(): Promise<void>;
}

const pauseImage = 'registry.k8s.io/pause:3.10';
export const busyboxImage = 'docker.io/library/busybox:1';

export async function startContainerd(): Promise<Containerd> {
  const folder = mkdtempSync(join(tmpdir(), 'ctrd-'));
  const socket = join(folder, 'c.sock');
  writeFileSync(join(folder, 'config.toml'), configOf(folder, socket));
  mkdirSync(join(folder, 'cni'));
  writeFileSync(join(folder, 'cni', '10-test.conflist'), cniOf(folder));
  // In namespaces of its own, so that bridges and mounts are not the machine's; what the kubelet mounts still reaches it.
  const start = `ip link set lo up; exec containerd -c ${folder}/config.toml`;
  const child = spawn('unshare', ['-n', '-m', '--propagation', 'slave', 'sh', '-c', start], {
    stdio: 'ignore',
    detached: true,
  });
  const ctr = (...args: string[]) =>
    execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const answers = () => {
    try {
      return ctr('version') !== '';
    } catch {
      return false;
    }
  };
  await until(answers, 30_000, 'containerd');
  importImage(folder, ctr, busyboxImage, { Cmd: ['sh'], Env: ['PATH=/bin'] });
  importImage(folder, ctr, pauseImage, { Entrypoint: ['/bin/sleep', '2147483647'] });
  return { endpoint: `unix://${socket}`, folder, ctr, stop: () => stop(child, folder) };
}

const configOf = (folder: string, socket: string) => `
version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${folder}/t.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/cni"
`;

const cniOf = (folder: string) =>
  JSON.stringify({
    cniVersion: '0.4.0',
    name: 'test',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipam: { type: 'host-local', dataDir: `${folder}/ipam`, ranges: [[{ subnet: '10.99.0.0/24' }]] },
      },
    ],
  });

/** One layer with busybox under all its names, in the form that `docker save` writes. */
function importImage(folder: string, ctr: Containerd['ctr'], name: string, config: object): void {
  const work = mkdtempSync(join(folder, 'image-'));
  const root = join(work, 'root');
  for (const dir of ['bin', 'tmp', 'etc']) mkdirSync(join(root, dir), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  copyFileSync('/usr/bin/busybox', join(root, 'bin/busybox'));
  for (const tool of [
    'sh',
    'sleep',
    'cat',
    'id',
    'echo',
    'ls',
    'rm',
    'touch',
    'true',
    'false',
    'ps',
    'env',
    'printf',
    'kill',
  ]) {
    symlinkSync('busybox', join(root, 'bin', tool));
  }
  execFileSync('tar', ['-C', root, '-cf', join(work, 'layer.tar'), '.']);
  const diff = createHash('sha256')
    .update(readFileSync(join(work, 'layer.tar')))
    .digest('hex');
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const image = { architecture, os: 'linux', config, rootfs: { type: 'layers', diff_ids: [`sha256:${diff}`] } };
  writeFileSync(join(work, 'config.json'), JSON.stringify(image));
  writeFileSync(
    join(work, 'manifest.json'),
    JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]),
  );
  execFileSync('tar', ['-C', work, '-cf', join(work, 'image.tar'), 'manifest.json', 'config.json', 'layer.tar']);
  ctr('images', 'import', join(work, 'image.tar'));
}

/** Ends containerd, then the shims that it left (they are ours by the folder in their arguments), then the folder. */
async function stop(child: ChildProcess, folder: string): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
  for (const pid of readdirSync('/proc').filter((p) => /^\d+$/.test(p))) {
    const argv = commandOf(pid);
    if (argv.includes('containerd-shim') && argv.includes(`${folder}/`)) process.kill(Number(pid), 'SIGKILL');
  }
  await until(
    () => {
      try {
        rmSync(folder, { recursive: true, force: true });
        return true;
      } catch {
        return false;
      }
    },
    30_000,
    'the folder of containerd removed',
  );
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
