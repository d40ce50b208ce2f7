// IP addresses and CIDR ranges as text: parsing as loosely as old Kubernetes did, canonical form, and the checks with upstream's words.
// Reads: strings. Writes: addresses as numbers, FieldErrors, warnings. Mirrors: apimachinery's util/validation/ip.go, k8s.io/utils/net.
// Next: validation of Services, Nodes, EndpointSlices; the allocators of ClusterIPs and pod CIDRs count with `value`.
import { type FieldError, invalidValue } from './fieldErrors.ts';

/** `mapped`: written as ::ffff:a.b.c.d, which counts as IPv4. `leadingZeros`: accepted only by the loose checks. */
export interface IP {
  family: 4 | 6;
  value: bigint;
  mapped: boolean;
  leadingZeros: boolean;
}
/** `base` is the address with the bits past `prefix` cleared, `address` as written. */
export interface CIDR {
  address: IP;
  base: bigint;
  prefix: number;
  family: 4 | 6;
  leadingZeros: boolean;
}

function parseIPv4(text: string): { value: bigint; leadingZeros: boolean } | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  let leadingZeros = false;
  for (const part of parts) {
    if (!/^[0-9]+$/.test(part) || Number(part) > 255) return undefined;
    if (part.length > 1 && part[0] === '0') leadingZeros = true;
    value = (value << 8n) | BigInt(part);
  }
  return { value, leadingZeros };
}

/** The eight groups of an IPv6 text without `::`; undefined when one is malformed. */
function groups(text: string): number[] | undefined {
  if (text === '') return [];
  const parsed = text.split(':').map((g) => (/^[0-9a-fA-F]{1,4}$/.test(g) ? Number.parseInt(g, 16) : -1));
  return parsed.includes(-1) ? undefined : parsed;
}

function parseIPv6(text: string): IP | undefined {
  let source = text;
  let leadingZeros = false;
  const dotted = /^(.*:)([0-9.]+\.[0-9.]*)$/.exec(source);
  if (dotted) {
    const v4 = parseIPv4(dotted[2]!);
    if (!v4) return undefined;
    leadingZeros = v4.leadingZeros;
    source = `${dotted[1]}${(v4.value >> 16n).toString(16)}:${(v4.value & 0xffffn).toString(16)}`;
  }
  const halves = source.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0]!);
  const tail = halves.length === 2 ? groups(halves[1]!) : [];
  if (!head || !tail) return undefined;
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined;
  const value = [...head, ...Array<number>(gap).fill(0), ...tail].reduce((v, g) => (v << 16n) | BigInt(g), 0n);
  const mapped = value >> 32n === 0xffffn;
  return { family: mapped ? 4 : 6, value: mapped ? value & 0xffffffffn : value, mapped, leadingZeros };
}

/** Accepts leading zeros in IPv4 and mapped addresses, as stored objects may hold them; undefined when it is no address. */
export function parseIP(text: string): IP | undefined {
  if (text.length > 64) return undefined;
  if (text.includes(':')) return parseIPv6(text);
  const v4 = parseIPv4(text);
  return v4 && { family: 4, ...v4, mapped: false };
}

export function parseCIDR(text: string): CIDR | undefined {
  const cut = text.indexOf('/');
  const address = cut < 0 ? undefined : parseIP(text.slice(0, cut));
  const length = text.slice(cut + 1);
  if (!address || !/^[0-9]{1,8}$/.test(length)) return undefined;
  const written = address.mapped ? 128 : address.family === 4 ? 32 : 128;
  if (Number(length) > written) return undefined;
  const leadingZeros = address.leadingZeros || (length.length > 1 && length[0] === '0');
  return withMask(address, Number(length), leadingZeros);
}

function withMask(address: IP, length: number, leadingZeros: boolean): CIDR {
  // A mapped address with a prefix that reaches into its ::ffff: part is an IPv6 range.
  const family = address.mapped && length < 96 ? 6 : address.family;
  const prefix = address.mapped && family === 4 ? length - 96 : length;
  const full = address.mapped && family === 6 ? address.value | (0xffffn << 32n) : address.value;
  const host = BigInt((family === 4 ? 32 : 128) - prefix);
  return { address, base: (full >> host) << host, prefix, family, leadingZeros };
}

const ipv4Text = (value: bigint) => [24n, 16n, 8n, 0n].map((s) => Number((value >> s) & 255n)).join('.');

/** RFC 5952: lower case, no leading zeros, the first longest run of zero groups as `::`. */
function ipv6Text(value: bigint): string {
  const parts = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  let best = { start: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && parts[end] === 0) end++;
    if (end - i > best.length) best = { start: i, length: end - i };
  }
  const hex = parts.map((p) => p.toString(16));
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}

