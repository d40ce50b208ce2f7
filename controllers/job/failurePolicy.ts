// What spec.podFailurePolicy says of a pod that failed: the first rule that fits decides.
// Pure. Mirrors: pkg/controller/job/pod_failure_policy.go. Used by: observe.ts, outcome.ts, accounting.ts, newPod.ts.
import type { Job, Pod } from '../../apimachinery/types.ts';

export interface Verdict {
  /** Whether this failure counts towards the back-off limits. */
  counts: boolean;
  action?: string;
  /** Why the Job fails; with the action FailJob alone. */
  message?: string;
}

export function judgeFailure(job: Job, pod: Pod): Verdict {
  const rules: any[] = job.spec?.podFailurePolicy?.rules ?? [];
  for (const [at, rule] of rules.entries()) {
    const why = rule.onExitCodes ? exitCodeOf(pod, rule.onExitCodes) : conditionOf(pod, rule.onPodConditions ?? []);
    if (why === undefined) continue;
    if (!['Ignore', 'Count', 'FailJob', 'FailIndex'].includes(rule.action)) continue;
    const message = rule.action === 'FailJob' ? { message: `${why} matching FailJob rule at index ${at}` } : {};
    return { counts: rule.action !== 'Ignore', action: rule.action, ...message };
  }
  return { counts: true };
}

function exitCodeOf(pod: Pod, wanted: any): string | undefined {
  for (const list of [pod.status?.containerStatuses, pod.status?.initContainerStatuses])
    for (const { name, state } of list ?? []) {
      const code = state?.terminated?.exitCode;
      if (!code || (wanted.containerName !== undefined && wanted.containerName !== name)) continue;
      const listed = wanted.values.includes(code);
      if (wanted.operator === 'In' ? listed : wanted.operator === 'NotIn' && !listed)
        return `Container ${name} for pod ${pod.metadata.namespace}/${pod.metadata.name} failed with exit code ${code}`;
    }
  return undefined;
}

function conditionOf(pod: Pod, patterns: any[]): string | undefined {
  const found = pod.status?.conditions?.find((c) =>
    patterns.some((p) => p.type === c.type && (p.status ?? 'True') === c.status),
  );
  return found && `Pod ${pod.metadata.namespace}/${pod.metadata.name} has condition ${found.type}`;
}
