import { beforeEach, describe, expect, it } from 'vitest';
import { createAuthorizer } from '../../../apiserver/authorization/authorizer.ts';
import { reconcileRbac } from '../../../apiserver/bootstrap/reconcileRbac.ts';
import { clusterRole } from '../../../apiserver/kinds/clusterRole.ts';
import { clusterRoleBinding } from '../../../apiserver/kinds/clusterRoleBinding.ts';
import { role } from '../../../apiserver/kinds/role.ts';
import { roleBinding } from '../../../apiserver/kinds/roleBinding.ts';
import { created } from '../kinds/said.ts';
import { memoryCluster } from '../memoryCluster.ts';

const r = (plural: string) => ({ group: 'rbac.authorization.k8s.io', plural });
let cluster: ReturnType<typeof memoryCluster>;
beforeEach(async () => {
  cluster = memoryCluster();
  await reconcileRbac(cluster);
});

const may = async (username: string, verb: string, what: string, namespace = '', groups: string[] = []) => {
  const authorizer = createAuthorizer({ modes: ['RBAC'], cluster });
  if (what.startsWith('/'))
    return (await authorizer.authorize({ user: { username, groups }, verb, path: what })).allowed;
  const [path = '', group = ''] = what.split('.', 2);
  const [plural = '', subresource = ''] = path.split('/');
  const resource = {
    group: what.slice(path.length + 1) || group,
    version: 'v1',
    plural,
    subresource,
    namespace,
    name: 'x',
  };
  return (await authorizer.authorize({ user: { username, groups }, verb, resource })).allowed;
};
const sa = (name: string) => `system:serviceaccount:kube-system:${name}`;

describe('the bootstrap policy', () => {
  it('is valid by the rules of its kinds, and every binding finds its role', () => {
    for (const kind of [clusterRole, clusterRoleBinding, role, roleBinding]) {
      for (const object of cluster.cachedList(kind)) {
        const copy = structuredClone(object);
        kind.defaults?.(copy);
        expect([object.metadata.name, created(kind, copy)]).toEqual([object.metadata.name, []]);
        expect(copy).toEqual(object);
      }
    }
    for (const b of cluster.cachedList(r('clusterrolebindings'))) {
      expect([b.metadata.name, cluster.cached(r('clusterroles'), b['roleRef'].name)?.kind]).toEqual([
        b.metadata.name,
        'ClusterRole',
      ]);
    }
    for (const b of cluster.cachedList(r('rolebindings'))) {
      expect(cluster.cached(r('roles'), b['roleRef'].name, b.metadata.namespace)).toBeDefined();
    }
  });

  it("holds upstream's names, and one of our own", () => {
    const names = cluster.cachedList(r('clusterroles')).map((o) => o.metadata.name);
    expect(names.filter((n) => n.startsWith('system:controller:'))).toHaveLength(37);
    const own = names.filter((n) => n.startsWith('system:mini-k8s:'));
    expect(own).toEqual(['system:mini-k8s:span-reporter']);
    expect(names.filter((n) => !n.startsWith('system:controller:') && !own.includes(n))).toHaveLength(31);
    expect(names).toEqual(expect.arrayContaining(['cluster-admin', 'admin', 'edit', 'view', 'system:auth-delegator']));
    expect(cluster.cached(r('roles'), 'extension-apiserver-authentication-reader', 'kube-system')).toBeDefined();
    expect(cluster.cached(r('clusterroles'), 'view')?.metadata).toMatchObject({
      labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' },
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    });
  });

  it.each<[boolean, string, string, string, string?, string[]?]>([
    [true, 'root', 'delete', '/anything', '', ['system:masters']],
    [true, 'ann', 'get', '/healthz', '', ['system:unauthenticated']],
    [false, 'ann', 'get', '/api', '', ['system:unauthenticated']],
    [true, 'ann', 'get', '/api/v1', '', ['system:authenticated']],
    [false, 'ann', 'get', '/metrics', '', ['system:authenticated']],
    [true, 'ann', 'get', '/metrics', '', ['system:monitoring']],
    [true, 'ann', 'create', 'selfsubjectreviews.authentication.k8s.io', '', ['system:authenticated']],
    [true, 'system:node:n1', 'patch', 'nodes/status', '', ['system:nodes']],
    [true, 'system:node:n1', 'create', 'serviceaccounts/token', 'a', ['system:nodes']],
    [false, 'system:node:n1', 'delete', 'nodes', '', ['system:nodes']],
    [true, 'system:kube-scheduler', 'create', 'pods/binding', 'a'],
    [true, 'system:kube-scheduler', 'update', 'leases.coordination.k8s.io', 'kube-system'],
    [false, 'system:kube-scheduler', 'create', 'pods', 'a'],
    [true, 'system:kube-controller-manager', 'list', 'anything.example.com', 'a'],
    [false, 'system:kube-controller-manager', 'delete', 'pods', 'a'],
    [true, 'system:kube-proxy', 'watch', 'endpointslices.discovery.k8s.io'],
    [true, 'kube-apiserver-kubelet-client', 'get', 'nodes/proxy'],
    [true, sa('deployment-controller'), 'create', 'replicasets.apps', 'a'],
    [false, sa('deployment-controller'), 'create', 'pods', 'a'],
    [true, sa('replicaset-controller'), 'create', 'pods', 'a'],
    [true, sa('namespace-controller'), 'deletecollection', 'widgets.example.com', 'a'],
    [true, sa('generic-garbage-collector'), 'patch', 'widgets.example.com', 'a'],
    [true, sa('node-controller'), 'patch', 'nodes'],
    [false, sa('default'), 'get', 'pods', 'kube-system'],
  ])('%s: %s may %s %s', async (allowed, user, verb, what, namespace, groups) => {
    expect(await may(user, verb, what, namespace, groups)).toBe(allowed);
  });

  it('fills the aggregated roles: view in edit in admin', async () => {
    for (const [name, verb, what, allowed] of [
      ['view', 'get', 'pods', true],
      ['view', 'get', 'secrets', false],
      ['edit', 'get', 'secrets', true],
      ['edit', 'list', 'deployments.apps', true],
      ['edit', 'create', 'roles.rbac.authorization.k8s.io', false],
      ['admin', 'create', 'roles.rbac.authorization.k8s.io', true],
      ['admin', 'watch', 'endpointslices.discovery.k8s.io', true],
    ] as const) {
      cluster.put(r('rolebindings'), {
        metadata: { name: 'b', namespace: 'a' },
        roleRef: { kind: 'ClusterRole', name },
        subjects: [{ kind: 'User', name: 'ann' }],
      });
      expect([name, verb, what, await may('ann', verb, what, 'a')]).toEqual([name, verb, what, allowed]);
    }
  });
});

