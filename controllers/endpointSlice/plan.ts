// The fewest writes that bring the slices of a Service to what they should hold: what is right stays where it is,
// slices that change anyway are filled first, then one with room, then new ones. Pure.
// Mirrors: reconcileByPortMapping and finalize in staging/src/k8s.io/endpointslice/reconciler.go. Used by: endpointSlice.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { services } from '../../apimachinery/resources.ts';
import type { Endpoint, EndpointSlice, Service } from '../../apimachinery/types.ts';
import { controllerRef } from '../common/owners.ts';
import { isHeadless } from '../common/servicePods.ts';
import { type Group, groupKey } from './desired.ts';

export const serviceLabel = 'kubernetes.io/service-name';
export const managedLabel = 'endpointslice.kubernetes.io/managed-by';
export const manager = 'endpointslice-controller.k8s.io';
const headlessLabel = 'service.kubernetes.io/headless';

export interface SlicePlan {
  /** Without a name yet. */
  create: EndpointSlice[];
  update: EndpointSlice[];
  remove: EndpointSlice[];
  /** They stay as they are. */
  kept: EndpointSlice[];
}

/** `keepHints`: the hints of what is there are somebody else's to judge. */
export function planSlices(
  service: Service,
  groups: readonly Group[],
  existing: readonly EndpointSlice[],
  max: number,
  keepHints = false,
): SlicePlan {
  const labels = labelsOf(service);
  const byGroup = new Map<string, EndpointSlice[]>();
  // Those of an older Service of this name go with it: the garbage collector is after them.
  const [own, foreign] = [existing.filter((s) => isOwn(s, service)), existing.filter((s) => !isOwn(s, service))];
  for (const slice of own) {
    const key = groupKey(slice.addressType, slice.ports);
    byGroup.set(key, [...(byGroup.get(key) ?? []), slice]);
  }
  const plan: SlicePlan = { create: [], update: [], remove: [], kept: [] };
  const make = (group: Group, endpoints: Endpoint[]) =>
    ({
      metadata: {
        generateName: `${service.metadata.name}-`,
        namespace: service.metadata.namespace,
        labels,
        ownerReferences: [controllerRef(service, services)],
      },
      addressType: group.addressType,
      endpoints,
      ports: group.ports,
    }) as unknown as EndpointSlice;
  for (const group of groups) {
    const key = groupKey(group.addressType, group.ports);
    planGroup(
      group,
      byGroup.get(key) ?? [],
      { labels, max, keepHints, make: (endpoints) => make(group, endpoints) },
      plan,
    );
    byGroup.delete(key);
  }
  for (const slices of byGroup.values()) plan.remove.push(...slices);
  reuse(plan);
  plan.remove.push(...foreign);
  return plan;
}

const isOwn = ({ metadata }: EndpointSlice, service: Service): boolean =>
  Boolean(metadata.ownerReferences?.some((o) => o.uid === service.metadata.uid && o.kind === 'Service'));

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
  keepHints: boolean;
  make(endpoints: Endpoint[]): EndpointSlice;
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
      if (wanted)
        endpoints.push(o.keepHints && wanted.conditions?.ready && e.hints ? { ...wanted, hints: e.hints } : wanted);
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
  plan.kept.push(...kept);
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
  while (missing.length) {
    const fitting = kept.filter((s) => room(s) >= missing.length).sort((a, b) => room(a) - room(b))[0];
    if (fitting) {
      kept.splice(kept.indexOf(fitting), 1);
      const endpoints = [...(fitting.endpoints ?? []), ...missing.splice(0)];
      changed.push({ ...fitting, metadata: { ...fitting.metadata }, endpoints });
      return;
    }
    const endpoints = missing.splice(0, o.max);
    const emptied = empty.shift();
    if (emptied) changed.push({ ...emptied, endpoints });
    else plan.create.push(o.make(endpoints));
  }
}

/** A slice that would go and one that would come, of one family, are a single update. */
export function reuse(plan: Pick<SlicePlan, 'create' | 'update' | 'remove'>): void {
  for (const slice of [...plan.remove]) {
    const at = plan.create.findIndex((c) => c.addressType === slice.addressType);
    if (at < 0) continue;
    const [made] = plan.create.splice(at, 1) as [EndpointSlice];
    plan.remove.splice(plan.remove.indexOf(slice), 1);
    plan.update.push({
      ...slice,
      metadata: { ...slice.metadata, ...describedBy(made.metadata) },
      endpoints: made.endpoints,
      ports: made.ports,
    });
  }
}

/** What a slice takes over from the one that it stands in for. */
const describedBy = ({ labels, annotations, ownerReferences }: EndpointSlice['metadata']) => ({
  labels,
  ...(annotations ? { annotations } : {}),
  ownerReferences,
});
