// The flags of the fleet, named after kubelet's and KWOK's where those have one.
// Read by: main.ts, cli/commands/fleet.ts. Next: settings.ts, what they mean.
import type { Config, Flags } from '../component-base/flags.ts';

export const fleetFlags = {
  kubeconfig: {
    type: 'string',
    default: '',
    help: 'Kubeconfig of someone who may write nodes, leases and pods. Empty: the ServiceAccount of the pod it runs in.',
  },
  nodes: { type: 'int', default: 10, help: 'How many nodes.' },
  'node-name-prefix': {
    type: 'string',
    default: 'fleet',
    help: 'Nodes are named PREFIX-0, PREFIX-1 and so on. A second fleet in the same cluster wants another one.',
  },
  zones: { type: 'int', default: 3, help: 'Nodes are spread over so many zones, zone-a first. 0: no zones.' },
  'node-labels': { type: 'map', default: {}, help: 'Further labels of each node.' },
  'register-with-taints': {
    type: 'list',
    default: [],
    help: 'Taints (key=value:effect) that nodes are registered with.',
  },
  'node-capacity': {
    type: 'map',
    default: { cpu: '32', memory: '256Gi', 'ephemeral-storage': '1Ti', pods: '110' },
    help: 'What a node has; what is given here is added to the defaults.',
  },
  'node-cidr': { type: 'string', default: '100.64.0.0/16', help: 'The range of the addresses of nodes (IPv4).' },
  cidr: { type: 'string', default: '10.160.0.0/11', help: 'The range of the addresses of pods (IPv4).' },
  'node-lease-duration-seconds': {
    type: 'int',
    default: 40,
    help: 'How long the Lease of a node holds; it is renewed at a quarter.',
  },
  'node-status-report-frequency': {
    type: 'duration',
    default: 300_000,
    help: 'How often the status of a node is sent when nothing changed.',
  },
  v: { type: 'int', default: 0, help: 'Log level; 4 and more tells debugging messages.' },
} as const satisfies Flags;

export type FleetFlags = Config<typeof fleetFlags>;
