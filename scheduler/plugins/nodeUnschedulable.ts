// Filter: keeps pods off cordoned nodes, unless they tolerate the taint that stands for it.
// Mirrors: pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go.
import { anyTolerates } from '../../apimachinery/taints.ts';
import type { Node, Taint } from '../../apimachinery/types.ts';
import { action } from '../clusterEvents.ts';
import { type PluginFactory, unresolvable } from '../framework.ts';
import type { PodInfo } from '../podInfo.ts';

const name = 'NodeUnschedulable';
const refusal = unresolvable(name, 'node(s) were unschedulable');
const taint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

const toleratesIt = ({ pod }: PodInfo) => anyTolerates(pod.spec?.tolerations, taint);

export const nodeUnschedulable: PluginFactory = () => ({
  name,
  preFilter(pod) {
    if (toleratesIt(pod)) return undefined;
    return { test: ({ node }) => (node!.spec?.unschedulable ? refusal : undefined) };
  },
  events: [
    {
      resource: 'Node',
      actions: action.add | action.updateNodeTaint,
      helps: (_pod, old: Node | undefined, now: Node) =>
        !now.spec?.unschedulable && (!old || old.spec?.unschedulable === true),
    },
    { resource: 'TargetPod', actions: action.updatePodToleration, helps: toleratesIt },
  ],
});
