// etcd's watch as the store's: one stream over the whole key space, taken up again where it broke.
// Watching every key means that every revision arrives, whoever made it, so nobody has to ask how far the stream has come.
// Used by etcd.ts. Upstream: apiserver/pkg/storage/etcd3/watcher.go.
import { realClock } from '../../apimachinery/clock.ts';
import type { EtcdConnection } from './etcdConnection.ts';
import type { EtcdMember } from './etcdMember.ts';
import type { KeyValue, WatchAnswer, WatchEvent } from './etcdMessages.ts';
import { pause } from './pause.ts';
import {
  Compacted,
  FutureRevision,
  type Revision,
  type Stored,
  type StoreEvent,
  StoreUnavailable,
  type WatchBatch,
} from './store.ts';

export interface EtcdWatchOptions {
  /** Events of other keys only move the revision. */
  prefix: string;
  /** The cluster's newest revision. */
  revision(): Promise<Revision>;
}

/** Lives through lost connections and members. Throws Compacted, and FutureRevision when the cluster was restored to before `from`. */
export async function* watchEtcd(
  connection: EtcdConnection,
  from: Revision,
  signal: AbortSignal,
  options: EtcdWatchOptions,
): AsyncGenerator<WatchBatch> {
  let seen = from;
  for (let failures = 0; !signal.aborted; failures++) {
    const member = connection.member();
    try {
      for await (const batch of watchMember(member, seen, signal, options)) {
        seen = batch.revision;
        failures = 0;
        yield batch;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Compacted || error instanceof FutureRevision) throw error;
      connection.failed(member);
    }
    await pause(realClock, Math.min(1_000, 50 * 2 ** failures), signal);
  }
}

async function* watchMember(
  member: EtcdMember,
  seen: Revision,
  signal: AbortSignal,
  options: EtcdWatchOptions,
): AsyncGenerator<WatchBatch> {
  const stream = await member.watch(seen);
  const cancel = (): void => stream.cancel();
  signal.addEventListener('abort', cancel);
  try {
    let held: WatchEvent[] = [];
    for await (const answers of stream) {
      const refused = answers.find((a) => a.cancelled);
      for (const answer of answers) {
        if (answer.created && !answer.cancelled) await checkNotRestored(answer, seen, options);
        held = held.length ? held.concat(answer.events) : answer.events;
      }
      // A fragment may end in the middle of a revision; the rest of it comes in the next.
      const whole = answers.at(-1)!.fragment
        ? held.findIndex((e) => e.revision === held.at(-1)!.revision)
        : held.length;
      if (whole > 0) yield toBatch(held.splice(0, whole), options.prefix);
      if (refused) throw cancelled(refused);
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    stream.cancel();
  }
}

function cancelled({ compacted, cancelReason }: WatchAnswer): Error {
  return compacted > 0 ? new Compacted(compacted) : new StoreUnavailable(`etcd ended the watch: ${cancelReason}`);
}

/** A member may lag behind what another has told us; but a cluster whose newest revision is older has been restored from a backup. */
async function checkNotRestored(created: WatchAnswer, seen: Revision, { revision }: EtcdWatchOptions): Promise<void> {
  if (created.revision >= seen) return;
  const newest = await revision();
  if (newest < seen) throw new FutureRevision(seen, newest);
}

function toBatch(events: WatchEvent[], prefix: string): WatchBatch {
  const { revision } = events.at(-1)!;
  const ours = events.filter(({ key }) => key.toString('latin1', 0, prefix.length) === prefix);
  return { events: ours.map(toEvent), revision };
}

function toEvent({ removed, key, value, revision }: WatchEvent): StoreEvent {
  const name = key.toString();
  return removed ? { type: 'DELETE', key: name, revision } : { type: 'PUT', key: name, value, revision };
}

export const toStored = ({ key, value, revision }: KeyValue): Stored => ({ key: key.toString(), value, revision });
