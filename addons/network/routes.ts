// host-gw routes: each other node's podCIDR by way of that node's address, marked as ours so that stale ones are known.
// Reads: Nodes. Writes: the main routing table, through `ip`. Mirrors: flannel's backend/hostgw. Used by: network.ts.
import { isIP } from 'node:net';
import type { Node } from '../../apimachinery/types.ts';
import { CommandError, type Run } from '../../component-base/command.ts';

export interface Route {
  /** A podCIDR. */
  dst: string;
  via: string;
}

/** The routing protocol number that marks our routes; none of the registered ones. */
export const routeProtocol = '143';

export const podCIDRsOf = (node: Node): string[] =>
  node.spec?.podCIDRs?.length ? node.spec.podCIDRs : node.spec?.podCIDR ? [node.spec.podCIDR] : [];

const familyOf = (cidr: string) => isIP(cidr.split('/', 1)[0]!);

/** To all nodes but `self`, by their first InternalIP of the family; a node without one, or without a range, gets none. Pure. */
export function wantedRoutes(nodes: readonly Node[], self: string): Route[] {
  return nodes
    .filter((node) => node.metadata.name !== self && !node.metadata.deletionTimestamp)
    .flatMap((node) => podCIDRsOf(node).flatMap((dst) => routeTo(node, dst)))
    .sort((a, b) => (a.dst < b.dst ? -1 : 1));
}

function routeTo(node: Node, dst: string): Route[] {
  const addresses = (node.status?.addresses ?? []).filter((a) => a.type === 'InternalIP');
  const via = addresses.find((a) => isIP(a.address) === familyOf(dst))?.address;
  return via ? [{ dst, via }] : [];
}

/** What to add or change, and which destinations to remove, to come from `have` to `want`. Pure. */
export function planRoutes(want: readonly Route[], have: readonly Route[]): { replace: Route[]; remove: Route[] } {
  const same = (a: Route) => (b: Route) => a.dst === b.dst && a.via === b.via;
  return {
    replace: want.filter((w) => !have.some(same(w))),
    remove: have.filter((h) => !want.some((w) => w.dst === h.dst)),
  };
}

/** Our routes that are in force. */
async function currentRoutes(run: Run, family: 4 | 6): Promise<Route[]> {
  const text = await run('ip', [`-${family}`, '-j', 'route', 'show', 'proto', routeProtocol]);
  const rows = JSON.parse(text.trim() || '[]') as { dst: string; gateway?: string }[];
  const whole = family === 4 ? '/32' : '/128';
  return rows.map((r) => ({ dst: r.dst.includes('/') ? r.dst : r.dst + whole, via: r.gateway ?? '' }));
}

/**
 * Makes the wanted routes true in each family, and removes ours that are not wanted. One that cannot be set (the other node
 * is not a neighbour) does not keep the rest; what failed is returned as sentences.
 */
export async function syncRoutes(
  run: Run,
  want: readonly Route[],
  families: readonly (4 | 6)[] = [4, 6],
): Promise<string[]> {
  const failed: string[] = [];
  for (const family of families) {
    const plan = planRoutes(
      want.filter((r) => familyOf(r.dst) === family),
      await currentRoutes(run, family),
    );
    for (const r of plan.remove) await change(['route', 'del', r.dst, 'proto', routeProtocol], r);
    for (const r of plan.replace) await change(['route', 'replace', r.dst, 'via', r.via, 'proto', routeProtocol], r);

    async function change(args: string[], r: Route): Promise<void> {
      try {
        await run('ip', [`-${family}`, ...args]);
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        failed.push(`route to ${r.dst} via ${r.via}: ${error.message}`);
      }
    }
  }
  return failed;
}
