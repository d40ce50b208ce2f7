// The shapes of the API's objects as they are on the wire.
// Reads: @kubernetes/client-node's generated models (types only; nothing of it runs).
// Used by: everything. Next: resources.ts, which ties each type to its path.
import type * as k8s from '@kubernetes/client-node';

type Renamed<K> = K extends '_default'
  ? 'default'
  : K extends '_continue'
    ? 'continue'
    : K extends '_enum'
      ? 'enum'
      : K extends '_from'
        ? 'from'
        : K extends '_int'
          ? 'int'
          : K extends `x_kubernetes_${infer Rest}`
            ? `x-kubernetes-${Rest}`
            : K;

/** A client-node model as JSON carries it: times are strings, mangled property names are restored. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer U)[]
    ? Wire<U>[]
    : T extends object
      ? { [K in keyof T as Renamed<K>]: Wire<T[K]> }
      : T;

/** metav1.ObjectMeta of an object that has a name. */
export type ObjectMeta = Omit<Wire<k8s.V1ObjectMeta>, 'name'> & { name: string };

/** Any API object. `Record` so that code over all kinds can index it; typed kinds narrow it. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: any;
}

type Obj<T> = Omit<Wire<T>, 'apiVersion' | 'kind' | 'metadata'> & {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
};

/** What a client sends to create: the server fills the rest of metadata in, and the name when generateName is given. */
export type NewObject<T extends { metadata: ObjectMeta }> = Omit<T, 'metadata' | 'apiVersion' | 'kind'> & {
  apiVersion?: string;
  kind?: string;
  metadata: Partial<ObjectMeta>;
};

export interface ListMeta {
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
}

export interface KubeList<T = KubeObject> {
  apiVersion: string;
  kind: string;
  metadata: ListMeta;
  items: T[];
}

/** metav1.WatchEvent. An ERROR carries a Status. */
export type WatchEvent<T = KubeObject> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: T }
  | { type: 'ERROR'; object: Status };

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** metav1.Status: the body of every refused request, and of deletions. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: ListMeta;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: StatusCause[];
    retryAfterSeconds?: number;
  };
  code?: number;
}

export type LabelSelector = Wire<k8s.V1LabelSelector>;
export type LabelSelectorRequirement = Wire<k8s.V1LabelSelectorRequirement>;
export type OwnerReference = Wire<k8s.V1OwnerReference>;
export type ManagedFieldsEntry = Wire<k8s.V1ManagedFieldsEntry>;
export type DeleteOptions = Wire<k8s.V1DeleteOptions>;
export type Condition = Wire<k8s.V1Condition>;
export type Table = {
  columnDefinitions: TableColumn[];
  rows: TableRow[];
  kind: 'Table';
  apiVersion: string;
  metadata: ListMeta;
};
export type TableColumn = { name: string; type: string; format: string; description: string; priority: number };
export type TableRow = { cells: unknown[]; conditions?: unknown[]; object?: unknown };

