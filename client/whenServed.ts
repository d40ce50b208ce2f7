// Waits, when a component starts, until the API server serves. Both are often started together, and the back-off of a reflector,
// made for servers in trouble, would turn the half second that a server needs into two.
// Reads: /readyz. Mirrors: cmd/kube-controller-manager/app/helper.go (WaitForAPIServer). Used by: informerFactory.ts.
import type { Clock } from '../apimachinery/clock.ts';
import { StatusError } from '../apimachinery/status.ts';
import { sleep } from './backoff.ts';
import { type Client, ConnectionError } from './client.ts';

/** Milliseconds: the first and the longest pause, and when others' back-off takes over. */
const first = 20;
const most = 500;
const patience = 10_000;
/** How long an answer may take: one that hangs is no reason to hang, too. */
const answerTime = 1000;

/** Resolves when it is ready, refuses to say, or was not there for ten seconds. Never rejects. */
export async function whenServed(
  deps: { client: Client; clock: Clock; random(): number },
  signal: AbortSignal,
): Promise<void> {
  const until = deps.clock.now() + patience;
  for (let wait = first; !signal.aborted && deps.clock.now() < until; wait = Math.min(wait * 1.2, most)) {
    if (await inTime(deps, serves(deps.client))) return;
    await sleep(deps.clock, wait * (0.5 + deps.random()), signal);
  }
}

async function serves(client: Client): Promise<boolean> {
  try {
    await client.raw('GET', '/readyz');
    return true;
  } catch (error) {
    // Who may not ask, or asks a server without this path, finds out by working.
    return !(error instanceof ConnectionError || (error instanceof StatusError && error.code >= 500));
  }
}

async function inTime(deps: { clock: Clock }, answer: Promise<boolean>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = deps.clock.setTimeout(() => resolve(true), answerTime);
  try {
    return await Promise.race([answer, late]);
  } finally {
    timer.cancel();
  }
}
