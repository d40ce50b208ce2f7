// What a pod's resolv.conf says: by dnsPolicy the cluster's DNS, the node's, or only what the pod's dnsConfig gives.
// Reads: the pod, the cluster's settings, the text of the node's resolv.conf. Writes: CRI DNSConfig. Pure.
// Mirrors: pkg/kubelet/network/dns/dns.go. Next: container/sandboxConfig.ts.
import type { Pod } from '../../apimachinery/types.ts';
import type { DNSConfig } from '../../cri/types.ts';

export interface DnsSettings {
  clusterDNS: string[];
  clusterDomain: string;
  /** The text of the node's resolv.conf; empty when it has none. */
  resolvConf: string;
}

const clusterOptions = ['ndots:5'];
const maxServers = 3;
const maxSearches = 32;
const maxSearchLength = 2048;

export function podDns(pod: Pod, o: DnsSettings): DNSConfig {
  const base = byPolicy(pod, o);
  const extra = pod.spec?.dnsConfig;
  if (!extra) return limited(base);
  return limited({
    servers: unique([...base.servers, ...(extra.nameservers ?? [])]),
    searches: unique([...base.searches, ...(extra.searches ?? [])]),
    options: mergeOptions(base.options, extra.options ?? []),
  });
}

function byPolicy(pod: Pod, o: DnsSettings): DNSConfig {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst';
  const host = parseResolvConf(o.resolvConf);
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  const cluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !pod.spec?.hostNetwork);
  // Without a cluster DNS there is only the node's; upstream warns and does the same.
  if (!cluster || !o.clusterDNS.length) return host;
  const { clusterDomain: domain } = o;
  const own = domain ? [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain] : [];
  return { servers: o.clusterDNS, searches: unique([...own, ...host.searches]), options: clusterOptions };
}

export function parseResolvConf(text: string): DNSConfig {
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split('\n')) {
    const [word, ...rest] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (word === 'nameserver' && rest[0]) servers.push(rest[0]);
    if (word === 'search') searches = rest.map((s) => (s === '.' ? s : s.replace(/\.$/, '')));
    if (word === 'options') options = rest;
  }
  return { servers, searches, options };
}

const unique = (list: string[]): string[] => [...new Set(list)];

function mergeOptions(base: string[], extra: { name?: string; value?: string }[]): string[] {
  const merged = new Map(base.map((o) => [o.split(':', 1)[0]!, o]));
  for (const { name, value } of extra) if (name) merged.set(name, value ? `${name}:${value}` : name);
  return [...merged.values()];
}

/** As many as libc takes. */
function limited(dns: DNSConfig): DNSConfig {
  const searches = dns.searches.slice(0, maxSearches);
  while (searches.join(' ').length > maxSearchLength) searches.pop();
  return { servers: dns.servers.slice(0, maxServers), searches, options: dns.options };
}