/** The canonical text of an address. */
export const ipText = (family: 4 | 6, value: bigint): string => (family === 4 ? ipv4Text(value) : ipv6Text(value));
export const cidrText = (c: CIDR): string => `${ipText(c.family, c.base)}/${c.prefix}`;
/** Is the address inside the range? Families must agree. */
export const cidrContains = (c: CIDR, ip: Pick<IP, 'family' | 'value'>): boolean =>
  c.family === ip.family &&
  (ip.value >> BigInt((c.family === 4 ? 32 : 128) - c.prefix)) << BigInt((c.family === 4 ? 32 : 128) - c.prefix) ===
    c.base;

const notIP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const notCIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
const notInterface = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';

/** Why an address that was read is not of today's strict form; undefined when it is. */
function laxIP(ip: IP): string | undefined {
  if (ip.leadingZeros) return 'must not have leading 0s';
  return ip.mapped ? 'must not be an IPv4-mapped IPv6 address' : undefined;
}

function laxCIDR(cidr: CIDR): string | undefined {
  if (cidr.leadingZeros) return 'must not have leading 0s in IP or prefix length';
  if (cidr.address.mapped) return 'must not have an IPv4-mapped IPv6 address';
  return cidr.address.value === cidr.base ? undefined : 'must not have bits set beyond the prefix length';
}

const refused = (field: string, value: string, why: string | undefined): FieldError[] =>
  why === undefined ? [] : [invalidValue(field, value, why)];

const ifNot = (canonical: string, value: string): string | undefined =>
  value === canonical ? undefined : `must be in canonical form ("${canonical}")`;

/** For fields older than strict checks: loose unless `strict`, and values that the old object held always pass. */
export function isValidIPForLegacyField(
  field: string,
  value: string,
  strict = false,
  old: readonly string[] = [],
): FieldError[] {
  if (old.includes(value)) return [];
  const ip = parseIP(value);
  return refused(field, value, ip ? (strict ? laxIP(ip) : undefined) : notIP);
}

/** A canonical address: no leading zeros, not mapped, IPv6 as RFC 5952 writes it. */
export function isValidIP(field: string, value: string): FieldError[] {
  const ip = parseIP(value);
  return refused(field, value, ip ? (laxIP(ip) ?? ifNot(ipText(ip.family, ip.value), value)) : notIP);
}

export function isValidCIDRForLegacyField(
  field: string,
  value: string,
  strict = false,
  old: readonly string[] = [],
): FieldError[] {
  if (old.includes(value)) return [];
  const cidr = parseCIDR(value);
  return refused(field, value, cidr ? (strict ? laxCIDR(cidr) : undefined) : notCIDR);
}

export function isValidCIDR(field: string, value: string): FieldError[] {
  const cidr = parseCIDR(value);
  return refused(field, value, cidr ? (laxCIDR(cidr) ?? ifNot(cidrText(cidr), value)) : notCIDR);
}

/** An address as its range's text says it, bits past the prefix included. */
const addressText = ({ address, prefix }: CIDR): string => `${ipText(address.family, address.value)}/${prefix}`;

/** An address with the length of its network's prefix, canonical: what an interface has. */
export function isValidInterfaceAddress(field: string, value: string): FieldError[] {
  const cidr = parseCIDR(value);
  return refused(field, value, cidr ? ifNot(addressText(cidr), value) : notInterface);
}

/** Warnings for an address that passed the loose check but not the strict one. */
export function warningsForIP(field: string, value: string): string[] {
  const ip = parseIP(value);
  if (!ip) return [];
  const canonical = ipText(ip.family, ip.value);
  if (ip.leadingZeros || ip.mapped) {
    return [
      `${field}: non-standard IP address "${value}" will be considered invalid in a future Kubernetes release: use "${canonical}"`,
    ];
  }
  if (ip.family === 4 || value === canonical) return [];
  return [`${field}: IPv6 address "${value}" should be in RFC 5952 canonical format ("${canonical}")`];
}

export function warningsForCIDR(field: string, value: string): string[] {
  const cidr = parseCIDR(value);
  if (!cidr) return [];
  const { address, family, base, leadingZeros } = cidr;
  const canonical = cidrText(cidr);
  const warnings: string[] = [];
  if (family !== address.family || address.value !== base) {
    const single = `${ipText(address.family, address.value)}/${address.family === 4 && !address.mapped ? 32 : 128}`;
    warnings.push(
      `${field}: CIDR value "${value}" is ambiguous in this context (should be "${canonical}" or "${single}"?)`,
    );
  }
  if (leadingZeros || address.mapped) {
    warnings.push(
      `${field}: non-standard CIDR value "${value}" will be considered invalid in a future Kubernetes release: use "${canonical}"`,
    );
  }
  const asWritten = addressText(cidr);
  if (!warnings.length && address.family === 6 && asWritten !== value) {
    warnings.push(`${field}: IPv6 CIDR value "${value}" should be in RFC 5952 canonical format ("${asWritten}")`);
  }
  return warnings;
}
