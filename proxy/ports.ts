// Services as the proxy sees them: one value for each port and address family, with all that decides its rules.
// Pure. Mirrors: pkg/proxy/serviceport.go and servicechangetracker.go. Used by: rules.ts, healthCheck.ts.
import { isIP } from 'node:net';
import type { Service, ServicePort } from '../apimachinery/types.ts';

export type Family = 'IPv4' | 'IPv6';

export interface ProxyPort {
  /** `namespace/name:portname`; without a colon when the port has no name. */
  name: string;
  service: { namespace: string; name: string };
  protocol: 'tcp' | 'udp' | 'sctp';
  clusterIP: string;
  port: number;
  /** 0: none. */
  nodePort: number;
  externalIPs: string[];
  loadBalancerIPs: string[];
  sourceRanges: string[];
  internalLocal: boolean;
  externalLocal: boolean;
  /** Seconds that a client stays with its endpoint; 0: no affinity. */
  affinitySeconds: number;
  /** 0: none. */
  healthCheckNodePort: number;
}

const byVersion: Record<number, Family | undefined> = { 4: 'IPv4', 6: 'IPv6' };
export const familyOf = (ip: string): Family | undefined => byVersion[isIP(ip)];
export const familyOfCidr = (cidr: string): Family | undefined => familyOf(cidr.split('/', 1)[0]!);
/** `10.0.0.0/8`, `fd00::/48` */
export const isCidr = (text: string): boolean => {
  const family = familyOfCidr(text);
  const bits = /^[^/]+\/(\d{1,3})$/.exec(text)?.[1];
  return family !== undefined && bits !== undefined && Number(bits) <= (family === 'IPv4' ? 32 : 128);
};

/** Served by another proxy, or by none. */
export const serviceProxyNameLabel = 'service.kubernetes.io/service-proxy-name';

/** The ports of a Service in one family; none when it has no virtual IP there or is not ours to serve. */
export function portsOf(service: Service, family: Family): ProxyPort[] {
  const { spec, metadata } = service;
  if (!spec || spec.type === 'ExternalName' || metadata.labels?.[serviceProxyNameLabel] !== undefined) return [];
  const clusterIP = (spec.clusterIPs ?? [spec.clusterIP ?? '']).find((ip) => familyOf(ip) === family);
  if (!clusterIP) return [];
  const inFamily = (list: readonly (string | undefined)[] = []) =>
    list.filter((ip): ip is string => ip !== undefined && familyOfCidr(ip.trim()) === family).map((ip) => ip.trim());
  const externalIPs = inFamily(spec.externalIPs);
  const ingress = spec.type === 'LoadBalancer' ? (service.status?.loadBalancer?.ingress ?? []) : [];
  const loadBalancerIPs = inFamily(ingress.filter((i) => i.ipMode !== 'Proxy').map((i) => i.ip));
  const common = {
    service: { namespace: metadata.namespace ?? '', name: metadata.name },
    clusterIP,
    externalIPs,
    loadBalancerIPs,
    sourceRanges: inFamily(spec.loadBalancerSourceRanges),
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal: isExternallyReached(service) && spec.externalTrafficPolicy === 'Local',
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
    healthCheckNodePort: spec.healthCheckNodePort ?? 0,
  };
  return (spec.ports ?? []).map((port) => ({ ...common, ...ownOf(service, port) }));
}

const ownOf = (service: Service, port: ServicePort) => {
  const name = `${service.metadata.namespace}/${service.metadata.name}`;
  return {
    name: port.name ? `${name}:${port.name}` : name,
    protocol: (port.protocol ?? 'TCP').toLowerCase() as ProxyPort['protocol'],
    port: port.port,
    nodePort: port.nodePort ?? 0,
  };
};

const isExternallyReached = ({ spec }: Service) =>
  spec?.type === 'LoadBalancer' || spec?.type === 'NodePort' || (spec?.externalIPs?.length ?? 0) > 0;

/** May packets for it come from outside the cluster? */
export const externallyAccessible = (p: ProxyPort): boolean =>
  p.nodePort !== 0 || p.loadBalancerIPs.length > 0 || p.externalIPs.length > 0;
/** Even with a Local external policy pods and the node itself go to all endpoints. */
export const usesClusterEndpoints = (p: ProxyPort): boolean => !p.internalLocal || externallyAccessible(p);
export const usesLocalEndpoints = (p: ProxyPort): boolean =>
  p.internalLocal || (p.externalLocal && externallyAccessible(p));
