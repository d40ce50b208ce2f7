// ExecSync as the annotations say: exit code by command and age, outputs, a delay or no answer at all. Streams are refused by name.
// Reads: life.ts for the behaviour. Mirrors: containerd internal/cri/server/container_execsync.go.
// Used by: runtimeService.ts.
import { CriError } from '../cri/error.ts';
import type { ServiceImplementation } from '../cri/messages.ts';
import type { RuntimeServiceMethods } from '../cri/types.ts';
import type { Life } from './life.ts';
import type { SimulatedNode } from './node.ts';
import type { ContainerRecord } from './records.ts';
import { stateOf } from './status.ts';
import { type Timeline, valueAt } from './timeline.ts';

export function execMethods(node: SimulatedNode, life: Life): ServiceImplementation<RuntimeServiceMethods> {
  return {
    async execSync({ containerId, cmd, timeout }, signal) {
      const c = node.container(containerId);
      if (c.state !== 'running') throw new CriError('Unknown', `container is in ${stateOf(c)} state`);
      if (!cmd.length) throw new CriError('InvalidArgument', 'exec needs a command');
      const b = life.behaviourOf(c);
      const age = (node.host.clock.now() - c.startedAt) / 1000;
      const code = execResult(b.exec, cmd.join(' '), age);
      const takes = code === 'hang' ? Number.POSITIVE_INFINITY : b.execDelay;
      await wait(life, c, takes, Number(timeout) * 1000, signal);
      return { exitCode: Number(code), stdout: Buffer.from(b.execStdout), stderr: Buffer.from(b.execStderr) };
    },
    exec: () => refuse('exec'),
    attach: () => refuse('attach'),
    portForward: () => refuse('port-forward'),
  };
}

/** The result of the first timeline whose key occurs in the command line; success when none does. */
export function execResult(timelines: readonly Timeline[], command: string, age: number): string {
  const timeline = timelines.find((t) => command.includes(t.key));
  return (timeline && valueAt(timeline.steps, age)) ?? '0';
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

function refuse(what: string): never {
  throw new CriError(
    'Unimplemented',
    `the simulated runtime runs no processes, so it has no ${what}; use a real runtime with --container-runtime-endpoint.`,
  );
}
