// The fewest writes that bring the slices of a Service to what they should hold: what is right stays where it is,
// slices that change anyway are filled first, then one with room, then new ones. Pure.
// Mirrors: reconcileByPortMapping and finalize in staging/src/k8s.io/endpointslice/reconciler.go. Used by: endpointSlice.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { services } from '../../apimachinery/resources.ts';
import type { Endpoint, EndpointSlice, Service } from '../../apimachinery/types.ts';
import { controllerRef } from '../common/owners.ts';
import { isHeadless, lastChangeAnnotation } from '../common/servicePods.ts';
import { type Group, groupKey } from './desired.ts';

export const serviceLabel = 'kubernetes.io/service-name';
export const managedLabel = 'endpointslice.kubernetes.io/managed-by';
export const manager = 'endpointslice-controller.k8s.io';
const headlessLabel = 'service.kubernetes.io/headless';

export interface SlicePlan {
  create: object[];
  update: EndpointSlice[];
  remove: EndpointSlice[];
}

/** `changed` is when what triggered this happened, for the annotation on what is written. */
export function planSlices(
  service: Service,
  groups: readonly Group[],
  existing: readonly EndpointSlice[],
  max: number,
  changed: string,
): SlicePlan {
  const labels = labelsOf(service);
  const byGroup = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    const key = groupKey(slice.addressType, slice.ports);
    byGroup.set(key, [...(byGroup.get(key) ?? []), slice]);
  }
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  const make = (group: Group, endpoints: Endpoint[]) => ({
    metadata: {
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace,
      labels,
      annotations: { [lastChangeAnnotation]: changed },
      ownerReferences: [controllerRef(service, services)],
    },
    addressType: group.addressType,
    endpoints,
    ports: group.ports,
  });
  for (const group of groups) {
    const key = groupKey(group.addressType, group.ports);
    planGroup(group, byGroup.get(key) ?? [], { labels, max, make: (endpoints) => make(group, endpoints) }, plan);
    byGroup.delete(key);
  }
  for (const slices of byGroup.values()) plan.remove.push(...slices);
  reuse(plan);
  for (const slice of plan.update)
    slice.metadata.annotations = { ...slice.metadata.annotations, [lastChangeAnnotation]: changed };
  return plan;
}

function labelsOf(service: Service): Record<string, string> {
  const { [headlessLabel]: _h, [serviceLabel]: _s, [managedLabel]: _m, ...own } = service.metadata.labels ?? {};
  return {
    ...own,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [serviceLabel]: service.metadata.name,
    [managedLabel]: manager,
  };
}

interface GroupOptions {
  labels: Record<string, string>;
  max: number;
  make(endpoints: Endpoint[]): object;
}

const endpointKey = (e: Endpoint): string => JSON.stringify([e.addresses, e.targetRef?.uid]);

function planGroup(group: Group, slices: readonly EndpointSlice[], o: GroupOptions, plan: SlicePlan): void {
  const missing = new Map(group.endpoints.map((e) => [endpointKey(e), e]));
  const changed: EndpointSlice[] = [];
  const kept: EndpointSlice[] = [];
  const empty: EndpointSlice[] = [];
  for (const slice of slices) {
    const endpoints: Endpoint[] = [];
    for (const e of slice.endpoints ?? []) {
      const wanted = missing.get(endpointKey(e));
      if (wanted) endpoints.push(wanted);
      missing.delete(endpointKey(e));
    }
    const next = { ...slice, metadata: { ...slice.metadata, labels: o.labels }, endpoints };
    const same = deepEqual(endpoints, slice.endpoints ?? []) && deepEqual(o.labels, slice.metadata.labels ?? {});
    if (!endpoints.length && (slice.endpoints?.length || group.endpoints.length)) empty.push(next);
    else if (same) kept.push(slice);
    else changed.push(next);
  }
  place([...missing.values()], changed, kept, empty, o, plan);
  // With nothing to hold one placeholder says that the Service has no endpoints, rather than that nobody looked yet.
  if (!group.endpoints.length && !changed.length && !kept.length) {
    const placeholder = empty.shift();
    if (placeholder) changed.push(placeholder);
    else plan.create.push(o.make([]));
  }
  plan.update.push(...changed);
  plan.remove.push(...empty);
}

/** Finds room for what no slice has: in those that change, in one other, in emptied ones, in new ones. */
function place(
  missing: Endpoint[],
  changed: EndpointSlice[],
  kept: EndpointSlice[],
  empty: EndpointSlice[],
  o: GroupOptions,
  plan: SlicePlan,
): void {
  const room = (s: EndpointSlice) => o.max - (s.endpoints?.length ?? 0);
  for (const slice of changed.sort((a, b) => room(a) - room(b)))
    slice.endpoints!.push(...missing.splice(0, Math.max(room(slice), 0)));
  const fitting = kept.filter((s) => room(s) >= missing.length).sort((a, b) => room(a) - room(b))[0];
  if (missing.length && fitting) {
    kept.splice(kept.indexOf(fitting), 1);
    changed.push({
      ...fitting,
      metadata: { ...fitting.metadata },
      endpoints: [...(fitting.endpoints ?? []), ...missing.splice(0)],
    });
  }
  while (missing.length) {
    const endpoints = missing.splice(0, o.max);
    const emptied = empty.shift();
    if (emptied) changed.push({ ...emptied, endpoints });
    else plan.create.push(o.make(endpoints));
  }
}

/** A slice that would go and one that would come, of one family, are a single update. */
function reuse(plan: SlicePlan): void {
  for (const slice of [...plan.remove]) {
    const at = plan.create.findIndex((c) => (c as EndpointSlice).addressType === slice.addressType);
    if (at < 0) continue;
    const [made] = plan.create.splice(at, 1) as [EndpointSlice];
    plan.remove.splice(plan.remove.indexOf(slice), 1);
    plan.update.push({
      ...slice,
      metadata: { ...slice.metadata, labels: made.metadata.labels },
      endpoints: made.endpoints,
      ports: made.ports,
    });
  }
}
