// Filter: a pod that names its node goes there. (Such pods are bound already; preemption asks about them.)
// Mirrors: pkg/scheduler/framework/plugins/nodename/node_name.go.
import { action } from '../clusterEvents.ts';
import { type PluginFactory, unresolvable } from '../framework.ts';

const name = 'NodeName';
const refusal = unresolvable(name, "node(s) didn't match the requested node name");

export const nodeName: PluginFactory = () => ({
  name,
  preFilter({ pod }) {
    const wanted = pod.spec?.nodeName;
    return wanted ? { test: (node) => (node.name === wanted ? undefined : refusal) } : undefined;
  },
  events: [{ resource: 'Node', actions: action.add }],
});
