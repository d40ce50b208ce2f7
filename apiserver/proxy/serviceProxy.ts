// services/proxy: HTTP to one of the ready pods behind a Service, at the port that is named.
// Reads: the Service, its EndpointSlices (or Endpoints), the pods. Mirrors: pkg/registry/core/service/storage/storage.go (ResourceLocation).
// Called by handlers/connect.ts. Next: reverseProxy.ts.
import { serviceUnavailable } from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import type { Connect } from '../handlers/connect.ts';
import { mustFind } from '../objects/readObject.ts';
import { hostPort, proxyTo, splitId } from './proxyTo.ts';

const slices = { group: 'discovery.k8s.io', plural: 'endpointslices' };
const endpoints = { group: '', plural: 'endpoints' };
const pods = { group: '', plural: 'pods' };

/** Ready addresses that share their ports. */
interface Subset {
  addresses: { ip: string; targetRef?: { kind?: string; namespace?: string; name?: string } }[];
  ports: { name: string; port: number }[];
}

export const serviceProxy: Connect = async (api, req, served) => {
  const id = splitId(req.info.name, 'service');
  const service: any = (await mustFind(api, served, req.info.namespace, id.name)).object();
  const port = portName(service, id.port);
  const found = pick(subsetsOf(api, service), port, api.random, (address) => isPod(api, service, address));
  if (!found) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(req.info.name)}`);
  const origin = `${id.scheme || 'http'}://${hostPort(found.ip, found.port)}`;
  return proxyTo(api, req, { origin, tls: { insecure: true }, dial: api.dialPod });
};

/** A port given by number is the Service's, and stands for that port's name. */
function portName(service: any, port: string): string {
  if (!/^-?\d+$/.test(port)) return port;
  const found = (service.spec.ports ?? []).find((p: any) => p.port === Number(port));
  if (!found)
    throw serviceUnavailable(
      `no service port ${Number(port)} found for service ${JSON.stringify(service.metadata.name)}`,
    );
  return found.name ?? '';
}

function subsetsOf(api: Api, service: any): Subset[] {
  const { name, namespace } = service.metadata;
  const own = api.cluster
    .cachedList(slices, namespace)
    .filter((s: any) => s.metadata.labels?.['kubernetes.io/service-name'] === name) as any[];
  if (own.length)
    return own.map((slice) => ({
      addresses: (slice.endpoints ?? [])
        .filter((e: any) => e.conditions?.ready !== false)
        .flatMap((e: any) => e.addresses.map((ip: string) => ({ ip, targetRef: e.targetRef }))),
      ports: (slice.ports ?? []).map((p: any) => ({ name: p.name ?? '', port: p.port })),
    }));
  const object: any = api.cluster.cached(endpoints, name, namespace);
  return (object?.subsets ?? []).map((s: any) => ({
    addresses: s.addresses ?? [],
    ports: (s.ports ?? []).map((p: any) => ({ name: p.name ?? '', port: p.port })),
  }));
}

/** Starts anywhere and takes the first that will do. Pure but for `random`. */
export function pick(
  subsets: Subset[],
  port: string,
  random: () => number,
  valid: (address: Subset['addresses'][number]) => boolean,
): { ip: string; port: number } | undefined {
  for (const subset of rotated(subsets, random)) {
    const found = subset.ports.find((p) => p.name === port);
    if (!found) continue;
    const address = rotated(subset.addresses, random).find(valid);
    if (address) return { ip: address.ip, port: found.port };
  }
  return undefined;
}

function rotated<T>(list: readonly T[], random: () => number): T[] {
  const start = Math.floor(random() * list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}

/** Only pods are let through to: an address written by hand could be any machine that the API server reaches. */
function isPod(api: Api, service: any, { ip, targetRef }: Subset['addresses'][number]): boolean {
  const { namespace } = service.metadata;
  if (!targetRef?.name || targetRef.namespace !== namespace) return false;
  const pod: any = api.cluster.cached(pods, targetRef.name, namespace);
  return (pod?.status?.podIPs ?? []).some((p: any) => p.ip === ip) || pod?.status?.podIP === ip;
}
