// The members of an etcd cluster as this process reaches them: which one is asked, and what a failed call means.
// A call whose reply alone was lost may have been carried out: whether it is sent again depends on what kind of call it is.
// Used by etcd.ts, etcdWatch.ts and etcdLeases.ts. Upstream: storagebackend/factory/etcd3.go and the retry rules of etcd's clientv3.
import { realClock } from '../../apimachinery/clock.ts';
import { createEtcdMember, type EtcdMember } from './etcdMember.ts';
import { GrpcError, status } from './grpcChannel.ts';
import { pause } from './pause.ts';
import { StoreUnavailable } from './store.ts';

export interface EtcdOptions {
  /** `http://10.0.0.1:2379`, `https://…`; one a member. */
  endpoints: readonly string[];
  /** PEM. Absent with https: the machine's roots, no client certificate. */
  tls?: { ca?: Buffer; cert?: Buffer; key?: Buffer };
  /** How long a read is tried at member after member. Absent: 10,000. */
  patienceMs?: number;
}

type Call<T> = (member: EtcdMember) => Promise<T>;

export interface EtcdConnection {
  /** For what may be sent twice: tries member after member for `patienceMs`, then throws StoreUnavailable. */
  read<T>(call: Call<T>): Promise<T>;
  /** For what may not: goes to another member only when it has certainly not left. Throws StoreUnavailable, uncertain or not. */
  write<T>(call: Call<T>): Promise<T>;
  /** The member that answered last. */
  member(): EtcdMember;
  /** It did not answer: the next one is asked from now on. */
  failed(member: EtcdMember): void;
  close(): void;
}

export function connectEtcd({ endpoints, tls, patienceMs = 10_000 }: EtcdOptions): EtcdConnection {
  const members = endpoints.map((endpoint) => createEtcdMember(endpoint, tls));
  let current = 0;
  let closed = false;

  const member = (): EtcdMember => members[current]!;
  const failed = (which: EtcdMember): void => {
    if (which === member()) current = (current + 1) % members.length;
  };
  const once = <T>(which: EtcdMember, call: Call<T>): Promise<T> => {
    if (closed) throw new StoreUnavailable('the store is closed');
    return call(which);
  };

  async function read<T>(call: Call<T>): Promise<T> {
    const end = Date.now() + patienceMs;
    for (let tries = 1; ; tries++) {
      const asked = member();
      try {
        return await once(asked, call);
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        failed(asked);
        if (Date.now() >= end) throw unavailable(error, false);
        if (tries % members.length === 0) await pause(realClock, Math.min(1_000, 50 * tries));
      }
    }
  }

  async function write<T>(call: Call<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const asked = member();
      try {
        return await once(asked, call);
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        failed(asked);
        if (!error.neverLeft) throw unavailable(error, true);
        if (tries >= members.length) throw unavailable(error, false);
      }
    }
  }

  return {
    read,
    write,
    member,
    failed,
    close() {
      closed = true;
      for (const one of members) one.close();
    },
  };
}

const lost: ReadonlySet<number> = new Set([
  status.unavailable,
  status.deadlineExceeded,
  status.cancelled,
  status.unknown,
  status.internal,
]);

const isUnavailable = (error: unknown): error is GrpcError => error instanceof GrpcError && lost.has(error.code);

const unavailable = (error: GrpcError, uncertain: boolean): StoreUnavailable =>
  new StoreUnavailable(`etcd cannot be reached: ${error.message}`, uncertain);
