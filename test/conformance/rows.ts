// All rows, by subject, and those of class A that wait for machinery of a later issue. Data only.
// Read by main.ts and conformance.test.ts.
import type { Row } from './row.ts';
import { admissionRows } from './rows/admission.ts';
import { aggregatorRows } from './rows/aggregator.ts';
import { authRows } from './rows/auth.ts';
import { chunkingRows } from './rows/chunking.ts';
import { conversionRows } from './rows/conversion.ts';
import { cronJobRows } from './rows/cronJobs.ts';
import { customResourceRows } from './rows/customResources.ts';
import { daemonSetRows } from './rows/daemonSets.ts';
import { deploymentRows } from './rows/deployments.ts';
import { discoveryRows } from './rows/discovery.ts';
import { disruptionBudgetRows } from './rows/disruptionBudgets.ts';
import { draRows } from './rows/dra.ts';
import { endpointRows } from './rows/endpoints.ts';
import { eventRows } from './rows/events.ts';
import { fieldValidationRows } from './rows/fieldValidation.ts';
import { garbageRows } from './rows/garbage.ts';
import { jobRows } from './rows/jobs.ts';
import { jobByIndexRows } from './rows/jobsByIndex.ts';
import { kubectlRows } from './rows/kubectl.ts';
import { kubectlPodRows } from './rows/kubectlPods.ts';
import { namespaceRows } from './rows/namespaces.ts';
import { networkRows } from './rows/network.ts';
import { nodeRows } from './rows/node.ts';
import { openApiRows } from './rows/openApi.ts';
import { openApiKubectlRows } from './rows/openApiKubectl.ts';
import { podRows } from './rows/pods.ts';
import { quotaRows } from './rows/quotas.ts';
import { replicaSetRows } from './rows/replicaSets.ts';
import { replicationControllerRows } from './rows/replicationControllers.ts';
import { schedulingRows } from './rows/scheduling.ts';
import { schedulingPodRows } from './rows/schedulingPods.ts';
import { serviceAccountRows } from './rows/serviceAccounts.ts';
import { serviceRows } from './rows/services.ts';
import { statefulSetRows } from './rows/statefulSets.ts';
import { brokenStatefulSetRows } from './rows/statefulSetsBroken.ts';
import { storageRows } from './rows/storage.ts';
import { storageCsiRows } from './rows/storageCsi.ts';
import { storageVolumeRows } from './rows/storageVolumes.ts';
import { taintRows } from './rows/taints.ts';
import { watchRows } from './rows/watch.ts';

export const rows: readonly Row[] = [
  ...admissionRows,
  ...discoveryRows,
  ...aggregatorRows,
  ...customResourceRows,
  ...conversionRows,
  ...openApiRows,
  ...openApiKubectlRows,
  ...fieldValidationRows,
  ...watchRows,
  ...chunkingRows,
  ...namespaceRows,
  ...authRows,
  ...serviceAccountRows,
  ...eventRows,
  ...schedulingRows,
  ...schedulingPodRows,
  ...kubectlRows,
  ...networkRows,
  ...endpointRows,
  ...serviceRows,
  ...storageRows,
  ...storageCsiRows,
  ...storageVolumeRows,
  ...nodeRows,
  ...draRows,
  ...daemonSetRows,
  ...statefulSetRows,
  ...brokenStatefulSetRows,
  ...replicationControllerRows,
  ...disruptionBudgetRows,
  ...quotaRows,
  ...jobRows,
  ...cronJobRows,
  ...deploymentRows,
  ...replicaSetRows,
  ...jobByIndexRows,
  ...podRows,
  ...kubectlPodRows,
  ...garbageRows,
  ...taintRows,
];

const called = 'an admission webhook is called';
const evaluated = 'an admission policy is evaluated';

/** Rows of class A without a test yet, each with the reason. */
export const leftOut: Record<string, string> = {
  'api.webhook.deny-create': called,
  'api.webhook.deny-attach': called,
  'api.webhook.deny-custom-resource': called,
  'api.webhook.fail-closed': called,
  'api.webhook.mutate-configmap': called,
  'api.webhook.mutate-pod-defaults': called,
  'api.webhook.config-objects-exempt': called,
  'api.webhook.mutate-custom-resource': called,
  'api.webhook.deny-crd': called,
  'api.webhook.mutate-custom-resource-storage-version': called,
  'api.webhook.mutate-custom-resource-pruning': called,
  'api.webhook.honor-timeout': called,
  'api.webhook.update-validating': called,
  'api.webhook.update-mutating': called,
  'api.webhook.list-validating': called,
  'api.webhook.list-mutating': called,
  'api.webhook.matchconditions-skip': called,
  'api.vap.deployment': evaluated,
  'api.vap.variables': evaluated,
};
