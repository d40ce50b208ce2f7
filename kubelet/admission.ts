// May this pod run on this node? Asked once, when the kubelet first sees it; a pod that may not is Failed with the reason.
// Reads: pod, node, the other pods here. Pure.
// Mirrors: pkg/kubelet/lifecycle/predicate.go, pkg/kubelet/sysctl/allowlist.go, pkg/kubelet/eviction. Next: podSync.ts.
import { quantityMilliValue, quantityValue } from '../apimachinery/quantity.ts';
import type { Node, Pod } from '../apimachinery/types.ts';
import { qosClass } from './container/qos.ts';

export interface Rejection {
  reason: string;
  message: string;
}

/** `others`: the pods that run or will run here, without this one. */
export function admit(
  pod: Pod,
  node: Node | undefined,
  others: readonly Pod[],
  unsafeSysctls: readonly string[],
): Rejection | undefined {
  const os = pod.spec?.os?.name;
  if (os && os !== 'linux') {
    return rejected('PodOSNotSupported', "Failed to admit pod as the OS field doesn't match node OS");
  }
  const sysctl = (pod.spec?.securityContext?.sysctls ?? []).find((s) => !sysctlAllowed(s.name, pod, unsafeSysctls));
  if (sysctl) return rejected('SysctlForbidden', `forbidden sysctl: "${sysctl.name}" not allowlisted`);
  if (!node) return undefined;
  if (!selectorFits(pod, node)) {
    return rejected(
      'NodeAffinity',
      "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    );
  }
  return resourceRejection(pod, node, others) ?? portRejection(pod, others);
}

const rejected = (reason: string, message: string): Rejection => ({ reason, message });

const safeSysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
];

function sysctlAllowed(name: string, pod: Pod, unsafe: readonly string[]): boolean {
  const dotted = name.replaceAll('/', '.');
  if (dotted.startsWith('net.') && pod.spec?.hostNetwork) return false;
  if (dotted.startsWith('kernel.') && pod.spec?.hostIPC) return false;
  if (safeSysctls.includes(dotted)) return true;
  return unsafe.some((u) => (u.endsWith('*') ? dotted.startsWith(u.slice(0, -1)) : u === dotted));
}

type Term = NonNullable<
  NonNullable<
    NonNullable<NonNullable<Pod['spec']>['affinity']>['nodeAffinity']
  >['requiredDuringSchedulingIgnoredDuringExecution']
>['nodeSelectorTerms'][number];

function selectorFits(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries(pod.spec?.nodeSelector ?? {});
  if (!wanted.every(([k, v]) => labels[k] === v)) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((t) => termFits(t, labels, node.metadata.name));
}

function termFits(term: Term, labels: Record<string, string>, name: string): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (!expressions.length && !fields.length) return false;
  return (
    expressions.every((e) => requirementFits(e, labels[e.key])) &&
    fields.every((f) => requirementFits(f, f.key === 'metadata.name' ? name : undefined))
  );
}

function requirementFits(r: { operator: string; values?: string[] }, value: string | undefined): boolean {
  const values = r.values ?? [];
  switch (r.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
  }
  return false;
}

/** Critical pods are let in; upstream would evict others for them. */
function resourceRejection(pod: Pod, node: Node, others: readonly Pod[]): Rejection | undefined {
  const allocatable = node.status?.allocatable as Record<string, string> | undefined;
  if (!allocatable || (pod.spec?.priority ?? 0) >= 2_000_000_000) return undefined;
  const room = quantityValue(allocatable.pods);
  if (others.length + 1 > room) return outOf('pods', 1, others.length, room);
  if (qosClass(pod) === 'BestEffort') return undefined;
  for (const name of ['cpu', 'memory'] as const) {
    const value = name === 'cpu' ? quantityMilliValue : quantityValue;
    const asked = podRequest(pod, name, value);
    const used = others.reduce((sum, p) => sum + podRequest(p, name, value), 0);
    const capacity = value(allocatable[name]);
    if (asked > 0 && asked + used > capacity) return outOf(name, asked, used, capacity);
  }
  return undefined;
}

const outOf = (name: string, requested: number, used: number, capacity: number): Rejection =>
  rejected(
    `OutOf${name}`,
    `Pod was rejected: Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  );

type Value = (text: string | undefined) => number;

/** The most that is asked for at any moment: all main containers and sidecars, or one init container. */
export function podRequest(pod: Pod, name: string, value: Value): number {
  const of = (c: { resources?: { requests?: Record<string, unknown> } }) =>
    value(c.resources?.requests?.[name] as string | undefined);
  const init = pod.spec?.initContainers ?? [];
  const main = (pod.spec?.containers ?? []).reduce((sum, c) => sum + of(c), 0);
  let sidecars = 0;
  let peak = 0;
  for (const c of init) {
    if (c.restartPolicy === 'Always') sidecars += of(c);
    else peak = Math.max(peak, sidecars + of(c));
  }
  return Math.max(main + sidecars, peak) + value(pod.spec?.overhead?.[name] as string | undefined);
}

function portRejection(pod: Pod, others: readonly Pod[]): Rejection | undefined {
  const wanted = hostPorts(pod);
  const taken = others.flatMap(hostPorts);
  const clash = wanted.some((w) =>
    taken.some((t) => w.port === t.port && w.protocol === t.protocol && sameAddress(w.ip, t.ip)),
  );
  return clash
    ? rejected(
        'NodePorts',
        "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
      )
    : undefined;
}

const everywhere = (ip: string) => ip === '' || ip === '0.0.0.0' || ip === '::';
const sameAddress = (a: string, b: string) => everywhere(a) || everywhere(b) || a === b;

const hostPorts = (pod: Pod) =>
  (pod.spec?.containers ?? [])
    .flatMap((c) => c.ports ?? [])
    .filter((p) => p.hostPort)
    .map((p) => ({ port: p.hostPort!, protocol: p.protocol ?? 'TCP', ip: p.hostIP ?? '' }));
