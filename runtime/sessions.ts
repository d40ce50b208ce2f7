// What happens in a simulated container while somebody is connected: a command of the simulated shell, the container's output, its ports.
// Reads: behaviour.ts for what annotations say, the container's record. Used by: exec.ts. Next: shell/shell.ts, shell/terminal.ts.
import { type Duplex, duplexPair, type Writable } from 'node:stream';
import type { RemoteCommandOutcome, RemoteCommandSession } from '../component-base/streaming/remoteCommandServer.ts';
import { containerWorld, realTime } from './containerWorld.ts';
import type { Life } from './life.ts';
import type { SimulatedNode } from './node.ts';
import type { ContainerRecord } from './records.ts';
import { findTarget, serveStream } from './responder.ts';
import { isShell, runCommand } from './shell/shell.ts';
import { createTerminal } from './shell/terminal.ts';
import type { ShellIo, ShellWorld } from './shell/world.ts';
import { execIsTold, execResult } from './timeline.ts';

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
  if (!execIsTold(b, cmd)) return { exitCode: await inShell(node, life, c, cmd, tty, session) };
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
  const world: ShellWorld = { ...containerWorld(node, c), ...realTime(node, over.signal) };
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
