// SelfSubjectAccessReview: may I do that? What `kubectl auth can-i` asks.
// Answered, never stored. Mirrors: pkg/registry/authorization/selfsubjectaccessreview/rest.go.
// Next: ../authorization/authorizer.ts, which decides.
import { checkReview, reviewed } from './accessReview.ts';
import { defineKind } from './kind.ts';

export const selfSubjectAccessReview = defineKind({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SelfSubjectAccessReview',
  verbs: ['create'],
  async answer(review, context) {
    checkReview(review, []);
    return reviewed(review, context.user, context);
  },
});
