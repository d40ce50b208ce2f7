// A range cut into equal parts, given out in turn. No I/O.
// Mirrors: pkg/controller/nodeipam/ipam/cidrset/cidr_set.go. Used by: nodeIpam.ts.
import { type CIDR, cidrText, parseCIDR } from '../../apimachinery/ipFormat.ts';

export interface CidrPool {
  readonly family: 4 | 6;
  /** The next part that is free; undefined when none is. */
  take(): string | undefined;
  /** Marks the parts that `cidr` touches as taken, once more; false when it is outside the range. */
  occupy(cidr: string): boolean;
  /** Takes one such mark off. Two smaller ranges may lie in one part: it is free when both are gone. */
  release(cidr: string): void;
}

/** Parts of `prefix` bits out of `range`. Throws on a range that is none or too small for a part. */
export function createCidrPool(range: string, prefix: number): CidrPool {
  const whole = parse(range);
  const bits = prefix - whole.prefix;
  if (bits < 0) throw new Error(`the range ${range} is smaller than a node's part of /${prefix}`);
  const count = 2 ** Math.min(bits, 31);
  const step = 1n << BigInt((whole.family === 4 ? 32 : 128) - prefix);
  const taken = new Map<number, number>();
  let next = 0;
  const textOf = (i: number) => cidrText({ ...whole, base: whole.base + step * BigInt(i), prefix });

  /** The first and last part that `cidr` touches. */
  function parts(cidr: string): [number, number] | undefined {
    const c = parse(cidr);
    const size = 1n << BigInt((c.family === 4 ? 32 : 128) - c.prefix);
    const first = (c.base - whole.base) / step;
    const last = (c.base + size - 1n - whole.base) / step;
    if (c.family !== whole.family || c.base + size <= whole.base || first >= BigInt(count)) return undefined;
    return [Math.max(Number(first), 0), Math.min(Number(last), count - 1)];
  }

  return {
    family: whole.family,
    take() {
      for (let tries = 0; tries < count && taken.size < count; tries++) {
        const i = next;
        next = (next + 1) % count;
        if (taken.has(i)) continue;
        taken.set(i, 1);
        return textOf(i);
      }
      return undefined;
    },
    occupy(cidr) {
      const range = parts(cidr);
      for (let i = range?.[0] ?? 1; i <= (range?.[1] ?? 0); i++) taken.set(i, (taken.get(i) ?? 0) + 1);
      return range !== undefined;
    },
    release(cidr) {
      const range = parts(cidr);
      for (let i = range?.[0] ?? 1; i <= (range?.[1] ?? 0); i++) {
        const left = (taken.get(i) ?? 0) - 1;
        if (left > 0) taken.set(i, left);
        else taken.delete(i);
      }
    },
  };
}

function parse(text: string): CIDR {
  const cidr = parseCIDR(text);
  if (!cidr) throw new Error(`${text} is no CIDR`);
  return cidr;
}
