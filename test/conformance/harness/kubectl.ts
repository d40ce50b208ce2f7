// The newest kubectl of this machine, run against a kubeconfig; and its `proxy`, which goes on until it is stopped.
// Reads test/kit/kubectls.ts. Used by the rows whose ids begin with cli.kubectl and api.openapi.
import { type ChildProcess, execFile, spawn } from 'node:child_process';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Never rejects: a program that cannot start ends with a code that is not 0. */
export function kubectlRunner(program: string, kubeconfig: string) {
  return (args: readonly string[], namespace: string, input?: string): Promise<Ran> =>
    new Promise((resolve) => {
      const child = execFile(
        program,
        [...(namespace ? [`--namespace=${namespace}`] : []), ...args],
        { env: { ...process.env, KUBECONFIG: kubeconfig }, maxBuffer: 64 << 20, timeout: 120_000 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) || 1 : 0, stdout, stderr }),
      );
      child.stdin?.end(input ?? '');
    });
}

/** Starts a kubectl that goes on; resolves with the first line that it prints. */
export async function kubectlStays(
  program: string,
  kubeconfig: string,
  args: readonly string[],
): Promise<{ line: string; stop(): Promise<void> }> {
  const child = spawn(program, args, {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const line = await firstLine(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    line,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => child.kill(), 60_000);
    const end = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    child.stdout!.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) end(() => resolve(text.split('\n')[0]!));
    });
    let complaint = '';
    child.stderr!.on('data', (chunk) => {
      complaint += chunk;
    });
    child.once('exit', (code) => end(() => reject(new Error(`kubectl ended with ${code}: ${text}${complaint}`))));
  });
}
