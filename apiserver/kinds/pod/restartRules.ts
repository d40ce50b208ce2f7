// Rules of restart policies of single containers: which values, and the exit codes that call for a restart.
// Mirrors: validateContainerRestartPolicy and validateInitContainerRestartPolicy in pkg/apis/core/validation/validation.go.
// Called by: containers.ts; status.ts asks mayRestart.
import { type FieldError, forbiddenField, notSupported, required, tooMany } from '../../../apimachinery/fieldErrors.ts';

const policies: readonly string[] = ['Always', 'Never', 'OnFailure'];

function checkRules(errors: FieldError[], field: string, rules: any[]): void {
  if (rules.length > 20) errors.push(tooMany(field, rules.length, 20));
  for (const [i, rule] of rules.entries()) {
    const at = `${field}[${i}]`;
    // RestartAllContainers waits for its gate.
    if (rule.action !== 'Restart') errors.push(notSupported(`${at}.action`, rule.action ?? '', ['Restart']));
    const codes = rule.exitCodes;
    if (!codes) {
      errors.push(required(`${at}.exitCodes`, 'must be specified'));
      continue;
    }
    if (codes.operator !== 'In' && codes.operator !== 'NotIn')
      errors.push(notSupported(`${at}.exitCodes.operator`, codes.operator ?? '', ['In', 'NotIn']));
    const count = codes.values?.length ?? 0;
    if (count > 255) errors.push(tooMany(`${at}.exitCodes.values`, count, 255));
  }
}

export function checkRestart(errors: FieldError[], field: string, container: any): void {
  const { restartPolicy: policy, restartPolicyRules: rules = [] } = container;
  if (policy === undefined) {
    if (!rules.length) return;
    errors.push(required(`${field}.restartPolicy`, 'must specify restartPolicy when restart rules are used'));
  } else if (!policies.includes(policy)) errors.push(notSupported(`${field}.restartPolicy`, policy, policies));
  checkRules(errors, `${field}.restartPolicyRules`, rules);
}

/** Always makes an init container a sidecar, which has no rules. */
export function checkInitRestart(errors: FieldError[], field: string, container: any): void {
  if (container.restartPolicy !== 'Always') {
    if (container.restartPolicy === undefined && container.restartPolicyRules?.length)
      errors.push(required(`${field}.restartPolicy`, 'must specify restartPolicy when restart rules are used'));
    else checkRestart(errors, field, container);
  } else if (container.restartPolicyRules?.length)
    errors.push(
      forbiddenField(
        `${field}.restartPolicyRules`,
        'restartPolicyRules are not allowed for init containers with restart policy Always',
      ),
    );
}

/** Does a container that ended with `exitCode` run again? Rules first, then its own policy, then the pod's. */
export function mayRestart(container: any, podPolicy: string, exitCode: number): boolean {
  for (const rule of container.restartPolicyRules ?? []) {
    const listed = (rule.exitCodes?.values ?? []).includes(exitCode);
    if (rule.action === 'Restart' && rule.exitCodes && listed === (rule.exitCodes.operator === 'In')) return true;
  }
  const policy = container.restartPolicy ?? podPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}
