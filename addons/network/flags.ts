// The flags of the node network; their names follow flannel and the kubelet where those have one.
// Used by: main.ts.
import type { Flags } from '../../component-base/flags.ts';
import { commonFlags } from '../commonFlags.ts';

export const flags = {
  ...commonFlags,
  'hostname-override': {
    type: 'string',
    default: '',
    help: 'The name of this machine’s Node instead of the host name.',
  },
  'cluster-cidr': {
    type: 'string',
    default: '10.244.0.0/16',
    help: 'The range of all pods: traffic that leaves it is masqueraded. Dual stack: two, with a comma.',
  },
  'cni-conf-dir': {
    type: 'string',
    default: '/etc/cni/net.d',
    help: 'Where the runtime looks for CNI configurations.',
  },
  'cni-conf-name': { type: 'string', default: '10-mini-k8s.conflist', help: 'The file to write there.' },
  'cni-data-dir': {
    type: 'string',
    default: '/var/lib/cni/networks',
    help: 'Where the host-local plugin keeps which addresses are taken.',
  },
  bridge: { type: 'string', default: 'cni0', help: 'The bridge that joins this node’s pods.' },
  mtu: { type: 'int', default: 0, help: 'The MTU of pod interfaces; 0: the plugin’s own choice.' },
  'ip-masq': { type: 'bool', default: true, help: 'Masquerade what pods send out of the cluster.' },
  'sync-period': {
    type: 'duration',
    default: 30_000,
    help: 'How often everything is put right even when nothing has changed.',
  },
  'cleanup-on-exit': {
    type: 'bool',
    default: false,
    help: 'An orderly stop removes the configuration, the routes and the rules.',
  },
  cleanup: { type: 'bool', default: false, help: 'Remove what an earlier run has left, and exit.' },
} as const satisfies Flags;
