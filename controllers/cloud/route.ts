// Keeps the cloud's routes to the pod ranges of Nodes, and says in each Node's conditions whether its pods can be reached.
// Reads: nodes, the provider's routes. Writes: routes, the condition NetworkUnavailable of nodes, Events.
// Mirrors: staging/src/k8s.io/cloud-provider/controllers/route/route_controller.go. Next: ../nodeLifecycle makes a taint of the condition.
import { toTime } from '../../apimachinery/clock.ts';
import { type CIDR, cidrContains, parseCIDR } from '../../apimachinery/ipFormat.ts';
import { nodes } from '../../apimachinery/resources.ts';
import type { Node } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import type { CloudProvider, Route, Routes } from './provider.ts';

export interface RoutePlan {
  remove: Route[];
  create: Route[];
}

/** Routes outside `clusterCidrs` are someone else's. The hint of a route's name is the Node's uid. */
export function planRoutes(all: readonly Node[], routes: readonly Route[], clusterCidrs: readonly string[]): RoutePlan {
  const ranges = clusterCidrs.map(parseCIDR).filter((c) => c !== undefined);
  const wanted = all.flatMap((node) =>
    (node.spec?.podCIDRs ?? []).map((cidr) => ({ name: node.metadata.uid ?? '', target: node.metadata.name, cidr })),
  );
  const same = (a: Route, b: Route) => a.target === b.target && a.cidr === b.cidr;
  const isWanted = (route: Route) => wanted.some((w) => same(w, route));
  return {
    remove: routes.filter((r) => isWithin(ranges, r.cidr) && (r.blackhole || !isWanted(r))),
    create: wanted.filter((w) => !routes.some((r) => !r.blackhole && same(w, r))),
  };
}

const isWithin = (ranges: readonly CIDR[], text: string): boolean => {
  const cidr = parseCIDR(text);
  if (!cidr) return false;
  const last = cidr.base + (1n << BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefix)) - 1n;
  return ranges.some((r) => [cidr.base, last].some((value) => cidrContains(r, { family: cidr.family, value })));
};

export interface RouteOptions {
  clusterCidrs: readonly string[];
  /** --route-reconciliation-period, in milliseconds. */
  period: number;
}

const key = 'all';

/** Undefined when the cloud has no routes. One key: routes are looked at all together. */
export function routeController(provider: CloudProvider, o: RouteOptions): Controller | undefined {
  const { routes } = provider;
  if (!routes) return undefined;
  return {
    name: 'node-route-controller',
    serviceAccount: 'route-controller',
    eventSource: 'route_controller',
    workers: 1,
    watches: [watch({ resource: nodes, keys: () => [] })],
    setup: ({ informers }) => provider.watch?.(informers),
    async run({ clock }, enqueue, signal) {
      for (; !signal.aborted; await sleep(clock, o.period, signal)) enqueue(key);
    },
    async reconcile(_key, context) {
      const all = context.informers.informer(nodes).list() as Node[];
      const plan = planRoutes(all, await routes.list(), o.clusterCidrs);
      const failed = await carryOut(plan, routes, context);
      for (const node of all)
        if (node.spec?.podCIDRs?.length) await tell(node, !failed.has(node.metadata.name), context);
    },
  };
}

/** The Nodes that lack a route afterwards. */
async function carryOut(plan: RoutePlan, routes: Routes, { events, log }: ControllerContext): Promise<Set<string>> {
  const failed = new Set<string>();
  for (const route of plan.remove)
    await routes.delete(route).catch((error) => log.warn({ route, error: String(error) }, 'could not delete a route'));
  for (const route of plan.create)
    try {
      await routes.create(route);
    } catch (error) {
      failed.add(route.target);
      const text = `Could not create route ${route.name} ${route.cidr} for node ${route.target}: ${(error as Error).message}`;
      const about = { kind: 'Node', name: route.target, uid: route.target, apiVersion: 'v1' };
      events.event(about, 'Warning', 'FailedToCreateRoute', text);
    }
  return failed;
}

async function tell(node: Node, created: boolean, { client, clock }: ControllerContext): Promise<void> {
  const status = created ? 'False' : 'True';
  if (node.status?.conditions?.find((c) => c.type === 'NetworkUnavailable')?.status === status) return;
  const words = created
    ? { reason: 'RouteCreated', message: 'RouteController created a route' }
    : { reason: 'NoRouteCreated', message: 'RouteController failed to create a route' };
  const now = toTime(clock.now());
  const condition = { type: 'NetworkUnavailable', status, ...words, lastTransitionTime: now, lastHeartbeatTime: now };
  const patch = { status: { conditions: [condition] } };
  await tolerate(
    ['NotFound'],
    client.patch(nodes, node.metadata.name, undefined, 'strategic', patch, { subresource: 'status' }),
  );
}
