// What happens in a simulated container while somebody is connected: a command of the simulated shell, the container's output, its ports.
// Reads: behaviour.ts for what annotations say, the container's record. Used by: exec.ts. Next: shell/shell.ts, shell/terminal.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { type Duplex, duplexPair, type Writable } from 'node:stream';
import type { RemoteCommandOutcome, RemoteCommandSession } from '../component-base/streaming/remoteCommandServer.ts';
import type { Life } from './life.ts';
import { mounted } from './mounts.ts';
import type { SimulatedNode } from './node.ts';
import type { ContainerRecord } from './records.ts';
import { findTarget, serveStream } from './responder.ts';
import type { ShellIo, ShellWorld } from './shell/commands.ts';
import { isShell, runCommand } from './shell/shell.ts';
import { createTerminal } from './shell/terminal.ts';
import { execResult } from './timeline.ts';

/** exec: what annotations say of the command, else the shell's own. */
export async function runExec(
  node: SimulatedNode,
  life: Life,
  c: ContainerRecord,
  cmd: string[],
  tty: boolean,
  session: RemoteCommandSession,
): Promise<RemoteCommandOutcome> {
  const b = life.behaviourOf(c);
  const told = b.execStdout || b.execStderr || b.exec.some((t) => cmd.join(' ').includes(t.key));
  if (!told) return { exitCode: await inShell(node, life, c, cmd, tty, session) };
  const age = (node.host.clock.now() - c.startedAt) / 1000;
  const code = execResult(b.exec, cmd.join(' '), age);
  const over = life.ended(c, session.gone);
  await (code === 'hang' ? over : Promise.race([over, new Promise((resolve) => setTimeout(resolve, b.execDelay))]));
  session.stdout?.write(b.execStdout);
  session.stderr?.write(b.execStderr);
  return { exitCode: code === 'hang' ? 137 : Number(code) };
}

/** attach: a container that was started with a shell has one, and ends with it; of any other its output is seen. */
export async function runAttach(
  node: SimulatedNode,
  life: Life,
  c: ContainerRecord,
  session: RemoteCommandSession,
): Promise<RemoteCommandOutcome> {
  const command = c.command ?? [];
  if (c.stdin && session.stdin && isShell(command)) {
    const exitCode = await inShell(node, life, c, command, c.tty === true, session);
    if (!session.gone.aborted) life.end(c, exitCode);
    return { exitCode: 0 };
  }
  const stop = life.onOutput(
    c,
    (stream, text) => void (stream === 'stdout' ? session.stdout : session.stderr)?.write(text),
  );
  session.stdin?.resume();
  await life.ended(c, session.gone);
  stop();
  return { exitCode: 0 };
}

async function inShell(
  node: SimulatedNode,
  life: Life,
  c: ContainerRecord,
  cmd: string[],
  tty: boolean,
  session: RemoteCommandSession,
): Promise<number> {
  const over = new AbortController();
  const stop = () => over.abort();
  session.gone.addEventListener('abort', stop, { once: true });
  void life.ended(c, over.signal).then(stop);
  const world: ShellWorld = { ...worldOf(node, c), gone: over.signal };
  const io = ioOf(session, tty, cmd, () => {
    if (!isShell(cmd)) stop();
  });
  const killed = new Promise<number>((resolve) =>
    over.signal.addEventListener('abort', () => resolve(137), { once: true }),
  );
  const code = await Promise.race([runCommand(world, cmd, io), killed]);
  stop();
  return code;
}

const drained = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    const go = () => {
      stream.off('drain', go);
      stream.off('close', go);
      resolve();
    };
    stream.on('drain', go);
    stream.on('close', go);
  });

function ioOf(session: RemoteCommandSession, tty: boolean, cmd: string[], onInterrupt: () => void): ShellIo {
  const write = (stream: typeof session.stdout) => async (data: Buffer | string) => {
    if (!stream || stream.destroyed || stream.writableEnded) return;
    if (!stream.write(data)) await drained(stream);
  };
  if (!tty || !session.stdin) {
    const out = write(session.stdout);
    return { stdin: session.stdin, stdout: out, stderr: tty ? out : write(session.stderr) };
  }
  const terminal = createTerminal(session.stdin, (text) => void session.stdout?.write(text), onInterrupt);
  const out = write(session.stdout);
  const cooked = (data: Buffer | string) => out(terminal.cook(data));
  return { stdin: terminal.stdin, stdout: cooked, stderr: cooked, ...(isShell(cmd) ? { prompt: '/ # ' } : {}) };
}

function worldOf(node: SimulatedNode, c: ContainerRecord): Omit<ShellWorld, 'gone'> {
  const sandbox = node.sandboxes.get(c.sandboxId);
  const hostname = sandbox?.hostname || c.name;
  const env = new Map([
    ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ['HOSTNAME', hostname],
    ...(c.envs ?? []).map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  ]);
  const read = <T>(path: string, reader: (path: string) => T): T | undefined => {
    const real = mounted(c, path);
    try {
      return real === undefined ? undefined : reader(real);
    } catch {
      return undefined;
    }
  };
  return {
    env,
    hostname,
    uid: Number((c.user as { uid?: number } | null)?.uid ?? 0),
    now: () => Math.floor(node.host.clock.now() / 1000),
    readFile: (path) => (path === '/etc/hostname' ? Buffer.from(`${hostname}\n`) : read(path, (p) => readFileSync(p))),
    readFolder: (path) => read(path, (p) => readdirSync(p).sort()) ?? namesUnder(c, path),
  };
}

/** What a folder of the image shows: the way to what is mounted, and a little more. */
function namesUnder(c: ContainerRecord, path: string): string[] | undefined {
  const known = ['/etc/hostname', '/tmp', '/bin/sh', ...(c.mounts ?? []).map((m) => m.containerPath!)];
  const folder = path.replace(/\/*$/, '/');
  const names = known.filter((p) => p.startsWith(folder)).map((p) => p.slice(folder.length).split('/')[0]!);
  const there = names.length > 0 || known.includes(path);
  return there ? [...new Set(names)].filter(Boolean).sort() : undefined;
}

/** A connection to a port of the sandbox, as responder.ts answers it. Throws where a real one would refuse. */
export function dialSandbox(node: SimulatedNode, life: Life, sandboxId: string, port: number): Duplex {
  const ip = node.sandboxes.get(sandboxId)?.ips[0] ?? '127.0.0.1';
  const target = findTarget(node.host, (_, c) => life.behaviourOf(c), ip, port);
  if (!target || target.sandbox.id !== sandboxId)
    throw new Error(
      `failed to execute portforward in network namespace "host": failed to connect to localhost:${port} inside namespace "${sandboxId}": dial tcp4 127.0.0.1:${port}: connect: connection refused`,
    );
  const [inside, outside] = duplexPair();
  inside.on('error', () => outside.destroy());
  inside.on('close', () => outside.destroy());
  outside.on('close', () => inside.destroy());
  serveStream(target, inside as never);
  return outside;
}
