// The names of kube-proxy's iptables chains: fixed ones, and those made of a hash of what they serve.
// Pure. Mirrors: pkg/proxy/iptables/proxier.go (portProtoHash, servicePortEndpointChainName).
// Used by: rules.ts, serviceRules.ts; iptables.ts knows by them which chains are its own.
import { createHash } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 base32 of the first ten bytes of SHA-256: sixteen characters, and a chain's name may have 28. */
function hash(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 10);
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  return Array.from({ length: 16 }, (_, i) => alphabet[Number((bits >> BigInt(75 - 5 * i)) & 31n)]).join('');
}

const known = new Map<string, string>();
const mostKnown = 20_000;

/** The same names are asked for at every sync and on every node of the process. */
function remembered(text: string): string {
  const found = known.get(text);
  if (found) return found;
  if (known.size >= mostKnown) known.clear();
  const value = hash(text);
  known.set(text, value);
  return value;
}

export type ServiceChainKind = 'KUBE-SVC-' | 'KUBE-SVL-' | 'KUBE-EXT-' | 'KUBE-FW-';

/** `port` is `namespace/name:portname`, `protocol` in lower case. */
export const serviceChain = (kind: ServiceChainKind, port: string, protocol: string): string =>
  kind + remembered(port + protocol);
/** `endpoint` is `ip:port`. */
export const endpointChain = (port: string, protocol: string, endpoint: string): string =>
  `KUBE-SEP-${remembered(port + protocol + endpoint)}`;

/** Is this chain made of a hash, and so this proxy's alone to remove? */
export const isHashedChain = (chain: string): boolean => /^KUBE-(SVC|SVL|SEP|FW|EXT)-[A-Z2-7]{16}$/.test(chain);
