// Where an HTTP or TCP action of a container goes: port names resolved, defaults filled in.
// Reads: action, container, the pod's address. Pure. Mirrors: pkg/probe/util.go and pkg/probe/http/request.go.
// Next: prober.ts, hooks.ts.
import type { Container, LifecycleHandler } from '../../apimachinery/types.ts';

type HttpGet = NonNullable<LifecycleHandler['httpGet']>;

export interface HttpTarget {
  host: string;
  port: number;
  /** With query. */
  path: string;
  headers: [string, string][];
  https: boolean;
}

/** A number, or the name of one of the container's ports. Throws as strconv does for a name there is not. */
export function resolvePort(port: unknown, container: Container): number {
  const named = (container.ports ?? []).find((p) => p.name === port);
  const number = named?.containerPort ?? Number(port);
  if (!Number.isInteger(number)) throw new Error(`strconv.Atoi: parsing "${port}": invalid syntax`);
  if (number <= 0 || number >= 65536) throw new Error(`invalid port number: ${number}`);
  return number;
}

export function httpTarget(action: HttpGet, container: Container, podIP: string): HttpTarget {
  const path = action.path ?? '/';
  return {
    host: action.host || podIP,
    port: resolvePort(action.port, container),
    path: path.startsWith('/') ? path : `/${path}`,
    headers: (action.httpHeaders ?? []).map((h) => [h.name, h.value]),
    https: (action.scheme ?? 'HTTP').toUpperCase() === 'HTTPS',
  };
}
