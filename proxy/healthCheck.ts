// Answers load balancers on each Service's healthCheckNodePort: 200 while this node has ready endpoints of it, 503 otherwise.
// Reads: the state of the last sync. Mirrors: pkg/proxy/healthcheck/service_health.go. Used by: main.ts, on nodes with a real network.
import type { Server } from 'node:http';
import { createServer } from '../component-base/http.ts';
import type { Logger } from '../component-base/logger.ts';
import { endpointKey } from './endpoints.ts';
import type { ProxyPort } from './ports.ts';
import type { ServiceState } from './rules.ts';
import { isLocal, type NodeView } from './topology.ts';

export interface ServiceHealth {
  namespace: string;
  name: string;
  localEndpoints: number;
}

/** By port: what to answer there. An address that several ports of a Service share counts once. */
export function healthByPort(states: readonly ServiceState[], node: NodeView): Map<number, ServiceHealth> {
  const local = new Map<number, { port: ProxyPort; ips: Set<string> }>();
  for (const state of states) {
    for (const port of state.ports.filter((p) => p.healthCheckNodePort && p.externalLocal)) {
      const entry = local.get(port.healthCheckNodePort) ?? { port, ips: new Set() };
      local.set(port.healthCheckNodePort, entry);
      for (const e of state.endpoints.get(endpointKey(port.name, port.protocol)) ?? []) {
        if (e.ready && isLocal(e, node)) entry.ips.add(e.ip);
      }
    }
  }
  return new Map([...local].map(([number, { port, ips }]) => [number, { ...port.service, localEndpoints: ips.size }]));
}

export interface HealthCheckServers {
  update(wanted: ReadonlyMap<number, ServiceHealth>): void;
  close(): void;
}

/** Listens on what is wanted and no more. A port that is taken is told and tried again at the next update. */
export function healthCheckServers(proxyHealthy: () => boolean, log: Logger, host?: string): HealthCheckServers {
  const servers = new Map<number, Server>();
  let health: ReadonlyMap<number, ServiceHealth> = new Map();

  function open(port: number): Server {
    const server = createServer((_, response) => {
      const service = health.get(port);
      const { namespace, name, localEndpoints } = service ?? { namespace: '', name: '', localEndpoints: 0 };
      const healthy = proxyHealthy();
      response.writeHead(localEndpoints > 0 && healthy ? 200 : 503, {
        'content-type': 'application/json',
        'x-content-type-options': 'nosniff',
        'x-load-balancing-endpoint-weight': String(localEndpoints),
      });
      response.end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy: healthy }));
    });
    server.on('error', (error) => {
      log.error({ port, service: health.get(port), error: error.message }, 'cannot serve the health check port');
      servers.delete(port);
    });
    server.listen(port, host);
    server.unref();
    return server;
  }
  const shut = (server: Server) => {
    server.close();
    server.closeAllConnections();
  };

  return {
    update(wanted) {
      health = wanted;
      for (const [port, server] of servers) {
        if (wanted.has(port)) continue;
        servers.delete(port);
        shut(server);
      }
      for (const port of wanted.keys()) if (!servers.has(port)) servers.set(port, open(port));
    },
    close() {
      for (const server of servers.values()) shut(server);
      servers.clear();
    },
  };
}
