// LocalSubjectAccessReview: may this user do that in this namespace? For those who may ask about their own namespace alone.
// Answered, never stored. Mirrors: pkg/registry/authorization/localsubjectaccessreview/rest.go.
// Next: ../authorization/authorizer.ts, which decides.
import { type FieldError, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { checkReview, reviewed, reviewedAnyone, reviewedUser } from './accessReview.ts';
import { defineKind } from './kind.ts';

function localRules(review: any): FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: path } = review.spec ?? {};
  const errors = reviewedAnyone(review.spec ?? {});
  const namespace = resource?.namespace ?? '';
  if (resource && namespace !== (review.metadata?.namespace ?? '')) {
    errors.push(invalidValue('spec.resourceAttributes.namespace', namespace, 'must match metadata.namespace'));
  }
  if (path) errors.push(invalidValue('spec.nonResourceAttributes', path, 'disallowed on this kind of request'));
  return errors;
}

export const localSubjectAccessReview = defineKind({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  namespaced: true,
  schema: 'io.k8s.api.authorization.v1.LocalSubjectAccessReview',
  verbs: ['create'],
  async answer(review, context) {
    checkReview(review, localRules(review));
    return reviewed(review, reviewedUser(review.spec), context);
  },
});
