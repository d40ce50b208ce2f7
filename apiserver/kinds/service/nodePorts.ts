// Which node ports are taken: one bitmap under /registry/ranges/servicenodeports, changed by compare-and-swap alone.
// Reads and writes: that key, as upstream's RangeAllocation. Mirrors: pkg/registry/core/service/portallocator and allocator/bitmap.go.
// Next: allocate.ts decides on ports with it; ../../bootstrap/nodePortRange.ts makes it and repairs it.
import type { Store } from '../../storage/store.ts';
import { AllocationError } from './ipAllocator.ts';

export const defaultPortRange = '30000-32767';
const maxTries = 1000;

/** What hooks have of the store. */
export interface PortStore {
  store: Store;
  keyPrefix: string;
}

/** The taken ports of a range. */
export interface PortSet {
  /** As the flag says it: `30000-32767`. */
  readonly range: string;
  readonly first: number;
  readonly size: number;
  has(port: number): boolean;
  add(port: number): void;
  remove(port: number): void;
  ports(): number[];
}

/** `data` is what RangeAllocation holds: base64 of a big-endian number whose bit n stands for port first+n. */
export function portSet(range: string, data = ''): PortSet {
  const [first, last] = range.split('-').map(Number) as [number, number];
  const bytes = Buffer.from(data, 'base64').reverse();
  const taken = new Set<number>();
  for (const [i, byte] of bytes.entries()) {
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) taken.add(first + i * 8 + bit);
  }
  return {
    range,
    first,
    size: last - first + 1,
    has: (port) => taken.has(port),
    add: (port) => void taken.add(port),
    remove: (port) => void taken.delete(port),
    ports: () => [...taken].sort((a, b) => a - b),
  };
}

/** The inverse of portSet: no leading zero bytes, as Go's big.Int writes it. */
export function portData(set: PortSet): string {
  const bytes: number[] = [];
  for (const port of set.ports()) {
    const bit = port - set.first;
    while (bytes.length <= bit >> 3) bytes.push(0);
    bytes[bit >> 3]! |= 1 << (bit & 7);
  }
  return Buffer.from(bytes.reverse()).toString('base64');
}

const keyOf = (at: PortStore) => `${at.keyPrefix}/ranges/servicenodeports`;

/**
 * Runs `change` on the ports taken now and stores the outcome, again whenever another server was quicker; resolves to what
 * `change` returned last. What it throws comes out, and nothing is stored.
 */
export async function changePorts<T>(at: PortStore, change: (ports: PortSet) => T, range?: string): Promise<T> {
  const key = keyOf(at);
  let stored = await at.store.get(key);
  for (let tries = 0; tries < maxTries; tries++) {
    const object = stored ? JSON.parse(Buffer.from(stored.value).toString()) : {};
    const ports = portSet(range ?? object.range ?? defaultPortRange, sameRange(object.range, range) ? object.data : '');
    const result = change(ports);
    const next = { kind: 'RangeAllocation', apiVersion: 'v1', metadata: {}, range: ports.range, data: portData(ports) };
    if (object.range === next.range && object.data === next.data) return result;
    const written = await at.store.put(key, Buffer.from(JSON.stringify(next)), { expect: stored?.revision ?? 0 });
    if (!('conflict' in written)) return result;
    stored = written.conflict;
  }
  throw new Error('node ports change faster than they can be allocated');
}

const sameRange = (stored: string | undefined, wanted: string | undefined) => wanted === undefined || stored === wanted;

/** The ports taken now, for a dry run or a look. */
export async function takenPorts(at: PortStore): Promise<PortSet> {
  const stored = await at.store.get(keyOf(at));
  const object = stored ? JSON.parse(Buffer.from(stored.value).toString()) : {};
  return portSet(object.range ?? defaultPortRange, object.data);
}

/** Takes this very port. Throws AllocationError. */
export function takePort(ports: PortSet, port: number): void {
  if (port < ports.first || port >= ports.first + ports.size) {
    const text = `provided port is not in the valid range. The range of valid ports is ${ports.range}`;
    throw new AllocationError(text);
  }
  if (ports.has(port)) throw new AllocationError('provided port is already allocated');
  ports.add(port);
}

/** Ports at the start of the range that are given out last: a thirty-second of it, 16 to 128. */
export function staticPorts(size: number): number {
  if (size < 16) return 0;
  return Math.min(Math.max(Math.floor(size / 32), 16), 128);
}

/** Takes some free port, a random one. Throws AllocationError. */
export function takeAnyPort(ports: PortSet, random: () => number = Math.random): number {
  const kept = staticPorts(ports.size);
  const port = freePort(ports, kept, ports.size - kept, random) ?? freePort(ports, 0, kept, random);
  if (port === undefined) throw new AllocationError('range is full');
  ports.add(port);
  return port;
}

function freePort(ports: PortSet, offset: number, count: number, random: () => number): number | undefined {
  const start = Math.floor(random() * count);
  for (let i = 0; i < count; i++) {
    const port = ports.first + offset + ((start + i) % count);
    if (!ports.has(port)) return port;
  }
  return undefined;
}
