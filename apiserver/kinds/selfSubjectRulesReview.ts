// SelfSubjectRulesReview: what may I do in this namespace? What `kubectl auth can-i --list` shows.
// Answered, never stored. Mirrors: pkg/registry/authorization/selfsubjectrulesreview/rest.go.
// Next: ../authorization/authorizer.ts, which lists the rules.
import { badRequest } from '../../apimachinery/status.ts';
import type { PolicyRule } from '../../apimachinery/types.ts';
import { defineKind } from './kind.ts';

function resourceRule(r: PolicyRule): object {
  const { verbs, apiGroups, resources, resourceNames } = r;
  return {
    verbs,
    ...(apiGroups ? { apiGroups } : {}),
    ...(resources ? { resources } : {}),
    ...(resourceNames?.length ? { resourceNames } : {}),
  };
}

export const selfSubjectRulesReview = defineKind({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
  verbs: ['create'],
  async answer(review, context) {
    const namespace = review.spec?.namespace;
    if (!namespace) throw badRequest('no namespace on request');
    const { rules, errors } = await context.authorization.rulesFor(context.user, namespace);
    const status = {
      resourceRules: rules.filter((r) => r.resources?.length).map(resourceRule),
      nonResourceRules: rules
        .filter((r) => r.nonResourceURLs?.length)
        .map((r) => ({ verbs: r.verbs, nonResourceURLs: r.nonResourceURLs })),
      incomplete: errors.length > 0,
      ...(errors.length ? { evaluationError: errors.join('\n') } : {}),
    };
    return { apiVersion: review.apiVersion, kind: review.kind, metadata: {} as never, spec: {}, status };
  },
});
