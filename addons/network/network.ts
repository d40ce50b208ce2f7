// One pass over what this node's network needs: forwarding on, rules, routes to the other nodes, and last the CNI configuration,
// whose appearance tells the runtime, and so the kubelet, that pods can be networked.
// Reads: Nodes. Writes: /proc/sys, iptables, routes, the CNI folder. Used by: main.ts. Next: cniConfig.ts, routes.ts, packetRules.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Node } from '../../apimachinery/types.ts';
import { CommandError, type Run } from '../../component-base/command.ts';
import type { Logger } from '../../component-base/logger.ts';
import { cniConfig, removeFile, writeAtomically } from './cniConfig.ts';
import { removePacketRules, syncPacketRules } from './packetRules.ts';
import { podCIDRsOf, syncRoutes, wantedRoutes } from './routes.ts';

export interface NetworkOptions {
  nodeName: string;
  clusterCIDRs: readonly string[];
  /** The configuration list's path. */
  cniFile: string;
  cniDataDir: string;
  bridge: string;
  mtu: number;
  masquerade: boolean;
  run: Run;
  log: Logger;
  /** Writes a kernel parameter, such as `net/ipv4/ip_forward`; tests write into their namespace. */
  setKernel?(name: string, value: string): void;
}

const familyOf = (cidr: string) => isIP(cidr.split('/', 1)[0]!) as 4 | 6;

/** Brings everything to what the Nodes say. Returns false while this node has no podCIDR: then it has done nothing. */
export async function syncNetwork(o: NetworkOptions, nodes: readonly Node[]): Promise<boolean> {
  const self = nodes.find((n) => n.metadata.name === o.nodeName);
  const podCIDRs = self ? podCIDRsOf(self) : [];
  if (!podCIDRs.length) return false;
  const families = [...new Set(podCIDRs.map(familyOf))];
  turnForwardingOn(o, families);
  for (const family of families) {
    const podCIDR = podCIDRs.find((c) => familyOf(c) === family)!;
    const clusterCIDR = o.clusterCIDRs.find((c) => familyOf(c) === family) ?? podCIDR;
    await syncPacketRules(o.run, family, { podCIDR, clusterCIDR, masquerade: o.masquerade });
  }
  for (const failure of await syncRoutes(o.run, wantedRoutes(nodes, o.nodeName), families)) o.log.warn({}, failure);
  const config = cniConfig({ podCIDRs, bridge: o.bridge, mtu: o.mtu, dataDir: o.cniDataDir });
  if (writeAtomically(o.cniFile, `${JSON.stringify(config, null, 2)}\n`)) {
    o.log.info({ file: o.cniFile, podCIDRs }, 'wrote the CNI configuration');
  }
  return true;
}

/** First the configuration, so that no new pod is promised a network that is going away. Pods that run keep their bridge. */
export async function removeNetwork(o: Pick<NetworkOptions, 'cniFile' | 'run' | 'log'>): Promise<void> {
  removeFile(o.cniFile);
  for (const failure of await syncRoutes(o.run, [])) o.log.warn({}, failure);
  for (const family of [4, 6] as const) {
    try {
      await removePacketRules(o.run, family);
    } catch (error) {
      // A machine without IPv6 tables has no rules of ours in them.
      if (!(error instanceof CommandError) || family === 4) throw error;
    }
  }
}

function turnForwardingOn(o: NetworkOptions, families: readonly (4 | 6)[]): void {
  const wanted = [
    'net/bridge/bridge-nf-call-iptables',
    ...(families.includes(4) ? ['net/ipv4/ip_forward'] : []),
    ...(families.includes(6) ? ['net/ipv6/conf/all/forwarding', 'net/bridge/bridge-nf-call-ip6tables'] : []),
  ];
  for (const name of wanted) {
    try {
      (o.setKernel ?? setKernel)(name, '1');
    } catch (error) {
      o.log.warn({ name, error: (error as Error).message }, 'cannot set a kernel parameter');
    }
  }
}

/** Leaves alone what is right already: /proc/sys may be read-only and still have the right values. */
function setKernel(name: string, value: string): void {
  const path = `/proc/sys/${name}`;
  if (readFileSync(path, 'utf8').trim() !== value) writeFileSync(path, value);
}
