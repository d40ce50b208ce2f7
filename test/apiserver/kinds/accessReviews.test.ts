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
  const labels = (labelSelector: object) => ({ user: 'x', resourceAttributes: { labelSelector } });
  const one = (key: string, operator: string, ...values: string[]) => ({ requirements: [{ key, operator, values }] });

  const together = (...[a, b]: [any, any]) => ({ requirements: [...a.requirements, ...b.requirements] });
  const fieldsIgnored = 'spec.resourceAttributes.fieldSelector ignored due to parse error';
  const labelsIgnored = 'spec.resourceAttributes.labelSelector ignored due to parse error';
  it.each<[object, object, string | undefined]>([
    [selector(one('spec.nodeName', 'In', 'n')), { fieldSelector: 'spec.nodeName=n' }, undefined],
    [selector(one('a', 'NotIn', 'b,c')), { fieldSelector: 'a!=b\\,c' }, undefined],
    [selector(one('any text', 'Exists')), {}, fieldsIgnored],
    [selector(one('a', 'In', 'b', 'c')), {}, fieldsIgnored],
    [selector(one('a', 'OfTheFuture', 'b')), {}, fieldsIgnored],
    [
      selector(together(one('a', 'Exists'), one('b', 'In', 'c'))),
      { fieldSelector: 'b=c' },
      'spec.resourceAttributes.fieldSelector partially ignored due to parse error',
    ],
    [selector({ rawSelector: 'a=b' }), { fieldSelector: 'a=b' }, undefined],
    [selector({ rawSelector: '((' }), {}, fieldsIgnored],
    [labels(one('a', 'NotIn', 'b')), { labelSelector: 'a notin (b)' }, undefined],
    [labels(one('a', 'OfTheFuture')), {}, labelsIgnored],
    [
      labels(together(one('a', 'Exists'), one('a', 'OfTheFuture'))),
      { labelSelector: 'a' },
      'spec.resourceAttributes.labelSelector partially ignored due to parse error',
    ],
    [labels({ rawSelector: 'a in (b)' }), { labelSelector: 'a in (b)' }, undefined],
    [
      { user: 'x', resourceAttributes: { fieldSelector: { rawSelector: '(' }, labelSelector: { rawSelector: '(' } } },
      {},
      `${fieldsIgnored}; ${labelsIgnored}`,
    ],
  ])('answer about %j', async (spec, asked, evaluationError) => {
    let seen: any;
    const authorize = async (attributes: any) => {
      seen = attributes;
      return { allowed: false, reason: '' };
    };
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {}, spec };
    const { status }: any = await subjectAccessReview.answer!(review, { authorization: { authorize } } as never);
    expect(status).toEqual({ allowed: false, ...(evaluationError && { evaluationError }) });
    const { fieldSelector, labelSelector } = seen;
    expect({ fieldSelector, labelSelector }).toEqual({ fieldSelector: undefined, labelSelector: undefined, ...asked });
  });
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
    [
      subjectAccessReview,
      selector(one('a', 'Exists', 'b')),
      {},
      "spec.resourceAttributes.fieldSelector.requirements[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
    [
      subjectAccessReview,
      selector(one('', 'Exists')),
      {},
      'spec.resourceAttributes.fieldSelector.requirements[0].key: Required value: must be specified',
    ],
    [
      subjectAccessReview,
      selector({ rawSelector: 'a=b', ...one('a', 'Exists') }),
      {},
      'spec.resourceAttributes.fieldSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements',
    ],
    [
      subjectAccessReview,
      labels(one('a b', 'Exists')),
      {},
      'spec.resourceAttributes.labelSelector.requirements[0].key: Invalid value: "a b": name part must consist of',
    ],
    [
      subjectAccessReview,
      labels(one('a', 'In', '-')),
      {},
      'spec.resourceAttributes.labelSelector.requirements[0].values[0]: Invalid value: "-": a valid label must be',
    ],
    [
      localSubjectAccessReview,
      { user: 'x', nonResourceAttributes: { verb: 'get', path: '/x' } },
      { namespace: 'a' },
      'spec.nonResourceAttributes: Invalid value: {"verb":"get","path":"/x"}: disallowed on this kind of request',
    ],
    [
      localSubjectAccessReview,
      { ...pods('a'), user: 'x' },
      { namespace: 'a', labels: { a: 'b' } },
      'must be empty except for namespace',
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
  await expect(ask(selfSubjectRulesReview, {})).rejects.toMatchObject({
    code: 400,
    message: 'no namespace on request',
  });
});
