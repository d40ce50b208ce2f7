// Addresses of an IPv4 range, given out one after the other to whoever asks, and taken back.
// Used by: pods.ts (one a pod) and node.ts (the n-th for the n-th node). No I/O.
import { UsageError } from '../component-base/flags.ts';

export interface Addresses {
  /** The address of `owner`: the one it has, or the next that is free. Throws when all are taken. */
  take(owner: string): string;
  /** `owner` has this one already, as an earlier life of this process gave it. One from another range is not ours to count. */
  has(owner: string, address: string): void;
  giveBack(owner: string): void;
}

interface Range {
  first: number;
  size: number;
}

/** Without the network's own address and the broadcast one. Throws UsageError. */
export function parseRange(flag: string, cidr: string): Range {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = (m ?? []).slice(1).map(Number);
  if (!m || Math.max(a, b, c, d) > 255 || bits < 8 || bits > 30)
    throw new UsageError(`--${flag} must be an IPv4 range such as 10.160.0.0/11, not "${cidr}".`);
  const whole = 2 ** (32 - bits);
  const network = Math.floor((a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / whole) * whole;
  return { first: network + 1, size: whole - 2 };
}

/** The n-th, counted from 0. */
export function addressAt({ first, size }: Range, n: number): string {
  const value = first + (n % size);
  return [2 ** 24, 2 ** 16, 2 ** 8, 1].map((unit) => Math.floor(value / unit) % 256).join('.');
}

const numberOf = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

export function createAddresses(range: Range): Addresses {
  const owners = new Map<number, string>();
  const taken = new Map<string, number>();
  let next = 0;

  function set(owner: string, n: number): void {
    owners.set(n, owner);
    taken.set(owner, n);
  }

  return {
    take(owner) {
      const own = taken.get(owner);
      if (own !== undefined) return addressAt(range, own);
      if (owners.size >= range.size) throw new Error('no address is free: name a larger range with --cidr');
      while (owners.has(next)) next = (next + 1) % range.size;
      const n = next;
      set(owner, n);
      next = (next + 1) % range.size;
      return addressAt(range, n);
    },
    has(owner, address) {
      const n = numberOf(address) - range.first;
      if (n >= 0 && n < range.size && !taken.has(owner) && !owners.has(n)) set(owner, n);
    },
    giveBack(owner) {
      const n = taken.get(owner);
      if (n === undefined) return;
      taken.delete(owner);
      owners.delete(n);
    },
  };
}
