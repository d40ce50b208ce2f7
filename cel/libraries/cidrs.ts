// cidr('10.0.0.0/8') and what can be asked of it. Mirrors: apiserver/pkg/cel/library/cidr.go, Go's netip.Prefix.
// Next: ips.ts parses the addresses.
import { goQuote } from '../../apimachinery/goQuote.ts';
import { ipText } from '../../apimachinery/ipFormat.ts';
import { fail } from '../eval/meter.ts';
import { Opaque } from '../values.ts';
import { type Overload, overload } from './declare.ts';
import { type Address, addressValue, parseAddress, sameAddress, toAddress } from './ips.ts';

interface Prefix {
  address: Address;
  bits: number;
}
const prefixValue = (p: Prefix): Opaque =>
  new Opaque(
    'net.CIDR',
    p,
    (other: Prefix) => sameAddress(p.address, other.address) && p.bits === other.bits,
    Math.ceil(p.bits / 8),
  );

/** The range, or why the text is none. */
function parse(text: string): Prefix | string {
  const failed = (why: string) =>
    `network address parse error during conversion from string: netip.ParsePrefix(${goQuote(text)}): ${why}`;
  const slash = text.lastIndexOf('/');
  if (slash < 0) return failed("no '/'");
  const address = parseAddress(text.slice(0, slash));
  if (typeof address === 'string')
    return address.startsWith('IPv4-mapped')
      ? `IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`
      : failed(address.replace(/^.*conversion from string: /, ''));
  const bits = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d*)$/.test(bits)) return failed(`bad bits after slash: ${goQuote(bits)}`);
  if (Number(bits) > (address.family === 4 ? 32 : 128)) return failed('prefix length out of range');
  return { address, bits: Number(bits) };
}
function toPrefix(text: string): Opaque {
  const parsed = parse(text);
  if (typeof parsed !== 'string') return prefixValue(parsed);
  return fail(`network address parse error during conversion from string: ${parsed}`);
}

const of = (v: Opaque) => v.value as Prefix;
const shift = (p: Prefix) => BigInt((p.address.family === 4 ? 32 : 128) - p.bits);
const masked = (p: Prefix): Prefix => ({
  ...p,
  address: { ...p.address, value: (p.address.value >> shift(p)) << shift(p) },
});
const contains = (p: Prefix, a: Address) =>
  a.family === p.address.family && a.value >> shift(p) === p.address.value >> shift(p);
/** Ranges of both families never contain each other. */
const containsPrefix = (outer: Prefix, inner: Prefix) => outer.bits <= inner.bits && contains(outer, inner.address);

export const cidrLibrary: Overload[] = [
  overload('cidr', 'string_to_cidr', '(string) -> cidr', toPrefix),
  overload('isCIDR', 'is_cidr', '(string) -> bool', (s) => typeof parse(s) !== 'string'),
  overload('containsIP', 'cidr_contains_ip_string', 'cidr.(string) -> bool', (c, s) =>
    contains(of(c), toAddress(s).value as Address),
  ),
  overload('containsIP', 'cidr_contains_ip_ip', 'cidr.(ip) -> bool', (c, ip) => contains(of(c), ip.value)),
  overload('containsCIDR', 'cidr_contains_cidr_string', 'cidr.(string) -> bool', (c, s) =>
    containsPrefix(of(c), of(toPrefix(s))),
  ),
  overload('containsCIDR', 'cidr_contains_cidr', 'cidr.(cidr) -> bool', (c, d) => containsPrefix(of(c), of(d))),
  overload('ip', 'cidr_ip', 'cidr.() -> ip', (c) => addressValue(of(c).address)),
  overload('prefixLength', 'cidr_prefix_length', 'cidr.() -> int', (c) => of(c).bits),
  overload('masked', 'cidr_masked', 'cidr.() -> cidr', (c) => prefixValue(masked(of(c)))),
  overload('string', 'cidr_to_string', '(cidr) -> string', (c) => {
    const { address, bits } = of(c);
    return `${ipText(address.family, address.value)}/${bits}`;
  }),
];
