// Keeps an Endpoints object for each Service with a selector: the old form of what EndpointSlices say.
// Reads: services, pods, endpoints. Writes: endpoints, Events.
// Mirrors: pkg/controller/endpoint/endpoints_controller.go. Next: ../endpointSlice, which the proxies follow.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { endpoints, pods, services } from '../../apimachinery/resources.ts';
import type { Endpoints, Pod, Service } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { keyOf, splitKey } from '../../client/informerCache.ts';
import { isNamespaceTerminating, tolerate } from '../common/errors.ts';
import { createFreshness, type Freshness } from '../common/freshness.ts';
import { indexPodsByLabel, indexServicesBySelector, podsOfService, servicesSelecting } from '../common/selected.ts';
import { endpointChanged, hasOwnPods } from '../common/servicePods.ts';
import { createTriggerTimes, type TriggerTimes, withTriggerTime } from '../common/triggerTimes.ts';
import { planMetadata, planSubsets, truncate } from './plan.ts';

/** `workers` is --concurrent-endpoint-syncs, `batch` --endpoint-updates-batch-period. */
export function endpointsController(workers = 5, batch = 0): Controller {
  /** Services that were deleted while we ran: what they leave goes with them, also what was made by hand. */
  const gone = new Set<string>();
  /** Services whose last write has not come back by the watch, and that wait for it. */
  const waiting = new Set<string>();
  const triggers = createTriggerTimes();
  let fresh: Freshness;
  return {
    name: 'endpoints-controller',
    serviceAccount: 'endpoint-controller',
    eventSource: 'endpoint-controller',
    workers,
    watches: [
      watch({ resource: services, keys: (s) => [keyOf(s)] }),
      watch({
        resource: pods,
        keys: (pod, context) => servicesOf(pod as Pod, context),
        when: (pod, old) => endpointChanged(pod as Pod, old as Pod),
        after: batch,
      }),
      watch({ resource: endpoints, keys: (e) => [keyOf(e)], when: (e) => waiting.has(keyOf(e)) }),
    ],
    setup({ informers, clock }) {
      indexPodsByLabel(informers);
      indexServicesBySelector(informers);
      fresh = createFreshness(informers.informer(endpoints), clock);
      informers
        .informer(services)
        .addHandler({ added: (s) => gone.delete(keyOf(s)), deleted: (s) => gone.add(keyOf(s)) });
    },
    async reconcile(key, context) {
      const service = context.informers.informer(services).get(key) as Service | undefined;
      if (service) {
        if (!fresh.isFresh(key)) {
          waiting.add(key);
          return { after: 1000, postponed: true };
        }
        waiting.delete(key);
        return reconcile(key, service, context, fresh, triggers);
      }
      await removeLeftOver(key, gone.has(key), context);
      gone.delete(key);
      waiting.delete(key);
      triggers.forget(key);
    },
  };
}

const servicesOf = (pod: Pod, { informers }: ControllerContext): string[] =>
  servicesSelecting(pod, informers).map(keyOf);

async function reconcile(
  key: string,
  service: Service,
  context: ControllerContext,
  fresh: Freshness,
  triggers: TriggerTimes,
): Promise<Result | undefined> {
  const { client, informers, events } = context;
  const current = informers.informer(endpoints).get(key) as Endpoints | undefined;
  if (!hasOwnPods(service)) return;
  const chosen = podsOfService(service, informers);
  const time = triggers.next(key, service, chosen);
  const { subsets, truncated } = truncate(planSubsets(service, chosen));
  const { labels, annotations } = planMetadata(service, current, truncated);
  const same =
    current &&
    deepEqual(current.subsets ?? [], subsets) &&
    deepEqual(current.metadata.labels ?? {}, labels) &&
    deepEqual(current.metadata.annotations ?? {}, annotations);
  if (same) return;
  const metadata = { labels, annotations: withTriggerTime(annotations, time) };
  try {
    const { name, namespace } = service.metadata;
    const written = current
      ? client.update(endpoints, { ...current, metadata: { ...current.metadata, ...metadata }, subsets } as never)
      : client.create(endpoints, { metadata: { ...metadata, name, namespace }, subsets } as never);
    fresh.wrote(key, await written);
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    const text = (error as Error).message;
    if (current)
      events.event(current, 'Warning', 'FailedToUpdateEndpoint', `Failed to update endpoint ${key}: ${text}`);
    else
      events.event(
        service,
        'Warning',
        'FailedToCreateEndpoint',
        `Failed to create endpoint for service ${key}: ${text}`,
      );
    throw error;
  }
}

/** There is no Service. What nobody's Service left behind and we did not write is its maker's. */
async function removeLeftOver(
  key: string,
  serviceGone: boolean,
  { client, informers }: ControllerContext,
): Promise<void> {
  const current = informers.informer(endpoints).get(key) as Endpoints | undefined;
  if (!current || (!serviceGone && !current.metadata.labels?.['endpoints.kubernetes.io/managed-by'])) return;
  const { namespace, name } = splitKey(key);
  await tolerate(
    ['NotFound'],
    client.delete(endpoints, name, namespace, { preconditions: { uid: current.metadata.uid } }),
  );
}
