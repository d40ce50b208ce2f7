// The /etc/hosts that a pod's containers see. Rewritten at each container start, so new addresses show.
// Reads: pod, its addresses, the node's own file for hostNetwork. Writes: text. Pure.
// Mirrors: pkg/kubelet/kubelet_pods.go (ensureHostsFile, managedHostsFileContent). Next: container/mounts.ts.
import type { Pod } from '../../apimachinery/types.ts';
import { podDomain, podHostname } from '../container/sandboxConfig.ts';

const loopback = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
];

/** `hostFile` is the node's /etc/hosts: what a hostNetwork pod sees, under a header. */
export function etcHosts(pod: Pod, podIPs: string[], clusterDomain: string, hostFile: string): string {
  if (pod.spec?.hostNetwork) return `# Kubernetes-managed hosts file (host network).\n${hostFile}${aliases(pod)}`;
  const host = podHostname(pod);
  const domain = podDomain(pod, clusterDomain);
  const names = domain ? `${host}.${domain}\t${host}` : host;
  const own = podIPs.map((ip) => `${ip}\t${names}`);
  return `${['# Kubernetes-managed hosts file.', ...loopback, ...own].join('\n')}\n${aliases(pod)}`;
}

function aliases(pod: Pod): string {
  const list = pod.spec?.hostAliases ?? [];
  if (!list.length) return '';
  const lines = list.map((a) => `${a.ip}\t${(a.hostnames ?? []).join('\t')}`);
  return `\n# Entries added by HostAliases.\n${lines.join('\n')}\n`;
}
