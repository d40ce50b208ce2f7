// What the slices of a Service should hold: its pods as endpoints, grouped by address family and port numbers. Pure.
// Mirrors: staging/src/k8s.io/endpointslice (reconciler.go, utils.go, trafficdist). Used by: endpointSlice.ts; next: plan.ts, then topology.ts.
import type { Endpoint, EndpointSlice, Node, Pod, Service } from '../../apimachinery/types.ts';
import { isReady } from '../common/pods.ts';
import {
  addressIn,
  type Family,
  familiesOf,
  hostnameFor,
  isReachable,
  podReference,
  portOn,
} from '../common/servicePods.ts';

import { wantsZoneHints } from './topology.ts';

export type SlicePort = NonNullable<EndpointSlice['ports']>[number];

export interface Group {
  addressType: Family;
  ports: SlicePort[];
  endpoints: Endpoint[];
}

export interface Desired {
  groups: Group[];
  /** Pods whose node is not there: they are left out, unless the Service takes what is not ready too. */
  homeless: Pod[];
}

/** Groups by the same family and ports; a family without any pod has one empty group, for its placeholder. */
export function desiredGroups(
  service: Service,
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
): Desired {
  const groups = new Map<string, Group>();
  const reachable = pods.filter((pod) => isReachable(pod, true));
  const hasHome = (pod: Pod) => service.spec?.publishNotReadyAddresses || nodeOf(pod.spec?.nodeName ?? '');
  for (const addressType of familiesOf(service)) {
    let any = false;
    for (const pod of reachable.filter(hasHome)) {
      const address = addressIn(pod, addressType);
      if (!address) continue;
      any = true;
      const ports = portsOf(pod, service);
      const key = groupKey(addressType, ports);
      const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
      group.endpoints.push(endpointOf(pod, address, service, nodeOf(pod.spec?.nodeName ?? '')));
      groups.set(key, group);
    }
    if (!any) groups.set(groupKey(addressType, []), { addressType, ports: [], endpoints: [] });
  }
  if (!wantsZoneHints(service)) for (const group of groups.values()) addHints(service, group.endpoints);
  return { groups: [...groups.values()], homeless: reachable.filter((pod) => !hasHome(pod)) };
}

/** Equal for slices that may share endpoints; the order of ports does not matter. */
export const groupKey = (addressType: string, ports: readonly SlicePort[] | undefined): string =>
  JSON.stringify([
    addressType,
    ...(ports ?? []).map((p) => JSON.stringify([p.name ?? '', p.port, p.protocol, p.appProtocol ?? ''])).sort(),
  ]);

function portsOf(pod: Pod, service: Service): SlicePort[] {
  const ports: SlicePort[] = [];
  for (const port of service.spec?.ports ?? []) {
    const number = portOn(pod, port);
    if (number === undefined) continue;
    ports.push({
      name: port.name ?? '',
      port: number,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}),
    });
  }
  return ports;
}

function endpointOf(pod: Pod, address: string, service: Service, node: Node | undefined): Endpoint {
  const serving = isReady(pod);
  const terminating = Boolean(pod.metadata.deletionTimestamp);
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
  const hostname = hostnameFor(pod, service);
  return {
    addresses: [address],
    conditions: { ready: service.spec?.publishNotReadyAddresses || (serving && !terminating), serving, terminating },
    ...(hostname ? { hostname } : {}),
    targetRef: podReference(pod),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    ...(zone ? { zone } : {}),
  };
}

/** spec.trafficDistribution asks that clients prefer what is near: each endpoint names where it is near to. */
function addHints(service: Service, endpoints: Endpoint[]): void {
  const wish = service.spec?.trafficDistribution;
  if (!wish) return;
  for (const endpoint of endpoints) {
    if (!endpoint.conditions?.ready) continue;
    const forZones = endpoint.zone ? [{ name: endpoint.zone }] : undefined;
    const forNodes = wish === 'PreferSameNode' && endpoint.nodeName ? [{ name: endpoint.nodeName }] : undefined;
    if (forZones || forNodes) endpoint.hints = { ...(forZones ? { forZones } : {}), ...(forNodes ? { forNodes } : {}) };
  }
}
