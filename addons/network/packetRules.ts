// The few packet rules that a pod network needs: pods may be forwarded to and from, and what leaves the cluster is masqueraded.
// Writes: two chains of our own and one jump to each, in one atomic restore. Mirrors: flannel's pkg/trafficmngr/iptables.
// Used by: network.ts. Services are none of its business: see proxy/.
import type { Run } from '../../component-base/command.ts';

const forward = 'MINI-K8S-FORWARD';
const postrouting = 'MINI-K8S-POSTROUTING';
const rows = [
  { table: 'filter', from: 'FORWARD', to: forward },
  { table: 'nat', from: 'POSTROUTING', to: postrouting },
] as const;

export interface PacketRuleOptions {
  /** This node's range and the whole cluster's, of one family. */
  podCIDR: string;
  clusterCIDR: string;
  masquerade: boolean;
}

const programs = (family: 4 | 6) =>
  family === 4
    ? { save: 'iptables-save', restore: 'iptables-restore' }
    : { save: 'ip6tables-save', restore: 'ip6tables-restore' };

/** Input for `iptables-restore --noflush`. `saved` says which jumps are there already. Pure. */
export function packetRulesText(o: PacketRuleOptions, saved: string): string {
  const multicast = o.podCIDR.includes(':') ? 'ff00::/8' : '224.0.0.0/4';
  const rules: Record<string, string[]> = {
    [forward]: [`-s ${o.clusterCIDR} -j ACCEPT`, `-d ${o.clusterCIDR} -j ACCEPT`],
    [postrouting]: o.masquerade
      ? [
          `-s ${o.podCIDR} -d ${o.clusterCIDR} -j RETURN`,
          `-s ${o.podCIDR} ! -d ${multicast} -m comment --comment "pods to the world" -j MASQUERADE --random-fully`,
        ]
      : [],
  };
  return rows
    .map(({ table, from, to }) => {
      const there = saved
        .split('\n')
        .some((line) => line.startsWith(`-A ${from} `) && line.trimEnd().endsWith(`-j ${to}`));
      const jump = there ? [] : [`-A ${from} -m comment --comment "mini-k8s pod network" -j ${to}`];
      return [`*${table}`, `:${to} - [0:0]`, ...jump, ...rules[to]!.map((r) => `-A ${to} ${r}`), 'COMMIT', ''].join(
        '\n',
      );
    })
    .join('');
}

export async function syncPacketRules(run: Run, family: 4 | 6, o: PacketRuleOptions): Promise<void> {
  const { save, restore } = programs(family);
  await run(restore, ['-w', '5', '--noflush'], packetRulesText(o, await run(save, [])));
}

/** Takes the jumps and the chains out. */
export async function removePacketRules(run: Run, family: 4 | 6): Promise<void> {
  const { save, restore } = programs(family);
  const saved = (await run(save, [])).split('\n').map((line) => line.trimEnd());
  const text = rows
    .filter(({ to }) => saved.some((line) => line.startsWith(`:${to} `)))
    .map(({ table, from, to }) => {
      const jumps = saved.filter((line) => line.startsWith(`-A ${from} `) && line.endsWith(`-j ${to}`));
      return [`*${table}`, `:${to} - [0:0]`, ...jumps.map((j) => j.replace('-A', '-D')), `-X ${to}`, 'COMMIT', ''].join(
        '\n',
      );
    })
    .join('');
  if (text) await run(restore, ['-w', '5', '--noflush'], text);
}
