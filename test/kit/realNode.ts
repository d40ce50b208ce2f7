// A machine with a containerd of its own, for tests that run real containers: no other service is touched, all goes with the test.
// Needs root and Debian's containerd, runc, CNI plugins, catatonit and busybox-static.
// Next: machine.ts makes the namespaces, podImages.ts the images.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './apiServer.ts';
import { type Machine, noMachine, startMachine } from './machine.ts';
import { noBusybox, writeBusyboxArchive, writePauseArchive } from './podImages.ts';

export const pauseImage = 'mini-k8s.test/pause:1';
export const busyboxImage = 'mini-k8s.test/busybox:1';

/** Why such tests cannot run here; undefined when they can. */
export const noRealNode = (): string | undefined =>
  noMachine(
    ['containerd', 'ctr', 'runc'],
    ['/usr/lib/cni/bridge'],
    'containerd runc containernetworking-plugins busybox-static',
  ) ?? noBusybox();

export interface RealNode extends Machine {
  /** `unix:///…` of its containerd. */
  runtime: string;
  cniConfDir: string;
}

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
  const machine = await startMachine();
  const { folder } = machine;
  const node = { ...machine, runtime: `unix://${folder}/containerd.sock`, cniConfDir: join(folder, 'cni') };
  try {
    mkdirSync(node.cniConfDir);
    writeFileSync(join(folder, 'config.toml'), containerdConfig(folder));
    machine.start(['containerd', '--config', join(folder, 'config.toml')], { log: 'containerd' });
    await importImages(node);
    return node;
  } catch (error) {
    await machine.stop();
    throw error;
  }
}

async function importImages(node: RealNode): Promise<void> {
  const ctr = (...args: string[]) =>
    node.sh('ctr', '--address', node.runtime.slice('unix://'.length), '--namespace', 'k8s.io', ...args);
  const archive = join(node.folder, 'image.tar');
  await until(() => answers(() => ctr('version')), 30_000, 'containerd');
  writePauseArchive(archive, pauseImage);
  ctr('images', 'import', archive);
  writeBusyboxArchive(archive, busyboxImage);
  ctr('images', 'import', archive);
}

/** Whether the call goes through. */
export function answers(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
