// Who holds the ClusterRoles from the start: groups of users, the components, and each controller's ServiceAccount.
// Mirrors: ClusterRoleBindings in bootstrappolicy/policy.go and addControllerRole in controller_policy.go.
// Next: ../reconcileRbac.ts brings roles and bindings into the cluster.
import { controllerNames, controllerPrefix } from './controllerRoles.ts';
import { clusterRoleBinding } from './policy.ts';

const everyone = ['Group system:authenticated', 'Group system:unauthenticated'];

const subjectsOf: Record<string, string[]> = {
  'cluster-admin': ['Group system:masters'],
  'system:monitoring': ['Group system:monitoring'],
  'system:discovery': ['Group system:authenticated'],
  'system:basic-user': ['Group system:authenticated'],
  'system:public-info-viewer': everyone,
  'system:node-proxier': ['User system:kube-proxy'],
  'system:kube-controller-manager': ['User system:kube-controller-manager'],
  'system:kube-dns': ['ServiceAccount kube-system/kube-dns'],
  'system:kube-scheduler': ['User system:kube-scheduler'],
  'system:volume-scheduler': ['User system:kube-scheduler'],
  'system:service-account-issuer-discovery': ['Group system:serviceaccounts'],
  // Empty upstream, where the Node authorizer allows a node what belongs to it; until that is here, the role is what nodes hold.
  'system:node': ['Group system:nodes'],
  'system:mini-k8s:span-reporter': ['Group system:nodes', 'User system:kube-proxy'],
  // Upstream leaves it to the installer to let the API server into the kubelets; here it may do that and nothing else.
  'system:kubelet-api-admin': ['User kube-apiserver-kubelet-client'],
};

export const clusterRoleBindings = [
  ...Object.entries(subjectsOf).map(([name, subjects]) => clusterRoleBinding(name, name, subjects)),
  ...controllerNames.map((name) =>
    clusterRoleBinding(controllerPrefix + name, controllerPrefix + name, [`ServiceAccount kube-system/${name}`]),
  ),
];
