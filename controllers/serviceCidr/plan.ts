// May a ServiceCIDR go? Only when every address given out of it lies in another one as well. Pure.
// Mirrors: canDeleteCIDR in pkg/controller/servicecidrs/servicecidrs_controller.go. Used by: serviceCidr.ts.
import { type CIDR, cidrContains, parseCIDR, parseIP } from '../../apimachinery/ipFormat.ts';
import type { IPAddress, ServiceCIDR } from '../../apimachinery/types.ts';

const managedBy = 'ipaddress.kubernetes.io/managed-by';
const allocator = 'ipallocator.k8s.io';

/** Given out by an API server: the only ones that count. */
export const isAllocated = (ip: IPAddress): boolean => ip.metadata.labels?.[managedBy] === allocator;

export const rangesOf = (o: ServiceCIDR): CIDR[] => (o.spec?.cidrs ?? []).map(parseCIDR).filter((c) => c !== undefined);

const includes = (outer: CIDR, inner: CIDR): boolean =>
  outer.prefix <= inner.prefix && cidrContains(outer, { family: inner.family, value: inner.base });

export const overlaps = (a: ServiceCIDR, b: ServiceCIDR): boolean =>
  rangesOf(a).some((x) => rangesOf(b).some((y) => includes(x, y) || includes(y, x)));

export function holds(o: ServiceCIDR, address: string): boolean {
  const ip = parseIP(address);
  return ip !== undefined && rangesOf(o).some((range) => cidrContains(range, ip));
}

/** One that is on its way out holds nothing for others. */
const stays = (o: ServiceCIDR): boolean => !o.metadata.deletionTimestamp;

export function mayGo(cidr: ServiceCIDR, all: readonly ServiceCIDR[], addresses: readonly IPAddress[]): boolean {
  const others = all.filter((o) => o.metadata.name !== cidr.metadata.name && stays(o));
  const within = (range: CIDR) => others.some((o) => rangesOf(o).some((outer) => includes(outer, range)));
  if (rangesOf(cidr).every(within)) return true;
  return !addresses
    .filter(isAllocated)
    .some(({ metadata: { name } }) => holds(cidr, name) && !others.some((o) => holds(o, name)));
}
