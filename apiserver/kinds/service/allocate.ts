// Gives a valid Service its ClusterIPs and node ports before it is stored, and takes back what it no longer holds afterwards.
// Reads and writes: IPAddresses (ipAllocator.ts) and the port bitmap (nodePorts.ts). Mirrors: pkg/registry/core/service/storage/alloc.go.
// What a server that is killed in between leaves claimed, ../../bootstrap/repair….ts finds.
import { invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { internalError, invalid } from '../../../apimachinery/status.ts';
import type { Context, Undo } from '../kind.ts';
import {
  allocatesNodePorts,
  type Family,
  heldIPs,
  heldPorts,
  isHeadless,
  needsClusterIP,
  needsHealthCheckPort,
  needsNodePort,
} from './facts.ts';
import { AllocationError, claimAnyIP, claimIP, releaseIP } from './ipAllocator.ts';
import { changePorts, type PortSet, takeAnyPort, takenPorts, takePort } from './nodePorts.ts';

const refused = (service: any, field: string, value: unknown, text: string) =>
  invalid({ group: '', kind: 'Service' }, service.metadata.name, [invalidValue(field, value, text)]);

/** Fills clusterIP(s), nodePorts and healthCheckNodePort in; throws Invalid when what is asked for is taken. */
export async function allocate(service: any, old: any | undefined, context: Context): Promise<Undo | undefined> {
  const claimed = { ips: [] as string[], ports: [] as number[] };
  try {
    await allocateIPs(service, old, context, claimed.ips);
    claimed.ports = await allocatePorts(service, old, context);
  } catch (error) {
    await undo(service, context, claimed);
    throw error;
  }
  if (context.dryRun || (!claimed.ips.length && !claimed.ports.length)) return undefined;
  return () => undo(service, context, claimed);
}

/**
 * Gives claims back after a write that failed. When the write is in the store after all (its answer was lost), the Service keeps
 * what it holds; when that cannot be found out, all stays claimed until the repair loops look.
 */
async function undo(service: any, context: Context, claimed: { ips: string[]; ports: number[] }): Promise<void> {
  const { name, namespace } = service.metadata;
  try {
    const now = await context.cluster.get({ group: '', plural: 'services' }, name, namespace);
    const kept = { ips: now ? heldIPs(now) : [], ports: now ? heldPorts(now) : [] };
    for (const ip of claimed.ips) if (!kept.ips.includes(ip)) await releaseIP(context.cluster, service, ip);
    await freePorts(
      context,
      claimed.ports.filter((port) => !kept.ports.includes(port)),
    );
  } catch {
    // The error that the client should see is that of the write.
  }
}

/** One address a family; those that the old Service holds are kept. What is claimed is added to `claimed` as it happens. */
async function allocateIPs(service: any, old: any, context: Context, claimed: string[]): Promise<void> {
  if (!needsClusterIP(service) || isHeadless(service)) return;
  const { spec } = service;
  const held = old ? heldIPs(old) : [];
  const wanted: string[] = [...(spec.clusterIPs ?? [])];
  for (const [i, family] of spec.ipFamilies.entries()) {
    if (wanted[i] && held.includes(wanted[i])) continue;
    const { ip, created } = await claim(service, wanted[i], family, context);
    if (created) claimed.push(ip);
    // What was asked for is stored as it was written.
    wanted[i] ||= ip;
  }
  spec.clusterIPs = wanted;
  spec.clusterIP = wanted[0];
}

async function claim(service: any, asked: string | undefined, family: Family, context: Context) {
  const { cluster, dryRun } = context;
  try {
    if (asked) return await claimIP(cluster, service, asked, dryRun);
    return { ip: await claimAnyIP(cluster, service, family, dryRun), created: !dryRun };
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    if (!asked) throw internalError(`failed to allocate a serviceIP: ${error.message}`);
    const text = `failed to allocate IP ${asked}: ${error.message}`;
    throw refused(service, 'spec.clusterIPs', service.spec.clusterIPs, text);
  }
}

/** What the ports of a Service become: by index, and the health check's. */
interface PortPlan {
  nodePorts: number[];
  healthCheck: number;
  claimed: number[];
}

async function allocatePorts(service: any, old: any, context: Context): Promise<number[]> {
  if (!needsNodePort(service)) return [];
  const plan = context.dryRun
    ? planPorts(service, old, await takenPorts(context))
    : await changePorts(context, (ports) => planPorts(service, old, ports));
  for (const [i, nodePort] of plan.nodePorts.entries()) if (nodePort) service.spec.ports[i].nodePort = nodePort;
  if (plan.healthCheck) service.spec.healthCheckNodePort = plan.healthCheck;
  return plan.claimed;
}

/** Takes from `ports` what the Service needs beyond what it holds. Asked-for numbers go first, so that no random one is in their way. */
export function planPorts(service: any, old: any, ports: PortSet, random?: () => number): PortPlan {
  const held = new Set<number>(old ? heldPorts(old) : []);
  const claimed: number[] = [];
  const take = (asked: number, refuse: (text: string) => Error): void => {
    if (held.has(asked) || claimed.includes(asked)) return;
    wrapped(() => takePort(ports, asked), refuse);
    claimed.push(asked);
  };
  const takeAny = (what: string): number => {
    const port = wrapped(
      () => takeAnyPort(ports, random),
      (text) => internalError(`failed to allocate a ${what}: ${text}`),
    );
    claimed.push(port);
    return port;
  };
  const list: any[] = service.spec.ports ?? [];
  for (const [i, port] of list.entries()) {
    if (!port.nodePort) continue;
    take(port.nodePort, (text) => refused(service, `spec.ports[${i}].nodePort`, port.nodePort, text));
  }
  const healthCheck = planHealthCheck(service, take, () => takeAny('HealthCheck NodePort 0'));
  return { nodePorts: planNodePorts(service, old, list, () => takeAny('nodePort')), healthCheck, claimed };
}

/** A port number used by two protocols gets one node port, on creation. */
function planNodePorts(service: any, old: any, list: any[], takeAny: () => number): number[] {
  const byPort = new Map<number, number>();
  for (const p of list) if (p.nodePort && !byPort.has(p.port)) byPort.set(p.port, p.nodePort);
  return list.map((p) => {
    if (p.nodePort || !allocatesNodePorts(service)) return p.nodePort ?? 0;
    const shared = old ? undefined : byPort.get(p.port);
    const nodePort = shared ?? takeAny();
    byPort.set(p.port, nodePort);
    return nodePort;
  });
}

function planHealthCheck(
  service: any,
  take: (asked: number, refuse: (text: string) => Error) => void,
  takeAny: () => number,
): number {
  if (!needsHealthCheckPort(service)) return 0;
  const asked: number = service.spec.healthCheckNodePort ?? 0;
  if (!asked) return takeAny();
  take(asked, (text) => internalError(`failed to allocate requested HealthCheck NodePort ${asked}: ${text}`));
  return asked;
}

function wrapped<T>(run: () => T, refuse: (text: string) => Error): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof AllocationError) throw refuse(error.message);
    throw error;
  }
}

async function freePorts(context: Context, numbers: readonly number[]): Promise<void> {
  if (!numbers.length) return;
  await changePorts(context, (ports) => {
    for (const port of numbers) ports.remove(port);
  });
}

/** Gives back what `old` held and `now` does not. Endpoints of a deleted Service go with it, so that a new one finds none. */
export async function release(old: any, context: Context, now?: any): Promise<void> {
  const kept = { ips: now ? heldIPs(now) : [], ports: now ? heldPorts(now) : [] };
  if (!now) {
    await context.cluster.delete({ group: '', plural: 'endpoints' }, old.metadata.name, old.metadata.namespace);
  }
  for (const ip of heldIPs(old)) if (!kept.ips.includes(ip)) await releaseIP(context.cluster, old, ip);
  await freePorts(
    context,
    heldPorts(old).filter((port) => !kept.ports.includes(port)),
  );
}
