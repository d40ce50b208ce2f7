// A simulated node as the API sees it: what a kubelet would say of a healthy machine.
// Pure. Mirrors: what pkg/kubelet/nodestatus/setters.go reports. Used by: nodes.ts.
import { toTime } from '../apimachinery/clock.ts';
import type { NewObject, Node, NodeStatus } from '../apimachinery/types.ts';
import type { Settings } from './settings.ts';

const version = 'v1.35.0';

export function newNode(settings: Settings, name: string, now: number): NewObject<Node> {
  return {
    metadata: {
      name,
      labels: { ...zoneLabels(settings, name), ...ownLabels(name), ...settings.labels },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    ...(settings.taints.length && { spec: { taints: [...settings.taints] } }),
    status: nodeStatus(settings, name, now),
  } as NewObject<Node>;
}

const ownLabels = (name: string) => ({
  'beta.kubernetes.io/arch': 'amd64',
  'beta.kubernetes.io/os': 'linux',
  'kubernetes.io/arch': 'amd64',
  'kubernetes.io/hostname': name,
  'kubernetes.io/os': 'linux',
  // By this others know that nothing runs there.
  type: 'simulated',
});

/** Nodes take turns: the zones are as even as they can be. */
function zoneLabels({ zones, indexOf }: Settings, name: string): Record<string, string> {
  if (!zones) return {};
  const n = (indexOf(name) ?? 0) % zones;
  const letter = n < 26 ? String.fromCharCode(97 + n) : String(n);
  return { 'topology.kubernetes.io/region': 'simulated', 'topology.kubernetes.io/zone': `zone-${letter}` };
}

export function nodeStatus(settings: Settings, name: string, now: number): NodeStatus {
  return {
    capacity: settings.capacity,
    allocatable: settings.capacity,
    conditions: nodeConditions(now),
    addresses: [
      { type: 'InternalIP', address: settings.addressOf(name) },
      { type: 'Hostname', address: name },
    ],
    nodeInfo: {
      machineID: name,
      systemUUID: name,
      bootID: name,
      kernelVersion: 'simulated',
      osImage: 'simulated',
      containerRuntimeVersion: `simulated://${version}`,
      kubeletVersion: version,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  } as NodeStatus;
}

const conditions: [type: string, status: string, reason: string, message: string][] = [
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
];

const nodeConditions = (now: number) =>
  conditions.map(([type, status, reason, message]) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: toTime(now),
    lastTransitionTime: toTime(now),
  }));

/**
 * The status to send again: without what only the first report or a change of it would say. A transition's time is told only
 * where it is one, `old` being what the API server has; without `old` all are.
 */
export function statusAgain(settings: Settings, name: string, old: Node | undefined, now: number): object {
  const status = nodeStatus(settings, name, now);
  const was = new Map(old?.status?.conditions?.map((c) => [c.type, c]));
  const told = status.conditions!.map((c) => {
    const before = was.get(c.type);
    return before?.status === c.status ? { ...c, lastTransitionTime: before.lastTransitionTime } : c;
  });
  const { addresses, ...rest } = status;
  return { ...rest, conditions: told, addresses: [...addresses!, { $patch: 'replace' }] };
}
