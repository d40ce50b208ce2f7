// Tells people why a pod has no node: a FailedScheduling event, and the pod's PodScheduled condition.
// Writes: events, pods/status. Mirrors: handleSchedulingFailure and updatePod in pkg/scheduler/schedule_one.go.
// Called by: scheduler.ts.
import { toTime } from '../apimachinery/clock.ts';
import { findCondition } from '../apimachinery/conditions.ts';
import { pods } from '../apimachinery/resources.ts';
import { StatusError } from '../apimachinery/status.ts';
import type { Pod, PodCondition } from '../apimachinery/types.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { Handle } from './framework.ts';

export interface Failure {
  /** Of the condition. */
  reason: 'Unschedulable' | 'SchedulerError';
  /** Absent: what the diagnosis says. */
  message?: string;
  diagnosis?: Diagnosis;
  /** The node to wait for; '': none any more; undefined: as before. */
  nominate?: string;
  /** What was begun to make room went wrong: try again after back-off, whatever happens meanwhile. */
  retry?: boolean;
}

const longestNote = 1024;
const truncated = (text: string) => (text.length <= longestNote ? text : `${text.slice(0, longestNote - 4)} ...`);

/** Never rejects: what could not be told is told after the next try. */
export async function tellFailure(handle: Handle, pod: Pod, failure: Failure, message: string): Promise<void> {
  handle.events.event(pod as any, 'Warning', 'FailedScheduling', truncated(message));
  const patch = statusPatch(pod, failure.reason, message, failure.nominate, toTime(handle.clock.now()));
  if (!patch) return;
  const { name, namespace, uid } = pod.metadata;
  try {
    // With the uid, so that a pod made anew under the name is not told of the old one's fate.
    const body = { metadata: { uid }, status: patch };
    await handle.client.patch(pods, name, namespace, 'strategic', body, { subresource: 'status' });
  } catch (error) {
    const isGone = error instanceof StatusError && (error.code === 404 || error.code === 409);
    handle.log[isGone ? 'debug' : 'warn']({ pod: name, error: String(error) }, 'could not update the pod');
  }
}

/** undefined when the pod says all that already. */
function statusPatch(
  pod: Pod,
  reason: string,
  message: string,
  nominate: string | undefined,
  now: string,
): object | undefined {
  const old = findCondition(pod.status?.conditions, 'PodScheduled');
  const condition: PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    observedGeneration: pod.metadata.generation,
    lastTransitionTime: (old?.status === 'False' && old.lastTransitionTime) || now,
  };
  const says = (c: PodCondition) => [c.status, c.reason, c.message, c.observedGeneration].join('\0');
  const isNew = !old || says(old) !== says(condition);
  const before = pod.status?.nominatedNodeName ?? '';
  const renominated = nominate !== undefined && nominate !== before;
  if (!isNew && !renominated) return undefined;
  return {
    ...(isNew && { conditions: [condition] }),
    ...(renominated && { nominatedNodeName: nominate || null }),
  };
}
