// One member of an etcd cluster: the methods that the store needs, each sent once.
// Used through etcdConnection.ts, which chooses the member. Next along the chain: etcdMessages.ts, grpcChannel.ts.
import type { SecureContextOptions } from 'node:tls';
import {
  decodeLeaseGrant,
  decodeRange,
  decodeSwap,
  decodeWatch,
  encodeCompact,
  encodeDeleteRange,
  encodeLeaseGrant,
  encodeRange,
  encodeSwap,
  encodeWatchCreate,
  type RangeAnswer,
  type RangeRequest,
  type SwapAnswer,
  type SwapRequest,
  type WatchAnswer,
} from './etcdMessages.ts';
import { createGrpcChannel } from './grpcChannel.ts';
import type { Revision } from './store.ts';

export interface EtcdMember {
  range(request: RangeRequest): Promise<RangeAnswer>;
  swap(request: SwapRequest): Promise<SwapAnswer>;
  deleteRange(key: Buffer, end: Buffer): Promise<void>;
  compact(revision: Revision): Promise<void>;
  /** The lease's id, an int64. `ttl`: seconds. */
  leaseGrant(ttl: number): Promise<bigint>;
  /** All keys' events behind `from`, in the groups they come in; `cancel` ends it. */
  watch(from: Revision): Promise<EtcdEvents>;
  close(): void;
}

export interface EtcdEvents extends AsyncIterable<WatchAnswer[]> {
  cancel(): void;
}

/** `endpoint`: with or without its scheme. */
export function createEtcdMember(endpoint: string, tls: SecureContextOptions | undefined): EtcdMember {
  const secure = tls ?? (endpoint.startsWith('https://') ? {} : undefined);
  // A member that has lost its leader then ends a watch instead of falling silent.
  const channel = createGrpcChannel(endpoint.replace(/^https?:\/\//, ''), secure, { hasleader: 'true' });
  return {
    range: async (request) => decodeRange(await channel.call('/etcdserverpb.KV/Range', encodeRange(request))),
    swap: async (request) => decodeSwap(await channel.call('/etcdserverpb.KV/Txn', encodeSwap(request))),
    async deleteRange(key, end) {
      await channel.call('/etcdserverpb.KV/DeleteRange', encodeDeleteRange(key, end));
    },
    async compact(revision) {
      await channel.call('/etcdserverpb.KV/Compact', encodeCompact(revision));
    },
    leaseGrant: async (ttl) =>
      decodeLeaseGrant(await channel.call('/etcdserverpb.Lease/LeaseGrant', encodeLeaseGrant(ttl))),
    async watch(from) {
      const answers = await channel.listen('/etcdserverpb.Watch/Watch', encodeWatchCreate(from));
      async function* decoded(): AsyncGenerator<WatchAnswer[]> {
        for await (const messages of answers) yield messages.map(decodeWatch);
      }
      return { [Symbol.asyncIterator]: decoded, cancel: () => answers.cancel() };
    },
    close: () => channel.close(),
  };
}
