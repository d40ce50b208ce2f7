// Keeps a copy of a resource true: lists it once, then follows its watch for ever, through cuts, restarts and 410s.
// Reads list and watch of the Client; writes to a Sink (informerCache.ts).
// Mirrors: client-go tools/cache/reflector.go. Next along the chain: informerFactory.ts.
import type { Clock } from '../apimachinery/clock.ts';
import type { Resource } from '../apimachinery/resources.ts';
import { StatusError } from '../apimachinery/status.ts';
import type { KubeObject, WatchEvent } from '../apimachinery/types.ts';
import type { Logger } from '../component-base/logger.ts';
import { errorFromStatus } from './answers.ts';
import { createBackoff, sleep } from './backoff.ts';
import { type Client, ConnectionError } from './client.ts';

/** Where the objects go. Calls come one at a time, in the server's order. */
export interface Sink<T> {
  /** The whole state at `resourceVersion`: what is not in it is gone. */
  replace(items: T[], resourceVersion: string): void;
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void;
  /** Nothing changed up to here. */
  bookmark(resourceVersion: string): void;
}

export interface Selection {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  metadataOnly?: boolean;
}

export interface ReflectorDeps {
  client: Client;
  clock: Clock;
  random(): number;
  log: Logger;
}

const initialEventsEnd = 'k8s.io/initial-events-end';
const pageSize = 500;

/** What a reflector knows between two streams. */
interface Progress {
  /** The resourceVersion to resume from; empty: list first. */
  at: string;
  /** The server takes sendInitialEvents. */
  streamingList: boolean;
  /** The last stream was cut, so the server may have come back older. */
  cut: boolean;
}

/** Runs until the signal aborts; resolves then. Never rejects: every failure is waited out. */
export async function runReflector<T extends KubeObject>(
  deps: ReflectorDeps,
  resource: Resource<T>,
  selection: Selection,
  sink: Sink<T>,
  signal: AbortSignal,
): Promise<void> {
  const backoff = createBackoff({ first: 800, most: 30_000, resetAfter: 120_000 }, deps.clock, deps.random);
  const progress: Progress = { at: '', streamingList: true, cut: false };
  while (!signal.aborted) {
    const started = deps.clock.now();
    try {
      if (progress.cut && (await cameBackOlder(deps.client, resource, selection, progress.at))) progress.at = '';
      progress.cut = false;
      if (!progress.at && !progress.streamingList) await listPages(deps.client, resource, selection, sink, progress);
      await follow(deps, resource, selection, sink, progress, signal);
      if (deps.clock.now() - started > 1000) backoff.reset();
      else await sleep(deps.clock, backoff.next(), signal);
    } catch (error) {
      if (signal.aborted) return;
      if (deps.clock.now() - started > 5000) backoff.reset();
      if (!learn(error, progress)) {
        deps.log.info({ resource: resource.plural, error: String(error) }, 'watch ended, trying again');
        await sleep(deps.clock, backoff.next(), signal);
      }
    }
  }
}

/** What an error means for the next try. True: try at once. */
function learn(error: unknown, progress: Progress): boolean {
  if (error instanceof ConnectionError) {
    progress.cut = progress.at !== '';
    return false;
  }
  if (!(error instanceof StatusError)) return false;
  const tooLarge = error.status.details?.causes?.some((c) => c.reason === 'ResourceVersionTooLarge');
  if (error.code === 410 || tooLarge) {
    const hadState = progress.at !== '';
    progress.at = '';
    return hadState && error.code === 410;
  }
  if (!progress.at && progress.streamingList && [400, 404, 405, 422].includes(error.code)) {
    progress.streamingList = false;
    return true;
  }
  return false;
}

