// Gives each Service of type LoadBalancer one of the cloud's, keeps it in step, and takes it away before the Service may go.
// Reads: services, nodes. Writes: finalizer and status of services, Events; whatever the provider does.
// Mirrors: staging/src/k8s.io/cloud-provider/controllers/service/controller.go. Next: servicePlan.ts; then kube-proxy serves the address.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { nodes, services } from '../../apimachinery/resources.ts';
import type { Node, Service } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import type { InformerFactory } from '../../client/informer.ts';
import { keyOf } from '../../client/informerCache.ts';
import { tolerate } from '../common/errors.ts';
import type { CloudProvider, Ingress, LoadBalancers } from './provider.ts';
import {
  changeOf,
  cleanupFinalizer,
  hasFinalizer,
  needsCleanup,
  takesTraffic,
  wantsLoadBalancer,
} from './servicePlan.ts';

interface Work extends ControllerContext {
  balancers: LoadBalancers;
  /** The nodes behind each Service, as last told to the cloud. */
  behind: Map<string, string>;
}

const backends = ({ informers }: { informers: InformerFactory }): Node[] =>
  (informers.informer(nodes).list() as Node[]).filter(takesTraffic);
const namesOf = (list: readonly Node[]): string[] => list.map((node) => node.metadata.name).sort();

/** Clouds are slow and count requests: a failure is tried again after so long, doubled each time. */
const firstRetry = 5_000;
const lastRetry = 300_000;

/** Undefined when the cloud has no load balancers. Keys: `service ns/name`, and `nodes ns/name` when only the nodes have changed. */
export function serviceController(provider: CloudProvider, workers: number): Controller | undefined {
  const balancers = provider.loadBalancers;
  if (!balancers) return undefined;
  const behind = new Map<string, string>();
  const failures = new Map<string, number>();
  return {
    name: 'service-lb-controller',
    serviceAccount: 'service-controller',
    eventSource: 'service-controller',
    workers,
    watches: [
      watch({
        resource: services,
        keys: (service) => (wantsLoadBalancer(service) || needsCleanup(service) ? [`service ${keyOf(service)}`] : []),
        when: (service, old) => changeOf(old, service) !== undefined || needsCleanup(service),
      }),
      watch({
        resource: nodes,
        keys: (_node, { informers }) =>
          (informers.informer(services).list() as Service[])
            .filter(wantsLoadBalancer)
            .map((service) => `nodes ${keyOf(service)}`),
        when: (node, old) => takesTraffic(node) !== takesTraffic(old) || node.spec?.providerID !== old.spec?.providerID,
      }),
    ],
    setup({ informers, events }) {
      provider.watch?.(informers);
      informers.informer(services).addHandler({
        updated(service, old) {
          const change = changeOf(old, service);
          if (change && change !== 'quiet') events.event(service, 'Normal', change.reason, change.message);
        },
        deleted(service) {
          behind.delete(keyOf(service));
          failures.delete(keyOf(service));
        },
      });
    },
    async reconcile(key, context) {
      const [what, name] = key.split(' ') as ['service' | 'nodes', string];
      const service = context.informers.informer(services).get(name) as Service | undefined;
      if (!service) return;
      const work = { ...context, balancers, behind };
      if (what === 'nodes') return moveNodes(service, work);
      try {
        await sync(service, work);
        failures.delete(name);
        return;
      } catch (error) {
        const text = `Error syncing load balancer: ${(error as Error).message}`;
        context.events.event(service, 'Warning', 'SyncLoadBalancerFailed', text);
        context.log.info({ key: name }, text);
        const n = failures.get(name) ?? 0;
        failures.set(name, n + 1);
        return { after: Math.min(firstRetry * 2 ** n, lastRetry), postponed: true };
      }
    },
  };
}

const sync = (service: Service, work: Work): Promise<void> =>
  !wantsLoadBalancer(service) || needsCleanup(service) ? remove(service, work) : ensure(service, work);

