// Leases for keys with a TTL: keys that end at nearly the same time share one, since each lease costs etcd memory and renewal of none.
// Mirrors: apiserver/pkg/storage/etcd3/lease_manager.go, its numbers included. Used by etcd.ts.
import type { EtcdConnection } from './etcdConnection.ts';

/** A lease lives up to 5 % longer than asked, one minute at most, so that later keys can use it. */
const reuseFraction = 0.05;
const maxReuseSeconds = 60;
const maxKeys = 1_000;

interface Lease {
  id: Promise<bigint>;
  /** Milliseconds. */
  expires: number;
  keys: number;
}

export interface EtcdLeases {
  /** The id of a lease that ends in `ttl` seconds or a little later. */
  get(ttl: number): Promise<bigint>;
  /** etcd does not know it any more. */
  forget(ttl: number): void;
}

export function createEtcdLeases(connection: EtcdConnection, now: () => number = Date.now): EtcdLeases {
  const leases = new Map<number, Lease>();

  function grant(ttl: number, spare: number): Lease {
    // A lease that was granted but whose reply was lost ends by itself: asking twice does no harm.
    const id = connection.read((m) => m.leaseGrant(ttl + spare));
    const lease = { id, expires: now() + (ttl + spare) * 1000, keys: 0 };
    id.catch(() => leases.get(ttl) === lease && leases.delete(ttl));
    leases.set(ttl, lease);
    return lease;
  }

  return {
    get(seconds) {
      const ttl = Math.ceil(seconds);
      const spare = Math.min(maxReuseSeconds, Math.floor(reuseFraction * ttl));
      const known = leases.get(ttl);
      const lasts = known && known.expires > now() + ttl * 1000 && known.keys < maxKeys;
      const lease = lasts ? known : grant(ttl, spare);
      lease.keys++;
      return lease.id;
    },
    forget: (seconds) => void leases.delete(Math.ceil(seconds)),
  };
}
