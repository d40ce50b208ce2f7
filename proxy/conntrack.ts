// Forgets UDP flows that still go where no endpoint is any more: without this a client that keeps its port keeps its dead endpoint.
// Reads: the states before and after a sync. Writes: the kernel's connection table, with the program conntrack, where it is installed.
// Mirrors: pkg/proxy/conntrack/cleanup.go. Used by: main.ts after each iptables sync.

import { CommandError, type Run } from '../component-base/command.ts';
import type { Logger } from '../component-base/logger.ts';
import { endpointKey } from './endpoints.ts';
import type { Family, ProxyPort } from './ports.ts';
import type { ServiceState } from './rules.ts';

/** Arguments of one `conntrack -D` each: flows to an address of a Service, or also through one endpoint. */
export function staleFlows(before: ServiceState | undefined, after: ServiceState): string[][] {
  const udp = after.ports.filter((p) => p.protocol === 'udp');
  return udp.flatMap((port) => {
    const key = endpointKey(port.name, port.protocol);
    const was = new Set(usable(before, key));
    const is = new Set(usable(after, key));
    // From none to some: flows that were sent into the void would go on there.
    if (!was.size && is.size) return destinations(port).map((d) => [...d]);
    const gone = [...was].filter((ip) => !is.has(ip));
    return gone.flatMap((ip) => destinations(port).map((d) => [...d, '--dst-nat', ip]));
  });
}

const usable = (state: ServiceState | undefined, key: string): string[] =>
  (state?.endpoints.get(key) ?? []).filter((e) => e.ready || (e.serving && e.terminating)).map((e) => e.ip);

const destinations = (p: ProxyPort): string[][] => [
  ...[p.clusterIP, ...p.externalIPs, ...p.loadBalancerIPs].map((ip) => ['--orig-dst', ip]),
  ...(p.nodePort ? [['--orig-port-dst', String(p.nodePort)]] : []),
];

/** Remembers the last state of each family and clears what has become stale. Without the program it says so once. */
export function conntrackCleaner(run: Run, log: Logger): (state: ServiceState) => Promise<void> {
  const last = new Map<Family, ServiceState>();
  let missing = false;
  return async (state) => {
    const stale = staleFlows(last.get(state.family), state);
    last.set(state.family, state);
    if (missing) return;
    for (const flow of stale) {
      try {
        const family = state.family === 'IPv6' ? 'ipv6' : 'ipv4';
        await run('conntrack', ['-D', '-f', family, '-p', 'udp', ...flow]);
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        // "0 flow entries have been deleted" is an exit code of 1 too.
        if (!error.missing) continue;
        missing = true;
        log.warn({}, 'the program conntrack is not installed: UDP clients may stay with removed endpoints for minutes');
        return;
      }
    }
  };
}
