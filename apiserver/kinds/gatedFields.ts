// Fields behind feature gates, as data: where the gate is off they are dropped from what is written, unless the stored object uses them.
// Reads: the gates. Mirrors: every strategy's dropDisabledFields (pkg/api/pod/util.go and the strategies of pkg/registry), v1.35.
// Called by: ../run.ts, once a kind as the server starts. Gates that change rules instead of fields are in each kind's `withGates`.
import type { FeatureGates } from '../../component-base/featureGates.ts';
import type { Kind, Subresource } from './kind.ts';

export interface GatedField {
  gate: string;
  /** `Pod`, `resource.k8s.io/ResourceClaim`: with the group, where there is one. */
  kind: string;
  /** From the object's root; `[]` stands for each item of a list, `{}` for each entry of a map. One that is in use keeps all of them. */
  paths: readonly string[];
  /** They are only dropped where this path is set. */
  when?: string;
}

const inContainers = (path: string) =>
  ['containers', 'initContainers', 'ephemeralContainers'].map((list) => `${list}[].${path}`);
const inStatuses = (path: string) =>
  ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].map((list) => `${list}[].${path}`);
const inSources = (name: string) => [`volumes[].projected.sources[].${name}`];

/** Of a pod's spec, wherever one is. */
const ofPodSpec: readonly [gate: string, paths: readonly string[]][] = [
  ['ContainerStopSignals', inContainers('lifecycle.stopSignal')],
  ['ClusterTrustBundleProjection', inSources('clusterTrustBundle')],
  ['PodCertificateRequest', inSources('podCertificate')],
  ['GenericWorkload', ['workloadRef']],
  ['ContainerRestartRules', ['initContainers', 'containers'].flatMap((l) => [`${l}[].restartPolicyRules`])],
  ['EnvFiles', inContainers('env[].valueFrom.fileKeyRef')],
  ['HostnameOverride', ['hostnameOverride']],
  ['ImageVolume', ['volumes[].image']],
  ['MatchLabelKeysInPodTopologySpread', ['topologySpreadConstraints[].matchLabelKeys']],
  ['PodLevelResources', ['resources']],
  ['ProcMountType', inContainers('securityContext.procMount')],
  ['SELinuxChangePolicy', ['securityContext.seLinuxChangePolicy']],
  ['UserNamespacesSupport', ['hostUsers']],
];

const podSpecs: Readonly<Record<string, string>> = {
  Pod: 'spec',
  PodTemplate: 'template.spec',
  ReplicationController: 'spec.template.spec',
  'apps/Deployment': 'spec.template.spec',
  'apps/ReplicaSet': 'spec.template.spec',
  'apps/StatefulSet': 'spec.template.spec',
  'apps/DaemonSet': 'spec.template.spec',
  'batch/Job': 'spec.template.spec',
  'batch/CronJob': 'spec.jobTemplate.spec.template.spec',
};

const row = (gate: string, kind: string, ...paths: string[]): GatedField => ({ gate, kind, paths });
const status = (paths: readonly string[]) => paths.map((path) => `status.${path}`);
const claim = 'resource.k8s.io/ResourceClaim';
const slice = 'resource.k8s.io/ResourceSlice';
const requests = (name: string, prefix = 'spec') => [
  `${prefix}.devices.requests[].exactly.${name}`,
  `${prefix}.devices.requests[].firstAvailable[].${name}`,
];
const results = (name: string) => `status.allocation.devices.results[].${name}`;

/** Claims and their templates have the same spec, in another place. */
const ofClaimSpec = (gate: string, paths: (prefix: string) => string[], ...more: string[]): GatedField[] => [
  row(gate, claim, ...paths('spec'), ...more),
  row(gate, 'resource.k8s.io/ResourceClaimTemplate', ...paths('spec.spec')),
];

