// Between Services and pods: whose selector takes whom, which address and port of a pod a Service reaches, what of a pod matters.
// Pure. Mirrors: staging/src/k8s.io/endpointslice/util/controller_utils.go and pkg/api/v1/pod FindPort.
// Used by: endpoints/ and endpointSlice/.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { parseIP } from '../../apimachinery/ipFormat.ts';
import type { Pod, Service, ServicePort } from '../../apimachinery/types.ts';
import { isReady, isTerminal } from './pods.ts';

/** A Service without a selector keeps its endpoints by hand; one of type ExternalName has none. */
export const hasOwnPods = (service: Service): boolean =>
  Boolean(service.spec?.selector) && service.spec?.type !== 'ExternalName';

export function selects(service: Service, labels: Record<string, string> | undefined): boolean {
  const selector = service.spec?.selector;
  if (!selector) return false;
  for (const key in selector) if (labels?.[key] !== selector[key]) return false;
  return true;
}

/** Has an address and lives; `terminating` says whether one on its way out still counts. */
export const isReachable = (pod: Pod, terminating: boolean): boolean =>
  !isTerminal(pod) && addressesOf(pod).length > 0 && (terminating || !pod.metadata.deletionTimestamp);

export function addressesOf(pod: Pod): string[] {
  const all = pod.status?.podIPs?.map((p) => p.ip).filter((ip) => ip !== undefined);
  return all?.length ? all : pod.status?.podIP ? [pod.status.podIP] : [];
}

export type Family = 'IPv4' | 'IPv6';
export const familyOf = (ip: string): Family => (parseIP(ip)?.family === 6 ? 'IPv6' : 'IPv4');
export const addressIn = (pod: Pod, family: Family): string | undefined =>
  addressesOf(pod).find((ip) => familyOf(ip) === family);

/** The families of a Service; one that does not say (made before it was asked) follows its address. */
export function familiesOf(service: Service): Family[] {
  const families = service.spec?.ipFamilies as Family[] | undefined;
  if (families?.length) return families;
  const ip = service.spec?.clusterIP;
  return [ip && ip !== 'None' ? familyOf(ip) : 'IPv4'];
}

export const isHeadless = (service: Service): boolean => service.spec?.clusterIP === 'None';

/** The number behind a Service's targetPort on this pod; undefined when the pod has no port of that name. */
export function portOn(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort as number | string | undefined;
  if (typeof target !== 'string') return target ?? port.port;
  const sidecars = (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars])
    for (const p of container.ports ?? [])
      if (p.name === target && (p.protocol ?? 'TCP') === (port.protocol ?? 'TCP')) return p.containerPort;
  return undefined;
}

/** The pod's own name under a headless Service. */
export const hostnameFor = (pod: Pod, service: Service): string | undefined =>
  pod.spec?.hostname && pod.spec.subdomain === service.metadata.name ? pod.spec.hostname : undefined;

export const podReference = (pod: Pod) => ({
  kind: 'Pod',
  namespace: pod.metadata.namespace,
  name: pod.metadata.name,
  uid: pod.metadata.uid,
});

/** Did anything change that an endpoint shows? Most updates of a pod (restarts, messages, times) do not. */
export function endpointChanged(pod: Pod, old: Pod): boolean {
  const shown = (p: Pod) => [
    Boolean(p.metadata.deletionTimestamp),
    isTerminal(p),
    isReady(p),
    p.spec?.nodeName,
    p.spec?.hostname,
    p.spec?.subdomain,
    addressesOf(p),
    p.metadata.labels ?? {},
  ];
  return pod.metadata.uid !== old.metadata.uid || !deepEqual(shown(pod), shown(old));
}
