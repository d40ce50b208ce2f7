// The Node as the kubelet reports it: capacity, addresses, conditions, versions, images.
// Reads: machine, settings, what the runtime says of itself. Pure.
// Mirrors: pkg/kubelet/nodestatus/setters.go. Next: nodeManager.ts.
import { toTime } from '../../apimachinery/clock.ts';
import { quantityMilliValue, quantityValue } from '../../apimachinery/quantity.ts';
import type { Node, NodeCondition, NodeStatus, Taint } from '../../apimachinery/types.ts';
import { UsageError } from '../../component-base/flags.ts';
import type { Image, RuntimeHandler } from '../../cri/types.ts';
import type { KubeletConfig } from '../config.ts';
import type { Machine } from './machine.ts';

export const kubeletVersion = 'v1.35.0';

/** What the runtime answered last; `error` when it did not. */
export interface RuntimeView {
  name: string;
  version: string;
  handlers: RuntimeHandler[];
  supplementalGroupsPolicy: boolean;
  /** Why no container can be run; why no pod can have a network. */
  error?: string;
  networkError?: string;
  images: Image[];
}

type Amounts = Record<string, string>;

export function capacity(machine: Machine, config: KubeletConfig): Amounts {
  const perCore = config['pods-per-core'];
  const pods = perCore > 0 ? Math.min(perCore * machine.cpus, config['max-pods']) : config['max-pods'];
  return {
    cpu: String(machine.cpus),
    'ephemeral-storage': `${Math.floor(machine.diskBytes / 1024)}Ki`,
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    ...config['node-capacity'],
    pods: String(config['node-capacity'].pods ?? pods),
  };
}

/** Capacity without what is reserved, nor what would be the line of eviction (100Mi of memory, a tenth of the disk). */
export function allocatable(whole: Amounts, config: KubeletConfig): Amounts {
  const reserved = (name: string, value: (t: string | undefined) => number) =>
    value(config['kube-reserved'][name]) + value(config['system-reserved'][name]);
  const memory = quantityValue(whole.memory) - reserved('memory', quantityValue) - 100 * 2 ** 20;
  const disk =
    Math.floor(quantityValue(whole['ephemeral-storage']) * 0.9) - reserved('ephemeral-storage', quantityValue);
  const milli = quantityMilliValue(whole.cpu) - reserved('cpu', quantityMilliValue);
  return {
    ...whole,
    cpu: milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`,
    memory: `${Math.floor(Math.max(0, memory) / 1024)}Ki`,
    'ephemeral-storage': String(Math.max(0, disk)),
  };
}

export function nodeAddresses(config: KubeletConfig, machine: Machine): { type: string; address: string }[] {
  return [
    ...hostIPs(config, machine).map((address) => ({ type: 'InternalIP', address })),
    { type: 'Hostname', address: config.nodeName },
  ];
}

export const hostIPs = (config: KubeletConfig, machine: Machine): string[] =>
  config['node-ip'] ? config['node-ip'].split(',').map((ip) => ip.trim()) : machine.addresses;

/** Why the node is not ready, joined as upstream joins it; empty when it is. */
export const notReadyMessage = (runtime: RuntimeView): string =>
  [runtime.error, runtime.networkError && `container runtime network not ready: ${runtime.networkError}`]
    .filter(Boolean)
    .join(', ');

/** Transition times move only with the status. */
export function nodeConditions(runtime: RuntimeView, old: NodeCondition[] | undefined, now: number): NodeCondition[] {
  const why = notReadyMessage(runtime);
  const bare = [
    condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    why
      ? condition('Ready', 'False', 'KubeletNotReady', why)
      : condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
  ];
  return bare.map((c) => {
    const before = old?.find((o) => o.type === c.type);
    const lastTransitionTime = before?.status === c.status ? before.lastTransitionTime : toTime(now);
    return { ...c, lastHeartbeatTime: toTime(now), lastTransitionTime } as NodeCondition;
  });
}

const condition = (type: string, status: string, reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
});

const mostImages = 50;

export interface NodeStatusInputs {
  config: KubeletConfig;
  machine: Machine;
  runtime: RuntimeView;
  /** Where the HTTPS server really listens. */
  port: number;
  now: number;
}

export function nodeStatus(o: NodeStatusInputs, old: NodeStatus | undefined): NodeStatus {
  const { config, machine, runtime } = o;
  const whole = capacity(machine, config);
  return {
    capacity: whole,
    allocatable: allocatable(whole, config),
    conditions: nodeConditions(runtime, old?.conditions, o.now),
    addresses: nodeAddresses(config, machine),
    daemonEndpoints: { kubeletEndpoint: { Port: o.port } },
    nodeInfo: {
      machineID: machine.machineID,
      systemUUID: machine.systemUUID,
      bootID: machine.bootID,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
      kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
    },
    images: nodeImages(runtime.images),
    ...(runtime.handlers.length ? { runtimeHandlers: runtime.handlers.map(handlerOf) } : {}),
    features: { supplementalGroupsPolicy: runtime.supplementalGroupsPolicy },
  } as NodeStatus;
}

const handlerOf = (h: RuntimeHandler) => ({
  name: h.name,
  features: {
    recursiveReadOnlyMounts: h.features?.recursiveReadOnlyMounts ?? false,
    userNamespaces: h.features?.userNamespaces ?? false,
  },
});

/** The largest first. */
const nodeImages = (images: Image[]) =>
  [...images]
    .sort((a, b) => Number(b.size - a.size))
    .slice(0, mostImages)
    .map((i) => ({ names: [...i.repoDigests, ...i.repoTags].slice(0, 5), sizeBytes: Number(i.size) }))
    .filter((i) => i.names.length);

/** The Node to create when there is none of that name. */
export function newNode(config: KubeletConfig, machine: Machine, status: NodeStatus): Node {
  const external = config['cloud-provider'] === 'external';
  const uninitialized = { key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' };
  const taints = [...config['register-with-taints'].map(parseTaint), ...(external ? [uninitialized] : [])];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: config.nodeName,
      labels: { ...config['node-labels'], ...ownLabels(config, machine) },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: {
      ...(taints.length ? { taints } : {}),
      ...(config['provider-id'] ? { providerID: config['provider-id'] } : {}),
      ...(config['register-schedulable'] ? {} : { unschedulable: true }),
    },
    status,
  } as Node;
}

export const ownLabels = (config: KubeletConfig, machine: Machine): Amounts => ({
  'beta.kubernetes.io/arch': machine.architecture,
  'beta.kubernetes.io/os': 'linux',
  'kubernetes.io/arch': machine.architecture,
  'kubernetes.io/hostname': config.nodeName,
  'kubernetes.io/os': 'linux',
});

/** `key=value:effect` or `key:effect`. Throws UsageError. */
export function parseTaint(text: string): Taint {
  const m = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text);
  if (!m) throw new UsageError(`invalid taint "${text}" in --register-with-taints; write key=value:NoSchedule.`);
  return { key: m[1]!, ...(m[2] ? { value: m[2] } : {}), effect: m[3]! };
}