export const gatedFields: readonly GatedField[] = [
  ...Object.entries(podSpecs).flatMap(([kind, at]) =>
    ofPodSpec.map(([gate, paths]) => row(gate, kind, ...paths.map((path) => `${at}.${path}`))),
  ),
  row('InPlacePodLevelResourcesVerticalScaling', 'Pod', 'status.resources', 'status.allocatedResources'),
  row('ResourceHealthStatus', 'Pod', ...status(inStatuses('allocatedResourcesStatus'))),
  row('DRAExtendedResource', 'Pod', 'status.extendedResourceClaimStatus'),
  row('ContainerStopSignals', 'Pod', ...status(inStatuses('stopSignal'))),
  row('NodeDeclaredFeatures', 'Node', 'status.declaredFeatures'),
  {
    ...row('CrossNamespaceVolumeDataSource', 'PersistentVolumeClaim', 'spec.dataSourceRef'),
    when: 'spec.dataSourceRef.namespace',
  },
  row('CoordinatedLeaderElection', 'coordination.k8s.io/Lease', 'spec.strategy', 'spec.preferredHolder'),
  row('MaxUnavailableStatefulSet', 'apps/StatefulSet', 'spec.updateStrategy.rollingUpdate.maxUnavailable'),
  ...['Deployment', 'ReplicaSet'].map((kind) =>
    row('DeploymentReplicaSetTerminatingReplicas', `apps/${kind}`, 'status.terminatingReplicas'),
  ),
  row('MutableCSINodeAllocatableCount', 'storage.k8s.io/CSIDriver', 'spec.nodeAllocatableUpdatePeriodSeconds'),
  row(
    'MutableCSINodeAllocatableCount',
    'storage.k8s.io/VolumeAttachment',
    'status.attachError.errorCode',
    'status.detachError.errorCode',
  ),
  row('CSIServiceAccountTokenSecrets', 'storage.k8s.io/CSIDriver', 'spec.serviceAccountTokenInSecrets'),
  row('SELinuxMountReadWriteOncePod', 'storage.k8s.io/CSIDriver', 'spec.seLinuxMount'),
  row(
    'HPAConfigurableTolerance',
    'autoscaling/HorizontalPodAutoscaler',
    'spec.behavior.scaleUp.tolerance',
    'spec.behavior.scaleDown.tolerance',
  ),
  // Devices
  row('DRAExtendedResource', 'resource.k8s.io/DeviceClass', 'spec.extendedResourceName'),
  ...ofClaimSpec('DRAAdminAccess', (prefix) => [`${prefix}.devices.requests[].exactly.adminAccess`]),
  ...ofClaimSpec('DRAPrioritizedList', (prefix) => [`${prefix}.devices.requests[].firstAvailable`]),
  ...ofClaimSpec('DRADeviceTaints', (prefix) => requests('tolerations', prefix), results('tolerations')),
  ...ofClaimSpec(
    'DRAConsumableCapacity',
    (prefix) => [...requests('capacity', prefix), `${prefix}.devices.constraints[].distinctAttribute`],
    results('consumedCapacity'),
    results('shareID'),
    'status.devices[].shareID',
  ),
  row(
    'DRADeviceBindingConditions',
    claim,
    results('bindingConditions'),
    results('bindingFailureConditions'),
    'status.allocation.allocationTimestamp',
  ),
  row('DRAResourceClaimDeviceStatus', claim, 'status.devices'),
  row('DRADeviceTaints', slice, 'spec.devices[].taints'),
  row(
    'DRAPartitionableDevices',
    slice,
    'spec.sharedCounters',
    'spec.perDeviceNodeSelection',
    ...['consumesCounters', 'nodeName', 'nodeSelector', 'allNodes'].map((name) => `spec.devices[].${name}`),
  ),
  row(
    'DRADeviceBindingConditions',
    slice,
    ...['bindsToNode', 'bindingConditions', 'bindingFailureConditions'].map((name) => `spec.devices[].${name}`),
  ),
  row(
    'DRAConsumableCapacity',
    slice,
    'spec.devices[].allowMultipleAllocations',
    'spec.devices[].capacity{}.requestPolicy',
  ),
];

