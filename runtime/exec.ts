// ExecSync as the annotations say: exit code by command and age, outputs, a delay or no answer at all. Exec, Attach and PortForward
// answer with a URL of the streaming server. Reads: life.ts for the behaviour. Mirrors: containerd internal/cri/server/container_exec*.go,
// container_attach.go, sandbox_portforward.go. Used by: runtimeService.ts. Next: sessions.ts, streams.ts.
import { servePortForward } from '../component-base/streaming/portForwardServer.ts';
import { serveRemoteCommand } from '../component-base/streaming/remoteCommandServer.ts';
import { CriError } from '../cri/error.ts';
import type { ServiceImplementation } from '../cri/messages.ts';
import type { RuntimeServiceMethods } from '../cri/types.ts';
import { containerWorld, realTime } from './containerWorld.ts';
import type { Life } from './life.ts';
import type { SimulatedNode } from './node.ts';
import { runsOwnCommand } from './ownCommand.ts';
import type { ContainerRecord } from './records.ts';
import { dialSandbox, runAttach, runExec } from './sessions.ts';
import { isKnown } from './shell/known.ts';
import { runCommand } from './shell/shell.ts';
import { stateOf } from './status.ts';
import type { StreamServer } from './streams.ts';
import { execIsTold, execResult } from './timeline.ts';

export function execMethods(
  node: SimulatedNode,
  life: Life,
  streams: StreamServer,
): ServiceImplementation<RuntimeServiceMethods> {
  return {
    async execSync({ containerId, cmd, timeout }, signal) {
      const c = node.container(containerId);
      if (c.state !== 'running') throw new CriError('Unknown', `container is in ${stateOf(c)} state`);
      if (!cmd.length) throw new CriError('InvalidArgument', 'exec needs a command');
      const b = life.behaviourOf(c);
      if (!execIsTold(b, cmd) && runsOwnCommand(c, b) && isKnown(cmd))
        return execInShell(node, life, c, cmd, Number(timeout) * 1000, signal);
      const age = (node.host.clock.now() - c.startedAt) / 1000;
      const code = execResult(b.exec, cmd.join(' '), age);
      const takes = code === 'hang' ? Number.POSITIVE_INFINITY : b.execDelay;
      await wait(life, c, takes, Number(timeout) * 1000, signal);
      return { exitCode: Number(code), stdout: Buffer.from(b.execStdout), stderr: Buffer.from(b.execStderr) };
    },

    exec({ containerId, cmd, ...wanted }) {
      const c = running(node, containerId);
      if (!cmd.length) throw new CriError('InvalidArgument', 'exec needs a command');
      return {
        url: streams.url('exec', (request, socket, head) =>
          serveRemoteCommand(request, socket, head, wanted, (session) =>
            runExec(node, life, c, cmd, wanted.tty, session),
          ),
        ),
      };
    },

    attach({ containerId, ...wanted }) {
      const c = running(node, containerId);
      return {
        url: streams.url('attach', (request, socket, head) =>
          serveRemoteCommand(request, socket, head, wanted, (session) => runAttach(node, life, c, session)),
        ),
      };
    },

    portForward({ podSandboxId, port }) {
      const sandbox = node.sandbox(podSandboxId);
      if (!sandbox.ready) throw new CriError('Unknown', `sandbox container "${sandbox.id}" is not running`);
      return {
        url: streams.url('portforward', (request, socket, head) =>
          servePortForward(request, socket, head, port, async (to) => dialSandbox(node, life, sandbox.id, to)),
        ),
      };
    },
  };
}

/** As a probe in a container whose own command the shell runs: it sees the files that the command wrote. `limit`: milliseconds. */
async function execInShell(
  node: SimulatedNode,
  life: Life,
  c: ContainerRecord,
  cmd: string[],
  limit: number,
  signal: AbortSignal,
) {
  const over = new AbortController();
  const out = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const world = { ...containerWorld(node, c), ...realTime(node, over.signal) };
  const code = runCommand(world, cmd, {
    stdout: async (data) => void out.stdout.push(Buffer.from(data)),
    stderr: async (data) => void out.stderr.push(Buffer.from(data)),
  });
  const late = wait(life, c, Number.POSITIVE_INFINITY, limit, AbortSignal.any([signal, over.signal]));
  try {
    const exitCode = (await Promise.race([code, late]))!;
    return { exitCode, stdout: Buffer.concat(out.stdout), stderr: Buffer.concat(out.stderr) };
  } finally {
    over.abort();
    late.catch(() => {});
  }
}

function running(node: SimulatedNode, id: string): ContainerRecord {
  const c = node.container(id);
  if (c.state !== 'running') throw new CriError('Unknown', `container is in ${stateOf(c)} state`);
  return c;
}

/** Milliseconds; rejects when the time is up, or when the container ends first. */
async function wait(life: Life, c: ContainerRecord, takes: number, limit: number, signal: AbortSignal): Promise<void> {
  if (takes === 0) return;
  const late = limit > 0 && takes > limit;
  const ms = late ? limit : takes;
  const time = ms === Number.POSITIVE_INFINITY ? signal : AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  await life.ended(c, time);
  if (c.state !== 'running') throw new CriError('Unknown', 'failed to exec in container: the container has ended');
  if (signal.aborted) throw new CriError('Canceled', 'the caller gave up');
  if (late) {
    throw new CriError(
      'DeadlineExceeded',
      `failed to exec in container: timeout ${limit / 1000}s exceeded: context deadline exceeded`,
    );
  }
}
