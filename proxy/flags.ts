// kube-proxy's flags, with upstream's names and defaults; `none` as a mode and several host names are ours.
// Mirrors: cmd/kube-proxy/app/options.go. Used by: main.ts.
import type { Flags } from '../component-base/flags.ts';

export const flags = {
  kubeconfig: { type: 'string', default: '', help: 'Path to the kubeconfig that names the API server and this proxy.' },
  'hostname-override': {
    type: 'list',
    default: [],
    help: 'The name of the Node to serve instead of the host name; repeated, one process serves several nodes (with --proxy-mode=none).',
  },
  'proxy-mode': {
    type: 'string',
    default: 'iptables',
    values: ['iptables', 'none'],
    help: 'iptables: rules go into the kernel. none: rules are computed and reported, nothing is applied.',
  },
  'cluster-cidr': {
    type: 'string',
    default: '',
    help: 'The pods’ range; traffic from elsewhere to a Service address is masqueraded. Dual stack: two, with a comma.',
  },
  'healthz-bind-address': {
    type: 'string',
    default: '0.0.0.0:10256',
    help: 'ip:port of the health check server; empty turns it off.',
  },
  'metrics-bind-address': {
    type: 'string',
    default: '127.0.0.1:10249',
    help: 'ip:port of the metrics server; empty turns it off.',
  },
  'iptables-sync-period': {
    type: 'duration',
    default: 30_000,
    help: 'How often rules are compared with the kernel’s, even when nothing has changed.',
  },
  'iptables-min-sync-period': {
    type: 'duration',
    default: 1_000,
    help: 'The least time between two syncs: changes that come closer together share one.',
  },
  'iptables-masquerade-bit': {
    type: 'int',
    default: 14,
    help: 'The bit of the packet mark that asks for SNAT, 0 to 31.',
  },
  'iptables-localhost-nodeports': { type: 'bool', default: true, help: 'NodePorts answer on 127.0.0.1 too.' },
  'masquerade-all': { type: 'bool', default: false, help: 'SNAT all traffic to Service addresses.' },
  'nodeport-addresses': {
    type: 'list',
    default: [],
    help: 'CIDRs of the node addresses on which NodePorts answer, or primary for the node’s first; none: on all.',
  },
  cleanup: { type: 'bool', default: false, help: 'Remove the rules that a proxy has left, and exit.' },
  v: { type: 'int', default: 0, help: 'Log verbosity: 2 shows what happens, 4 everything.' },
} as const satisfies Flags;
