// The next status of a CustomResourceDefinition: names, Established, and what else its conditions say. Pure.
// Reads: the definition and its rivals. Mirrors: the controllers of apiextensions-apiserver/pkg/controller (status, establish, nonstructuralschema, apiapproval).
// Called by crdController.ts, which writes it.
import { findCondition, isConditionTrue, withCondition, withoutCondition } from '../../../apimachinery/conditions.ts';
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import { caBundleErrors } from '../validation/conversionRules.ts';
import { structuralErrorsOf } from '../validation/structuralRules.ts';
import { approvalCondition } from './apiApproval.ts';
import { type CrdCondition, nameDefinition, takenNames } from './naming.ts';

/** `rivals`: all definitions of the same group, this one among them or not. `time` is RFC 3339. The same status when nothing changes. */
export function statusOf(crd: any, rivals: readonly any[], time: string): any {
  const others = rivals.filter((other) => other.metadata.name !== crd.metadata.name);
  let status = named(crd, [...others, crd], time);
  status = withOptional(status, 'NonStructuralSchema', nonStructural(crd), time);
  status = withOptional(status, 'KubernetesAPIApprovalPolicyConformant', approvalCondition(crd), time);
  return deepEqual(status, crd.status) ? crd.status : status;
}

function named(crd: any, all: readonly any[], time: string): any {
  const status = crd.status ?? {};
  if (deepEqual(crd.spec.names, status.acceptedNames) && isConditionTrue(status.conditions, 'NamesAccepted'))
    return status;
  const { acceptedNames, namesAccepted, established } = nameDefinition(crd, takenNames(all));
  let conditions = withCondition<any>(status.conditions, namesAccepted, time);
  conditions = withCondition<any>(conditions, established, time);
  return { ...status, conditions, acceptedNames };
}

function withOptional(status: any, type: string, condition: CrdCondition | undefined, time: string): any {
  if (condition) return { ...status, conditions: withCondition<any>(status.conditions, condition, time) };
  if (!findCondition(status.conditions, type)) return status;
  return { ...status, conditions: withoutCondition(status.conditions, type) };
}

/** Only definitions stored before schemas had to be structural can have such ones. */
function nonStructural(crd: any): CrdCondition | undefined {
  const texts = structuralErrorsOf(crd);
  if (!texts.length) return undefined;
  const message = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
  return { type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message };
}

/** The names are accepted, and it may be seen. */
export const mayBeEstablished = (crd: any): boolean =>
  isConditionTrue(crd.status?.conditions, 'NamesAccepted') && !isConditionTrue(crd.status?.conditions, 'Established');

const isEstablished: CrdCondition = {
  type: 'Established',
  status: 'True',
  reason: 'InitialNamesAccepted',
  message: 'the initial names have been accepted',
};
const cannotConvert: CrdCondition = {
  type: 'Established',
  status: 'False',
  reason: 'InvalidCABundle',
  message: 'The conversion webhook CABundle is invalid',
};

/** The status with Established set: to False while nobody could trust the conversion webhook. */
export function established(crd: any, time: string): any {
  const caBundle = crd.spec.conversion?.webhook?.clientConfig?.caBundle;
  const condition = caBundle && caBundleErrors(caBundle).length ? cannotConvert : isEstablished;
  return { ...crd.status, conditions: withCondition<any>(crd.status.conditions, condition, time) };
}

/**
 * Another definition of the group that accepted a name of this one before it did: two servers may have looked at the same moment.
 * Who is established, or wrote first, keeps the name.
 */
export function beatenBy(crd: any, rivals: readonly any[]): any | undefined {
  const mine = takenNames([crd]);
  const revision = Number(crd.metadata.resourceVersion);
  return rivals.find((other) => {
    if (other.metadata.name === crd.metadata.name) return false;
    const first =
      isConditionTrue(other.status?.conditions, 'Established') || Number(other.metadata.resourceVersion) < revision;
    const theirs = takenNames([other]);
    const shared = (a: ReadonlySet<string>, b: ReadonlySet<string>) => [...a].some((name) => b.has(name));
    return first && (shared(mine.resources, theirs.resources) || shared(mine.kinds, theirs.kinds));
  });
}
