// Sets one condition of a pod's status, as the API server itself does on binding and eviction.
// Mirrors: UpdatePodCondition in pkg/api/v1/pod/util.go.
// Called by: binding.ts and eviction.ts.
import { toTime } from '../../../apimachinery/clock.ts';

interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
}

/** lastTransitionTime moves only when the status does; what else was in it is lost, its observedGeneration too. `now` in milliseconds. */
export function setPodCondition(pod: any, condition: Condition, now: number): void {
  pod.status ??= {};
  pod.status.conditions ??= [];
  const list: any[] = pod.status.conditions;
  const known = list.find((c) => c.type === condition.type);
  const set = {
    ...condition,
    lastProbeTime: null,
    lastTransitionTime: known?.status === condition.status ? known.lastTransitionTime : toTime(now),
  };
  if (known) list[list.indexOf(known)] = set;
  else list.push(set);
}
