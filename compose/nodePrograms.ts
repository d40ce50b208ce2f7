// What runs on a node of compose.yaml beside containerd, as data: each program with the flags that upstream's would get.
// Pure. Used by: node.ts. Next along the chain: kubelet/main.ts, addons/network/main.ts, addons/localPath/main.ts, proxy/main.ts.

export interface NodeOptions {
  name: string;
  /** The node's volume. */
  state: string;
  /** Where join.ts has put keys and kubeconfigs. */
  identity: string;
  /** containerd's. */
  socket: string;
  /** Further ones. */
  kubeletFlags: readonly string[];
}

/** Path below the repository's root first. */
export const nodePrograms = (o: NodeOptions): string[][] => [
  [
    'kubelet/main.ts',
    `--hostname-override=${o.name}`,
    `--kubeconfig=${o.identity}/kubelet.kubeconfig`,
    `--container-runtime-endpoint=unix://${o.socket}`,
    `--root-dir=${o.state}/kubelet`,
    `--tls-cert-file=${o.identity}/serving.crt`,
    `--tls-private-key-file=${o.identity}/serving.key`,
    `--client-ca-file=${o.identity}/ca.crt`,
    '--anonymous-auth=false',
    '--authentication-token-webhook',
    '--authorization-mode=Webhook',
    '--read-only-port=0',
    '--cluster-domain=cluster.local',
    // The disk is the host's: removing images here would hardly empty it, and the pause image comes from no registry.
    '--image-gc-high-threshold=100',
    // Written by node.sh.
    '--resolv-conf=/run/pods-resolv.conf',
    ...o.kubeletFlags,
  ],
  [
    'addons/network/main.ts',
    `--hostname-override=${o.name}`,
    `--kubeconfig=${o.identity}/kubelet.kubeconfig`,
    '--service-account=node-network',
    // Addresses are free again after a restart: no pod outlives its node.
    '--cni-data-dir=/run/cni',
  ],
  [
    'addons/localPath/main.ts',
    `--hostname-override=${o.name}`,
    `--kubeconfig=${o.identity}/kubelet.kubeconfig`,
    '--service-account=local-path-provisioner',
    `--base-path=${o.state}/volumes`,
  ],
  [
    'proxy/main.ts',
    `--hostname-override=${o.name}`,
    `--kubeconfig=${o.identity}/proxy.kubeconfig`,
    '--cluster-cidr=10.244.0.0/16',
  ],
];
