// A Docker engine for a test: the one that is there, or one of the test's own with its own root, in a machine of namespaces.
// While it builds, its own engine has the network of the machine outside and touches nothing there; while it runs services,
// it has a network namespace, so that its bridges and rules are never the machine's. Next: machine.ts.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './apiServer.ts';
import { type Inside, type Machine, noMachine, startMachine } from './machine.ts';
import { answers } from './realNode.ts';

export interface Docker {
  /** Started for this test: holds nothing, and reaches no registry. */
  own: boolean;
  /** A folder of the test's own. */
  folder: string;
  /** Runs `docker …` to its end; gives its stdout. Throws when it fails. */
  docker(args: readonly string[], o?: { input?: Buffer; env?: NodeJS.ProcessEnv }): string;
  /** The same for Compose, v2 or 1.29, whichever is there. */
  compose(args: readonly string[], o?: { cwd: string; env: NodeJS.ProcessEnv }): string;
  /** Runs a program as root with the network of the machine outside; rejects when it fails. */
  asRoot(command: string[]): Promise<void>;
  /** Building is over: from now on containers have networks. */
  runServices(): Promise<void>;
  /** Makes a port that the engine publishes reachable on this machine's loopback. */
  publish(port: number): Promise<void>;
  /** Own: ends the engine with all that it holds. */
  stop(): Promise<void>;
}

const works = (file: string, ...args: string[]) => spawnSync(file, args, { stdio: 'ignore' }).status === 0;
const composeCommand = (): string[] | undefined =>
  [['docker', 'compose'], ['docker-compose']].find(([file = '', ...args]) => works(file, ...args, 'version'));

/** Why there can be no engine here; undefined when there can. */
export function noDocker(): string | undefined {
  if (!works('docker', '--version')) return 'docker is missing: apt install docker.io docker-compose';
  if (!composeCommand()) return 'docker compose is missing: apt install docker-compose';
  if (works('docker', 'info')) return undefined;
  return noMachine(['dockerd', 'containerd', 'debootstrap'], [], 'docker.io debootstrap');
}

export async function startDocker(): Promise<Docker> {
  return works('docker', 'info') ? engineThatIsThere() : ownEngine();
}

const mostOutput = 64 * 2 ** 20;

function commands(env: NodeJS.ProcessEnv): Pick<Docker, 'docker' | 'compose'> {
  const run = (
    file: string,
    args: readonly string[],
    o: { input?: Buffer; cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ) => {
    const done = spawnSync(file, args, {
      ...o,
      env: { ...process.env, ...env, ...o.env },
      encoding: 'utf8',
      maxBuffer: mostOutput,
      stdio: [o.input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    if (done.status === 0) return done.stdout;
    const said = `${done.stdout?.slice(-3000)}\n${done.stderr?.slice(-3000)}`.trim();
    throw new Error(`${file} ${args.join(' ')} failed: ${done.error?.message ?? said}`);
  };
  const [file = '', ...first] = composeCommand() ?? [];
  return {
    docker: (args, o) => run('docker', args, o),
    compose: (args, o) => run(file, [...first, ...args], o),
  };
}

function engineThatIsThere(): Docker {
  const folder = mkdtempSync(join(tmpdir(), 'mk-docker-'));
  return {
    own: false,
    folder,
    ...commands({}),
    async asRoot([file = '', ...args]) {
      execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    },
    runServices: async () => {},
    publish: async () => {},
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function ownEngine(): Promise<Docker> {
  const machine = await startMachine();
  const socket = join(machine.folder, 'docker.sock');
  const run = commands({ DOCKER_HOST: `unix://${socket}` });
  const ready = () => until(() => answers(() => run.docker(['version'])), 30_000, 'dockerd');
  mkdirSync(join(machine.folder, 'tmp'));
  let daemon = startDaemon(machine, socket, true);
  await ready();
  return {
    own: true,
    folder: machine.folder,
    ...run,
    async asRoot(command) {
      const how = await machine.start(command, { outerNetwork: true, log: 'asRoot' }).done;
      if (how !== 0) throw new Error(`${command.join(' ')} ended with ${how}`);
    },
    async runServices() {
      await daemon.kill('SIGTERM');
      daemon = startDaemon(machine, socket, false);
      await ready();
    },
    publish: (port) => machine.reachInside(port),
    async stop() {
      await daemon.kill('SIGTERM');
      await machine.stop();
    },
  };
}

/** Without networks, it leaves those of the machine outside as they are. */
function startDaemon(machine: Machine, socket: string, outside: boolean): Inside {
  const { folder } = machine;
  const flags = [
    ...[`--data-root=${folder}/docker`, `--exec-root=${folder}/exec`, `--host=unix://${socket}`],
    ...[`--pidfile=${folder}/docker.pid`, '--oom-score-adjust=0'],
    ...(outside ? ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'] : []),
  ];
  return machine.start(['dockerd', ...flags], { log: 'dockerd', outerNetwork: outside });
}
