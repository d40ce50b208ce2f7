// A container's own command, run by the simulated shell when that knows all of it: `sh -c 'echo hi; sleep 5; exit 3'` says hi and ends
// with 3 after five seconds. Its time is counted from the container's start, so after a restart of this process it is run again up to
// now, without saying again what it has said. Reads: the container's record. Writes: its log, its end. Used by: life.ts.
import type { ContainerBehaviour } from './behaviour.ts';
import { containerWorld } from './containerWorld.ts';
import type { Life } from './life.ts';
import { lastLogTime, type Stream } from './logs.ts';
import type { SimulatedNode } from './node.ts';
import type { ContainerRecord } from './records.ts';
import { isKnown } from './shell/known.ts';
import { runCommand } from './shell/shell.ts';

/** Annotations of its end or its log come first; so does a terminal, whose shell is whoever attaches. */
export const runsOwnCommand = (c: ContainerRecord, b: ContainerBehaviour): boolean =>
  !c.stdin &&
  [b.exitAfter, b.exitIfFile, b.log, b.logStderr, b.logEvery].every((told) => told === undefined) &&
  !c.runsOn &&
  isKnown(c.command ?? []);

/** Sleeps in the past that are gone through after a restart; then it is now. */
const mostMissedSleeps = 10_000;
/** A loop may take so many turns in no time; then each takes so many milliseconds. */
const freeTurns = 1000;
const idleTurn = 10;

/** Resolves when the command has ended; never when the container ends before it. */
export async function runOwnCommand(
  node: SimulatedNode,
  life: Life,
  c: ContainerRecord,
  say: (stream: Stream, line: string, at: number) => void,
): Promise<void> {
  const { clock } = node.host;
  const said = (c.logPath && lastLogTime(c.logPath)) || 0;
  let at = c.startedAt;
  let turns = 0;
  let missed = 0;
  const over = new AbortController();
  void life.ended(c).then(() => over.abort());

  const sleep = (ms: number): Promise<void> => {
    turns = 0;
    at += Math.min(ms * 1000, Number.MAX_SAFE_INTEGER - at);
    if (at <= clock.now()) {
      if (++missed > mostMissedSleeps) at = clock.now();
      return Promise.resolve();
    }
    return new Promise((resolve) => life.at(c.id, at, resolve));
  };
  const turn = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    if (++turns <= freeTurns) return;
    await sleep(idleTurn);
    turns = freeTurns;
  };
  const outputs = { stdout: lineWriter(), stderr: lineWriter() };
  const write = (stream: Stream) => async (data: Buffer | string) => {
    for (const line of outputs[stream].add(data.toString())) if (at > said) say(stream, line, at);
  };

  const world = { ...containerWorld(node, c), now: () => Math.floor(at / 1000), sleep, turn, gone: over.signal };
  const code = await runCommand(world, c.command!, { stdout: write('stdout'), stderr: write('stderr') });
  for (const stream of ['stdout', 'stderr'] as const)
    for (const line of outputs[stream].rest()) if (at > said) say(stream, line, at);
  life.end(c, code, undefined, at);
}

function lineWriter() {
  let rest = '';
  return {
    add(text: string): string[] {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      return lines;
    },
    rest: (): string[] => (rest ? [rest] : []),
  };
}
