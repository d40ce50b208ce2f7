import { beforeEach, describe, expect, it } from 'vitest';
import { createAuthorizer } from '../../../apiserver/authorization/authorizer.ts';
import { authorizeBinding, authorizeRole } from '../../../apiserver/authorization/escalation.ts';
import { forbiddenMessage, forbiddenRequest } from '../../../apiserver/authorization/forbiddenMessage.ts';
import { memoryCluster } from '../memoryCluster.ts';

const group = 'rbac.authorization.k8s.io';
const r = (plural: string) => ({ group, plural });
const ask = (username: string, verb: string, plural: string, namespace = '', groups: string[] = [], name = '') => ({
  user: { username, groups },
  verb,
  resource: { group: '', version: 'v1', plural, subresource: '', namespace, name },
});
const readPods = [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }];
const binding = (name: string, kind: string, role: string, subject: object, namespace?: string) => ({
  metadata: { name, ...(namespace ? { namespace } : {}) },
  roleRef: { apiGroup: group, kind, name: role },
  subjects: [subject],
});

let cluster: ReturnType<typeof memoryCluster>;
beforeEach(() => {
  cluster = memoryCluster();
  cluster.put(r('clusterroles'), { metadata: { name: 'reader' }, rules: readPods });
  cluster.put(r('roles'), {
    metadata: { name: 'reader', namespace: 'a' },
    rules: [{ ...readPods[0], verbs: ['delete'] }],
  });
});

describe('RBAC', () => {
  const rbac = () => createAuthorizer({ modes: ['RBAC'], cluster });

  it('gives a cluster-wide binding everywhere and says by which', async () => {
    cluster.put(r('clusterrolebindings'), binding('b', 'ClusterRole', 'reader', { kind: 'User', name: 'ann' }));
    const authorizer = rbac();
    for (const namespace of ['', 'a', 'b']) {
      expect(await authorizer.authorize(ask('ann', 'list', 'pods', namespace))).toEqual({
        allowed: true,
        reason: 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to User "ann"',
      });
    }
    expect(await authorizer.authorize(ask('bob', 'list', 'pods'))).toEqual({ allowed: false, reason: '' });
  });

  it('keeps a binding to its namespace, for Roles and for ClusterRoles', async () => {
    cluster.put(r('rolebindings'), binding('b', 'ClusterRole', 'reader', { kind: 'Group', name: 'devs' }, 'a'));
    cluster.put(r('rolebindings'), binding('c', 'Role', 'reader', { kind: 'ServiceAccount', name: 'sa' }, 'a'));
    const authorizer = rbac();
    const allowed = async (...a: Parameters<typeof ask>) => (await authorizer.authorize(ask(...a))).allowed;
    expect(await allowed('ann', 'get', 'pods', 'a', ['devs'])).toBe(true);
    expect(await allowed('ann', 'get', 'pods', 'b', ['devs'])).toBe(false);
    expect(await allowed('ann', 'get', 'pods', '', ['devs'])).toBe(false);
    expect(await authorizer.authorize(ask('system:serviceaccount:a:sa', 'delete', 'pods', 'a'))).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "c/a" of Role "reader" to ServiceAccount "sa/a"',
    });
  });

  it('sees changes at once, and names a role that is missing', async () => {
    const authorizer = rbac();
    expect((await authorizer.authorize(ask('ann', 'get', 'pods', 'a'))).allowed).toBe(false);
    cluster.put(r('rolebindings'), binding('b', 'Role', 'gone', { kind: 'User', name: 'ann' }, 'a'));
    expect((await authorizer.authorize(ask('ann', 'get', 'pods', 'a'))).reason).toBe(
      'RBAC: role.rbac.authorization.k8s.io "gone" not found',
    );
    cluster.put(r('roles'), { metadata: { name: 'gone', namespace: 'a' }, rules: readPods });
    expect((await authorizer.authorize(ask('ann', 'get', 'pods', 'a'))).allowed).toBe(true);
    await cluster.delete(r('rolebindings'), 'b', 'a');
    expect((await authorizer.authorize(ask('ann', 'get', 'pods', 'a'))).allowed).toBe(false);
  });

  it('lists the rules of a user in a namespace', async () => {
    cluster.put(r('clusterrolebindings'), binding('b', 'ClusterRole', 'reader', { kind: 'User', name: 'ann' }));
    cluster.put(r('rolebindings'), binding('c', 'Role', 'gone', { kind: 'User', name: 'ann' }, 'a'));
    expect(await rbac().rulesFor({ username: 'ann' }, 'a')).toEqual({
      rules: readPods,
      errors: ['role.rbac.authorization.k8s.io "gone" not found'],
    });
  });
});

describe('modes', () => {
  it('lets system:masters do everything, whatever the modes say', async () => {
    const authorizer = createAuthorizer({ modes: ['AlwaysDeny'], cluster });
    expect((await authorizer.authorize(ask('x', 'get', 'pods', '', ['system:masters']))).allowed).toBe(true);
    expect(await authorizer.authorize(ask('x', 'get', 'pods'))).toEqual({
      allowed: false,
      reason: 'Everything is forbidden.',
    });
  });

  it('asks them in order', async () => {
    const authorizer = createAuthorizer({ modes: ['RBAC', 'AlwaysAllow'], cluster });
    expect((await authorizer.authorize(ask('x', 'get', 'pods'))).allowed).toBe(true);
  });

  it.each([
    [['Node'], 'Node is not supported yet'],
    [['Webhook', 'RBAC'], 'Webhook is not supported yet'],
    [['Rbac'], '"Rbac" is not an authorization mode'],
    [['RBAC', 'RBAC'], 'more than once'],
    [[], 'at least one'],
  ])('refuses %j', (modes, text) => expect(() => createAuthorizer({ modes, cluster })).toThrow(text));
});

