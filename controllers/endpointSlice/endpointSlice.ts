// Keeps the EndpointSlices of each Service with a selector: what every proxy follows.
// Reads: services, pods, nodes (zones), endpointslices. Writes: endpointslices, Events.
// Mirrors: pkg/controller/endpointslice/endpointslice_controller.go. Next along the chain: proxy/, which rewrites its rules.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { endpointSlices, nodes, pods, services } from '../../apimachinery/resources.ts';
import type { EndpointSlice, Node, Pod, Service } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { isNamespaceTerminating, tolerate } from '../common/errors.ts';
import { createFreshness, type Freshness } from '../common/freshness.ts';
import { indexPodsByLabel, indexServicesBySelector, podsOfService, servicesSelecting } from '../common/selected.ts';
import { endpointChanged, familiesOf, hasOwnPods } from '../common/servicePods.ts';
import { createTriggerTimes, type TriggerTimes, withTriggerTime } from '../common/triggerTimes.ts';
import { type Capacity, createCapacity } from './capacity.ts';
import { desiredGroups } from './desired.ts';
import { managedLabel, manager, planSlices, type SlicePlan, serviceLabel } from './plan.ts';
import { wantsZoneHints } from './topology.ts';
import { capacityOf } from './zones.ts';

const byService = 'service';
const byNode = 'node';
const zoneOf = (node: { metadata: { labels?: Record<string, string> } }) =>
  node.metadata.labels?.['topology.kubernetes.io/zone'];

/** `workers` is --concurrent-service-endpoint-syncs, `max` --max-endpoints-per-slice, `batch` --endpointslice-updates-batch-period. */
export function endpointSliceController(workers = 5, max = 100, batch = 0): Controller {
  let fresh: Freshness;
  let capacity: Capacity;
  const triggers = createTriggerTimes();
  return {
    name: 'endpointslice-controller',
    eventSource: 'endpoint-slice-controller',
    workers,
    watches: [
      watch({ resource: services, keys: (s) => [keyOf(s)] }),
      watch({
        resource: pods,
        keys: (pod, context) => servicesOf(pod as Pod, context),
        when: (pod, old) => endpointChanged(pod as Pod, old as Pod),
        after: batch,
      }),
      watch({
        resource: endpointSlices,
        keys: (slice) => serviceKeys(slice as EndpointSlice),
        when: (slice, old) => slice.metadata.resourceVersion !== old.metadata.resourceVersion,
      }),
      watch({
        resource: nodes,
        // A node that goes may come again while its pods run on: they are looked at when the next event comes.
        keys: ({ metadata: { name } }, context) =>
          context.informers.informer(nodes).get(name) ? servicesOn(name, context) : [],
        when: (node, old) => zoneOf(node) !== zoneOf(old),
      }),
    ],
    setup({ informers, clock }, enqueue) {
      indexPodsByLabel(informers);
      indexServicesBySelector(informers);
      const slices = informers.informer(endpointSlices);
      slices.addIndex(byService, (slice) => serviceKeys(slice as EndpointSlice));
      informers.informer(pods).addIndex(byNode, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
      fresh = createFreshness(slices, clock);
      const all = informers.informer(nodes);
      capacity = createCapacity(() => all.list() as Node[], enqueue);
      all.addHandler({
        added: () => capacity.changed(),
        updated: (node, old) =>
          deepEqual(capacityOf(node as Node), capacityOf(old as Node)) ? undefined : capacity.changed(),
        deleted: () => capacity.changed(),
      });
    },
    reconcile: (key, context) => reconcile(key, context, { fresh, triggers, capacity, max }),
  };
}

interface Deps {
  fresh: Freshness;
  triggers: TriggerTimes;
  capacity: Capacity;
  max: number;
}

/** The Service of a slice that is ours to keep. */
function serviceKeys({ metadata }: EndpointSlice): string[] {
  const name = metadata.labels?.[serviceLabel];
  return name && metadata.labels?.[managedLabel] === manager ? [`${metadata.namespace}/${name}`] : [];
}

const servicesOf = (pod: Pod, { informers }: ControllerContext): string[] =>
  servicesSelecting(pod, informers).map(keyOf);

const servicesOn = (node: string, context: ControllerContext): string[] => [
  ...new Set(
    context.informers
      .informer(pods)
      .byIndex(byNode, node)
      .flatMap((pod) => servicesOf(pod as Pod, context)),
  ),
];

async function reconcile(key: string, context: ControllerContext, deps: Deps): Promise<Result | undefined> {
  const { informers, events } = context;
  const service = informers.informer(services).get(key) as Service | undefined;
  // The owner reference takes the slices of a Service that is gone.
  if (!service) {
    deps.triggers.forget(key);
    deps.capacity.forget(key);
  }
  if (!service || service.metadata.deletionTimestamp || !hasOwnPods(service)) return;
  if (!deps.fresh.isFresh(key)) return { after: 1000, postponed: true };
  const plan = planFor(key, service, context, deps);
  try {
    await write(key, plan, context, deps.fresh);
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    const message = `Error updating Endpoint Slices for Service ${key}: ${(error as Error).message}`;
    events.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message);
    throw error;
  }
}

function planFor(key: string, service: Service, { informers, events, log }: ControllerContext, deps: Deps): SlicePlan {
  const existing = informers.informer(endpointSlices).byIndex(byService, key) as EndpointSlice[];
  const chosen = podsOfService(service, informers);
  const { groups, homeless } = desiredGroups(
    service,
    chosen,
    (name) => informers.informer(nodes).get(name) as Node | undefined,
  );
  // Its node may come; then we are called.
  for (const { metadata, spec } of homeless)
    log.debug({ pod: metadata.name, service: key, node: spec?.nodeName }, 'skipping Pod for Service, Node not found');
  const plan = planSlices(service, groups, existing, deps.max, wantsZoneHints(service));
  for (const addressType of familiesOf(service))
    for (const { type, reason, message } of deps.capacity.apply(key, service, plan, addressType))
      events.event(service, type, reason, message);
  const time = deps.triggers.next(key, service, chosen);
  for (const { metadata } of [...plan.create, ...plan.update])
    metadata.annotations = withTriggerTime(metadata.annotations, time);
  return plan;
}

async function write(key: string, plan: SlicePlan, { client }: ControllerContext, fresh: Freshness): Promise<void> {
  for (const slice of plan.create) fresh.wrote(key, await client.create(endpointSlices, slice as never));
  for (const slice of plan.update) fresh.wrote(key, await client.update(endpointSlices, slice as never));
  for (const { metadata } of plan.remove)
    await tolerate(
      ['NotFound'],
      client.delete(endpointSlices, metadata.name, metadata.namespace, { preconditions: { uid: metadata.uid } }),
    );
}
