// A pod that was to be disrupted and then was not: after two minutes its DisruptionTarget condition is taken back.
// Writes: pods/status. Mirrors: syncStalePodDisruption in pkg/controller/disruption/disruption.go. Used by: disruption.ts.
import { toTime } from '../../apimachinery/clock.ts';
import { pods } from '../../apimachinery/resources.ts';
import type { Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { tolerate } from '../common/errors.ts';
import { isTerminal, timeOf } from '../common/pods.ts';

const staleAfter = 120_000;
const type = 'DisruptionTarget';

/** Milliseconds until the condition is stale, 0 when it is; undefined when there is none that could be. */
export function untilStale(pod: Pod, now: number): number | undefined {
  const condition = pod.status?.conditions?.find((c) => c.type === type);
  // The kubelet may take any time to end a pod it has chosen.
  const isMeant = condition?.status === 'True' && condition.reason !== 'TerminationByKubelet';
  if (!isMeant || pod.metadata.deletionTimestamp || isTerminal(pod)) return undefined;
  const since = timeOf(condition.lastTransitionTime);
  return Number.isNaN(since) ? 0 : Math.max(since + staleAfter - now, 0);
}

export async function takeBack(client: Client, pod: Pod, now: number): Promise<void> {
  const { name, namespace, uid, resourceVersion } = pod.metadata;
  const condition = { type, status: 'False', reason: null, message: null, lastTransitionTime: toTime(now) };
  const patch = { metadata: { uid, resourceVersion }, status: { conditions: [condition] } };
  await tolerate(['NotFound'], client.patch(pods, name, namespace, 'strategic', patch, { subresource: 'status' }));
}