/** A struct that is nothing without the field goes with it. */
const goneWhenEmpty = new Set(['lifecycle']);

interface Step {
  name: string;
  each: boolean;
}

const stepsOf = (path: string): Step[] =>
  path.split('.').map((part) => ({ name: part.replace(/(\[\]|\{\})$/, ''), each: /(\[\]|\{\})$/.test(part) }));

interface Rule {
  paths: Step[][];
  when: Step[] | undefined;
}

const none: readonly unknown[] = [];
const itemsOf = (inner: any): readonly unknown[] =>
  inner === undefined || inner === null ? none : Array.isArray(inner) ? inner : Object.values(inner);

/** Every pod that is written passes here: steps are counted instead of cut off, lists and maps walked as they are. */
function isSet(value: any, steps: readonly Step[], at = 0): boolean {
  if (value === undefined || value === null) return false;
  const step = steps[at];
  if (!step) return !Array.isArray(value) || value.length > 0;
  const inner = value[step.name];
  if (!step.each) return isSet(inner, steps, at + 1);
  for (const item of itemsOf(inner)) if (isSet(item, steps, at + 1)) return true;
  return false;
}

function drop(value: any, steps: readonly Step[], at = 0): void {
  const step = steps[at];
  if (!step || value === undefined || value === null) return;
  const inner = value[step.name];
  if (at === steps.length - 1) delete value[step.name];
  else if (step.each) for (const item of itemsOf(inner)) drop(item, steps, at + 1);
  else if (inner) {
    drop(inner, steps, at + 1);
    if (goneWhenEmpty.has(step.name) && !Object.keys(inner).length) delete value[step.name];
  }
}

function dropAll(rules: readonly Rule[], object: any, old: any): void {
  for (const { paths, when } of rules) {
    if (!paths.some((path) => isSet(object, path)) || (when && !isSet(object, when))) continue;
    if (old && paths.some((path) => isSet(old, path))) continue;
    for (const path of paths) drop(object, path);
  }
}

/** The stored form is what the paths are of; another version goes there and back. */
function dropIn(kind: Kind, rules: readonly Rule[], object: any, old?: any): void {
  const { storedAs } = kind;
  if (!storedAs) {
    dropAll(rules, object, old);
    return;
  }
  const stored = storedAs.toStored(object);
  dropAll(rules, stored, old && storedAs.toStored(old));
  Object.assign(object, storedAs.fromStored(stored));
}

const idOf = ({ group, kind }: Kind) => (group ? `${group}/${kind}` : kind);

/** The kind as it is with these gates: what they are off for does not come through its writes. */
export function withGates(kind: Kind, gates: FeatureGates): Kind {
  const gated: Kind = { ...kind, ...kind.withGates?.(gates) };
  const rules = gatedFields
    .filter((field) => field.kind === idOf(kind) && !gates.enabled(field.gate))
    .map(({ paths, when }): Rule => ({ paths: paths.map(stepsOf), when: when ? stepsOf(when) : undefined }));
  if (!rules.length) return gated;
  const { prepareCreate, prepareUpdate, subresources } = gated;
  return {
    ...gated,
    prepareCreate(object, context) {
      dropIn(kind, rules, object);
      prepareCreate?.(object, context);
    },
    prepareUpdate(object, old, context) {
      dropIn(kind, rules, object, old);
      prepareUpdate?.(object, old, context);
    },
    ...(subresources && { subresources: subresources.map((sub) => gatedSubresource(kind, rules, sub)) }),
  };
}

function gatedSubresource(kind: Kind, rules: readonly Rule[], sub: Subresource): Subresource {
  const { keep } = sub;
  if (!keep) return sub;
  return {
    ...sub,
    keep(object, old, context) {
      keep(object, old, context);
      dropIn(kind, rules, object, old);
    },
  };
}
