// TokenReview: whose token is this? Asked by those who take tokens without knowing the keys, such as kubelets.
// Answered, never stored. Mirrors: pkg/registry/authentication/tokenreview/storage.go.
// Next: ../authentication/authenticator.ts, which knows.
import { badRequest } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import { type Context, defineKind } from './kind.ts';

async function answer(review: any, context: Context): Promise<KubeObject> {
  const { token, audiences = [] } = review.spec ?? {};
  if (!token) throw badRequest('token is required for TokenReview in authentication');
  return { ...review, status: await statusOf(token, audiences, context) };
}

async function statusOf(token: string, audiences: string[], context: Context): Promise<object> {
  try {
    const owner = await context.authentication.authenticateToken(token, audiences);
    const { username, uid, groups, extra } = owner.user;
    const user = { username, ...(uid ? { uid } : {}), groups, ...(extra ? { extra } : {}) };
    return { authenticated: true, user, ...(owner.audiences.length ? { audiences: owner.audiences } : {}) };
  } catch (error) {
    return { user: {}, error: (error as Error).message };
  }
}

export const tokenReview = defineKind({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
  schema: 'io.k8s.api.authentication.v1.TokenReview',
  verbs: ['create'],
  answer,
});
