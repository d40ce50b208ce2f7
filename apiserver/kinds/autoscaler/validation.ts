// The rules of autoscalers, in the stored form (autoscaling/v2); v1 is converted before it is checked, so its paths are these too.
// Mirrors: pkg/apis/autoscaling/validation/validation.go and the options of pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go.
// Called by: ../horizontalPodAutoscaler.ts. Next: metrics.ts, the rules of what is measured.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { parseQuantity, signOf } from '../../../apimachinery/quantity.ts';
import { checkNotNegative, notNegativeText } from '../check.ts';
import { checkMetric } from './metrics.ts';
import { apiVersionError, checkReference, type ReferenceRules } from './reference.ts';

const maxWindow = 3600;
const maxPeriod = 1800;
const selectPolicies: readonly string[] = ['Disabled', 'Max', 'Min'];
const policyTypes: readonly string[] = ['Percent', 'Pods'];

function checkPolicy(errors: FieldError[], field: string, { type = '', value = 0, periodSeconds = 0 }: any): void {
  if (!policyTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, policyTypes));
  if (value <= 0) errors.push(invalidValue(`${field}.value`, value, 'must be greater than zero'));
  if (periodSeconds <= 0)
    errors.push(invalidValue(`${field}.periodSeconds`, periodSeconds, 'must be greater than zero'));
  if (periodSeconds > maxPeriod)
    errors.push(invalidValue(`${field}.periodSeconds`, periodSeconds, `must be less than or equal to ${maxPeriod}`));
}

function checkRules(errors: FieldError[], field: string, rules: any): void {
  if (!rules) return;
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const refuseWindow = (text: string) => errors.push(invalidValue(`${field}.stabilizationWindowSeconds`, window, text));
  if (window < 0) refuseWindow('must be greater than or equal to zero');
  if (window > maxWindow) refuseWindow(`must be less than or equal to ${maxWindow}`);
  if (selectPolicy !== undefined && !selectPolicies.includes(selectPolicy))
    errors.push(notSupported(`${field}.selectPolicy`, selectPolicy, selectPolicies));
  if (!policies.length) errors.push(required(`${field}.policies`, 'must specify at least one Policy'));
  for (const [i, policy] of policies.entries()) checkPolicy(errors, `${field}.policies[${i}]`, policy);
  if (tolerance !== undefined && signOf(parseQuantity(tolerance)) < 0)
    errors.push(invalidValue(`${field}.tolerance`, tolerance, notNegativeText));
}

function checkMetrics(errors: FieldError[], metrics: readonly any[], least: number, rules: ReferenceRules): void {
  for (const [i, metric] of metrics.entries()) checkMetric(errors, `spec.metrics[${i}]`, metric, rules);
  if (least === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External'))
    errors.push(
      forbiddenField(
        'spec.metrics',
        'must specify at least one Object or External metric to support scaling to zero replicas',
      ),
    );
}

/** What may be missing from a reference depends on what was there before. */
function targetRules({ scaleTargetRef: now }: any, old: any): ReferenceRules {
  const before = old?.spec.scaleTargetRef;
  if (before && (before.apiVersion ?? '') === (now.apiVersion ?? '') && before.kind === now.kind)
    return { anyVersion: true };
  return { coreGroup: now.kind === 'ReplicationController' };
}

function objectRules(old: any): ReferenceRules {
  const rules = { coreGroup: true };
  const broken = old?.spec.metrics?.some(
    ({ type, object }: any) =>
      type === 'Object' && object && apiVersionError(object.describedObject?.apiVersion, rules) !== undefined,
  );
  return { ...rules, anyVersion: broken };
}

/** `lowest`: of minReplicas; 0 behind the gate HPAScaleToZero. */
export function validateAutoscaler({ spec }: any, old?: any, lowest = 1): FieldError[] {
  const errors: FieldError[] = [];
  const { minReplicas, maxReplicas } = spec;
  const least = old?.spec.minReplicas === 0 ? 0 : lowest;
  if (minReplicas < least)
    errors.push(invalidValue('spec.minReplicas', minReplicas, `must be greater than or equal to ${least}`));
  if (maxReplicas < 1) errors.push(invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than 0'));
  if (maxReplicas < minReplicas)
    errors.push(invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  checkReference(errors, 'spec.scaleTargetRef', spec.scaleTargetRef, targetRules(spec, old));
  checkMetrics(errors, spec.metrics ?? [], minReplicas, objectRules(old));
  checkRules(errors, 'spec.behavior.scaleUp', spec.behavior?.scaleUp);
  checkRules(errors, 'spec.behavior.scaleDown', spec.behavior?.scaleDown);
  return errors;
}

export function validateAutoscalerStatus({ status = {} }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkNotNegative(errors, 'status.currentReplicas', status.currentReplicas);
  checkNotNegative(errors, 'status.desiredReplicas', status.desiredReplicas);
  return errors;
}
