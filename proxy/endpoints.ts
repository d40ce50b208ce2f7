// EndpointSlices as the proxy sees them: for each service port the addresses behind it, once each, in a fixed order.
// Pure. Mirrors: pkg/proxy/endpointslicecache.go. Used by: rules.ts. Next: topology.ts, which chooses among them.
import type { EndpointSlice } from '../apimachinery/types.ts';
import type { Family } from './ports.ts';

export interface ProxyEndpoint {
  ip: string;
  port: number;
  /** `ip:port`, with brackets around an IPv6 address. */
  address: string;
  nodeName: string;
  ready: boolean;
  serving: boolean;
  terminating: boolean;
  zoneHints: string[];
  nodeHints: string[];
}

/** By endpointKey. */
export type EndpointMap = Map<string, ProxyEndpoint[]>;

/** `port` is `namespace/name:portname`, `protocol` in lower case. */
export const endpointKey = (port: string, protocol: string): string => `${port} ${protocol}`;

const serviceNameLabel = 'kubernetes.io/service-name';
const headlessLabel = 'service.kubernetes.io/headless';

/** The endpoints of one family. Of an address that two slices name, the ready one counts. */
export function endpointMap(slices: readonly EndpointSlice[], family: Family): EndpointMap {
  const found = new Map<string, Map<string, ProxyEndpoint>>();
  for (const slice of slices) {
    const service = slice.metadata.labels?.[serviceNameLabel];
    if (!service || slice.addressType !== family || slice.metadata.labels?.[headlessLabel] !== undefined) continue;
    for (const port of slice.ports ?? []) {
      if (port.port === undefined) continue;
      const name = `${slice.metadata.namespace}/${service}${port.name ? `:${port.name}` : ''}`;
      const key = endpointKey(name, (port.protocol ?? 'TCP').toLowerCase());
      const known = found.get(key) ?? new Map<string, ProxyEndpoint>();
      found.set(key, known);
      for (const endpoint of endpointsOf(slice, port.port, family)) {
        if (!known.get(endpoint.address)?.ready) known.set(endpoint.address, endpoint);
      }
    }
  }
  return new Map([...found].map(([key, known]) => [key, [...known.values()].sort(byAddress)]));
}

const byAddress = (a: ProxyEndpoint, b: ProxyEndpoint) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0);

function endpointsOf(slice: EndpointSlice, port: number, family: Family): ProxyEndpoint[] {
  return (slice.endpoints ?? [])
    .filter((e) => e.addresses.length > 0)
    .map((e) => {
      const ip = e.addresses[0]!;
      return {
        ip,
        port,
        address: family === 'IPv6' ? `[${ip}]:${port}` : `${ip}:${port}`,
        nodeName: e.nodeName ?? '',
        ready: e.conditions?.ready ?? true,
        serving: e.conditions?.serving ?? true,
        terminating: e.conditions?.terminating ?? false,
        zoneHints: (e.hints?.forZones ?? []).map((h) => h.name),
        nodeHints: (e.hints?.forNodes ?? []).map((h) => h.name),
      };
    });
}
