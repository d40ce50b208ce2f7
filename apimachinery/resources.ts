// Where each kind lives: group, version, plural and scope, tied to its TypeScript type.
// Used by: client/ (which builds paths from it) and every component; the API server has its own richer rows in apiserver/kinds/.
import type * as t from './types.ts';

/** One served resource. `T` is the type of its objects; the phantom field only carries it. */
export interface Resource<T extends t.KubeObject = t.KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly _type?: T;
}

const row = <T>(group: string, plural: string, kind: string, namespaced = true, version = 'v1') =>
  ({ group, version, plural, kind, namespaced }) as Resource<T & t.KubeObject>;

export const namespaces = row<t.Namespace>('', 'namespaces', 'Namespace', false);
export const nodes = row<t.Node>('', 'nodes', 'Node', false);
export const pods = row<t.Pod>('', 'pods', 'Pod');
export const services = row<t.Service>('', 'services', 'Service');
export const endpoints = row<t.Endpoints>('', 'endpoints', 'Endpoints');
export const configMaps = row<t.ConfigMap>('', 'configmaps', 'ConfigMap');
export const secrets = row<t.Secret>('', 'secrets', 'Secret');
export const serviceAccounts = row<t.ServiceAccount>('', 'serviceaccounts', 'ServiceAccount');
export const events = row<t.Event>('', 'events', 'Event');
export const eventsV1 = row<t.EventsV1Event>('events.k8s.io', 'events', 'Event');
export const deployments = row<t.Deployment>('apps', 'deployments', 'Deployment');
export const replicaSets = row<t.ReplicaSet>('apps', 'replicasets', 'ReplicaSet');
export const statefulSets = row<t.StatefulSet>('apps', 'statefulsets', 'StatefulSet');
export const daemonSets = row<t.DaemonSet>('apps', 'daemonsets', 'DaemonSet');
export const controllerRevisions = row<t.ControllerRevision>('apps', 'controllerrevisions', 'ControllerRevision');
export const endpointSlices = row<t.EndpointSlice>('discovery.k8s.io', 'endpointslices', 'EndpointSlice');
export const leases = row<t.Lease>('coordination.k8s.io', 'leases', 'Lease');
export const roles = row<t.Role>('rbac.authorization.k8s.io', 'roles', 'Role');
export const roleBindings = row<t.RoleBinding>('rbac.authorization.k8s.io', 'rolebindings', 'RoleBinding');
export const clusterRoles = row<t.ClusterRole>('rbac.authorization.k8s.io', 'clusterroles', 'ClusterRole', false);
export const clusterRoleBindings = row<t.ClusterRoleBinding>(
  'rbac.authorization.k8s.io',
  'clusterrolebindings',
  'ClusterRoleBinding',
  false,
);
export const ipAddresses = row<t.IPAddress>('networking.k8s.io', 'ipaddresses', 'IPAddress', false);
export const serviceCIDRs = row<t.ServiceCIDR>('networking.k8s.io', 'servicecidrs', 'ServiceCIDR', false);
export const jobs = row<t.Job>('batch', 'jobs', 'Job');
export const cronJobs = row<t.CronJob>('batch', 'cronjobs', 'CronJob');
export const horizontalPodAutoscalers = row<t.HorizontalPodAutoscaler>(
  'autoscaling',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
  true,
  'v2',
);
export const podDisruptionBudgets = row<t.PodDisruptionBudget>('policy', 'poddisruptionbudgets', 'PodDisruptionBudget');
export const replicationControllers = row<t.ReplicationController>(
  '',
  'replicationcontrollers',
  'ReplicationController',
);
export const podTemplates = row<t.PodTemplate>('', 'podtemplates', 'PodTemplate');
export const priorityClasses = row<t.PriorityClass>('scheduling.k8s.io', 'priorityclasses', 'PriorityClass', false);
export const runtimeClasses = row<t.RuntimeClass>('node.k8s.io', 'runtimeclasses', 'RuntimeClass', false);
export const storageClasses = row<t.StorageClass>('storage.k8s.io', 'storageclasses', 'StorageClass', false);
export const persistentVolumes = row<t.PersistentVolume>('', 'persistentvolumes', 'PersistentVolume', false);
export const persistentVolumeClaims = row<t.PersistentVolumeClaim>(
  '',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
);
export const limitRanges = row<t.LimitRange>('', 'limitranges', 'LimitRange');
export const resourceQuotas = row<t.ResourceQuota>('', 'resourcequotas', 'ResourceQuota');
export const volumeAttributesClasses = row<t.VolumeAttributesClass>(
  'storage.k8s.io',
  'volumeattributesclasses',
  'VolumeAttributesClass',
  false,
);
export const volumeAttachments = row<t.VolumeAttachment>(
  'storage.k8s.io',
  'volumeattachments',
  'VolumeAttachment',
  false,
);
export const csiDrivers = row<t.CSIDriver>('storage.k8s.io', 'csidrivers', 'CSIDriver', false);
export const csiNodes = row<t.CSINode>('storage.k8s.io', 'csinodes', 'CSINode', false);
export const csiStorageCapacities = row<t.CSIStorageCapacity>(
  'storage.k8s.io',
  'csistoragecapacities',
  'CSIStorageCapacity',
);
export const ingressClasses = row<t.IngressClass>('networking.k8s.io', 'ingressclasses', 'IngressClass', false);
export const ingresses = row<t.Ingress>('networking.k8s.io', 'ingresses', 'Ingress');
export const networkPolicies = row<t.NetworkPolicy>('networking.k8s.io', 'networkpolicies', 'NetworkPolicy');
export const certificateSigningRequests = row<t.CertificateSigningRequest>(
  'certificates.k8s.io',
  'certificatesigningrequests',
  'CertificateSigningRequest',
  false,
);
export const resourceClaims = row<t.ResourceClaim>('resource.k8s.io', 'resourceclaims', 'ResourceClaim');
export const resourceClaimTemplates = row<t.ResourceClaimTemplate>(
  'resource.k8s.io',
  'resourceclaimtemplates',
  'ResourceClaimTemplate',
);
export const resourceSlices = row<t.ResourceSlice>('resource.k8s.io', 'resourceslices', 'ResourceSlice', false);
export const deviceClasses = row<t.DeviceClass>('resource.k8s.io', 'deviceclasses', 'DeviceClass', false);
export const validatingAdmissionPolicies = row<t.ValidatingAdmissionPolicy>(
  'admissionregistration.k8s.io',
  'validatingadmissionpolicies',
  'ValidatingAdmissionPolicy',
  false,
);
export const tokenReviews = row<t.TokenReview>('authentication.k8s.io', 'tokenreviews', 'TokenReview', false);
export const subjectAccessReviews = row<t.SubjectAccessReview>(
  'authorization.k8s.io',
  'subjectaccessreviews',
  'SubjectAccessReview',
  false,
);

/** `v1` for the core group, `apps/v1` otherwise. */
export const apiVersionOf = (r: { group: string; version: string }): string =>
  r.group ? `${r.group}/${r.version}` : r.version;

/** The `resource.group` form that messages and RBAC use: `pods`, `deployments.apps`. */
export const groupResource = (r: { group: string; plural: string }): string =>
  r.group ? `${r.plural}.${r.group}` : r.plural;