/** A server restored from a backup counts from an older revision, and a watch from ours would stay silent. */
async function cameBackOlder(client: Client, r: Resource, selection: Selection, at: string): Promise<boolean> {
  const page = await client.list(r, { ...selection, metadataOnly: true, limit: 1 });
  const now = page.metadata.resourceVersion ?? '';
  return /^\d+$/.test(now) && /^\d+$/.test(at) && BigInt(now) < BigInt(at);
}

/** The whole state by pages of one snapshot; in one piece when the snapshot is gone before its last page. */
async function listPages<T extends KubeObject>(
  client: Client,
  r: Resource<T>,
  selection: Selection,
  sink: Sink<T>,
  progress: Progress,
): Promise<void> {
  const items: T[] = [];
  let page = await client.list(r, { ...selection, limit: pageSize });
  items.push(...page.items);
  while (page.metadata.continue) {
    try {
      page = await client.list(r, { ...selection, limit: pageSize, continue: page.metadata.continue });
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 410)) throw error;
      page = await client.list(r, selection);
      items.length = 0;
    }
    for (const item of page.items) items.push(item);
  }
  progress.at = page.metadata.resourceVersion ?? '';
  sink.replace(items, progress.at);
}

/** One watch: from where we are, or the initial events first. Returns when the server ends it in order. */
async function follow<T extends KubeObject>(
  deps: ReflectorDeps,
  r: Resource<T>,
  selection: Selection,
  sink: Sink<T>,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  // Spread out, so that all watches of all clients do not end together.
  const timeoutSeconds = Math.floor(300 * (1 + deps.random()));
  const initial = progress.at === '' ? ([] as T[]) : undefined;
  const watchdog = new AbortController();
  const stop = () => watchdog.abort();
  signal.addEventListener('abort', stop, { once: true });
  const heard = { at: deps.clock.now() };
  const guard = guardSilence(deps.clock, heard, deps.clock.now() + (timeoutSeconds + 30) * 1000, stop);
  const options = {
    ...selection,
    allowWatchBookmarks: true,
    timeoutSeconds,
    ...(initial
      ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' as const }
      : { resourceVersion: progress.at }),
  };
  try {
    let waiting: T[] | undefined = initial;
    for await (const event of deps.client.watch(r, options, watchdog.signal)) {
      heard.at = deps.clock.now();
      waiting = take(event, waiting, sink, progress);
    }
    if (watchdog.signal.aborted && !signal.aborted) throw new ConnectionError(`watch of ${r.plural} hangs`);
  } finally {
    guard.cancel();
    signal.removeEventListener('abort', stop);
  }
}

/** Bookmarks come about once a minute, so a longer silence means that nobody is there: a cut without a goodbye. */
const longestSilence = 180_000;
const lookEvery = 30_000;

/** Calls `stop` after too long a silence, or at `deadline`. */
function guardSilence(clock: Clock, heard: { at: number }, deadline: number, stop: () => void): { cancel(): void } {
  let timer: { cancel(): void };
  const look = () => {
    if (clock.now() > deadline || clock.now() - heard.at > longestSilence) stop();
    else timer = clock.setTimeout(look, lookEvery);
  };
  timer = clock.setTimeout(look, lookEvery);
  return { cancel: () => timer.cancel() };
}

/** One event. `initial` collects the first state until its end is announced; then it is undefined. */
function take<T extends KubeObject>(
  event: WatchEvent<T>,
  initial: T[] | undefined,
  sink: Sink<T>,
  progress: Progress,
): T[] | undefined {
  if (event.type === 'ERROR') throw errorFromStatus(event.object);
  const version = event.object.metadata.resourceVersion ?? '';
  if (!initial) {
    progress.at = version;
    if (event.type === 'BOOKMARK') sink.bookmark(version);
    else sink.apply(event.type, event.object);
    return undefined;
  }
  if (event.type !== 'BOOKMARK') {
    initial.push(event.object);
    return initial;
  }
  if (event.object.metadata.annotations?.[initialEventsEnd] !== 'true') return initial;
  progress.at = version;
  sink.replace(initial, version);
  return undefined;
}
