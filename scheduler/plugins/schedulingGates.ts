// PreEnqueue: a pod with scheduling gates waits until the last one is taken off.
// Mirrors: pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go.
import { action } from '../clusterEvents.ts';
import { type PluginFactory, unresolvable } from '../framework.ts';

const name = 'SchedulingGates';

export const schedulingGates: PluginFactory = () => ({
  name,
  preEnqueue({ pod }) {
    const gates = pod.spec?.schedulingGates ?? [];
    if (!gates.length) return undefined;
    return unresolvable(name, `waiting for scheduling gates: [${gates.map((g) => g.name).join(' ')}]`);
  },
  events: [{ resource: 'TargetPod', actions: action.updatePodGatesEliminated }],
});
