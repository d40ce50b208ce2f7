// Every key pair of a cluster as data: who it is for, which authority signs it, what it may be used for, for which names.
// Reads the names and nodes of one cluster; no files. Mirrors: cmd/kubeadm/app/phases/certs/certlist.go.
// Next: checkPki.ts compares the files with this list, issuePki.ts makes what is missing.
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

export type Authority = 'ca' | 'front-proxy-ca';

export interface Identity {
  /** Path below the PKI folder, without `.crt` and `.key`. */
  file: string;
  authority: Authority;
  commonName: string;
  organization?: string;
  /** A server has names; a client has none. */
  names?: readonly string[];
}

export interface NodeIdentity {
  name: string;
  /** Further names and addresses at which the node's kubelet is reached. */
  names?: readonly string[];
}

export interface PkiOptions {
  folder: string;
  nodes: readonly NodeIdentity[];
  /** Names and addresses of the API server besides those that every cluster has. */
  names?: readonly string[];
  /** The first address of the Services' range: where pods find the API server. */
  serviceIP?: string;
  /** Identities of this cluster alone, such as that of compose's setup service. */
  more?: readonly Identity[];
  /** Milliseconds. */
  now?: number;
}

export const authorities: Record<Authority, string> = { ca: 'kubernetes-ca', 'front-proxy-ca': 'front-proxy-ca' };

const local = ['localhost', '127.0.0.1', '::1'];
const inCluster = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** The names of the API server's certificate, each once. */
export const servingNames = (options: PkiOptions): string[] => [
  ...new Set([...local, hostname(), ...inCluster, options.serviceIP ?? '10.96.0.1', ...(options.names ?? [])]),
];

/** What a certificate for a listener on `address` must name as well: the address, or all of this machine's for a wildcard. */
export function namesOfAddress(address: string): string[] {
  if (address !== '0.0.0.0' && address !== '::') return isIP(address) && !local.includes(address) ? [address] : [];
  return Object.values(networkInterfaces())
    .flat()
    .filter((i) => i !== undefined && !i.internal && !i.address.startsWith('fe80:'))
    .map((i) => i!.address);
}

const client = (file: string, commonName: string, organization?: string): Identity => ({
  file,
  authority: 'ca',
  commonName,
  organization,
});

const ofNode = (node: NodeIdentity): Identity[] => {
  const about = { authority: 'ca' as const, commonName: `system:node:${node.name}`, organization: 'system:nodes' };
  const names = [...new Set([node.name, ...local, ...(node.names ?? [])])];
  return [
    { ...about, file: `nodes/${node.name}/client` },
    { ...about, file: `nodes/${node.name}/serving`, names },
  ];
};

export const identities = (options: PkiOptions): Identity[] => [
  { file: 'apiserver', authority: 'ca', commonName: 'kube-apiserver', names: servingNames(options) },
  client('apiserver-kubelet-client', 'kube-apiserver-kubelet-client'),
  { file: 'front-proxy-client', authority: 'front-proxy-ca', commonName: 'front-proxy-client' },
  client('admin', 'kubernetes-admin', 'system:masters'),
  client('controller-manager', 'system:kube-controller-manager'),
  client('scheduler', 'system:kube-scheduler'),
  client('proxy', 'system:kube-proxy'),
  ...options.nodes.flatMap(ofNode),
  ...(options.more ?? []),
];
