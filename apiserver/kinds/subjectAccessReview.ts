// SubjectAccessReview: may this user do that? Asked by servers that leave the decision to this one, such as kubelets.
// Answered, never stored. Mirrors: pkg/registry/authorization/subjectaccessreview/rest.go.
// Next: ../authorization/authorizer.ts, which decides.
import { checkReview, reviewed, reviewedAnyone, reviewedUser } from './accessReview.ts';
import { defineKind } from './kind.ts';

export const subjectAccessReview = defineKind({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SubjectAccessReview',
  verbs: ['create'],
  async answer(review, context) {
    checkReview(review, reviewedAnyone(review.spec ?? {}));
    return reviewed(review, reviewedUser(review.spec), context);
  },
});
