// etcd's watch as the store's: one stream over the whole key space, taken up again where it broke.
// Watching every key means that every revision arrives, whoever made it, so nobody has to ask how far the stream has come.
// Used by etcd.ts. Upstream: apiserver/pkg/storage/etcd3/watcher.go.
import type { IEvent, IKeyValue, IWatchRequest, IWatchResponse } from 'etcd3';
import { realClock } from '../../apimachinery/clock.ts';
import type { EtcdConnection, EtcdMember } from './etcdConnection.ts';
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

type WatchStream = AsyncIterable<IWatchResponse> & { write(request: IWatchRequest): void; cancel(): void };

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
  const stream = (await member.watch.watch()) as unknown as WatchStream;
  const cancel = (): void => stream.cancel();
  signal.addEventListener('abort', cancel);
  try {
    // A key of one zero byte up to an end of one zero byte: all keys.
    const all = Buffer.from([0]);
    const create_request = { key: all, range_end: all, start_revision: seen + 1, fragment: true };
    stream.write({ create_request });
    let held: IEvent[] = [];
    for await (const response of stream) {
      if (response.canceled) throw cancelled(response);
      if (response.created) await checkNotRestored(response, seen, options);
      held = held.concat(response.events);
      // A fragment may end in the middle of a revision; the rest of it comes in the next.
      const whole = response.fragment
        ? held.findIndex((e) => e.kv.mod_revision === held.at(-1)!.kv.mod_revision)
        : held.length;
      if (whole > 0) yield toBatch(held.splice(0, whole), options.prefix);
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    stream.cancel();
  }
}

function cancelled({ compact_revision, cancel_reason }: IWatchResponse): Error {
  const compacted = Number(compact_revision);
  return compacted > 0 ? new Compacted(compacted) : new StoreUnavailable(`etcd ended the watch: ${cancel_reason}`);
}

/** A member may lag behind what another has told us; but a cluster whose newest revision is older has been restored from a backup. */
async function checkNotRestored(
  created: IWatchResponse,
  seen: Revision,
  { revision }: EtcdWatchOptions,
): Promise<void> {
  if (Number(created.header.revision) >= seen) return;
  const newest = await revision();
  if (newest < seen) throw new FutureRevision(seen, newest);
}

function toBatch(events: IEvent[], prefix: string): WatchBatch {
  const revision = Number(events.at(-1)!.kv.mod_revision);
  const ours = events.filter(({ kv }) => kv.key.toString('latin1', 0, prefix.length) === prefix);
  return { events: ours.map(toEvent), revision };
}

function toEvent({ type, kv }: IEvent): StoreEvent {
  const key = kv.key.toString();
  const revision = Number(kv.mod_revision);
  return type === 'Put' ? { type: 'PUT', key, value: kv.value, revision } : { type: 'DELETE', key, revision };
}

export const toStored = (kv: IKeyValue): Stored => ({
  key: kv.key.toString(),
  value: kv.value,
  revision: Number(kv.mod_revision),
});
