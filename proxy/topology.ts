// Which of a port's endpoints this node may use: ready ones, near ones where hints say so, terminating ones as the last resort.
// Pure. Mirrors: pkg/proxy/topology.go. Used by: serviceRules.ts, healthCheck.ts.
import type { ProxyEndpoint } from './endpoints.ts';
import { type ProxyPort, usesClusterEndpoints, usesLocalEndpoints } from './ports.ts';

export interface NodeView {
  name: string;
  zone: string;
}

export interface Usable {
  /** For the Cluster traffic policy. */
  cluster: ProxyEndpoint[];
  /** For the Local traffic policy: on this node. */
  local: ProxyEndpoint[];
  /** Either of them, each endpoint once. */
  reachable: ProxyEndpoint[];
  /** Is there one anywhere in the cluster? */
  any: boolean;
}

export const isLocal = (e: ProxyEndpoint, node: NodeView): boolean => e.nodeName !== '' && e.nodeName === node.name;

export function usableEndpoints(endpoints: readonly ProxyEndpoint[], port: ProxyPort, node: NodeView): Usable {
  const cluster = usesClusterEndpoints(port) ? clusterEndpoints(endpoints, node) : [];
  if (!usesLocalEndpoints(port)) return { cluster, local: [], reachable: cluster, any: cluster.length > 0 };
  const local = readyElseTerminating(endpoints.filter((e) => isLocal(e, node)));
  const any = readyElseTerminating(endpoints).length > 0;
  const known = new Set(cluster.map((e) => e.address));
  return { cluster, local, reachable: [...cluster, ...local.filter((e) => !known.has(e.address))], any };
}

function clusterEndpoints(endpoints: readonly ProxyEndpoint[], node: NodeView): ProxyEndpoint[] {
  const ready = endpoints.filter((e) => e.ready);
  const near = nearness(ready, node);
  return readyElseTerminating(near ? ready.filter(near) : endpoints);
}

const readyElseTerminating = (endpoints: readonly ProxyEndpoint[]): ProxyEndpoint[] => {
  const ready = endpoints.filter((e) => e.ready);
  return ready.length ? ready : endpoints.filter((e) => e.serving && e.terminating);
};

/** Hints count when every ready endpoint has one and at least one names this node, or else its zone. */
function nearness(ready: ProxyEndpoint[], node: NodeView): ((e: ProxyEndpoint) => boolean) | undefined {
  if (!ready.length) return undefined;
  const onNode = (e: ProxyEndpoint) => e.nodeHints.includes(node.name);
  if (ready.every((e) => e.nodeHints.length) && ready.some(onNode)) return onNode;
  const inZone = (e: ProxyEndpoint) => e.zoneHints.includes(node.zone);
  if (ready.every((e) => e.zoneHints.length) && ready.some(inZone)) return inZone;
  return undefined;
}
