// What a proxy does on a node with a real network beside its rules: kernel settings, health check ports, stale UDP flows.
// Writes: /proc/sys, listening ports, the connection table. Mirrors: cmd/kube-proxy/app/server_linux.go. Used by: main.ts.
import { readFile, writeFile } from 'node:fs/promises';
import type { Run } from '../component-base/command.ts';
import { UsageError } from '../component-base/flags.ts';
import type { Logger } from '../component-base/logger.ts';
import { conntrackCleaner } from './conntrack.ts';
import type { DataPlane } from './dataPlane.ts';
import { healthByPort, healthCheckServers } from './healthCheck.ts';
import { cleanupIptables, hasIptables, iptablesPlane } from './iptables.ts';
import type { Family } from './ports.ts';
import type { ServiceState } from './rules.ts';
import type { NodeView } from './topology.ts';

const families: Family[] = ['IPv4', 'IPv6'];

/** The planes of the families that this machine has. Throws UsageError when it has none. */
export async function iptablesPlanes(run: Run): Promise<Map<Family, DataPlane>> {
  const planes = new Map<Family, DataPlane>();
  for (const family of families) if (await hasIptables(family, run)) planes.set(family, iptablesPlane(family, run));
  if (planes.size) return planes;
  throw new UsageError(
    'iptables cannot be used here: install the package iptables and run with CAP_NET_ADMIN, or choose --proxy-mode=none.',
  );
}

export async function cleanup(run: Run): Promise<void> {
  for (const family of families) if (await hasIptables(family, run)) await cleanupIptables(family, run);
}

export interface RealNode {
  /** To be called after each sync, with the states that were synced. */
  synced(node: NodeView, states: readonly ServiceState[]): void;
  close(): void;
}

export async function realNode(
  run: Run,
  log: Logger,
  o: { localhostNodePorts: boolean; healthy(): boolean },
): Promise<RealNode> {
  // Pods of one bridge answer each other past iptables unless bridged packets are shown to it.
  await setKernel('net/bridge/bridge-nf-call-iptables', '1', log);
  if (o.localhostNodePorts) await setKernel('net/ipv4/conf/all/route_localnet', '1', log);
  const ports = healthCheckServers(o.healthy, log);
  const clean = conntrackCleaner(run, log);
  let cleaning: Promise<void> = Promise.resolve();
  return {
    synced(node, states) {
      ports.update(healthByPort(states, node));
      for (const state of states) {
        cleaning = cleaning
          .then(() => clean(state))
          .catch((error) => log.error({ error: String(error) }, 'cannot clear stale UDP flows'));
      }
    },
    close: () => ports.close(),
  };
}

/** Leaves alone what is right already, so that a read-only /proc/sys with the right values will do. */
async function setKernel(name: string, value: string, log: Logger): Promise<void> {
  const path = `/proc/sys/${name}`;
  try {
    if ((await readFile(path, 'utf8')).trim() !== value) await writeFile(path, value);
  } catch (error) {
    log.warn({ path, error: (error as Error).message }, 'cannot set a kernel parameter');
  }
}
