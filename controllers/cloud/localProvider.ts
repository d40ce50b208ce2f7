// The cloud that is built in: addresses for Services out of a range, which kube-proxy on each node serves, and zones for nodes.
// Reads: services and nodes, which are its only memory: killed and started again, it gives nobody's address to another.
// Mirrors: what cloud-provider-kind and MetalLB do for a cluster without a cloud. Used by: cloudControllers.ts.
import { nodes, services } from '../../apimachinery/resources.ts';
import type { Node, Service } from '../../apimachinery/types.ts';
import type { Informer, InformerFactory } from '../../client/informer.ts';
import { keyOf } from '../../client/informerCache.ts';
import { inRanges, nextAddress, type Range } from './addresses.ts';
import type { CloudProvider, Ingress } from './provider.ts';

export const localProviderName = 'mini-k8s';

export interface LocalOptions {
  ranges: readonly Range[];
  /** Names of zones; none: nodes get none. */
  zones: readonly string[];
}

/** On a Node: `stopped` or `terminated` plays a machine that was switched off or taken away. */
export const instanceAnnotation = 'cloud.mini-k8s.io/instance';
const region = 'local';
const zoneLabel = 'topology.kubernetes.io/zone';

const addressesOf = (service: Service): string[] =>
  (service.status?.loadBalancer?.ingress ?? []).map((i) => i.ip).filter((ip) => ip !== undefined);

export function localProvider({ ranges, zones }: LocalOptions): CloudProvider {
  let allServices: Informer<Service> | undefined;
  let allNodes: Informer<Node> | undefined;
  /** What was given out and is not seen in the cache yet, by Service. */
  const given = new Map<string, string[]>();
  const placed = new Map<string, string>();

  const ours = (service: Service) => addressesOf(service).filter((ip) => inRanges(ranges, ip));
  const takenBut = (key: string): Set<string> => {
    const seen = (allServices?.list() ?? []).filter((s) => keyOf(s) !== key && s.spec?.type === 'LoadBalancer');
    const fresh = [...given].filter(([other]) => other !== key).flatMap(([, list]) => list);
    return new Set([...seen.flatMap(addressesOf), ...fresh]);
  };

  /** One address a family of the Service: the one that it asks for, has already, or the next. */
  function addressFor(service: Service, family: 4 | 6, has: readonly string[], taken: ReadonlySet<string>): string {
    const isOf = (ip: string) => ip.includes(':') === (family === 6);
    const asked = service.spec?.loadBalancerIP;
    if (asked && isOf(asked)) {
      if (!inRanges(ranges, asked)) throw new Error(`${asked} is not within the range of load balancers`);
      if (taken.has(asked)) throw new Error(`${asked} is given to another Service`);
      return asked;
    }
    const kept = has.find((ip) => isOf(ip) && !taken.has(ip));
    const found = kept ?? nextAddress(ranges, family, taken);
    if (!found) throw new Error(`no IPv${family} address is left in the range of load balancers`);
    return found;
  }

  function ensure(service: Service): Ingress[] {
    const key = keyOf(service);
    const has = [...ours(service), ...(given.get(key) ?? [])];
    const taken = takenBut(key);
    const families = (service.spec?.ipFamilies ?? ['IPv4']).map((f) => (f === 'IPv6' ? 6 : 4));
    const served = families.filter((family, i) => i === 0 || ranges.some((r) => r.family === family));
    const list = served.map((family) => addressFor(service, family, has, taken));
    given.set(key, list);
    return list.map((ip) => ({ ip, ipMode: 'VIP' }));
  }

  /** The zone that it has, or the one with the fewest nodes. */
  function zoneFor(node: Node): string | undefined {
    const has = node.metadata.labels?.[zoneLabel] ?? placed.get(node.metadata.name);
    if (has || !zones.length) return has;
    const counts = new Map(zones.map((zone) => [zone, 0]));
    for (const other of allNodes?.list() ?? []) {
      const zone = other.metadata.labels?.[zoneLabel] ?? placed.get(other.metadata.name);
      if (zone !== undefined && counts.has(zone)) counts.set(zone, counts.get(zone)! + 1);
    }
    const [emptiest] = [...counts].sort(([, a], [, b]) => a - b)[0]!;
    placed.set(node.metadata.name, emptiest);
    return emptiest;
  }

  return {
    name: localProviderName,
    watch(informers: InformerFactory) {
      if (allServices) return;
      allServices = informers.informer(services);
      allNodes = informers.informer(nodes);
      allServices.addHandler({ deleted: (service) => void given.delete(keyOf(service)) });
      allNodes.addHandler({ deleted: (node) => void placed.delete(node.metadata.name) });
    },
    loadBalancers: {
      get: async (service) => {
        const list = [...ours(service), ...(given.get(keyOf(service)) ?? [])];
        return list.length ? [...new Set(list)].map((ip) => ({ ip, ipMode: 'VIP' as const })) : undefined;
      },
      ensure: async (service) => ensure(service),
      // Every node serves the addresses by itself.
      update: async () => {},
      delete: async (service) => void given.delete(keyOf(service)),
    },
    instances: {
      metadata: async (node) => ({
        providerID: `${localProviderName}://${node.metadata.name}`,
        instanceType: localProviderName,
        ...(zones.length ? { zone: zoneFor(node), region } : {}),
      }),
      exists: async (node) => node.metadata.annotations?.[instanceAnnotation] !== 'terminated',
      isShutDown: async (node) => node.metadata.annotations?.[instanceAnnotation] === 'stopped',
    },
  };
}
