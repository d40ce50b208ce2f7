// A whole cluster for a test, as a user starts it: `mini-k8s up --detach` in a folder of its own.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './freePort.ts';

const bin = new URL('../../bin/mini-k8s.mjs', import.meta.url).pathname;
const execFileAsync = promisify(execFile);

export interface UpCluster {
  dataDir: string;
  kubeconfig: string;
  port: number;
  /** Runs `mini-k8s`; rejects with its stderr when the exit code is not 0. */
  mini(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

export async function upCluster(...flags: string[]): Promise<UpCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'mk8s-'));
  const dataDir = join(folder, 'd');
  const port = await freePort();
  const mini = async (...args: string[]) => {
    const [command = '', ...rest] = args;
    const { stdout } = await execFileAsync(process.execPath, [bin, command, '--data-dir', dataDir, ...rest], {
      maxBuffer: 64 << 20,
      cwd: folder,
      timeout: 170_000,
    });
    return stdout;
  };
  const stop = async () => {
    await mini('down').catch(() => undefined);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  await mini('up', '--detach', '--port', String(port), ...flags).catch(async (error) => {
    // What it has started would take the machine from the tests that follow.
    await stop();
    throw new Error(`up failed: ${error.stdout ?? ''}${error.stderr ?? error}`);
  });
  return {
    dataDir,
    port,
    kubeconfig: join(dataDir, 'kubeconfig'),
    mini,
    stop,
  };
}

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs kubectl against a cluster in a namespace; never rejects. */
export function kubectlIn(
  path: string,
  kubeconfig: string,
  namespace: string,
): (args: string, input?: string) => Promise<Ran> {
  return (args, input) =>
    new Promise((resolve) => {
      const child = execFile(
        path,
        [...(namespace ? ['-n', namespace] : []), ...splitArgs(args)],
        { env: { ...process.env, KUBECONFIG: kubeconfig }, maxBuffer: 64 << 20, timeout: 120_000 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) || 1 : 0, stdout, stderr }),
      );
      child.stdin?.end(input ?? '');
    });
}

export interface RunningKubectl {
  /** Everything that it has printed. */
  text(): string;
  /** Resolves with the exit code; null: by a signal. */
  ended: Promise<number | null>;
  kill(): void;
}

/** Starts a kubectl that goes on: a watch, a log that is followed. */
export function kubectlFollows(path: string, kubeconfig: string, namespace: string, args: string): RunningKubectl {
  const child = spawn(path, ['-n', namespace, ...splitArgs(args)], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text += chunk;
    });
  return {
    text: () => text,
    // Not at its exit: its last words may still be in the pipe.
    ended: new Promise((resolve) => child.once('close', resolve)),
    kill: () => void child.kill(),
  };
}

/** Words, with single quotes around those that have blanks. */
const splitArgs = (text: string): string[] => [...text.matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2]!);