/** The finalizer comes before the load balancer and goes after it, so that none is ever left behind. */
async function ensure(service: Service, work: Work): Promise<void> {
  const { balancers, behind, events } = work;
  const tell = (type: 'Normal' | 'Warning', reason: string, text: string) => events.event(service, type, reason, text);
  tell('Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer');
  if (!hasFinalizer(service))
    await wrapped(
      'failed to add load balancer cleanup finalizer',
      write(service, { finalizers: [cleanupFinalizer] }, work),
    );
  const list = backends(work);
  if (!list.length) tell('Warning', 'UnAvailableLoadBalancer', 'There are no available nodes for LoadBalancer');
  const ingress = await wrapped('failed to ensure load balancer', balancers.ensure(service, list));
  behind.set(keyOf(service), namesOf(list).join());
  tell('Normal', 'EnsuredLoadBalancer', 'Ensured load balancer');
  await writeStatus(service, ingress, work);
}

async function remove(service: Service, work: Work): Promise<void> {
  const { balancers, behind, events } = work;
  const what = 'failed to check if load balancer exists before cleanup';
  if (await wrapped(what, balancers.get(service))) {
    events.event(service, 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer');
    await wrapped('failed to delete load balancer', balancers.delete(service));
  }
  behind.delete(keyOf(service));
  if (!service.metadata.deletionTimestamp) await writeStatus(service, [], work);
  const drop = { '$deleteFromPrimitiveList/finalizers': [cleanupFinalizer] };
  if (hasFinalizer(service))
    await wrapped('failed to remove load balancer cleanup finalizer', write(service, drop, work));
  events.event(service, 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer');
}

async function moveNodes(service: Service, work: Work): Promise<undefined> {
  const { balancers, behind, events } = work;
  const key = keyOf(service);
  const list = backends(work);
  const names = namesOf(list);
  // Before the first ensure there is nothing to move.
  if (!behind.has(key) || behind.get(key) === names.join() || !wantsLoadBalancer(service)) return;
  try {
    await balancers.update(service, list);
  } catch (error) {
    if (!(await balancers.get(service))) return;
    const text = `Error updating load balancer with new hosts [${names.join(' ')}]: ${(error as Error).message}`;
    events.event(service, 'Warning', 'UpdateLoadBalancerFailed', text);
    throw error;
  }
  behind.set(key, names.join());
  if (list.length) events.event(service, 'Normal', 'UpdatedLoadBalancer', 'Updated load balancer with new hosts');
  else events.event(service, 'Warning', 'UnAvailableLoadBalancer', 'There are no available nodes for LoadBalancer');
}

async function wrapped<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** Through /status, which is all that this controller's role may write: metadata goes along. */
const write = ({ metadata: { name, namespace, uid } }: Service, change: object, { client }: Work): Promise<unknown> =>
  tolerate(
    ['NotFound'],
    client.patch(services, name, namespace, 'strategic', { metadata: { uid, ...change } }, { subresource: 'status' }),
  );

async function writeStatus(service: Service, ingress: readonly Ingress[], { client }: Work): Promise<void> {
  const before = service.status?.loadBalancer?.ingress ?? [];
  if (deepEqual(before.map(bare), ingress.map(bare))) return;
  const { name, namespace, uid } = service.metadata;
  const status = { loadBalancer: { ingress: ingress.length ? ingress : null } };
  const patch = { metadata: { uid }, status };
  await wrapped(
    'failed to update load balancer status',
    tolerate(['NotFound'], client.patch(services, name, namespace, 'merge', patch, { subresource: 'status' })),
  );
}

const bare = ({
  ip = '',
  hostname = '',
  ipMode = 'VIP',
}: Ingress | { ip?: string; hostname?: string; ipMode?: string }) => ({
  ip,
  hostname,
  ipMode: ip ? ipMode : '',
});
