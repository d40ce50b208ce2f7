// Claims ClusterIPs by creating their IPAddress objects: the store decides, so any number of API servers may do it at once.
// Reads: ServiceCIDRs and, as a hint, known IPAddresses. Writes: IPAddresses. Mirrors: pkg/registry/core/service/ipallocator.
// Next: allocate.ts calls it; ../../bootstrap/repairServiceIPs.ts gives back what a killed server left claimed.
import { type CIDR, cidrContains, ipText, parseCIDR, parseIP } from '../../../apimachinery/ipFormat.ts';
import { isReason } from '../../../apimachinery/status.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import type { Cluster } from '../cluster.ts';
import type { Family } from './facts.ts';

export const ipAddresses = { group: 'networking.k8s.io', plural: 'ipaddresses' };
export const serviceCIDRs = { group: 'networking.k8s.io', plural: 'servicecidrs' };
export const familyLabel = 'ipaddress.kubernetes.io/ip-family';
export const managedByLabel = 'ipaddress.kubernetes.io/managed-by';
export const manager = 'ipallocator.k8s.io';

/** Why an address cannot be had, in upstream's words. */
export class AllocationError extends Error {
  override name = 'AllocationError';
}
const full = () => new AllocationError('range is full');

/** First and last usable address; from `dynamic` on addresses are given out, those below are left to who asks for one. */
export interface Range {
  cidr: CIDR;
  first: bigint;
  dynamic: bigint;
  last: bigint;
}

/** Network and, with IPv4, broadcast address are never used; a sixteenth, 16 to 256 addresses, is kept for explicit requests. */
export function rangeOf(text: string): Range {
  const cidr = parseCIDR(text)!;
  const bits = BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefix);
  const first = cidr.base + 1n;
  const last = cidr.base + (1n << bits) - (cidr.family === 4 ? 2n : 1n);
  const size = last - first + 1n;
  const offset = size / 16n;
  const kept = size <= 16n ? 0n : offset < 16n ? 16n : offset > 256n ? 256n : offset;
  return { cidr, first, dynamic: first + kept, last };
}

const ready = (range: any): boolean => {
  const condition = range.status?.conditions?.find((c: any) => c.type === 'Ready');
  return !range.metadata.deletionTimestamp && (!condition || condition.status === 'True');
};

/** Ranges that may be allocated from, those of the ServiceCIDR `kubernetes` first. */
async function ranges(cluster: Cluster): Promise<Range[]> {
  let known = cluster.cachedList(serviceCIDRs);
  if (!known.length) {
    const own = await cluster.get(serviceCIDRs, 'kubernetes');
    known = own ? [own] : [];
  }
  const order = (o: any) => (o.metadata.name === 'kubernetes' ? 0 : 1);
  const usable = known.filter(ready).sort((a, b) => order(a) - order(b));
  const texts = new Set<string>(usable.flatMap((o) => o['spec']?.cidrs ?? []));
  return [...texts].map(rangeOf);
}

export interface Claimant {
  metadata: { name: string; namespace?: string };
}

/** The IPAddress by which a Service holds an address. */
export const claimOf = (service: Claimant, name: string, family: Family) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IPAddress',
  metadata: { name, labels: { [familyLabel]: family, [managedByLabel]: manager } },
  spec: {
    parentRef: {
      group: '',
      resource: 'services',
      namespace: service.metadata.namespace,
      name: service.metadata.name,
    },
  },
});

async function create(cluster: Cluster, service: Claimant, name: string, family: Family): Promise<boolean> {
  try {
    await cluster.create(ipAddresses, claimOf(service, name, family));
    return true;
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return false;
    throw error;
  }
}

/**
 * Claims this very address. `created` is false when nothing had to be: in a dry run, and when the claim is this Service's already
 * (a server that was making it died on the way). Throws AllocationError.
 */
export async function claimIP(
  cluster: Cluster,
  service: Claimant,
  text: string,
  dryRun: boolean,
): Promise<{ ip: string; created: boolean }> {
  const address = parseIP(text)!;
  const range = (await ranges(cluster)).find((r) => cidrContains(r.cidr, address));
  if (!range) throw new AllocationError('the provided network does not match the current range');
  const ip = ipText(address.family, address.value);
  if (address.value < range.first || address.value > range.last) {
    const valid = `${ipText(address.family, range.cidr.base)}/${range.cidr.prefix}`;
    throw new AllocationError(`the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${valid}`);
  }
  if (dryRun) return { ip, created: false };
  if (await create(cluster, service, ip, address.family === 4 ? 'IPv4' : 'IPv6')) return { ip, created: true };
  if (isParent(await cluster.get(ipAddresses, ip), service)) return { ip, created: false };
  throw new AllocationError('provided IP is already allocated');
}

/** Does the claim name this Service as its owner? */
export function isParent(claim: KubeObject | undefined, service: Claimant): boolean {
  const parent = claim?.['spec']?.parentRef;
  return parent?.name === service.metadata.name && parent?.namespace === service.metadata.namespace;
}

/** Claims some free address of the family. `random`: from 0 up to 1. Throws AllocationError. */
export async function claimAnyIP(
  cluster: Cluster,
  service: Claimant,
  family: Family,
  dryRun: boolean,
  random: () => number = Math.random,
): Promise<string> {
  const bits = family === 'IPv4' ? 4 : 6;
  for (const range of await ranges(cluster)) {
    if (range.cidr.family !== bits) continue;
    // A dry run finds nothing that would still be free later: it answers with the range's own address, as upstream does.
    if (dryRun) return ipText(bits, range.cidr.base);
    for (const value of candidates(range, random)) {
      const name = ipText(bits, value);
      if (cluster.cached(ipAddresses, name)) continue;
      if (await create(cluster, service, name, family)) return name;
    }
  }
  throw full();
}

/** Each address once: the dynamic part from a random one around, then the part that is kept for explicit requests. */
export function* candidates(range: Range, random: () => number): Generator<bigint> {
  yield* around(range.dynamic, range.last, random());
  yield* around(range.first, range.dynamic - 1n, random());
}

function* around(first: bigint, last: bigint, random: number): Generator<bigint> {
  const size = last - first + 1n;
  if (size <= 0n) return;
  const start = (BigInt(Math.floor(random * 2 ** 52)) * size) >> 52n;
  for (let i = 0n; i < size; i++) yield first + ((start + i) % size);
}

/** Gives an address back, if it is still this Service's. */
export async function releaseIP(cluster: Cluster, service: Claimant, text: string): Promise<void> {
  const ip = parseIP(text);
  const claim = ip && (await cluster.get(ipAddresses, ipText(ip.family, ip.value)));
  if (!claim || !isParent(claim, service)) return;
  await cluster.delete(ipAddresses, claim.metadata.name, undefined, { uid: claim.metadata.uid });
}
