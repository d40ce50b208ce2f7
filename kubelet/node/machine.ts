// What this machine is: read once, since many simulated nodes may live in one process.
// Reads: /proc, /etc, /sys, os. Mirrors: cadvisor's machine info. Next: nodeStatus.ts.
import { readFile, statfs } from 'node:fs/promises';
import { arch, availableParallelism, release, totalmem } from 'node:os';
import { hostAddress } from '../../component-base/hostAddress.ts';

export interface Machine {
  cpus: number;
  memoryBytes: number;
  diskBytes: number;
  machineID: string;
  systemUUID: string;
  bootID: string;
  kernelVersion: string;
  osImage: string;
  architecture: string;
  addresses: string[];
}

const text = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(() => '')).trim();
const architectures: Record<string, string> = { x64: 'amd64', ia32: '386' };

/** `directory` is on the file system whose size counts; its nearest parent that is there will do. */
export async function readMachine(directory: string): Promise<Machine> {
  const disk = await statfs(directory).catch(() => statfs('/'));
  const machineID = await text('/etc/machine-id');
  const osRelease = await text('/etc/os-release');
  return {
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    diskBytes: disk.blocks * disk.bsize,
    machineID,
    systemUUID: (await text('/sys/class/dmi/id/product_uuid')) || machineID,
    bootID: await text('/proc/sys/kernel/random/boot_id'),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?(.*?)"?$/m.exec(osRelease)?.[1] ?? process.platform,
    architecture: architectures[arch()] ?? arch(),
    addresses: [hostAddress() ?? '127.0.0.1'],
  };
}
