// Roles and bindings within the system's own namespaces.
// Mirrors: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/namespace_policy.go.
// Next: ../reconcileRbac.ts brings them into the cluster.
import { eventsRule, read, role, roleBinding, rule } from './policy.ts';

const system = 'kube-system';
const open = 'kube-public';
const authentication = 'extension-apiserver-authentication';
const leader = (name: string) => `system::leader-locking-${name}`;
const leases = [
  rule('get watch list create update', 'coordination.k8s.io', 'leases'),
  rule('get watch list create update', 'coordination.k8s.io', 'leasecandidates'),
];
const signer = 'system:controller:bootstrap-signer';
const cleaner = 'system:controller:token-cleaner';
const cloud = 'system:controller:cloud-provider';

export const roles = [
  role(system, `${authentication}-reader`, [rule(read, 'core', 'configmaps', authentication)]),
  role(system, signer, [rule(read, 'core', 'secrets')]),
  role(system, cloud, [rule('create get list watch', 'core', 'configmaps')]),
  role(system, cleaner, [rule('get list watch delete', 'core', 'secrets'), eventsRule]),
  role(system, leader('kube-controller-manager'), leases),
  role(system, leader('kube-scheduler'), leases),
  role(open, signer, [
    rule(read, 'core', 'configmaps'),
    rule('update', 'core', 'configmaps', 'cluster-info'),
    eventsRule,
  ]),
];

export const roleBindings = [
  roleBinding(system, `system::${authentication}-reader`, `${authentication}-reader`, [
    'User system:kube-controller-manager',
    'User system:kube-scheduler',
  ]),
  roleBinding(system, leader('kube-controller-manager'), leader('kube-controller-manager'), [
    'User system:kube-controller-manager',
    'ServiceAccount kube-system/kube-controller-manager',
    'ServiceAccount kube-system/leader-election-controller',
  ]),
  roleBinding(system, leader('kube-scheduler'), leader('kube-scheduler'), [
    'User system:kube-scheduler',
    'ServiceAccount kube-system/kube-scheduler',
  ]),
  roleBinding(system, signer, signer, ['ServiceAccount kube-system/bootstrap-signer']),
  roleBinding(system, cloud, cloud, ['ServiceAccount kube-system/cloud-provider']),
  roleBinding(system, cleaner, cleaner, ['ServiceAccount kube-system/token-cleaner']),
  roleBinding(open, signer, signer, ['ServiceAccount kube-system/bootstrap-signer']),
];
