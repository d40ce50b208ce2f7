// The address that other machines and pods reach this server at.
// Reads: flags and the machine's interfaces. Mirrors: ResolveBindAddress in apimachinery/pkg/util/net/interface.go.
// Used by: bootstrap.ts, for the endpoints of the Service `kubernetes`.
import { cidrContains, parseCIDR, parseIP } from '../../apimachinery/ipFormat.ts';
import { hostAddress } from '../../component-base/hostAddress.ts';

const useless = ['0.0.0.0/32', '::/128', '127.0.0.0/8', '::1/128'].map((text) => parseCIDR(text)!);

/** As told, else what it is bound to, else the machine's own; empty when there is none. */
export function advertisedAddress(advertise: string, bind: string): string {
  if (advertise) return advertise;
  const ip = parseIP(bind);
  if (ip && !useless.some((range) => cidrContains(range, ip))) return bind;
  return hostAddress() ?? '';
}
