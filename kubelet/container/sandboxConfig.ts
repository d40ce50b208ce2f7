// The sandbox as the runtime is asked for it: name, host name, DNS, host ports, cgroup parent, namespaces, sysctls.
// Reads: the pod, the node's settings. Writes: CRI PodSandboxConfig. Pure.
// Mirrors: pkg/kubelet/kuberuntime/kuberuntime_sandbox.go. Next: syncPod.ts sends it; every container repeats it.
import type { Pod } from '../../apimachinery/types.ts';
import type { Sent } from '../../cri/messages.ts';
import type { DNSConfig, PodSandboxConfig } from '../../cri/types.ts';
import { sandboxLabels } from './labels.ts';
import { qosClass } from './qos.ts';
import { sandboxSecurity } from './securityContext.ts';

export interface SandboxSettings {
  attempt: number;
  nodeName: string;
  /** The parent of all pods' log directories. */
  podLogsDir: string;
  dns: Sent<DNSConfig>;
  clusterDomain: string;
  seccompFolder: string;
  cgroupDriver: string;
}

export function sandboxConfig(pod: Pod, o: SandboxSettings): Sent<PodSandboxConfig> {
  const { name, namespace, uid } = pod.metadata;
  return {
    metadata: { name, namespace, uid, attempt: o.attempt },
    hostname: pod.spec?.hostNetwork ? '' : runtimeHostname(pod, o.clusterDomain),
    logDirectory: podLogDirectory(o.podLogsDir, pod),
    dnsConfig: o.dns,
    portMappings: portMappings(pod),
    labels: sandboxLabels(pod),
    annotations: { ...pod.metadata.annotations },
    linux: {
      cgroupParent: cgroupParent(pod, o.cgroupDriver),
      securityContext: sandboxSecurity(pod, o.seccompFolder),
      sysctls: Object.fromEntries((pod.spec?.securityContext?.sysctls ?? []).map((s) => [s.name, s.value])),
    },
  };
}

/** `<namespace>_<name>_<uid>`, in which each container has a directory and each start a file. */
export const podLogDirectory = (podLogsDir: string, pod: Pick<Pod, 'metadata'>): string =>
  `${podLogsDir}/${pod.metadata.namespace}_${pod.metadata.name}_${pod.metadata.uid}`;

/** The pod's name unless spec.hostname says another; cut to what a host name may be. */
export const podHostname = (pod: Pod): string =>
  pod.spec?.hostnameOverride || (pod.spec?.hostname || pod.metadata.name).slice(0, 63).replace(/[-.]+$/, '');

/** `subdomain.namespace.svc.domain`, when the pod names a subdomain. */
export const podDomain = (pod: Pod, clusterDomain: string): string =>
  pod.spec?.subdomain && clusterDomain && !pod.spec.hostnameOverride
    ? `${pod.spec.subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`
    : '';

function runtimeHostname(pod: Pod, clusterDomain: string): string {
  const host = podHostname(pod);
  const domain = podDomain(pod, clusterDomain);
  return pod.spec?.setHostnameAsFQDN && domain ? `${host}.${domain}` : host;
}

const portMappings = (pod: Pod) =>
  [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].flatMap((c) =>
    (c.ports ?? []).map((p) => ({
      protocol: (p.protocol ?? 'TCP') as 'TCP' | 'UDP' | 'SCTP',
      containerPort: p.containerPort,
      hostPort: p.hostPort ?? 0,
      hostIp: p.hostIP ?? '',
    })),
  );

/** Where the pod's cgroup lies: by QoS class, as upstream names it for each driver. */
export function cgroupParent(pod: Pod, driver: string): string {
  const qos = qosClass(pod);
  const uid = pod.metadata.uid ?? '';
  if (driver === 'systemd') {
    const id = `pod${uid.replace(/-/g, '_')}.slice`;
    if (qos === 'Guaranteed') return `/kubepods.slice/kubepods-${id}`;
    const q = qos.toLowerCase();
    return `/kubepods.slice/kubepods-${q}.slice/kubepods-${q}-${id}`;
  }
  return qos === 'Guaranteed' ? `/kubepods/pod${uid}` : `/kubepods/${qos.toLowerCase()}/pod${uid}`;
}
