// All the rules that a node wants for a set of Services and EndpointSlices: the whole decision of the proxy, as pure data.
// Reads: ports.ts, endpoints.ts. Mirrors: pkg/proxy/iptables/proxier.go (syncProxyRules).
// Next along the chain: serviceRules.ts for one port's rules; iptables.ts applies the result, or nobody does (--proxy-mode=none).
import type { EndpointSlice, Service } from '../apimachinery/types.ts';
import { type EndpointMap, endpointKey, endpointMap } from './endpoints.ts';
import { type Family, familyOf, familyOfCidr, type ProxyPort, portsOf, usesLocalEndpoints } from './ports.ts';
import { append, comment, declare, type Jump, jumpTo, type RuleSet } from './ruleSet.ts';
import {
  addServiceRules,
  externalServicesChain,
  firewallChain,
  markMasqChain,
  nodePortsChain,
  servicesChain,
} from './serviceRules.ts';
import type { NodeView } from './topology.ts';

/** What the flags and the Node say. */
export interface RuleOptions {
  node: NodeView;
  /** The node's own addresses. */
  nodeIPs: readonly string[];
  /** Packets from here are from pods; others are masqueraded on their way to a Service. Empty: none are. */
  clusterCidr: string;
  masqueradeAll: boolean;
  /** Which bit marks packets for SNAT: 14 is 0x4000. */
  masqueradeBit: number;
  /** NodePorts answer on 127.0.0.1 too (IPv4 only). */
  localhostNodePorts: boolean;
  /** NodePorts answer on these addresses alone (CIDRs, or `primary`: the node's first); empty: on all. */
  nodePortAddresses: readonly string[];
}

const forwardChain = 'KUBE-FORWARD';
const postroutingChain = 'KUBE-POSTROUTING';
const kubeletFirewallChain = 'KUBE-FIREWALL';

/** Beyond this many endpoints comments cost more than they tell. */
const manyEndpoints = 1000;

/** What there is to serve, in one family; the same for every node. */
export interface ServiceState {
  family: Family;
  ports: ProxyPort[];
  endpoints: EndpointMap;
  endpointCount: number;
}

export function readState(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  family: Family,
): ServiceState {
  const ports = services.flatMap((s) => portsOf(s, family)).sort((a, b) => compare(sortKey(a), sortKey(b)));
  const endpoints = endpointMap(slices, family);
  const endpointCount = [...endpoints.values()].reduce((n, list) => n + list.length, 0);
  return { family, ports, endpoints, endpointCount };
}

/** The rules of one node and family. The same input gives the same output, in the same order. */
export function buildRules(state: ServiceState, o: RuleOptions): RuleSet {
  const options = { ...o, clusterCidr: ofFamily(o.clusterCidr, state.family) };
  const rules: RuleSet = { filter: new Map(), nat: new Map(), jumps: jumps(state.family, options) };
  const { filter, nat } = rules;
  declare(filter, servicesChain, externalServicesChain, forwardChain, nodePortsChain, firewallChain);
  declare(nat, servicesChain, nodePortsChain, postroutingChain, markMasqChain);
  addFixedRules(rules, state.family, options);
  const context = { options, comments: state.endpointCount <= manyEndpoints };
  for (const port of state.ports) {
    addServiceRules(rules, port, state.endpoints.get(endpointKey(port.name, port.protocol)) ?? [], context);
  }
  addNodePortsJump(rules, state.family, options);
  return rules;
}

const shared = new WeakMap<ServiceState, { options: Omit<RuleOptions, 'node' | 'nodeIPs'>; rules: RuleSet }>();

/**
 * buildRules, but made once for all nodes of a process where nothing in the state tells nodes apart: no Local policy, no
 * topology hints, no source ranges. `common` must be the same value for all of them.
 */
export function rulesOfNode(
  state: ServiceState,
  common: Omit<RuleOptions, 'node' | 'nodeIPs'>,
  own: Pick<RuleOptions, 'node' | 'nodeIPs'>,
): RuleSet {
  const known = shared.get(state);
  if (known?.options === common) return known.rules;
  const rules = buildRules(state, { ...common, ...own });
  const apart = tellsNodesApart(state) || common.nodePortAddresses.includes('primary');
  if (!apart) shared.set(state, { options: common, rules });
  return rules;
}

const tellsNodesApart = (state: ServiceState): boolean =>
  state.ports.some((p) => usesLocalEndpoints(p) || p.sourceRanges.length > 0) ||
  [...state.endpoints.values()].some((list) => list.some((e) => e.zoneHints.length > 0 || e.nodeHints.length > 0));

const sortKey = (p: ProxyPort) => `${p.name} ${p.protocol}`;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The part of a comma-separated list that is of the family. */
const ofFamily = (cidrs: string, family: Family): string =>
  cidrs.split(',').find((cidr) => familyOfCidr(cidr.trim()) === family) ?? '';

