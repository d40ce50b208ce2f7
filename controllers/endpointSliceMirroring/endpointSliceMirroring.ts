// Copies Endpoints that people or programs keep by hand, for Services without a selector, into EndpointSlices: what proxies follow.
// Reads: endpoints, services, endpointslices. Writes: endpointslices, Events.
// Mirrors: pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go. Next: plan.ts; then proxy/.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { endpointSlices, endpoints, services } from '../../apimachinery/resources.ts';
import type { EndpointSlice, Endpoints, Service } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { isNamespaceTerminating, tolerate } from '../common/errors.ts';
import { createFreshness, type Freshness } from '../common/freshness.ts';
import { managedLabel, serviceLabel } from '../endpointSlice/plan.ts';
import { isMirrored, mirror, planMirror } from './plan.ts';

const byService = 'mirrored';

/** `workers` is --mirroring-concurrent-service-endpoint-syncs, `max` --mirroring-max-endpoints-per-subset, `batch` --mirroring-endpointslice-updates-batch-period. */
export function endpointSliceMirroringController(workers = 5, max = 1000, batch = 0): Controller {
  let fresh: Freshness;
  return {
    name: 'endpointslice-mirroring-controller',
    serviceAccount: 'endpointslicemirroring-controller',
    eventSource: 'endpoint-slice-mirroring-controller',
    workers,
    watches: [
      watch({ resource: endpoints, keys: (e) => (isMirrored(e as Endpoints) ? [keyOf(e)] : []), after: batch }),
      watch({
        resource: services,
        keys: (s) => [keyOf(s)],
        when: (s, old) => Boolean((s as Service).spec?.selector) !== Boolean((old as Service).spec?.selector),
      }),
      watch({
        resource: endpointSlices,
        keys: (slice) => serviceKeys(slice as EndpointSlice),
        when: (slice, old) => !deepEqual(shown(slice as EndpointSlice), shown(old as EndpointSlice)),
      }),
    ],
    setup({ informers, clock }) {
      const slices = informers.informer(endpointSlices);
      slices.addIndex(byService, (slice) => serviceKeys(slice as EndpointSlice));
      fresh = createFreshness(slices, clock);
    },
    reconcile: (key, context) => reconcile(key, context, fresh, max),
  };
}

const shown = ({ metadata, endpoints: list, ports }: EndpointSlice) => [
  metadata.labels,
  metadata.annotations,
  list,
  ports,
];

/** The Endpoints of a slice that is ours to keep. */
function serviceKeys({ metadata }: EndpointSlice): string[] {
  const name = metadata.labels?.[serviceLabel];
  return name && metadata.labels?.[managedLabel] === mirror ? [`${metadata.namespace}/${name}`] : [];
}

async function reconcile(
  key: string,
  context: ControllerContext,
  fresh: Freshness,
  max: number,
): Promise<Result | undefined> {
  const { client, informers } = context;
  if (!fresh.isFresh(key)) return { after: 1000, postponed: true };
  const existing = informers.informer(endpointSlices).byIndex(byService, key) as EndpointSlice[];
  const source = informers.informer(endpoints).get(key) as Endpoints | undefined;
  const service = informers.informer(services).get(key) as Service | undefined;
  if (!source || !isMirrored(source) || !service || service.spec?.selector) return removeAll(existing, context);
  const plan = planMirror(source, existing, max);
  tell(source, plan, max, context);
  try {
    for (const slice of source.metadata.deletionTimestamp ? [] : plan.create)
      fresh.wrote(key, await client.create(endpointSlices, slice as never));
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    throw error;
  }
  for (const slice of plan.update) fresh.wrote(key, await client.update(endpointSlices, slice as never));
  return removeAll(plan.remove, context);
}

function tell(
  source: Endpoints,
  { invalid, skipped }: { invalid: number; skipped: number },
  max: number,
  { events }: ControllerContext,
): void {
  if (invalid) {
    const message = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`;
    events.event(source, 'Warning', 'InvalidIPAddress', message);
  }
  if (skipped > invalid) {
    const most = `A max of ${max} addresses can be mirrored to EndpointSlices per Endpoints subset.`;
    events.event(source, 'Warning', 'TooManyAddressesToMirror', `${most} ${skipped} addresses were skipped`);
  }
}

async function removeAll(slices: readonly EndpointSlice[], { client }: ControllerContext): Promise<undefined> {
  for (const { metadata } of slices)
    await tolerate(
      ['NotFound'],
      client.delete(endpointSlices, metadata.name, metadata.namespace, { preconditions: { uid: metadata.uid } }),
    );
}
