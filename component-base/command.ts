// Runs a program with text on its stdin and gives its stdout back: how the daemons of a node reach iptables, ip and conntrack.
// Used by: proxy/, addons/network. Tests pass a Run of their own, such as one inside a network namespace.
import { spawn } from 'node:child_process';

/** Resolves with stdout; rejects with a CommandError when the program fails or is not there. */
export type Run = (program: string, args: readonly string[], input?: string) => Promise<string>;

export class CommandError extends Error {
  override name = 'CommandError';
  /** The program is not installed. */
  readonly missing: boolean;
  constructor(message: string, missing = false) {
    super(message);
    this.missing = missing;
  }
}

/** With a prefix (`['ip', 'netns', 'exec', 'x']`) the program runs behind that. */
export const runCommand =
  (prefix: readonly string[] = []): Run =>
  (program, args, input = '') =>
    new Promise((resolve, reject) => {
      const [file = '', ...rest] = [...prefix, program, ...args];
      const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on('data', (d: Buffer) => out.push(d));
      child.stderr.on('data', (d: Buffer) => err.push(d));
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(new CommandError(`cannot run ${program}: ${error.message}`, error.code === 'ENOENT')),
      );
      child.once('close', (code) => {
        if (code === 0) return resolve(Buffer.concat(out).toString('utf8'));
        const why = Buffer.concat(err).toString('utf8').trim().slice(0, 2000);
        reject(new CommandError(`${program} ended with ${code}: ${why}`));
      });
      // A program that ends early breaks the pipe; its exit code says why.
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    });
