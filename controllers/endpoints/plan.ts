// The subsets of a Service's Endpoints, from its pods: addresses that share the same ports stand together. Pure.
// Mirrors: pkg/controller/endpoint/endpoints_controller.go and pkg/api/v1/endpoints/util.go (RepackSubsets).
// Used by: endpoints.ts.
import type { EndpointSubset, Endpoints, Pod, Service, ServicePort } from '../../apimachinery/types.ts';
import { isReady } from '../common/pods.ts';
import {
  addressIn,
  familiesOf,
  hostnameFor,
  isHeadless,
  isReachable,
  podReference,
  portOn,
} from '../common/servicePods.ts';

type Address = NonNullable<EndpointSubset['addresses']>[number];
type Port = NonNullable<EndpointSubset['ports']>[number];

export const mostAddresses = 1000;

export function planSubsets(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const unready = service.spec?.publishNotReadyAddresses ?? false;
  const byPort = new Map<string, { port?: Port; addresses: { address: Address; ready: boolean }[] }>();
  for (const pod of pods) {
    const address = isReachable(pod, unready) ? addressOf(pod, service) : undefined;
    if (!address) continue;
    for (const port of portsOf(pod, service)) {
      const key = JSON.stringify(port ?? null);
      const entry = byPort.get(key) ?? { port, addresses: [] };
      entry.addresses.push({ address, ready: unready || isReady(pod) });
      byPort.set(key, entry);
    }
  }
  return mergeByAddresses([...byPort.values()]);
}

function addressOf(pod: Pod, service: Service): Address | undefined {
  const ip = addressIn(pod, familiesOf(service)[0]!);
  const hostname = hostnameFor(pod, service);
  return ip
    ? { ip, nodeName: pod.spec?.nodeName, targetRef: podReference(pod), ...(hostname ? { hostname } : {}) }
    : undefined;
}

/** One entry a port; a headless Service without ports has one without a port. */
function portsOf(pod: Pod, service: Service): (Port | undefined)[] {
  const ports = service.spec?.ports ?? [];
  if (!ports.length) return isHeadless(service) ? [undefined] : [];
  return ports.map((port) => portOf(pod, port)).filter((p) => p !== undefined);
}

function portOf(pod: Pod, port: ServicePort): Port | undefined {
  const number = portOn(pod, port);
  if (number === undefined) return undefined;
  return {
    ...(port.name ? { name: port.name } : {}),
    port: number,
    protocol: port.protocol ?? 'TCP',
    ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}),
  };
}

/** Ports with the very same addresses become one subset; everything in a fixed order, so that equal states are equal texts. */
function mergeByAddresses(
  entries: { port?: Port; addresses: { address: Address; ready: boolean }[] }[],
): EndpointSubset[] {
  const merged = new Map<string, { ports: Port[]; addresses: { address: Address; ready: boolean }[] }>();
  for (const { port, addresses } of entries) {
    addresses.sort((a, b) => order(a.address.ip + a.address.targetRef?.uid, b.address.ip + b.address.targetRef?.uid));
    const key = JSON.stringify(addresses.map((a) => [a.address.ip, a.address.targetRef?.uid, a.ready]));
    const group = merged.get(key) ?? { ports: [], addresses };
    if (port) group.ports.push(port);
    merged.set(key, group);
  }
  const subsets = [...merged.values()].map(({ ports, addresses }): EndpointSubset => {
    const ready = addresses.filter((a) => a.ready).map((a) => a.address);
    const notReady = addresses.filter((a) => !a.ready).map((a) => a.address);
    const sorted = ports.sort((a, b) =>
      order(JSON.stringify([a.name ?? '', a.protocol, a.port]), JSON.stringify([b.name ?? '', b.protocol, b.port])),
    );
    return {
      ...(ready.length ? { addresses: ready } : {}),
      ...(notReady.length ? { notReadyAddresses: notReady } : {}),
      ...(sorted.length ? { ports: sorted } : {}),
    };
  });
  return subsets.sort(
    (a, b) =>
      order(JSON.stringify(a.ports ?? []), JSON.stringify(b.ports ?? [])) ||
      order(JSON.stringify(a), JSON.stringify(b)),
  );
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Ready addresses first, the rest cut; each subset keeps its part of the room, rounded up, as long as there is any. */
export function truncate(subsets: EndpointSubset[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const count = (of: 'addresses' | 'notReadyAddresses') => subsets.reduce((n, s) => n + (s[of]?.length ?? 0), 0);
  const [ready, notReady] = [count('addresses'), count('notReadyAddresses')];
  if (ready + notReady <= mostAddresses) return { subsets, truncated: false };
  const cutReady = ready > mostAddresses;
  const [room, all] = cutReady ? [mostAddresses, ready] : [mostAddresses - ready, notReady];
  let left = room;
  const part = (list: Address[] = []): Address[] => {
    const kept = list.slice(0, Math.min(left, Math.ceil((list.length / all) * room)));
    left -= kept.length;
    return kept;
  };
  const parts = subsets.map(({ addresses = [], notReadyAddresses, ports }) => {
    const kept = cutReady
      ? { addresses: part(addresses), notReadyAddresses: [] }
      : { addresses, notReadyAddresses: part(notReadyAddresses) };
    return {
      ...(kept.addresses.length ? { addresses: kept.addresses } : {}),
      ...(kept.notReadyAddresses.length ? { notReadyAddresses: kept.notReadyAddresses } : {}),
      ports,
    };
  });
  return { subsets: parts.filter((s) => s.addresses || s.notReadyAddresses), truncated: true };
}

const headlessLabel = 'service.kubernetes.io/headless';
const managedLabel = 'endpoints.kubernetes.io/managed-by';
const capacityAnnotation = 'endpoints.kubernetes.io/over-capacity';

/** Labels and annotations of the object, beside its subsets. */
export function planMetadata(service: Service, current: Endpoints | undefined, truncated: boolean) {
  const { [headlessLabel]: _, ...own } = service.metadata.labels ?? {};
  const labels = {
    ...own,
    [managedLabel]: 'endpoint-controller',
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
  };
  const { [capacityAnnotation]: _capacity, ...annotations } = current?.metadata.annotations ?? {};
  return { labels, annotations: truncated ? { ...annotations, [capacityAnnotation]: 'truncated' } : annotations };
}
