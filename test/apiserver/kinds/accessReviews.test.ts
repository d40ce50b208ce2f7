import { describe, expect, it } from 'vitest';
import { createAuthorizer } from '../../../apiserver/authorization/authorizer.ts';
import type { Kind } from '../../../apiserver/kinds/kind.ts';
import { localSubjectAccessReview } from '../../../apiserver/kinds/localSubjectAccessReview.ts';
import { selfSubjectAccessReview } from '../../../apiserver/kinds/selfSubjectAccessReview.ts';
import { selfSubjectReview } from '../../../apiserver/kinds/selfSubjectReview.ts';
import { selfSubjectRulesReview } from '../../../apiserver/kinds/selfSubjectRulesReview.ts';
import { subjectAccessReview } from '../../../apiserver/kinds/subjectAccessReview.ts';
import { memoryCluster } from '../memoryCluster.ts';

const cluster = memoryCluster();
const group = 'rbac.authorization.k8s.io';
cluster.put(
  { group, plural: 'roles' },
  { metadata: { name: 'r', namespace: 'a' }, rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] },
);
cluster.put(
  { group, plural: 'rolebindings' },
  {
    metadata: { name: 'b', namespace: 'a' },
    roleRef: { kind: 'Role', name: 'r' },
    subjects: [{ kind: 'Group', name: 'devs' }],
  },
);
const authorization = createAuthorizer({ modes: ['RBAC'], cluster });
const context = {
  user: { username: 'ann', uid: '7', groups: ['devs'] },
  cluster,
  authorization,
  now: () => 0,
} as never;

const ask = async (kind: Kind, spec: object, metadata: object = {}): Promise<any> =>
  (await kind.answer!({ apiVersion: 'authorization.k8s.io/v1', kind: kind.kind, metadata, spec }, context))['status'];
const pods = (namespace: string) => ({ resourceAttributes: { verb: 'get', resource: 'pods', namespace } });
const allowed = { allowed: true, reason: 'RBAC: allowed by RoleBinding "b/a" of Role "r" to Group "devs"' };

describe('access reviews', () => {
  it("ask for another user, for one's namespace, for oneself", async () => {
    expect(await ask(subjectAccessReview, { ...pods('a'), groups: ['devs'] })).toEqual(allowed);
    expect(await ask(subjectAccessReview, { ...pods('b'), groups: ['devs'] })).toEqual({ allowed: false });
    expect(await ask(localSubjectAccessReview, { ...pods('a'), groups: ['devs'] }, { namespace: 'a' })).toEqual(
      allowed,
    );
    expect(await ask(selfSubjectAccessReview, pods('a'))).toEqual(allowed);
    expect(await ask(selfSubjectAccessReview, { nonResourceAttributes: { verb: 'get', path: '/x' } })).toEqual({
      allowed: false,
    });
  });

  const both = { ...pods('a'), nonResourceAttributes: { verb: 'get', path: '/x' } };
  const selector = (fieldSelector: object) => ({ user: 'x', resourceAttributes: { fieldSelector } });
  it.each([
    [
      subjectAccessReview,
      pods('a'),
      {},
      'spec.user: Invalid value: "": at least one of user or group must be specified',
    ],
    [
      subjectAccessReview,
      { user: 'x' },
      {},
      'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ],
    [selfSubjectAccessReview, both, {}, 'cannot be specified in combination with resourceAttributes'],
    [selfSubjectAccessReview, pods('a'), { name: 'x' }, 'metadata: Invalid value: {"name":"x"}: must be empty'],
    [
      localSubjectAccessReview,
      { ...pods('b'), user: 'x' },
      { namespace: 'a' },
      'spec.resourceAttributes.namespace: Invalid value: "b": must match metadata.namespace',
    ],
    [
      subjectAccessReview,
      selector({}),
      {},
      'spec.resourceAttributes.fieldSelector.requirements: Required value: when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required',
    ],
    [
      subjectAccessReview,
      selector({ requirements: [{ key: 'a', operator: 'In' }] }),
      {},
      "must be specified when `operator` is 'In' or 'NotIn'",
    ],
  ])('refuse %#', async (kind, spec, metadata, text) => {
    await expect(ask(kind, spec, metadata)).rejects.toMatchObject({
      code: 422,
      message: expect.stringContaining(text),
    });
  });
});

it('SelfSubjectReview tells who asks', async () => {
  expect(await ask(selfSubjectReview, {})).toEqual({ userInfo: { username: 'ann', uid: '7', groups: ['devs'] } });
});

it('SelfSubjectRulesReview lists what one may do', async () => {
  expect(await ask(selfSubjectRulesReview, { namespace: 'a' })).toEqual({
    resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    nonResourceRules: [],
    incomplete: false,
  });
  await expect(ask(selfSubjectRulesReview, {})).rejects.toMatchObject({ code: 400 });
});
