// The cluster of compose.yaml under a test: built, started with shorter times, looked into, stopped, and gone with its image.
// Reads: compose.yaml. Writes: an override file that appends flags to its commands. Next: ../kit/docker.ts.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import type { Client } from '../../client/client.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { createClient } from '../../client/transport.ts';
import { until } from '../kit/apiServer.ts';
import { type Docker, startDocker } from '../kit/docker.ts';
import { freePort } from '../kit/freePort.ts';
import { writeBusyboxArchive } from '../kit/podImages.ts';
import { baseName, ensureBaseImage } from './baseImage.ts';

const root = join(import.meta.dirname, '..', '..');
const image = 'mini-k8s-test';
export const busyboxImage = 'mini-k8s.test/busybox:1';

/** Upstream's flags alone make a test of leases and evictions short. */
const leader = [
  '--leader-elect-lease-duration=6s',
  '--leader-elect-renew-deadline=5s',
  '--leader-elect-retry-period=1s',
];
const node = ['--node-status-update-frequency=2s', '--node-lease-duration=4s'];
const controllers = [...leader, '--node-monitor-period=1s', '--node-monitor-grace-period=16s'];
const shorter: Record<string, string[]> = {
  apiserver: ['--default-not-ready-toleration-seconds=2', '--default-unreachable-toleration-seconds=2'],
  'controllers-1': controllers,
  'controllers-2': controllers,
  'scheduler-1': leader,
  'scheduler-2': leader,
  'node-1': node,
  'node-2': node,
  node,
};

export interface ComposeCluster {
  docker: Docker;
  kubeconfig: string;
  client: Client;
  /** `compose(['stop', 'node-2'])`. */
  compose(...args: string[]): string;
  /** The container of a service. */
  idOf(service: string): string;
  /** Runs a program in a service's container; gives its stdout. */
  exec(service: string, ...command: string[]): string;
  kubectl(...args: string[]): Promise<string>;
  /** Gives a node the image of the test's pods. */
  importImage(service: string): void;
  stop(): Promise<void>;
}

/** Resolves when all services have been started. */
export async function startComposeCluster(): Promise<ComposeCluster> {
  const docker = await startDocker();
  try {
    return await startOn(docker);
  } catch (error) {
    await docker.stop();
    throw error;
  }
}

async function startOn(docker: Docker): Promise<ComposeCluster> {
  const project = `mk-test-${process.pid}`;
  const host = join(docker.folder, 'host');
  const override = join(docker.folder, 'shorter.json');
  const base = baseName(join(root, 'Dockerfile'));
  const port = await freePort();
  const env = { MINI_K8S_IMAGE: image, MINI_K8S_HOST_FOLDER: host, MINI_K8S_PORT: String(port) };
  mkdirSync(host);
  writeFileSync(override, JSON.stringify(withFlags(join(root, 'compose.yaml'), shorter)));
  const files = ['-f', join(root, 'compose.yaml'), '-f', override];
  const compose = (...args: string[]) => docker.compose(['-p', project, ...files, ...args], { cwd: root, env });
  const kubeconfig = join(host, 'kubeconfig');
  const madeBase = await ensureBaseImage(docker, base);
  const proxies = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => ['--build-arg', name]);
  docker.docker(['build', '--network=host', ...proxies, '--tag', image, root], { env: { DOCKER_BUILDKIT: '0' } });
  await docker.runServices();
  await docker.publish(port);
  const archive = join(docker.folder, 'busybox.tar');
  writeBusyboxArchive(archive, busyboxImage);
  // Compose takes a second for each exec; docker itself does not.
  const idOf = (service: string) => {
    const labels = { project, service, oneoff: 'False' };
    const filters = Object.entries(labels).map(([k, v]) => `--filter=label=com.docker.compose.${k}=${v}`);
    return docker.docker(['ps', '-q', '--no-trunc', ...filters]).trim();
  };
  const exec = (service: string, ...command: string[]) => docker.docker(['exec', idOf(service), ...command]);
  compose('up', '-d', '--no-build');
  return {
    docker,
    kubeconfig,
    client: await firstAnswer(kubeconfig),
    compose,
    idOf,
    exec,
    async kubectl(...args) {
      const { stdout } = await promisify(execFile)('kubectl', ['--kubeconfig', kubeconfig, ...args]);
      return stdout;
    },
    importImage(service) {
      const ctr = ['exec', '-i', idOf(service), 'ctr', '--namespace', 'k8s.io', 'images', 'import', '-'];
      docker.docker(ctr, { input: readFileSync(archive) });
    },
    async stop() {
      compose('down', '--volumes', '--remove-orphans', '--timeout', '2');
      docker.docker(['image', 'rm', '--force', image, ...(madeBase ? [base] : [])]);
      await docker.stop();
    },
  };
}

/** Each command of the file with its further flags. */
function withFlags(file: string, flags: Record<string, string[]>): object {
  const { services } = parse(readFileSync(file, 'utf8'), { merge: true }) as {
    services: Record<string, { command: string[] }>;
  };
  return {
    services: Object.fromEntries(
      Object.entries(flags).map(([name, more]) => [name, { command: [...services[name]!.command, ...more] }]),
    ),
  };
}

async function firstAnswer(kubeconfig: string): Promise<Client> {
  let client: Client | undefined;
  await until(
    async () => {
      try {
        client ??= createClient(await loadKubeconfig(kubeconfig));
        await client.raw('GET', '/readyz');
        return true;
      } catch {
        return false;
      }
    },
    60_000,
    'the API server of compose',
  );
  return client!;
}
