// What the three access reviews share: rules for their spec, the question put to the authorizer, the verdict as status.
// Read by subjectAccessReview.ts, localSubjectAccessReview.ts, selfSubjectAccessReview.ts.
// Mirrors: pkg/apis/authorization/validation/validation.go and pkg/registry/authorization/util/helpers.go.
import { type FieldError, forbiddenField, invalidValue, path, required } from '../../apimachinery/fieldErrors.ts';
import { validateRequirement } from '../../apimachinery/labelSelector.ts';
import { invalid } from '../../apimachinery/status.ts';
import type { KubeObject, UserInfo } from '../../apimachinery/types.ts';
import type { Attributes } from '../authorization/authorizer.ts';
import type { Context } from './kind.ts';
import { reviewedSelectors } from './reviewedSelectors.ts';

const group = 'authorization.k8s.io';

/** The user that a review's spec describes. */
export const reviewedUser = (spec: any): UserInfo => ({
  username: spec.user ?? '',
  ...(spec.uid ? { uid: spec.uid } : {}),
  groups: spec.groups ?? [],
  ...(spec.extra ? { extra: spec.extra } : {}),
});

export const reviewedAnyone = (spec: any): FieldError[] =>
  spec.user || spec.groups?.length
    ? []
    : [invalidValue('spec.user', '', 'at least one of user or group must be specified')];

/** Refuses a review that breaks the rules which all kinds share, or those of `more`. */
export function checkReview(review: any, more: FieldError[]): void {
  const { resourceAttributes: resource, nonResourceAttributes: path } = review.spec ?? {};
  const errors: FieldError[] = [];
  if (resource && path) {
    errors.push(
      invalidValue('spec.nonResourceAttributes', path, 'cannot be specified in combination with resourceAttributes'),
    );
  }
  if (!resource && !path) {
    const text = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    errors.push(invalidValue('spec.resourceAttributes', null, text));
  }
  errors.push(...more);
  const at = 'spec.resourceAttributes';
  checkSelector(errors, `${at}.fieldSelector`, resource?.fieldSelector, fieldRequirementErrors);
  checkSelector(errors, `${at}.labelSelector`, resource?.labelSelector, labelRequirementErrors);
  errors.push(...checkMetadata(review));
  if (errors.length) throw invalid({ group, kind: review.kind }, '', errors);
}

/** Reviews have no name; a local one has its namespace. */
function checkMetadata(review: any): FieldError[] {
  const { managedFields: _, creationTimestamp: __, ...metadata } = review.metadata ?? {};
  if (review.kind === 'LocalSubjectAccessReview') delete metadata.namespace;
  const set = Object.values(metadata).some((v) => v !== undefined && v !== null && v !== '');
  const text = review.kind === 'LocalSubjectAccessReview' ? 'must be empty except for namespace' : 'must be empty';
  return set ? [invalidValue('metadata', review.metadata, text)] : [];
}

type RequirementErrors = (requirement: any, field: string) => FieldError[];

function checkSelector(errors: FieldError[], field: string, selector: any, errorsOf: RequirementErrors): void {
  if (!selector) return;
  const requirements = selector.requirements ?? [];
  if (selector.rawSelector && requirements.length) {
    const text = 'may not specified at the same time as requirements';
    errors.push(invalidValue(path.child(field, 'rawSelector'), selector.rawSelector, text));
  }
  if (!selector.rawSelector && !requirements.length) {
    const text = `when ${field} is specified, requirements or rawSelector is required`;
    errors.push(required(path.child(field, 'requirements'), text));
  }
  requirements.forEach((r: any, i: number) => {
    errors.push(...errorsOf(r, path.index(path.child(field, 'requirements'), i)));
  });
}

/** The key of a field is a path, any text; operators that are not known may be those of a newer client. */
function fieldRequirementErrors({ key, operator, values }: any, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child(field, 'values');
  if (!key) errors.push(required(path.child(field, 'key'), 'must be specified'));
  if ((operator === 'In' || operator === 'NotIn') && !values?.length)
    errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values?.length)
    errors.push(forbiddenField(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  return errors;
}

const labelRequirementErrors = (requirement: any, field: string): FieldError[] =>
  validateRequirement(requirement, field, { allowUnknownOperator: true });

function attributesOf(spec: any, user: UserInfo, fieldSelector?: string, labelSelector?: string): Attributes {
  const r = spec.resourceAttributes;
  if (!r) return { user, verb: spec.nonResourceAttributes.verb ?? '', path: spec.nonResourceAttributes.path ?? '' };
  const resource = {
    group: r.group ?? '',
    version: r.version ?? '',
    plural: r.resource ?? '',
    subresource: r.subresource ?? '',
    namespace: r.namespace ?? '',
    name: r.name ?? '',
  };
  return { user, verb: r.verb ?? '', resource, fieldSelector, labelSelector };
}

/** The review with the authorizer's verdict about `user` in its status. */
export async function reviewed(review: any, user: UserInfo, context: Context): Promise<KubeObject> {
  const { fields, labels, problems } = reviewedSelectors(review.spec.resourceAttributes);
  const decision = await context.authorization.authorize(attributesOf(review.spec, user, fields, labels));
  const status = {
    allowed: decision.allowed,
    ...(decision.denied ? { denied: true } : {}),
    ...(decision.reason ? { reason: decision.reason } : {}),
    ...(problems.length ? { evaluationError: problems.join('; ') } : {}),
  };
  return { ...review, status };
}