const mark = (o: RuleOptions) => `0x${(2 ** o.masqueradeBit).toString(16)}`;

function addFixedRules({ filter, nat }: RuleSet, family: Family, o: RuleOptions): void {
  const bit = mark(o);
  const marked = ['-m', 'mark', '--mark', `${bit}/${bit}`];
  append(nat, postroutingChain, ['-m', 'mark', '!', '--mark', `${bit}/${bit}`], jumpTo('RETURN'));
  // Unmarked again, so that a packet which passes twice is not masqueraded twice.
  append(nat, postroutingChain, ['-j', 'MARK', '--xor-mark', bit]);
  append(nat, postroutingChain, comment('kubernetes service traffic requiring SNAT'), [
    '-j',
    'MASQUERADE',
    '--random-fully',
  ]);
  append(nat, markMasqChain, ['-j', 'MARK', '--or-mark', bit]);

  append(filter, forwardChain, ['-m', 'conntrack', '--ctstate', 'INVALID'], jumpTo('DROP'));
  append(filter, forwardChain, comment('kubernetes forwarding rules'), marked, jumpTo('ACCEPT'));
  append(
    filter,
    forwardChain,
    comment('kubernetes forwarding conntrack rule'),
    ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED'],
    jumpTo('ACCEPT'),
  );
  if (family === 'IPv4' && o.localhostNodePorts) {
    // route_localnet, which localhost NodePorts need, would let neighbours reach what listens on 127.0.0.1.
    append(
      filter,
      kubeletFirewallChain,
      comment('block incoming localnet connections'),
      ['-d', '127.0.0.0/8', '!', '-s', '127.0.0.0/8'],
      ['-m', 'conntrack', '!', '--ctstate', 'RELATED,ESTABLISHED,DNAT'],
      jumpTo('DROP'),
    );
  }
}

/** After all Services' own rules: whatever is for this node may be for a NodePort. */
function addNodePortsJump({ nat }: RuleSet, family: Family, o: RuleOptions): void {
  const text = comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain');
  const named = o.nodePortAddresses.flatMap((c) => (c === 'primary' ? primary(o, family) : [c]));
  const all = !o.nodePortAddresses.length || named.some((c) => c.endsWith('/0') && familyOfCidr(c) === family);
  if (!all) {
    for (const cidr of named.filter((c) => familyOfCidr(c) === family)) {
      append(nat, servicesChain, text, ['-m', 'addrtype', '--dst-type', 'LOCAL', '-d', cidr], jumpTo(nodePortsChain));
    }
    return;
  }
  const notLocalhost =
    family === 'IPv6' ? ['!', '-d', '::1/128'] : o.localhostNodePorts ? [] : ['!', '-d', '127.0.0.0/8'];
  append(nat, servicesChain, text, ['-m', 'addrtype', '--dst-type', 'LOCAL'], notLocalhost, jumpTo(nodePortsChain));
}

const primary = (o: RuleOptions, family: Family): string[] =>
  o.nodeIPs
    .filter((ip) => familyOf(ip) === family)
    .slice(0, 1)
    .map((ip) => `${ip}/${family === 'IPv4' ? 32 : 128}`);

const fresh = ['-m', 'conntrack', '--ctstate', 'NEW'];

/** Each is put first in its chain, so the last one here comes first there. */
function jumps(family: Family, o: RuleOptions): Jump[] {
  const rows: [Jump['table'], string, string, string, string[]][] = [
    ['filter', 'INPUT', externalServicesChain, 'kubernetes externally-visible service portals', fresh],
    ['filter', 'FORWARD', externalServicesChain, 'kubernetes externally-visible service portals', fresh],
    ['filter', 'INPUT', nodePortsChain, 'kubernetes health check service ports', []],
    ['filter', 'FORWARD', servicesChain, 'kubernetes service portals', fresh],
    ['filter', 'OUTPUT', servicesChain, 'kubernetes service portals', fresh],
    ['filter', 'FORWARD', forwardChain, 'kubernetes forwarding rules', []],
    ['filter', 'INPUT', firewallChain, 'kubernetes load balancer firewall', fresh],
    ['filter', 'OUTPUT', firewallChain, 'kubernetes load balancer firewall', fresh],
    ['filter', 'FORWARD', firewallChain, 'kubernetes load balancer firewall', fresh],
    ['nat', 'OUTPUT', servicesChain, 'kubernetes service portals', []],
    ['nat', 'PREROUTING', servicesChain, 'kubernetes service portals', []],
    ['nat', 'POSTROUTING', postroutingChain, 'kubernetes postrouting rules', []],
  ];
  if (family === 'IPv4' && o.localhostNodePorts) {
    rows.push(['filter', 'INPUT', kubeletFirewallChain, '', []], ['filter', 'OUTPUT', kubeletFirewallChain, '', []]);
  }
  return rows.map(([table, from, to, text, match]) => ({ table, from, to, comment: text, match }));
}
