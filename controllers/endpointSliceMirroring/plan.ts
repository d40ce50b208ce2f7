// The slices that say what an Endpoints object says: one for each family and set of ports, up to a limit. Pure.
// Mirrors: pkg/controller/endpointslicemirroring (reconciler.go, utils.go). Used by: endpointSliceMirroring.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { parseIP } from '../../apimachinery/ipFormat.ts';
import { endpoints as endpointsResource } from '../../apimachinery/resources.ts';
import type { Endpoint, EndpointSlice, EndpointSubset, Endpoints } from '../../apimachinery/types.ts';
import { controllerRef } from '../common/owners.ts';
import type { Family } from '../common/servicePods.ts';
import { lastChangeAnnotation } from '../common/triggerTimes.ts';
import { type Group, groupKey, type SlicePort } from '../endpointSlice/desired.ts';
import { managedLabel, reuse, type SlicePlan, serviceLabel } from '../endpointSlice/plan.ts';

export const mirror = 'endpointslicemirroring-controller.k8s.io';
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
/** Older leader elections kept their record on Endpoints: those lead nowhere. */
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const appliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

export const isMirrored = ({ metadata }: Endpoints): boolean =>
  metadata.labels?.[skipLabel] !== 'true' && metadata.annotations?.[leaderAnnotation] === undefined;

export interface MirrorPlan extends Pick<SlicePlan, 'create' | 'update' | 'remove'> {
  /** Addresses that are no IP, and all that were left out, those included. */
  invalid: number;
  skipped: number;
}

/** `max`: --mirroring-max-endpoints-per-subset. */
export function planMirror(endpoints: Endpoints, existing: readonly EndpointSlice[], max: number): MirrorPlan {
  const { groups, invalid, skipped } = groupsOf(endpoints.subsets ?? [], max);
  const byGroup = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    const key = groupKey(slice.addressType, slice.ports);
    byGroup.set(key, [...(byGroup.get(key) ?? []), slice]);
  }
  const plan: MirrorPlan = { create: [], update: [], remove: [], invalid, skipped };
  for (const [key, { addressType, ports, endpoints: wanted }] of groups) {
    const [first, ...rest] = byGroup.get(key) ?? [];
    byGroup.delete(key);
    plan.remove.push(...rest);
    const next = { addressType, ports, endpoints: wanted.slice(0, max) };
    if (!first) plan.create.push({ metadata: metadataOf(endpoints), ...next } as unknown as EndpointSlice);
    else if (!isSame(endpoints, first, next.endpoints))
      plan.update.push({ ...first, ...next, metadata: { ...first.metadata, ...descriptionOf(endpoints) } });
  }
  for (const slices of byGroup.values()) plan.remove.push(...slices);
  reuse(plan);
  return plan;
}

/** No group without an endpoint: a placeholder would say that there are none, and here nobody knows. */
function groupsOf(subsets: readonly EndpointSubset[], max: number) {
  const groups = new Map<string, Group>();
  let [invalid, skipped] = [0, 0];
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    const slicePorts = ports.map(toSlicePort);
    const all = [...addresses.map((a) => endpointOf(a, true)), ...notReadyAddresses.map((a) => endpointOf(a, false))];
    let taken = 0;
    for (const endpoint of all) {
      const family = familyOf(endpoint.addresses[0]!);
      if (taken >= max) skipped++;
      else if (!family) [invalid, skipped] = [invalid + 1, skipped + 1];
      else {
        taken++;
        put(groups, family, slicePorts, endpoint);
      }
    }
  }
  return { groups, invalid, skipped };
}

function put(groups: Map<string, Group>, addressType: Family, ports: SlicePort[], endpoint: Endpoint): void {
  const key = groupKey(addressType, ports);
  const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
  groups.set(key, group);
  if (!group.endpoints.some((e) => identity(e) === identity(endpoint))) group.endpoints.push(endpoint);
}

const identity = ({ addresses, hostname, targetRef }: Endpoint): string =>
  JSON.stringify([addresses, hostname, targetRef?.namespace, targetRef?.name]);

function familyOf(ip: string): Family | undefined {
  const family = parseIP(ip)?.family;
  return family && (family === 6 ? 'IPv6' : 'IPv4');
}

const toSlicePort = (p: NonNullable<EndpointSubset['ports']>[number]): SlicePort => ({
  name: p.name ?? '',
  port: p.port,
  protocol: p.protocol ?? 'TCP',
  ...(p.appProtocol ? { appProtocol: p.appProtocol } : {}),
});

const endpointOf = (a: NonNullable<EndpointSubset['addresses']>[number], ready: boolean): Endpoint => ({
  addresses: [a.ip],
  conditions: { ready },
  ...(a.hostname ? { hostname: a.hostname } : {}),
  ...(a.targetRef ? { targetRef: a.targetRef } : {}),
  ...(a.nodeName ? { nodeName: a.nodeName } : {}),
});

/** Labels, annotations and owner follow the Endpoints. */
function descriptionOf(endpoints: Endpoints) {
  const { [lastChangeAnnotation]: _t, [appliedAnnotation]: _a, ...annotations } = endpoints.metadata.annotations ?? {};
  const labels = { ...endpoints.metadata.labels, [serviceLabel]: endpoints.metadata.name, [managedLabel]: mirror };
  return { labels, annotations, ownerReferences: [controllerRef(endpoints, endpointsResource)] };
}

const metadataOf = (endpoints: Endpoints) => ({
  generateName: `${endpoints.metadata.name}-`,
  namespace: endpoints.metadata.namespace,
  ...descriptionOf(endpoints),
});

function isSame(endpoints: Endpoints, slice: EndpointSlice, wanted: readonly Endpoint[]): boolean {
  const { labels = {}, annotations = {}, ownerReferences } = slice.metadata;
  const order = (list: readonly Endpoint[]) => [...list].sort((a, b) => (identity(a) < identity(b) ? -1 : 1));
  return (
    deepEqual({ labels, annotations, ownerReferences }, descriptionOf(endpoints)) &&
    deepEqual(order(slice.endpoints ?? []), order(wanted))
  );
}
