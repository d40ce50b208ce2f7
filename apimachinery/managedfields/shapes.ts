// What lies below a field for server-side apply: does it merge key by key, item by item, or is it one leaf?
// Also which fields of the built-in kinds are always there, as Go writes them: `status: {}` even when nothing is set.
// Reads: SchemaNodes. Mirrors: structured-merge-diff's schema atoms; Go's omitempty. Next: compare.ts, merge.ts, fieldsOf.ts.
import { anyNode, type SchemaNode, type StructNode } from '../schema.ts';

export type JSONObject = Record<string, unknown>;
export const isObject = (v: unknown): v is JSONObject => typeof v === 'object' && v !== null && !Array.isArray(v);

/** `map` and `list` have paths below them, `leaf` is owned as a whole. */
export type Shape = 'map' | 'list' | 'leaf';

/** The shape that `value` has under `node`. Without a schema, objects merge and lists are leaves. */
export function shapeOf(node: SchemaNode, value: unknown): Shape {
  switch (node.type) {
    case 'struct':
    case 'map':
      return node.atomic ? 'leaf' : 'map';
    case 'list':
      return node.listType === 'atomic' ? 'leaf' : 'list';
    case 'any':
      return isObject(value) && !node.atomic ? 'map' : 'leaf';
    default:
      return 'leaf';
  }
}

/** The node of a map's entry; undefined when the schema does not declare it. */
export function entryNode(node: SchemaNode, key: string): SchemaNode | undefined {
  if (node.type === 'struct') return node.fields.get(key)?.node ?? (node.preserveUnknown ? anyNode : undefined);
  if (node.type === 'map') return node.values;
  return anyNode;
}

/** A map's entry as a path element. Structs remember those of their fields, since they are asked for on every write. */
export function entryElement(node: SchemaNode, key: string): string {
  const field = node.type === 'struct' ? node.fields.get(key) : undefined;
  if (!field) return `f:${key}`;
  field.element ??= `f:${key}`;
  return field.element;
}

/** Is it a field that a struct names, rather than an entry of a free map? */
export const isNamedField = (node: SchemaNode, key: string): boolean => node.type === 'struct' && node.fields.has(key);

/** Structs that Go embeds by value: encoded as `{}` when empty. metadata, spec and status are such everywhere. */
const valueStructs = new Set(
  (
    'AllocationResult.devices Binding.target ClusterRoleBinding.roleRef Container.resources CronJobSpec.jobTemplate ' +
    'ContainerResourceMetricSource.target ContainerResourceMetricStatus.current ContainerStatus.lastState ContainerStatus.state ' +
    'DaemonSetSpec.template DaemonSetSpec.updateStrategy DeploymentSpec.strategy DeploymentSpec.template Endpoint.conditions ' +
    'EphemeralContainer.resources Event.deprecatedSource Event.involvedObject Event.regarding Event.source ' +
    'ExternalMetricSource.metric ExternalMetricSource.target ExternalMetricStatus.current ExternalMetricStatus.metric ' +
    'FlowSchemaSpec.priorityLevelConfiguration HTTPIngressPath.backend HorizontalPodAutoscalerSpec.scaleTargetRef ' +
    'IngressServiceBackend.port IngressStatus.loadBalancer JobSpec.template LimitedPriorityLevelConfiguration.limitResponse ' +
    'MutatingWebhook.clientConfig NetworkPolicySpec.podSelector NodeDaemonEndpoints.kubeletEndpoint ' +
    'NodeStatus.daemonEndpoints NodeStatus.nodeInfo ObjectMetricSource.describedObject ObjectMetricSource.metric ' +
    'ObjectMetricSource.target ObjectMetricStatus.current ObjectMetricStatus.describedObject ObjectMetricStatus.metric ' +
    'PersistentVolumeClaimSpec.resources PodTemplate.template PodsMetricSource.metric PodsMetricSource.target ' +
    'PodsMetricStatus.current PodsMetricStatus.metric PreferredSchedulingTerm.preference ReplicaSetSpec.template ' +
    'ResourceClaimSpec.devices ResourceMetricSource.target ResourceMetricStatus.current ResourceSliceSpec.pool ' +
    'RoleBinding.roleRef SelfSubjectReviewStatus.userInfo ServiceStatus.loadBalancer StatefulSetSpec.template ' +
    'StatefulSetSpec.updateStrategy TokenReviewStatus.user ValidatingWebhook.clientConfig VolumeAttachmentSpec.source ' +
    'WeightedPodAffinityTerm.podAffinityTerm'
  ).split(' '),
);
/** Lists without omitempty that the API facts call optional. */
const valueLists = new Set(['ClusterRole.rules', 'EndpointSlice.ports', 'Role.rules']);
const everywhere = new Set(['metadata', 'spec', 'status']);

/** What Go has in a field that nobody set: `{}` for a struct by value, null for a list, map or time without omitempty. */
export type Zeros = ReadonlyMap<string, JSONObject | null>;
const none: Zeros = new Map();
const emptyStruct: JSONObject = Object.freeze({});
const known = new WeakMap<StructNode, Zeros>();

/** The zero values of a struct of the built-in kinds; custom resources have none. */
export function zerosOf(node: SchemaNode): Zeros {
  if (node.type !== 'struct' || !node.native) return none;
  const found = known.get(node) ?? findZeros(node);
  known.set(node, found);
  return found;
}

const isTime = (node: SchemaNode): boolean => node.type === 'scalar' && node.scalar === 'time';

function findZeros(node: StructNode): Zeros {
  const zeros = new Map<string, JSONObject | null>();
  for (const [name, field] of node.fields) {
    const struct = field.node.type === 'struct';
    if (struct && (everywhere.has(name) || valueStructs.has(`${node.name}.${name}`))) zeros.set(name, emptyStruct);
    // The times of conditions are values too, written as null until they are set.
    else if (node.name.endsWith('Condition') && isTime(field.node)) zeros.set(name, null);
    else if (field.required && (struct || field.node.type === 'list' || field.node.type === 'map'))
      zeros.set(name, null);
    else if (valueLists.has(`${node.name}.${name}`)) zeros.set(name, null);
  }
  return zeros.size ? zeros : none;
}
