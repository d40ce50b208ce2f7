// The rules of one service port: from its addresses to a policy chain, from there by chance or affinity to one endpoint's chain.
// KUBE-SERVICES → KUBE-SVC-* or KUBE-SVL-* → KUBE-SEP-* (DNAT); from outside by way of KUBE-EXT-* and, with source ranges, KUBE-FW-*.
// Pure. Mirrors: pkg/proxy/iptables/proxier.go (the loop over services, writeServiceToEndpointRules). Used by: rules.ts.
import { BlockList, isIP } from 'node:net';
import { endpointChain, serviceChain } from './chainNames.ts';
import type { ProxyEndpoint } from './endpoints.ts';
import { externallyAccessible, type ProxyPort } from './ports.ts';
import { append, comment, declare, jumpTo, type RuleSet } from './ruleSet.ts';
import type { RuleOptions } from './rules.ts';
import { usableEndpoints } from './topology.ts';

export const servicesChain = 'KUBE-SERVICES';
export const externalServicesChain = 'KUBE-EXTERNAL-SERVICES';
export const nodePortsChain = 'KUBE-NODEPORTS';
export const firewallChain = 'KUBE-PROXY-FIREWALL';
export const markMasqChain = 'KUBE-MARK-MASQ';

export interface ServiceRulesContext {
  options: RuleOptions;
  /** Also comment the rules of single endpoints. */
  comments: boolean;
}

/** One port on its way through the functions below. */
interface Work {
  rules: RuleSet;
  port: ProxyPort;
  options: RuleOptions;
  comments: boolean;
  chains: { cluster: string; local: string; external: string; firewall: string };
  /** Is there an endpoint that traffic from inside, from outside, may use here? */
  inside: boolean;
  outside: boolean;
  any: boolean;
  /** There are source ranges to check for load balancer addresses. */
  guarded: boolean;
}

export function addServiceRules(
  rules: RuleSet,
  port: ProxyPort,
  endpoints: readonly ProxyEndpoint[],
  context: ServiceRulesContext,
): void {
  const usable = usableEndpoints(endpoints, port, context.options.node);
  const chain = (kind: Parameters<typeof serviceChain>[0]) => serviceChain(kind, port.name, port.protocol);
  const work: Work = {
    rules,
    port,
    ...context,
    chains: {
      cluster: chain('KUBE-SVC-'),
      local: chain('KUBE-SVL-'),
      external: chain('KUBE-EXT-'),
      firewall: chain('KUBE-FW-'),
    },
    any: usable.any,
    inside: usable.any && (!port.internalLocal || usable.local.length > 0),
    outside: usable.any && (!port.externalLocal || usable.local.length > 0),
    guarded: usable.any && port.loadBalancerIPs.length > 0 && port.sourceRanges.length > 0,
  };
  addClusterIP(work);
  addExternalIPs(work);
  addLoadBalancerIPs(work);
  addNodePort(work);
  addHealthCheckPort(work);
  if (work.inside) addMasqueradeFromOutside(work);
  if (work.any && externallyAccessible(port)) addExternalChain(work, usable.cluster.length > 0);
  if (work.guarded) addFirewallChain(work);
  if (usable.cluster.length) addPolicyChain(work, work.chains.cluster, usable.cluster);
  if (usable.local.length) addPolicyChain(work, work.chains.local, usable.local);
  for (const endpoint of usable.reachable) addEndpointChain(work, endpoint);
}

const toPort = (p: ProxyPort, ip: string, port = p.port) => [
  ...['-m', p.protocol, '-p', p.protocol],
  ...(ip ? ['-d', ip] : []),
  ...['--dport', String(port)],
];
const insideChain = (w: Work) => (w.port.internalLocal ? w.chains.local : w.chains.cluster);

function addClusterIP(w: Work): void {
  const { filter, nat } = w.rules;
  const match = toPort(w.port, w.port.clusterIP);
  if (w.inside) append(nat, servicesChain, comment(`${w.port.name} cluster IP`), match, jumpTo(insideChain(w)));
  else append(filter, servicesChain, refusal(w), match, jumpTo(w.any ? 'DROP' : 'REJECT'));
}

/** No endpoint at all is refused at once; none here with a Local policy is dropped, because others may have one. */
const refusal = (w: Work) => comment(`${w.port.name} has no ${w.any ? 'local ' : ''}endpoints`);
const refuseOutside = (w: Work, match: readonly string[]) =>
  append(w.rules.filter, externalServicesChain, refusal(w), match, jumpTo(w.any ? 'DROP' : 'REJECT'));

function addExternalIPs(w: Work): void {
  for (const ip of w.port.externalIPs) {
    const match = toPort(w.port, ip);
    const text = comment(`${w.port.name} external IP`);
    if (w.any) append(w.rules.nat, servicesChain, text, match, jumpTo(w.chains.external));
    if (!w.outside) refuseOutside(w, match);
  }
}

function addLoadBalancerIPs(w: Work): void {
  const chain = w.guarded ? w.chains.firewall : w.chains.external;
  for (const ip of w.port.loadBalancerIPs) {
    const match = toPort(w.port, ip);
    if (w.any) append(w.rules.nat, servicesChain, comment(`${w.port.name} loadbalancer IP`), match, jumpTo(chain));
    if (w.guarded) {
      const text = comment(`${w.port.name} traffic not accepted by ${w.chains.firewall}`);
      append(w.rules.filter, firewallChain, text, match, jumpTo('DROP'));
    }
    if (!w.outside) refuseOutside(w, match);
  }
}

