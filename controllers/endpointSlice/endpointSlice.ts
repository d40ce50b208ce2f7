// Keeps the EndpointSlices of each Service with a selector: what every proxy follows.
// Reads: services, pods, nodes (zones), endpointslices. Writes: endpointslices, Events.
// Mirrors: pkg/controller/endpointslice/endpointslice_controller.go. Next along the chain: proxy/, which rewrites its rules.
import { endpointSlices, nodes, pods, services } from '../../apimachinery/resources.ts';
import type { EndpointSlice, Node, Pod, Service } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { isNamespaceTerminating, tolerate } from '../common/errors.ts';
import { createFreshness, type Freshness } from '../common/freshness.ts';
import { endpointChanged, hasOwnPods, latestChange, selects } from '../common/servicePods.ts';
import { desiredGroups } from './desired.ts';
import { managedLabel, manager, planSlices, serviceLabel } from './plan.ts';

const byService = 'service';
const byNode = 'node';
const zoneOf = (node: { metadata: { labels?: Record<string, string> } }) =>
  node.metadata.labels?.['topology.kubernetes.io/zone'];

/** `workers` is --concurrent-service-endpoint-syncs, `max` is --max-endpoints-per-slice. */
export function endpointSliceController(workers = 5, max = 100): Controller {
  let fresh: Freshness;
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
      }),
      watch({
        resource: endpointSlices,
        keys: (slice) => serviceKeys(slice as EndpointSlice),
        when: (slice, old) => slice.metadata.resourceVersion !== old.metadata.resourceVersion,
      }),
      watch({
        resource: nodes,
        keys: (node, context) => servicesOn(node.metadata.name, context),
        when: (node, old) => zoneOf(node) !== zoneOf(old),
      }),
    ],
    setup({ informers, clock }) {
      const slices = informers.informer(endpointSlices);
      slices.addIndex(byService, (slice) => serviceKeys(slice as EndpointSlice));
      informers.informer(pods).addIndex(byNode, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
      fresh = createFreshness(slices, clock);
    },
    reconcile: (key, context) => reconcile(key, context, fresh, max),
  };
}

/** The Service of a slice that is ours to keep. */
function serviceKeys({ metadata }: EndpointSlice): string[] {
  const name = metadata.labels?.[serviceLabel];
  return name && metadata.labels?.[managedLabel] === manager ? [`${metadata.namespace}/${name}`] : [];
}

function servicesOf(pod: Pod, { informers }: ControllerContext): string[] {
  const all = informers.informer(services).list(pod.metadata.namespace) as Service[];
  return all.filter((s) => hasOwnPods(s) && selects(s, pod.metadata.labels)).map(keyOf);
}

const servicesOn = (node: string, context: ControllerContext): string[] => [
  ...new Set(
    context.informers
      .informer(pods)
      .byIndex(byNode, node)
      .flatMap((pod) => servicesOf(pod as Pod, context)),
  ),
];

async function reconcile(
  key: string,
  context: ControllerContext,
  fresh: Freshness,
  max: number,
): Promise<Result | undefined> {
  const { client, informers, events } = context;
  const service = informers.informer(services).get(key) as Service | undefined;
  // The owner reference takes the slices of a Service that is gone.
  if (!service || service.metadata.deletionTimestamp || !hasOwnPods(service)) return;
  if (!fresh.isFresh(key)) return { after: 1000, postponed: true };
  const existing = informers.informer(endpointSlices).byIndex(byService, key) as EndpointSlice[];
  const chosen = (informers.informer(pods).list(service.metadata.namespace) as Pod[]).filter((p) =>
    selects(service, p.metadata.labels),
  );
  const nodeOf = (name: string) => informers.informer(nodes).get(name) as Node | undefined;
  const plan = planSlices(
    service,
    desiredGroups(service, chosen, nodeOf),
    existing,
    max,
    latestChange(service, chosen),
  );
  try {
    for (const slice of plan.create) fresh.wrote(key, await client.create(endpointSlices, slice as never));
    for (const slice of plan.update) fresh.wrote(key, await client.update(endpointSlices, slice as never));
    for (const { metadata } of plan.remove)
      await tolerate(
        ['NotFound'],
        client.delete(endpointSlices, metadata.name, metadata.namespace, { preconditions: { uid: metadata.uid } }),
      );
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    events.event(
      service,
      'Warning',
      'FailedToUpdateEndpointSlices',
      `Error updating Endpoint Slices for Service ${key}: ${(error as Error).message}`,
    );
    throw error;
  }
}
