// The ranges that flags ask for, checked before anything is made of them.
// Reads: --service-cluster-ip-range, --service-node-port-range. Mirrors: cmd/kube-apiserver/app/options/validation.go, util/net/port_range.go.
// Used by: bootstrap.ts.
import { parseCIDR } from '../../apimachinery/ipFormat.ts';
import { UsageError } from '../../component-base/flags.ts';

/** Bits behind the prefix: upstream's allocator counts at most so many IPv4 addresses, and wants room for the dynamic part. */
const maxBits = { 4: 20, 6: 64 };
const minBits = 3;

/** One range, or one of each family. Throws UsageError. */
export function checkServiceRanges(cidrs: readonly string[]): readonly string[] {
  const bad = (why: string) => new UsageError(`--service-cluster-ip-range=${cidrs.join(',')}: ${why}.`);
  if (!cidrs.length || cidrs.length > 2) throw bad('name one range, or one of each IP family');
  const parsed = cidrs.map((text) => parseCIDR(text));
  for (const [i, cidr] of parsed.entries()) {
    if (!cidr) throw bad(`${cidrs[i]} is no CIDR such as 10.96.0.0/12`);
    const bits = (cidr.family === 4 ? 32 : 128) - cidr.prefix;
    if (bits > maxBits[cidr.family])
      throw bad(`${cidrs[i]} is too large: at most ${maxBits[cidr.family]} bits of host part`);
    if (bits < minBits) throw bad(`${cidrs[i]} is too small: at least ${2 ** minBits} addresses are needed`);
  }
  if (parsed.length === 2 && parsed[0]!.family === parsed[1]!.family)
    throw bad('both ranges are of the same IP family');
  return cidrs;
}

/** `30000-32767`, or upstream's other forms `30000+2767` and `30000`, as the first of them. Throws UsageError. */
export function checkPortRange(text: string): string {
  const m = /^(\d{1,5})(?:([-+])(\d{1,5}))?$/.exec(text.trim());
  const first = Number(m?.[1]);
  const last = m?.[2] === '+' ? first + Number(m[3]) : Number(m?.[3] ?? m?.[1]);
  if (!m || first < 1 || last > 65_535 || last < first) {
    throw new UsageError(`--service-node-port-range=${text}: name the first and the last port, such as 30000-32767.`);
  }
  return `${first}-${last}`;
}
