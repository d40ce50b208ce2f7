// The address at which others reach this machine: of the interface that the default route leaves by, else the first that is not loopback's.
// A node's own bridges and other networks come and go beside it, in any order. Reads: the interfaces, /proc/net/route.
// Mirrors: ChooseHostInterface in apimachinery/pkg/util/net/interface.go. Used by: the API server's and the kubelet's own address.
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

type Interfaces = ReturnType<typeof networkInterfaces>;
const up = 1;

/** The interface of the IPv4 default route with the least metric, from the text of /proc/net/route. */
export function defaultInterface(routes: string): string | undefined {
  const rows = routes
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, destination, , flags, , , , mask]) =>
        /^0{8}$/.test(destination ?? '') && /^0{8}$/.test(mask ?? '') && Number.parseInt(flags ?? '0', 16) & up,
    );
  return rows.sort((a, b) => Number(a[6]) - Number(b[6]))[0]?.[0];
}

/** IPv4 before IPv6; undefined when there is nothing but loopback. */
export function hostAddress(
  interfaces: Interfaces = networkInterfaces(),
  routes: string = readRoutes(),
): string | undefined {
  const first = defaultInterface(routes) ?? '';
  const inOrder = [...(interfaces[first] ?? []), ...Object.values(interfaces).flatMap((list) => list ?? [])];
  const outside = inOrder.filter(
    (a) => !a.internal && !a.address.startsWith('fe80:') && !a.address.startsWith('169.254.'),
  );
  return (outside.find((a) => a.family === 'IPv4') ?? outside[0])?.address;
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return '';
  }
}
