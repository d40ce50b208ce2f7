// Filter: a host port can be had once a node, protocol and address.
// Mirrors: pkg/scheduler/framework/plugins/nodeports/node_ports.go.
import { action } from '../clusterEvents.ts';
import { type PluginFactory, unschedulable } from '../framework.ts';
import type { HostPort, PodInfo } from '../podInfo.ts';

const name = 'NodePorts';
const refusal = unschedulable(name, "node(s) didn't have free ports for the requested pod ports");
const anyAddress = '0.0.0.0';

const conflicts = (a: HostPort, b: HostPort) =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === anyAddress || b.ip === anyAddress);

export const portsConflict = (wanted: readonly HostPort[], used: readonly HostPort[]): boolean =>
  wanted.some((a) => used.some((b) => conflicts(a, b)));

export const nodePorts: PluginFactory = () => ({
  name,
  preFilter({ hostPorts }) {
    if (!hostPorts.length) return undefined;
    return { test: (node) => (portsConflict(hostPorts, node.hostPorts) ? refusal : undefined) };
  },
  events: [
    {
      resource: 'AssignedPod',
      actions: action.delete,
      helps: (pod, old: PodInfo) => portsConflict(pod.hostPorts, old.hostPorts),
    },
    { resource: 'Node', actions: action.add },
  ],
});
