// What the parts of Service ask again and again: which type needs which allocated field.
// Used by: every file of this folder. Mirrors: pkg/api/service/util.go and the needs… helpers of pkg/registry/core/service.

export type Family = 'IPv4' | 'IPv6';
export const families: readonly Family[] = ['IPv4', 'IPv6'];
export const otherFamily = (family: Family): Family => (family === 'IPv4' ? 'IPv6' : 'IPv4');
export const familyOf = (ip: string): Family => (ip.includes(':') ? 'IPv6' : 'IPv4');

/** How traffic may go that comes from outside or inside. */
export const trafficPolicies: readonly string[] = ['Cluster', 'Local'];

export const needsClusterIP = (service: any): boolean => service.spec.type !== 'ExternalName';
export const needsNodePort = (service: any): boolean =>
  service.spec.type === 'NodePort' || service.spec.type === 'LoadBalancer';
export const needsHealthCheckPort = (service: any): boolean =>
  service.spec.type === 'LoadBalancer' && service.spec.externalTrafficPolicy === 'Local';
export const externallyAccessible = (service: any): boolean =>
  needsNodePort(service) || (service.spec.type === 'ClusterIP' && (service.spec.externalIPs?.length ?? 0) > 0);

const ips = (service: any): string[] => service.spec.clusterIPs ?? [];
export const isHeadless = (service: any): boolean => ips(service).length === 1 && ips(service)[0] === 'None';

const sameList = (a: readonly unknown[] = [], b: readonly unknown[] = []) =>
  a.length === b.length && a.every((item, i) => item === b[i]);
export const sameClusterIPs = (a: any, b: any): boolean => sameList(a.spec.clusterIPs, b.spec.clusterIPs);
export const sameFamilies = (a: any, b: any): boolean => sameList(a.spec.ipFamilies, b.spec.ipFamilies);

/** The addresses that a stored Service holds. */
export const heldIPs = (service: any): string[] =>
  needsClusterIP(service) && !isHeadless(service) ? ips(service).filter(Boolean) : [];

/** The node ports that a stored Service holds, that of its health check among them; each once. */
export function heldPorts(service: any): number[] {
  const ports = new Set<number>((service.spec.ports ?? []).map((p: any) => p.nodePort).filter(Boolean));
  if (needsHealthCheckPort(service) && service.spec.healthCheckNodePort) ports.add(service.spec.healthCheckNodePort);
  return [...ports];
}

/** Does a Service of this type get node ports that it did not ask for? */
export const allocatesNodePorts = (service: any): boolean =>
  service.spec.type === 'NodePort' ||
  (service.spec.type === 'LoadBalancer' && service.spec.allocateLoadBalancerNodePorts !== false);
