// A Service as environment variables: WEB_SERVICE_HOST and the older WEB_PORT_80_TCP family.
// Reads: Services of a namespace. Writes: name and value pairs. Pure.
// Mirrors: pkg/kubelet/envvars/envvars.go and kubelet_pods.go (getServiceEnvVarMap). Next: containerEnv.ts.
import type { Service } from '../../apimachinery/types.ts';

const hasAddress = (s: Service): boolean => !!s.spec?.clusterIP && s.spec.clusterIP !== 'None';
const upper = (text: string) => text.toUpperCase().replaceAll('-', '_');

/** Those of the pod's namespace when it wants links, and always `kubernetes` of the namespace `default`. */
export function servicesSeenBy(
  namespace: string,
  enableServiceLinks: boolean,
  services: readonly Service[],
): Service[] {
  const seen = new Map<string, Service>();
  for (const s of services.filter(hasAddress)) {
    const master = s.metadata.namespace === 'default' && s.metadata.name === 'kubernetes';
    if (master && !seen.has(s.metadata.name)) seen.set(s.metadata.name, s);
    else if (enableServiceLinks && s.metadata.namespace === namespace) seen.set(s.metadata.name, s);
  }
  return [...seen.values()];
}

export const serviceEnv = (services: readonly Service[]): Record<string, string> =>
  Object.assign({}, ...services.filter(hasAddress).map(oneService));

function oneService(service: Service): Record<string, string> {
  const name = upper(service.metadata.name);
  const host = service.spec!.clusterIP!;
  const ports = service.spec?.ports ?? [];
  if (!ports.length) return {};
  const first = ports[0]!;
  const out: Record<string, string> = {
    [`${name}_SERVICE_HOST`]: host,
    [`${name}_SERVICE_PORT`]: String(first.port),
  };
  for (const p of ports) if (p.name) out[`${name}_SERVICE_PORT_${upper(p.name)}`] = String(p.port);
  const address = host.includes(':') ? `[${host}]` : host;
  for (const [i, p] of ports.entries()) {
    const protocol = (p.protocol ?? 'TCP').toLowerCase();
    const url = `${protocol}://${address}:${p.port}`;
    const prefix = `${name}_PORT_${p.port}_${protocol.toUpperCase()}`;
    if (i === 0) out[`${name}_PORT`] = url;
    out[prefix] = url;
    out[`${prefix}_PROTO`] = protocol;
    out[`${prefix}_PORT`] = String(p.port);
    out[`${prefix}_ADDR`] = host;
  }
  return out;
}
