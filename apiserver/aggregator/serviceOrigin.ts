// Where an extension server is reached: the ClusterIP of its Service, or one of the addresses behind it.
// Reads: Services, EndpointSlices. Mirrors: apiserver/pkg/util/proxy/proxy.go (ResolveCluster, ResolveEndpoint).
// Used by: proxyToExtension.ts, availability.ts.
import { isIPv6 } from 'node:net';
import { serviceUnavailable } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Cluster } from '../kinds/cluster.ts';
import type { Extension } from './apiServices.ts';

export const services = { group: '', plural: 'services' };
export const endpointSlices = { group: 'discovery.k8s.io', plural: 'endpointslices' };

/** `https://10.96.0.7:443`. Throws an Error that says what is missing. */
export type ServiceOrigin = (service: Extension['service']) => string;

/** `toEndpoints`: as --enable-aggregator-routing asks for. */
export function createServiceOrigin(cluster: Cluster, toEndpoints: boolean, random: () => number): ServiceOrigin {
  return ({ namespace, name, port }) => {
    const service = cluster.cached(services, name, namespace);
    if (!service) throw new Error(`service ${JSON.stringify(name)} not found`);
    const { type = 'ClusterIP', clusterIP, externalName } = service['spec'];
    if (type === 'ExternalName' && !toEndpoints) return origin(externalName, port);
    if (type === 'ExternalName') throw new Error(`unsupported service type ${JSON.stringify(type)}`);
    const servicePort = portOf(service, port);
    if (toEndpoints) return randomEndpoint(slicesOf(cluster, namespace, name), servicePort, name, random);
    if (clusterIP === 'None') throw new Error('cannot route to service with ClusterIP "None"');
    return origin(clusterIP, port);
  };
}

const origin = (host: string, port: number) => `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;

function portOf(service: KubeObject, port: number): any {
  const found = service['spec'].ports?.find((p: any) => p.port === port);
  if (!found)
    throw serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(service.metadata.name)}`);
  return found;
}

export const slicesOf = (cluster: Cluster, namespace: string, name: string): KubeObject[] =>
  cluster
    .cachedList(endpointSlices, namespace)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === name);

export const isReady = (endpoint: any): boolean => endpoint.conditions?.ready ?? true;

function randomEndpoint(slices: readonly KubeObject[], { name = '' }: any, service: string, random: () => number) {
  const all = slices.flatMap((slice) => {
    const port = slice['ports']?.find((p: any) => (p.name ?? '') === name)?.port;
    if (!port || slice['addressType'] === 'FQDN') return [];
    return (slice['endpoints'] ?? []).filter(isReady).map((e: any) => origin(e.addresses[0], port));
  });
  if (!all.length) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(service)}`);
  return all[Math.floor(random() * all.length)]!;
}
