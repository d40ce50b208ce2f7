// Node: a machine that runs pods, as its kubelet reports it. All that is true of Nodes alone.
// Mirrors: pkg/registry/core/node, ValidateNode and ValidateNodeUpdate in pkg/apis/core/validation, printNode in pkg/printers.
// Next: ../../controllers/nodeIpam gives it a podCIDR, ../../controllers/nodeLifecycle its taints.

import { duplicate, type FieldError, forbiddenField, invalidValue } from '../../apimachinery/fieldErrors.ts';
import { parseCIDR } from '../../apimachinery/ipFormat.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import { checkCIDR, checkPositive } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { nodeProxy } from './connected.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';
import { checkNodeAnnotations } from './node/annotations.ts';
import { checkTaints } from './node/taints.ts';
import { checkAmount } from './pod/resources.ts';
import { nullTimes } from './pod/statusDefaults.ts';
import { roundAmounts } from './resourceLists.ts';
import { statusSubresource } from './statusSubresource.ts';

/** What Go writes although nobody set it. */
const infos =
  'machineID systemUUID bootID kernelVersion osImage containerRuntimeVersion kubeletVersion kubeProxyVersion operatingSystem architecture'.split(
    ' ',
  );

function fillStatus(status: any): void {
  nullTimes(status.conditions, 'lastHeartbeatTime', 'lastTransitionTime');
  status.daemonEndpoints ??= {};
  status.daemonEndpoints.kubeletEndpoint ??= { Port: 0 };
  status.nodeInfo ??= {};
  for (const name of infos) status.nodeInfo[name] ??= '';
}

function defaults(node: any): void {
  node.spec ??= {};
  const spec = node.spec;
  if (spec.podCIDR) {
    if (spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  } else if (spec.podCIDRs?.length) spec.podCIDR = spec.podCIDRs[0];
  node.status ??= {};
  const status = node.status;
  roundAmounts(status.capacity);
  roundAmounts(status.allocatable);
  if (status.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
  fillStatus(status);
}

function checkPodCIDRs(errors: FieldError[], cidrs: string[]): void {
  for (let i = 0; i < cidrs.length; i++) checkCIDR(errors, `spec.podCIDRs[${i}]`, cidrs[i]);
  if (cidrs.length < 2) return;
  const families = new Set(cidrs.map((cidr) => parseCIDR(cidr)?.family));
  if (families.size !== 2 || cidrs.length > 2)
    errors.push(invalidValue('spec.podCIDRs', cidrs, 'may specify no more than one CIDR for each IP family'));
}

/** What is looked at on every write, of the status too. */
function checkAlways(errors: FieldError[], { metadata, spec, status }: any): void {
  checkNodeAnnotations(errors, metadata.annotations);
  // The path is upstream's, which counts taints to metadata.
  if (spec.taints) checkTaints(errors, 'metadata.taints', spec.taints);
  for (const list of ['capacity', 'allocatable'])
    for (const name in status[list])
      checkAmount(errors, `status.${list}.${name}`, name, parseQuantity(status[list][name]));
}

function validate(node: any): FieldError[] {
  const errors: FieldError[] = [];
  checkAlways(errors, node);
  const swap = node.status.nodeInfo?.swap?.capacity;
  if (swap !== undefined) checkPositive(errors, 'metadata.nodeSwapStatus.capacity', swap);
  if (node.spec.podCIDRs) checkPodCIDRs(errors, node.spec.podCIDRs);
  return errors;
}

/** What is given to a node once stays: its ranges and its cloud's name for it. */
function validateUpdate(node: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  const addresses: any[] = node.status?.addresses ?? [];
  addresses.forEach((address, i) => {
    if (addresses.findIndex((a) => semanticEqual(a, address)) < i)
      errors.push(duplicate(`status.addresses[${i}]`, address));
  });
  const { podCIDRs: before = [], providerID, externalID } = old.spec;
  if (before.length && !semanticEqual(before, node.spec.podCIDRs))
    errors.push(forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  if (providerID && node.spec.providerID !== providerID)
    errors.push(forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid'));
  if ((node.spec.externalID ?? '') !== (externalID ?? ''))
    errors.push(forbiddenField('spec.externalID', 'may not be updated'));
  return errors;
}

function validateStatus(node: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  checkAlways(errors, node);
  return [...errors, ...validateUpdate(node, old)];
}

/** What once configured node agents from afar; it is kept where it is in use, and cannot be put to use any more. */
function dropConfig(node: any, old?: any): void {
  if (!old?.spec?.configSource) delete node.spec?.configSource;
  if (!old?.status?.config) delete node.status?.config;
}

function warnings(node: any): string[] {
  const texts: string[] = [];
  if (node.spec.configSource) texts.push('spec.configSource: the feature is removed');
  if (node.spec.externalID) texts.push('spec.externalID: this field is deprecated, and is unused by Kubernetes');
  return texts;
}

function statusText(node: any): string {
  const ready = (node.status?.conditions ?? []).findLast((c: any) => c.type === 'Ready');
  const words = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  if (node.spec?.unschedulable) words.push('SchedulingDisabled');
  return words.join(',');
}

const rolePrefix = 'node-role.kubernetes.io/';
function rolesText(node: any): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries<string>(node.metadata?.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length));
    else if (key === 'kubernetes.io/role' && value) roles.add(value);
  }
  return [...roles].sort().join(',') || '<none>';
}

const address = (type: string) => (node: any) =>
  (node.status?.addresses ?? []).find((a: any) => a.type === type)?.address ?? '<none>';
const info = (key: string) => (node: any) => node.status?.nodeInfo?.[key] || '<unknown>';

export const node = defineKind({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  schema: 'io.k8s.api.core.v1.Node',
  storage: 'minions',
  defaults,
  statusOnCreate: true,
  prepareCreate: (object) => dropConfig(object),
  prepareUpdate: dropConfig,
  validate,
  validateUpdate,
  warnings,
  subresources: [statusSubresource(validateStatus, { keep: dropConfig }), nodeProxy],
  columns: [
    nameColumn,
    column('Status', 'Whether the node is ready, and takes new pods.', statusText),
    column('Roles', 'What the node is for, by its labels.', rolesText),
    ageColumn,
    column('Version', "The kubelet's version.", (o) => o.status?.nodeInfo?.kubeletVersion ?? ''),
    column('Internal-IP', 'Its address within the cluster.', address('InternalIP'), 1),
    column('External-IP', 'Its address for the outside.', address('ExternalIP'), 1),
    column('OS-Image', 'Its operating system.', info('osImage'), 1),
    column('Kernel-Version', 'Its kernel.', info('kernelVersion'), 1),
    column('Container-Runtime', 'What runs its containers.', info('containerRuntimeVersion'), 1),
  ],
  selectableFields: { 'spec.unschedulable': (o) => String(o.spec?.unschedulable ?? false) },
});
