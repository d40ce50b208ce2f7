// Hands out a node's pod addresses: the next free one after the last, as the host-local CNI plugin does.
// Pure but for the cursor. Used by: sandboxes.ts. The first address of a range is the gateway's and is never given.
import { isIP } from 'node:net';

export interface AddressRange {
  family: 4 | 6;
  first: bigint;
  last: bigint;
  next: bigint;
}

/** `10.244.1.0/24`, or several separated by commas for dual stack. Throws an Error for anything else. */
export const parseRanges = (podCidr: string): AddressRange[] => podCidr.split(',').map((c) => parseRange(c.trim()));

function parseRange(cidr: string): AddressRange {
  const [address = '', bits = ''] = cidr.split('/', 2);
  const family = isIP(address) as 0 | 4 | 6;
  const width = family === 4 ? 32 : 128;
  if (!family || !/^\d+$/.test(bits) || Number(bits) > width - 2) {
    throw new Error(`"${cidr}" is no address range such as 10.244.0.0/24`);
  }
  const size = 1n << BigInt(width - Number(bits));
  const base = (toNumber(address) / size) * size;
  const first = base + 2n;
  return { family, first, last: base + size - 2n, next: first };
}

/** The next address that `taken` does not hold; moves the cursor behind it. Undefined when all are taken. */
export function takeAddress(range: AddressRange, taken: (ip: string) => boolean): string | undefined {
  const start = range.next;
  do {
    const ip = toAddress(range.next, range.family);
    range.next = range.next >= range.last ? range.first : range.next + 1n;
    if (!taken(ip)) return ip;
  } while (range.next !== start);
  return undefined;
}

/** Puts the cursor behind an address that was given before a restart. */
export function resumeAfter(range: AddressRange, ip: string): void {
  if (isIP(ip) !== range.family) return;
  const n = toNumber(ip);
  if (n >= range.first && n < range.last) range.next = n + 1n;
}

function toNumber(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((n, byte) => (n << 8n) + BigInt(byte), 0n);
  const [head = '', tail] = address.split('::', 2);
  const groups = (part: string) => (part ? part.split(':') : []);
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...middle, ...right].reduce((n, g) => (n << 16n) + BigInt(`0x${g}`), 0n);
}

function toAddress(n: bigint, family: 4 | 6): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((s) => (n >> s) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((n >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return compress(groups);
}

/** The longest run of zero groups becomes `::`, as RFC 5952 writes addresses. */
function compress(groups: string[]): string {
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const run = runs[0];
  const text = groups.join(':');
  if (!run) return text;
  return `${text.slice(0, run.index)}::${text.slice(run.index + run[0].length).replace(/^:/, '')}`;
}