function addNodePort(w: Work): void {
  const { port } = w;
  if (!port.nodePort) return;
  const match = toPort(port, '', port.nodePort);
  if (w.any) append(w.rules.nat, nodePortsChain, comment(port.name), match, jumpTo(w.chains.external));
  if (!w.outside) refuseOutside(w, ['-m', 'addrtype', '--dst-type', 'LOCAL', ...match]);
}

/** Whatever the endpoints: a load balancer must be able to ask. */
function addHealthCheckPort(w: Work): void {
  const { healthCheckNodePort, name } = w.port;
  if (!healthCheckNodePort) return;
  const match = ['-m', 'tcp', '-p', 'tcp', '--dport', String(healthCheckNodePort)];
  append(w.rules.filter, nodePortsChain, comment(`${name} health check node port`), match, jumpTo('ACCEPT'));
}

/** What comes to the cluster IP from elsewhere than pods must come back this way. */
function addMasqueradeFromOutside(w: Work): void {
  const { masqueradeAll, clusterCidr } = w.options;
  if (!masqueradeAll && !clusterCidr) return;
  const match = toPort(w.port, w.port.clusterIP);
  const text = comment(`${w.port.name} cluster IP`);
  const source = masqueradeAll ? [] : ['!', '-s', clusterCidr];
  append(w.rules.nat, insideChain(w), text, match, source, jumpTo(markMasqChain));
}

function addExternalChain(w: Work, hasClusterChain: boolean): void {
  const { nat } = w.rules;
  const { external, cluster, local } = w.chains;
  const destinations = `${w.port.name} external destinations`;
  declare(nat, external);
  if (!w.port.externalLocal) {
    append(nat, external, comment(`masquerade traffic for ${destinations}`), jumpTo(markMasqChain));
  } else {
    // Pods and this node are no outsiders: for them the policy does not count, as if they went out and came back.
    const own = ['-m', 'addrtype', '--src-type', 'LOCAL'];
    const { clusterCidr } = w.options;
    if (clusterCidr && hasClusterChain) {
      append(nat, external, comment(`pod traffic for ${destinations}`), ['-s', clusterCidr], jumpTo(cluster));
    }
    append(nat, external, comment(`masquerade LOCAL traffic for ${destinations}`), own, jumpTo(markMasqChain));
    if (hasClusterChain)
      append(nat, external, comment(`route LOCAL traffic for ${destinations}`), own, jumpTo(cluster));
  }
  if (w.outside) append(nat, external, jumpTo(w.port.externalLocal ? local : cluster));
}

function addFirewallChain(w: Work): void {
  const { nat } = w.rules;
  const { firewall, external } = w.chains;
  const text = comment(`${w.port.name} loadbalancer IP`);
  for (const cidr of w.port.sourceRanges) append(nat, firewall, text, ['-s', cidr], jumpTo(external));
  // A balancer's address may be the node's own, and then it is the source too.
  if (w.port.sourceRanges.some((cidr) => w.options.nodeIPs.some((ip) => contains(cidr, ip)))) {
    for (const ip of w.port.loadBalancerIPs) append(nat, firewall, text, ['-s', ip], jumpTo(external));
  }
  append(nat, firewall, comment(`other traffic to ${w.port.name} will be dropped by ${firewallChain}`));
}

function addPolicyChain(w: Work, chain: string, endpoints: readonly ProxyEndpoint[]): void {
  const { nat } = w.rules;
  const { port } = w;
  const sep = (e: ProxyEndpoint) => endpointChain(port.name, port.protocol, e.address);
  const text = (e: ProxyEndpoint) => (w.comments ? comment(`${port.name} -> ${e.address}`) : []);
  if (port.affinitySeconds) {
    const age = ['--rcheck', '--seconds', String(port.affinitySeconds), '--reap'];
    for (const e of endpoints) append(nat, chain, text(e), ['-m', 'recent', '--name', sep(e)], age, jumpTo(sep(e)));
  }
  endpoints.forEach((e, i) => {
    append(nat, chain, text(e), chance(endpoints.length - i), jumpTo(sep(e)));
  });
}

/** One of `n` that are left; the last is certain. */
const chance = (n: number): string[] =>
  n === 1 ? [] : ['-m', 'statistic', '--mode', 'random', '--probability', (1 / n).toFixed(10)];

function addEndpointChain(w: Work, e: ProxyEndpoint): void {
  const { nat } = w.rules;
  const { protocol, name, affinitySeconds } = w.port;
  const chain = endpointChain(name, protocol, e.address);
  const text = w.comments ? comment(name) : [];
  // An endpoint that reaches itself through the Service would answer itself directly, and not understand the answer.
  append(nat, chain, text, ['-s', e.ip], jumpTo(markMasqChain));
  const affinity = affinitySeconds ? ['-m', 'recent', '--name', chain, '--set'] : [];
  append(nat, chain, text, affinity, ['-m', protocol, '-p', protocol], ['-j', 'DNAT', '--to-destination', e.address]);
}

function contains(cidr: string, ip: string): boolean {
  const [network = '', bits = ''] = cidr.split('/', 2);
  if (isIP(network) !== isIP(ip)) return false;
  const type = isIP(network) === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, Number(bits), type);
  return list.check(ip, type);
}
