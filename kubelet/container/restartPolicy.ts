// Does a container that ended start again? The pod's policy, or the container's own policy and rules over it.
// Reads: pod, container, exit code. Mirrors: pkg/kubelet/container/helpers.go (ShouldContainerBeRestarted) and KEP-5307.
// Next: computePodActions.ts acts on it, status/phase.ts foretells the phase from it.
import type { Container, Pod } from '../../apimachinery/types.ts';
import { type ContainerRecord, newestContainer, type PodRecord } from './records.ts';

export const restartableInit = (c: Container): boolean => c.restartPolicy === 'Always';

const ruleMatches = (rule: NonNullable<Container['restartPolicyRules']>[number], exitCode: number): boolean => {
  const values = rule.exitCodes?.values ?? [];
  if (rule.exitCodes?.operator === 'In') return values.includes(exitCode);
  return rule.exitCodes?.operator === 'NotIn' && !values.includes(exitCode);
};

/** The first matching rule decides, then the container's policy, then the pod's (Always when it says nothing). */
export function restartsAfterExit(pod: Pod, container: Container, exitCode: number): boolean {
  if (container.restartPolicyRules?.some((r) => r.action === 'Restart' && ruleMatches(r, exitCode))) return true;
  const policy = container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always';
  if (policy === 'Never') return false;
  return policy !== 'OnFailure' || exitCode !== 0;
}

/** A failed init container is tried again unless the policy is Never; a sidecar always. */
export function initRestartsAfterFailure(pod: Pod, container: Container, exitCode: number): boolean {
  if (restartableInit(container)) return true;
  if (container.restartPolicy || container.restartPolicyRules?.length)
    return restartsAfterExit(pod, container, exitCode);
  return pod.spec?.restartPolicy !== 'Never';
}

/** Should the container be started now, given the last that is known of it? Never for a pod that is being deleted. */
export function shouldStart(pod: Pod, container: Container, record: PodRecord): boolean {
  if (pod.metadata.deletionTimestamp) return false;
  const last: ContainerRecord | undefined = newestContainer(record, container.name);
  if (!last) return true;
  if (last.state === 'running') return false;
  if (last.state === 'created' || last.state === 'unknown') return true;
  return restartsAfterExit(pod, container, last.exitCode);
}
