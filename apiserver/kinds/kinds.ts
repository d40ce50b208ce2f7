// The built-in kinds, one line each: to add a kind, write its file and a line here.
// Read by ../run.ts, which fills the live registry with them.
import { write } from '../journal/writeKind.ts';
import { apiService } from './apiService.ts';
import { binding } from './binding.ts';
import { certificateSigningRequest } from './certificateSigningRequest.ts';
import { clusterRole } from './clusterRole.ts';
import { clusterRoleBinding } from './clusterRoleBinding.ts';
import { clusterTrustBundle } from './clusterTrustBundle.ts';
import { componentStatus } from './componentStatus.ts';
import { configMap } from './configMap.ts';
import { controllerRevision } from './controllerRevision.ts';
import { cronJob } from './cronJob.ts';
import { csiDriver } from './csiDriver.ts';
import { csiNode } from './csiNode.ts';
import { csiStorageCapacity } from './csiStorageCapacity.ts';
import { customResourceDefinition } from './customResourceDefinition.ts';
import { daemonSet } from './daemonSet.ts';
import { deployment } from './deployment.ts';
import { deviceClass } from './deviceClass.ts';
import { deviceTaintRule } from './deviceTaintRule.ts';
import { endpointSlice } from './endpointSlice.ts';
import { endpoints } from './endpoints.ts';
import { event } from './event.ts';
import { eventsV1 } from './eventsV1.ts';
import { flowSchema } from './flowSchema.ts';
import { horizontalPodAutoscaler } from './horizontalPodAutoscaler.ts';
import { horizontalPodAutoscalerV1 } from './horizontalPodAutoscalerV1.ts';
import { ingress } from './ingress.ts';
import { ingressClass } from './ingressClass.ts';
import { ipAddress } from './ipAddress.ts';
import { job } from './job.ts';
import type { Kind } from './kind.ts';
import { lease } from './lease.ts';
import { leaseCandidate } from './leaseCandidate.ts';
import { limitRange } from './limitRange.ts';
import { localSubjectAccessReview } from './localSubjectAccessReview.ts';
import { mutatingAdmissionPolicy } from './mutatingAdmissionPolicy.ts';
import { mutatingAdmissionPolicyBinding } from './mutatingAdmissionPolicyBinding.ts';
import { mutatingWebhookConfiguration } from './mutatingWebhookConfiguration.ts';
import { namespace } from './namespace.ts';
import { networkPolicy } from './networkPolicy.ts';
import { node } from './node.ts';
import { persistentVolume } from './persistentVolume.ts';
import { persistentVolumeClaim } from './persistentVolumeClaim.ts';
import { pod } from './pod.ts';
import { podCertificateRequest } from './podCertificateRequest.ts';
import { podDisruptionBudget } from './podDisruptionBudget.ts';
import { priorityClass } from './priorityClass.ts';
import { priorityLevelConfiguration } from './priorityLevelConfiguration.ts';
import { replicaSet } from './replicaSet.ts';
import { replicationController } from './replicationController.ts';
import { resourceClaim } from './resourceClaim.ts';
import { resourceClaimTemplate } from './resourceClaimTemplate.ts';
import { resourceQuota } from './resourceQuota.ts';
import { resourceSlice } from './resourceSlice.ts';
import { role } from './role.ts';
import { roleBinding } from './roleBinding.ts';
import { runtimeClass } from './runtimeClass.ts';
import { secret } from './secret.ts';
import { selfSubjectAccessReview } from './selfSubjectAccessReview.ts';
import { selfSubjectReview } from './selfSubjectReview.ts';
import { selfSubjectRulesReview } from './selfSubjectRulesReview.ts';
import { service } from './service.ts';
import { serviceAccount } from './serviceAccount.ts';
import { serviceCIDR } from './serviceCIDR.ts';
import { statefulSet } from './statefulSet.ts';
import { storageClass } from './storageClass.ts';
import { storageVersion } from './storageVersion.ts';
import { storageVersionMigration } from './storageVersionMigration.ts';
import { storedTemplate } from './storedTemplate.ts';
import { subjectAccessReview } from './subjectAccessReview.ts';
import { tokenReview } from './tokenReview.ts';
import { validatingAdmissionPolicy } from './validatingAdmissionPolicy.ts';
import { validatingAdmissionPolicyBinding } from './validatingAdmissionPolicyBinding.ts';
import { validatingWebhookConfiguration } from './validatingWebhookConfiguration.ts';
import { volumeAttachment } from './volumeAttachment.ts';
import { volumeAttributesClass } from './volumeAttributesClass.ts';
import { workload } from './workload.ts';

export const kinds: readonly Kind[] = [
  // core/v1
  namespace,
  configMap,
  secret,
  serviceAccount,
  service,
  endpoints,
  event,
  node,
  pod,
  binding,
  replicationController,
  storedTemplate,
  persistentVolume,
  persistentVolumeClaim,
  limitRange,
  resourceQuota,
  componentStatus,
  // the other groups
  apiService,
  deployment,
  replicaSet,
  statefulSet,
  daemonSet,
  controllerRevision,
  job,
  cronJob,
  horizontalPodAutoscaler,
  horizontalPodAutoscalerV1,
  podDisruptionBudget,
  priorityClass,
  runtimeClass,
  storageClass,
  volumeAttributesClass,
  volumeAttachment,
  csiDriver,
  csiNode,
  csiStorageCapacity,
  validatingWebhookConfiguration,
  mutatingWebhookConfiguration,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  deviceClass,
  resourceClaim,
  resourceClaimTemplate,
  resourceSlice,
  flowSchema,
  priorityLevelConfiguration,
  eventsV1,
  endpointSlice,
  lease,
  ipAddress,
  serviceCIDR,
  ingress,
  ingressClass,
  networkPolicy,
  certificateSigningRequest,
  role,
  roleBinding,
  clusterRole,
  clusterRoleBinding,
  customResourceDefinition,
  // beta and alpha: there when --runtime-config asks for them
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  leaseCandidate,
  clusterTrustBundle,
  podCertificateRequest,
  storageVersionMigration,
  storageVersion,
  workload,
  deviceTaintRule,
  // reviews: answered, not stored
  tokenReview,
  selfSubjectReview,
  subjectAccessReview,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  // ours
  write,
];