describe('forbidden messages', () => {
  it.each([
    [
      ask('x', 'list', 'pods', 'default'),
      'pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      ask('x', 'get', 'nodes', '', [], 'n1'),
      'nodes "n1" is forbidden: User "x" cannot get resource "nodes" in API group "" at the cluster scope',
    ],
    [
      {
        user: { username: 'a"<b>' },
        verb: 'update',
        resource: {
          group: 'apps',
          version: 'v1',
          plural: 'deployments',
          subresource: 'scale',
          namespace: 'a',
          name: 'web',
        },
      },
      'deployments.apps "web" is forbidden: User "a\\"&lt;b&gt;" cannot update resource "deployments/scale" in API group "apps" in the namespace "a"',
    ],
    [{ user: { username: 'x' }, verb: 'get', path: '/metrics' }, 'forbidden: User "x" cannot get path "/metrics"'],
  ])('%#', (attributes, message) => {
    const error = forbiddenRequest(attributes, '');
    expect([error.code, error.reason, error.message]).toEqual([403, 'Forbidden', message]);
  });

  it('ends with the reason of the authorizer', () => {
    const attributes = ask('x', 'list', 'pods');
    expect(forbiddenRequest(attributes, 'RBAC: why').message).toBe(
      `pods is forbidden: ${forbiddenMessage(attributes)}: RBAC: why`,
    );
  });
});

describe('escalation', () => {
  const context = (username: string, groups: string[] = []) =>
    ({ user: { username, groups }, cluster, authorization: createAuthorizer({ modes: ['RBAC'], cluster }) }) as never;
  const newRole = {
    metadata: { name: 'new', namespace: 'a' },
    rules: [{ verbs: ['get', 'delete'], apiGroups: [''], resources: ['pods', 'secrets'] }],
  };

  it('refuses a role that holds more than its writer, and says what', async () => {
    cluster.put(r('rolebindings'), binding('b', 'ClusterRole', 'reader', { kind: 'User', name: 'ann' }, 'a'));
    await expect(
      authorizeRole('roles', newRole, undefined, context('ann', ['g', 'system:authenticated'])),
    ).rejects.toThrow(
      'roles.rbac.authorization.k8s.io "new" is forbidden: user "ann" (groups=["g" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}',
    );
    await authorizeRole('roles', { ...newRole, rules: readPods }, undefined, context('ann'));
    await authorizeRole('roles', newRole, undefined, context('root', ['system:masters']));
  });

  it('lets those write it who may escalate', async () => {
    cluster.put(r('clusterroles'), {
      metadata: { name: 'esc' },
      rules: [{ verbs: ['escalate'], apiGroups: [group], resources: ['roles'] }],
    });
    cluster.put(r('clusterrolebindings'), binding('b', 'ClusterRole', 'esc', { kind: 'User', name: 'ann' }));
    await authorizeRole('roles', newRole, undefined, context('ann'));
    await expect(
      authorizeRole('clusterroles', { metadata: { name: 'c' }, rules: readPods }, undefined, context('ann')),
    ).rejects.toThrow('not currently held');
  });

  it('refuses an aggregationRule to all but admins', async () => {
    const aggregated = { metadata: { name: 'agg' }, rules: [], aggregationRule: { clusterRoleSelectors: [{}] } };
    await expect(authorizeRole('clusterroles', aggregated, undefined, context('ann'))).rejects.toThrow(
      'clusterroles.rbac.authorization.k8s.io "agg" is forbidden: must have cluster-admin privileges to use an aggregationRule',
    );
  });

  it('refuses a binding to more than its writer holds, unless they may bind that role', async () => {
    const wanted = binding('new', 'ClusterRole', 'reader', { kind: 'User', name: 'bob' }, 'a');
    await expect(authorizeBinding('rolebindings', wanted, undefined, context('ann'))).rejects.toThrow(
      'rolebindings.rbac.authorization.k8s.io "new" is forbidden: user "ann" (groups=[]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
    );
    cluster.put(r('roles'), {
      metadata: { name: 'binder', namespace: 'a' },
      rules: [{ verbs: ['bind'], apiGroups: [group], resources: ['clusterroles'], resourceNames: ['reader'] }],
    });
    cluster.put(r('rolebindings'), binding('b', 'Role', 'binder', { kind: 'User', name: 'ann' }, 'a'));
    await authorizeBinding('rolebindings', wanted, undefined, context('ann'));
    const missing = binding('new', 'Role', 'nobody', { kind: 'User', name: 'bob' }, 'a');
    await expect(authorizeBinding('rolebindings', missing, undefined, context('ann'))).rejects.toThrow(
      '"nobody" not found',
    );
  });

  it('lets the garbage collector take owners and finalizers off a role that it could not write', async () => {
    const owned = { ...newRole, metadata: { ...newRole.metadata, finalizers: ['x'], ownerReferences: [{ uid: '1' }] } };
    await authorizeRole('roles', newRole, owned, context('gc'));
    await expect(authorizeRole('roles', { ...newRole, extra: 1 }, owned, context('gc'))).rejects.toThrow(
      'not currently held',
    );
  });
});