describe('running it again', () => {
  it('writes nothing when nothing is missing', async () => {
    const before = cluster.writes;
    await reconcileRbac(cluster);
    expect(cluster.writes).toBe(before);
  });

  it('adds what is missing and keeps what was added', async () => {
    const scheduler: any = cluster.cached(r('clusterroles'), 'system:kube-scheduler');
    const all = scheduler.rules.length;
    const own = { verbs: ['get'], apiGroups: ['example.com'], resources: ['widgets'] };
    scheduler.rules = [own, ...scheduler.rules.slice(3)];
    const binding: any = cluster.cached(r('clusterrolebindings'), 'system:kube-scheduler');
    binding.subjects = [{ kind: 'User', name: 'mine', apiGroup: 'rbac.authorization.k8s.io' }];
    await cluster.delete(r('roles'), 'system:controller:token-cleaner', 'kube-system');
    await reconcileRbac(cluster);
    expect((cluster.cached(r('clusterroles'), 'system:kube-scheduler') as any).rules).toHaveLength(all + 1);
    expect(
      (cluster.cached(r('clusterrolebindings'), 'system:kube-scheduler') as any).subjects.map((s: any) => s.name),
    ).toEqual(['mine', 'system:kube-scheduler']);
    expect(cluster.cached(r('roles'), 'system:controller:token-cleaner', 'kube-system')).toBeDefined();
  });

  it('leaves alone what says autoupdate false', async () => {
    const view: any = cluster.cached(r('clusterroles'), 'system:basic-user');
    view.metadata.annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
    view.rules = [];
    await reconcileRbac(cluster);
    expect((cluster.cached(r('clusterroles'), 'system:basic-user') as any).rules).toEqual([]);
  });

  it('splits what was one object in older versions, as its owner has made it', async () => {
    const mine = { kind: 'Group', name: 'mine', apiGroup: 'rbac.authorization.k8s.io' };
    const metadata = { labels: { l: 'x' }, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } };
    const discovery: any = cluster.cached(r('clusterrolebindings'), 'system:discovery');
    discovery.subjects = [mine];
    Object.assign(discovery.metadata, metadata);
    await cluster.delete(r('clusterrolebindings'), 'system:public-info-viewer');
    const view: any = cluster.cached(r('clusterroles'), 'view');
    const own = { verbs: ['get'], apiGroups: ['example.com'], resources: ['widgets'] };
    view.rules = [own];
    delete view.aggregationRule;
    await cluster.delete(r('clusterroles'), 'system:aggregate-to-view');
    await reconcileRbac(cluster);
    const made: any = cluster.cached(r('clusterrolebindings'), 'system:public-info-viewer');
    expect([made.subjects, made.roleRef.name, made.metadata]).toMatchObject([
      [mine],
      'system:public-info-viewer',
      metadata,
    ]);
    const part: any = cluster.cached(r('clusterroles'), 'system:aggregate-to-view');
    expect(part.rules[0]).toEqual(own);
    expect(part.rules.length).toBeGreaterThan(1);
    expect((cluster.cached(r('clusterroles'), 'view') as any).aggregationRule).toBeDefined();
  });

  it('takes the labelled roles of users into the aggregated ones', async () => {
    cluster.put(r('clusterroles'), {
      metadata: { name: 'mine', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
      rules: [{ verbs: ['get'], apiGroups: ['example.com'], resources: ['widgets'] }],
    });
    await reconcileRbac(cluster);
    for (const name of ['view', 'edit', 'admin']) {
      const { rules } = cluster.cached(r('clusterroles'), name) as any;
      expect(rules.some((rule: any) => rule.apiGroups.includes('example.com'))).toBe(true);
    }
  });
});
