// Addresses to give out, as ranges; which of them is next. Pure.
// Used by: localProvider.ts.
import { ipText, parseCIDR, parseIP } from '../../apimachinery/ipFormat.ts';
import { UsageError } from '../../component-base/flags.ts';

export interface Range {
  family: 4 | 6;
  first: bigint;
  last: bigint;
}

/** `198.18.0.0/24` without its first and last address, or `10.0.0.7-10.0.0.20` whole. Throws UsageError. */
export function parseRange(text: string): Range {
  const [from, to] = text.split('-').map((part) => parseIP(part.trim()));
  if (from && to && from.family === to.family && from.value <= to.value)
    return { family: from.family, first: from.value, last: to.value };
  const cidr = parseCIDR(text.trim());
  if (!cidr)
    throw new UsageError(`--load-balancer-range ${text} is no range; write 198.18.0.0/24 or 198.18.0.10-198.18.0.50.`);
  const size = 1n << BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefix);
  const [low, high] = size > 2n ? [1n, size - 2n] : [0n, size - 1n];
  return { family: cidr.family, first: cidr.base + low, last: cidr.base + high };
}

export const inRanges = (ranges: readonly Range[], address: string): boolean => {
  const ip = parseIP(address);
  return ip !== undefined && ranges.some((r) => r.family === ip.family && r.first <= ip.value && ip.value <= r.last);
};

/** The lowest of the family that is not taken; undefined when all are. */
export function nextAddress(ranges: readonly Range[], family: 4 | 6, taken: ReadonlySet<string>): string | undefined {
  for (const range of ranges.filter((r) => r.family === family))
    for (let value = range.first; value <= range.last; value++)
      if (!taken.has(ipText(family, value))) return ipText(family, value);
  return undefined;
}
