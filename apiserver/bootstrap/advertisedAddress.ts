// The address that other machines and pods reach this server at.
// Reads: flags and the machine's interfaces. Mirrors: ResolveBindAddress in apimachinery/pkg/util/net/interface.go.
// Used by: bootstrap.ts, for the endpoints of the Service `kubernetes`.
import { networkInterfaces } from 'node:os';
import { cidrContains, parseCIDR, parseIP } from '../../apimachinery/ipFormat.ts';

const useless = ['0.0.0.0/32', '::/128', '127.0.0.0/8', '::1/128'].map((text) => parseCIDR(text)!);

/** As told, else what it is bound to, else the first address of the machine that is not for itself alone; empty when there is none. */
export function advertisedAddress(advertise: string, bind: string): string {
  if (advertise) return advertise;
  const ip = parseIP(bind);
  if (ip && !useless.some((range) => cidrContains(range, ip))) return bind;
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = all.filter((a) => !a.internal && !a.address.startsWith('fe80:') && !a.address.startsWith('169.254.'));
  return (outside.find((a) => a.family === 'IPv4') ?? outside[0])?.address ?? '';
}
