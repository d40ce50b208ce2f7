// SelfSubjectReview: who am I? What `kubectl auth whoami` shows.
// Answered, never stored. Mirrors: pkg/registry/authentication/selfsubjectreview/rest.go.
// Next: ../authentication/authenticator.ts, which has said it already.
import { toTime } from '../../apimachinery/clock.ts';
import { defineKind } from './kind.ts';

export const selfSubjectReview = defineKind({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
  schema: 'io.k8s.api.authentication.v1.SelfSubjectReview',
  verbs: ['create'],
  async answer(review, context) {
    const { username, uid, groups, extra } = context.user;
    const userInfo = { username, ...(uid ? { uid } : {}), groups, ...(extra ? { extra } : {}) };
    const metadata = { ...review.metadata, creationTimestamp: toTime(context.now()) };
    return { apiVersion: review.apiVersion, kind: review.kind, metadata, status: { userInfo } };
  },
});
