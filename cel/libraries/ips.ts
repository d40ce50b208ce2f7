// ip('10.0.0.1') and what can be asked of it. Stricter than the API's old fields: no zones, no leading zeros, no IPv4 inside IPv6.
// Mirrors: apiserver/pkg/cel/library/ip.go, Go's netip. Next: cidrs.ts has ranges.
import { goQuote } from '../../apimachinery/goQuote.ts';
import { type IP, ipText, parseIP } from '../../apimachinery/ipFormat.ts';
import { fail } from '../eval/meter.ts';
import { Opaque } from '../values.ts';
import { type Overload, overload } from './declare.ts';

export interface Address {
  family: 4 | 6;
  value: bigint;
}
export const sameAddress = (a: Address, b: Address) => a.family === b.family && a.value === b.value;
export const addressValue = (a: Address): Opaque =>
  new Opaque('net.IP', a, (other) => sameAddress(a, other), a.family === 4 ? 4 : 16);

/** The address, or why the text is none. */
export function parseAddress(text: string): Address | string {
  if (/^[^%]*:[^%]*%.+$/.test(text)) return `IP address ${goQuote(text)} with zone value is not allowed`;
  const ip: IP | undefined = parseIP(text);
  if (!ip || ip.leadingZeros) {
    const reason = `ParseAddr(${goQuote(text)}): ${why(text)}`;
    return `IP Address ${goQuote(text)} parse error during conversion from string: ${reason}`;
  }
  if (ip.mapped) return `IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`;
  return { family: ip.family, value: ip.value };
}
/** As Go's netip words it, for texts of the common kinds. */
function why(text: string): string {
  if (text.includes(':')) return 'unexpected character';
  if (!text.includes('.')) return 'unable to parse IP';
  const parts = text.split('.');
  if (parts.some((p) => /^0\d/.test(p))) return 'IPv4 field has octet with leading zero';
  if (parts.some((p) => /^\d+$/.test(p) && Number(p) > 255)) return 'IPv4 field has value >255';
  if (parts.every((p) => /^\d+$/.test(p))) return parts.length < 4 ? 'IPv4 address too short' : 'IPv4 address too long';
  return 'unexpected character';
}

export function toAddress(text: string): Opaque {
  const parsed = parseAddress(text);
  return typeof parsed === 'string' ? fail(parsed) : addressValue(parsed);
}
const of = (v: Opaque) => v.value as Address;
const text = (a: Address) => ipText(a.family, a.value);
const isCanonical = (s: string) => text(of(toAddress(s))) === s;

/** Does the address begin with these bits? */
const within = (a: Address, prefix: bigint, bits: number) =>
  a.value >> BigInt((a.family === 4 ? 32 : 128) - bits) === prefix;
const isUnspecified = (a: Address) => a.value === 0n;
const isLoopback = (a: Address) => (a.family === 4 ? within(a, 127n, 8) : a.value === 1n);
const isMulticast = (a: Address) => (a.family === 4 ? within(a, 0xen, 4) : within(a, 0xffn, 8));
const isLinkLocalMulticast = (a: Address) =>
  a.family === 4 ? within(a, 0xe00000n, 24) : within(a, 0xffn, 8) && ((a.value >> 112n) & 0xfn) === 2n;
const isLinkLocalUnicast = (a: Address) => (a.family === 4 ? within(a, 0xa9fen, 16) : within(a, 0x3fan, 10));
const isGlobalUnicast = (a: Address) =>
  !(isUnspecified(a) || isLoopback(a) || isMulticast(a) || isLinkLocalUnicast(a)) &&
  !(a.family === 4 && a.value === 0xffffffffn);

const question = (fn: string, id: string, holds: (a: Address) => boolean) =>
  overload(fn, id, 'ip.() -> bool', (ip) => holds(of(ip)));

export const ipLibrary: Overload[] = [
  overload('ip', 'string_to_ip', '(string) -> ip', toAddress),
  overload('isIP', 'is_ip', '(string) -> bool', (s) => typeof parseAddress(s) !== 'string'),
  overload('ip.isCanonical', 'ip_is_canonical', '(string) -> bool', isCanonical),
  overload('family', 'ip_family', 'ip.() -> int', (ip) => of(ip).family),
  question('isUnspecified', 'ip_is_unspecified', isUnspecified),
  question('isLoopback', 'ip_is_loopback', isLoopback),
  question('isLinkLocalMulticast', 'ip_is_link_local_multicast', isLinkLocalMulticast),
  question('isLinkLocalUnicast', 'ip_is_link_local_unicast', isLinkLocalUnicast),
  question('isGlobalUnicast', 'ip_is_global_unicast', isGlobalUnicast),
  overload('string', 'ip_to_string', '(ip) -> string', (ip) => text(of(ip))),
];