export type Namespace = Obj<k8s.V1Namespace>;
export type Node = Obj<k8s.V1Node>;
export type NodeSpec = Wire<k8s.V1NodeSpec>;
export type NodeStatus = Wire<k8s.V1NodeStatus>;
export type NodeCondition = Wire<k8s.V1NodeCondition>;
export type NodeAddress = Wire<k8s.V1NodeAddress>;
export type Taint = Wire<k8s.V1Taint>;
export type Toleration = Wire<k8s.V1Toleration>;
export type Pod = Obj<k8s.V1Pod>;
export type PodSpec = Wire<k8s.V1PodSpec>;
export type PodStatus = Wire<k8s.V1PodStatus>;
export type PodCondition = Wire<k8s.V1PodCondition>;
export type PodTemplateSpec = Wire<k8s.V1PodTemplateSpec>;
export type Container = Wire<k8s.V1Container>;
export type ContainerStatus = Wire<k8s.V1ContainerStatus>;
export type ContainerState = Wire<k8s.V1ContainerState>;
export type Probe = Wire<k8s.V1Probe>;
export type LifecycleHandler = Wire<k8s.V1LifecycleHandler>;
export type EnvVar = Wire<k8s.V1EnvVar>;
export type Volume = Wire<k8s.V1Volume>;
export type VolumeMount = Wire<k8s.V1VolumeMount>;
export type Affinity = Wire<k8s.V1Affinity>;
export type NodeSelector = Wire<k8s.V1NodeSelector>;
export type NodeSelectorTerm = Wire<k8s.V1NodeSelectorTerm>;
export type ResourceRequirements = Wire<k8s.V1ResourceRequirements>;
export type TopologySpreadConstraint = Wire<k8s.V1TopologySpreadConstraint>;
export type Service = Obj<k8s.V1Service>;
export type ServiceSpec = Wire<k8s.V1ServiceSpec>;
export type ServicePort = Wire<k8s.V1ServicePort>;
export type Endpoints = Obj<k8s.V1Endpoints>;
export type EndpointSubset = Wire<k8s.V1EndpointSubset>;
export type EndpointSlice = Obj<k8s.V1EndpointSlice>;
export type Endpoint = Wire<k8s.V1Endpoint>;
export type ConfigMap = Obj<k8s.V1ConfigMap>;
export type Secret = Obj<k8s.V1Secret>;
export type ServiceAccount = Obj<k8s.V1ServiceAccount>;
export type Event = Obj<k8s.CoreV1Event>;
export type EventsV1Event = Obj<k8s.EventsV1Event>;
export type ObjectReference = Wire<k8s.V1ObjectReference>;
export type Deployment = Obj<k8s.V1Deployment>;
export type DeploymentSpec = Wire<k8s.V1DeploymentSpec>;
export type DeploymentStatus = Wire<k8s.V1DeploymentStatus>;
export type DeploymentCondition = Wire<k8s.V1DeploymentCondition>;
export type ReplicaSet = Obj<k8s.V1ReplicaSet>;
export type ReplicaSetStatus = Wire<k8s.V1ReplicaSetStatus>;
export type StatefulSet = Obj<k8s.V1StatefulSet>;
export type DaemonSet = Obj<k8s.V1DaemonSet>;
export type ControllerRevision = Obj<k8s.V1ControllerRevision>;
export type Lease = Obj<k8s.V1Lease>;
export type LeaseSpec = Wire<k8s.V1LeaseSpec>;
export type Role = Obj<k8s.V1Role>;
export type RoleBinding = Obj<k8s.V1RoleBinding>;
export type ClusterRole = Obj<k8s.V1ClusterRole>;
export type ClusterRoleBinding = Obj<k8s.V1ClusterRoleBinding>;
export type PolicyRule = Wire<k8s.V1PolicyRule>;
export type Job = Obj<k8s.V1Job>;
export type CronJob = Obj<k8s.V1CronJob>;
export type PodDisruptionBudget = Obj<k8s.V1PodDisruptionBudget>;
export type HorizontalPodAutoscaler = Obj<k8s.V2HorizontalPodAutoscaler>;
export type HorizontalPodAutoscalerStatus = Wire<k8s.V2HorizontalPodAutoscalerStatus>;
export type HPAScalingRules = Wire<k8s.V2HPAScalingRules>;
export type MetricSpec = Wire<k8s.V2MetricSpec>;
export type MetricStatus = Wire<k8s.V2MetricStatus>;
export type MetricTarget = Wire<k8s.V2MetricTarget>;
export type CrossVersionObjectReference = Wire<k8s.V2CrossVersionObjectReference>;
export type ReplicationController = Obj<k8s.V1ReplicationController>;
export type PodTemplate = Obj<k8s.V1PodTemplate>;
export type PriorityClass = Obj<k8s.V1PriorityClass>;
export type RuntimeClass = Obj<k8s.V1RuntimeClass>;
export type StorageClass = Obj<k8s.V1StorageClass>;
export type PersistentVolume = Obj<k8s.V1PersistentVolume>;
export type PersistentVolumeClaim = Obj<k8s.V1PersistentVolumeClaim>;
export type LimitRange = Obj<k8s.V1LimitRange>;
export type ResourceQuota = Obj<k8s.V1ResourceQuota>;
export type VolumeAttributesClass = Obj<k8s.V1VolumeAttributesClass>;
export type VolumeAttachment = Obj<k8s.V1VolumeAttachment>;
export type CSIDriver = Obj<k8s.V1CSIDriver>;
export type CSINode = Obj<k8s.V1CSINode>;
export type CSIStorageCapacity = Obj<k8s.V1CSIStorageCapacity>;
export type IngressClass = Obj<k8s.V1IngressClass>;
export type Ingress = Obj<k8s.V1Ingress>;
export type NetworkPolicy = Obj<k8s.V1NetworkPolicy>;
export type CertificateSigningRequest = Obj<k8s.V1CertificateSigningRequest>;
export type IPAddress = Obj<k8s.V1IPAddress>;
export type ServiceCIDR = Obj<k8s.V1ServiceCIDR>;
export type ResourceClaim = Obj<k8s.ResourceV1ResourceClaim>;
export type ResourceClaimTemplate = Obj<k8s.V1ResourceClaimTemplate>;
export type ResourceSlice = Obj<k8s.V1ResourceSlice>;
export type DeviceClass = Obj<k8s.V1DeviceClass>;
export type Device = Wire<k8s.V1Device>;
export type DeviceSelector = Wire<k8s.V1DeviceSelector>;
export type AllocationResult = Wire<k8s.V1AllocationResult>;
export type ValidatingAdmissionPolicy = Obj<k8s.V1ValidatingAdmissionPolicy>;
export type PodResourceClaim = Wire<k8s.V1PodResourceClaim>;
export type Scale = Obj<k8s.V1Scale>;
export type Binding = Obj<k8s.V1Binding>;
export type TokenRequest = Obj<k8s.AuthenticationV1TokenRequest>;
export type TokenReview = Obj<k8s.V1TokenReview>;
export type SelfSubjectReview = Obj<k8s.V1SelfSubjectReview>;
export type SubjectAccessReview = Obj<k8s.V1SubjectAccessReview>;
export type UserInfo = Wire<k8s.V1UserInfo>;
