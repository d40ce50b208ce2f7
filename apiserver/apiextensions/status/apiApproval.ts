// Groups of the Kubernetes community need a word of approval in an annotation.
// Mirrors: apiextensions-apiserver/pkg/apihelpers (IsProtectedCommunityGroup, GetAPIApprovalState) and
// pkg/controller/apiapproval/apiapproval_controller.go. Pure. Used by: statusOf.ts, ../validation/validateDefinition.ts.
import type { CrdCondition } from './naming.ts';

export const approvalAnnotation = 'api-approved.kubernetes.io';

export const isProtectedGroup = (group: string): boolean =>
  group === 'k8s.io' || group.endsWith('.k8s.io') || group === 'kubernetes.io' || group.endsWith('.kubernetes.io');

export interface Approval {
  state: 'missing' | 'bypassed' | 'approved' | 'invalid';
  reason: string;
}

/** What the annotation says: a link, or that the group is not approved and why. */
export function approvalOf(annotations: Record<string, string> | undefined): Approval {
  const text = annotations?.[approvalAnnotation];
  if (text === undefined || text === '') {
    const reason = `protected groups must have approval annotation ${JSON.stringify(approvalAnnotation)}, see https://github.com/kubernetes/enhancements/pull/1111`;
    return { state: 'missing', reason };
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.host && url.protocol) return { state: 'approved', reason: `approved in ${text}` };
  if (text.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(text)}` };
  const reason = `protected groups must have approval annotation ${JSON.stringify(approvalAnnotation)} with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`;
  return { state: 'invalid', reason };
}

const conditionOf: Record<Approval['state'], [status: CrdCondition['status'], reason: string]> = {
  missing: ['False', 'MissingAnnotation'],
  invalid: ['False', 'InvalidAnnotation'],
  bypassed: ['False', 'UnapprovedAnnotation'],
  approved: ['True', 'ApprovedAnnotation'],
};

/** Undefined for groups that need none. */
export function approvalCondition(crd: any): CrdCondition | undefined {
  if (!isProtectedGroup(crd.spec.group)) return undefined;
  const approval = approvalOf(crd.metadata.annotations);
  const [status, reason] = conditionOf[approval.state];
  return { type: 'KubernetesAPIApprovalPolicyConformant', status, reason, message: approval.reason };
}
