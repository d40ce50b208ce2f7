// --allow-privileged=false: no kind takes a pod with a privileged container, wherever the pod is described.
// Wraps a kind's rules when the registry is filled (run.ts). Mirrors: capabilities.Get().AllowPrivileged in ValidateSecurityContext.
import { type FieldError, forbiddenField } from '../../../apimachinery/fieldErrors.ts';
import type { Kind, Subresource } from '../kind.ts';

/** Where each kind describes its pods. */
const podSpecs: Record<string, string> = {
  Pod: 'spec',
  PodTemplate: 'template.spec',
  ReplicationController: 'spec.template.spec',
  ReplicaSet: 'spec.template.spec',
  Deployment: 'spec.template.spec',
  StatefulSet: 'spec.template.spec',
  DaemonSet: 'spec.template.spec',
  Job: 'spec.template.spec',
  CronJob: 'spec.jobTemplate.spec.template.spec',
};

export function withoutPrivileged(kind: Kind): Kind {
  const at = podSpecs[kind.kind];
  if (!at) return kind;
  return {
    ...kind,
    validate: (object) => [...(kind.validate?.(object) ?? []), ...privilegedErrors(object, at)],
    subresources: kind.subresources?.map((sub) => (sub.name === 'ephemeralcontainers' ? withRule(sub, at) : sub)),
  };
}

const withRule = (sub: Subresource, at: string): Subresource => ({
  ...sub,
  validateUpdate: (object, old) => [...(sub.validateUpdate?.(object, old) ?? []), ...privilegedErrors(object, at)],
});

function privilegedErrors(object: any, at: string): FieldError[] {
  let spec = object;
  for (const name of at.split('.')) spec = spec?.[name];
  const errors: FieldError[] = [];
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'])
    for (const [i, container] of (spec?.[list] ?? []).entries())
      if (container?.securityContext?.privileged)
        errors.push(forbiddenField(`${at}.${list}[${i}].securityContext.privileged`, 'disallowed by cluster policy'));
  if (hasHostProcess(spec)) errors.push(forbiddenField(at, 'hostProcess containers are disallowed by cluster policy'));
  return errors;
}

/** Containers that run as processes of a Windows node are privileged by their nature. */
function hasHostProcess(spec: any): boolean {
  const ofPod = spec?.securityContext?.windowsOptions?.hostProcess;
  return ['initContainers', 'containers', 'ephemeralContainers'].some((list) =>
    (spec?.[list] ?? []).some((c: any) => c?.securityContext?.windowsOptions?.hostProcess ?? ofPod),
  );
}
