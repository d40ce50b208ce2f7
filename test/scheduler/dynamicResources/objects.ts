// Claims, classes and slices for the tests of dynamic resource allocation, with only what a test says about them.
import type { DeviceClass, ResourceClaim, ResourceSlice } from '../../../apimachinery/types.ts';

export const driver = 'dra.example.com';

/** `req-0: { deviceClassName: 'gpu' }`, and so on. */
export interface ClaimOptions {
  namespace?: string;
  /** Entries of spec.devices.requests; a string is a class name. */
  requests?: (string | Record<string, unknown>)[];
  constraints?: object[];
  config?: object[];
  status?: object;
  owner?: { name: string; uid: string };
  deleted?: boolean;
  finalizers?: string[];
}

export function claim(name: string, o: ClaimOptions = {}): ResourceClaim {
  const requests = (o.requests ?? ['gpu']).map((r, i) =>
    typeof r === 'string' ? exactly(`req-${i}`, { deviceClassName: r }) : r,
  );
  const owner = o.owner && { apiVersion: 'v1', kind: 'Pod', controller: true, ...o.owner };
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: {
      name,
      namespace: o.namespace ?? 'default',
      uid: `uid-${name}`,
      resourceVersion: '1',
      ...(owner && { ownerReferences: [owner] }),
      ...(o.deleted && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      ...(o.finalizers && { finalizers: o.finalizers }),
    },
    spec: {
      devices: {
        requests,
        ...(o.constraints && { constraints: o.constraints }),
        ...(o.config && { config: o.config }),
      },
    },
    ...(o.status && { status: o.status }),
  } as unknown as ResourceClaim;
}

export const exactly = (name: string, e: Record<string, unknown> = {}) => ({
  name,
  exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1, ...e },
});

export const firstAvailable = (name: string, ...alternatives: Record<string, unknown>[]) => ({
  name,
  firstAvailable: alternatives.map((a, i) => ({
    name: `sub-${i}`,
    deviceClassName: 'gpu',
    allocationMode: 'ExactCount',
    count: 1,
    ...a,
  })),
});

export const cel = (expression: string) => ({ cel: { expression } });

export const deviceClass = (name: string, spec: object = {}): DeviceClass =>
  ({ apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name, uid: `uid-${name}` }, spec }) as any;

export interface SliceOptions {
  driver?: string;
  pool?: string;
  generation?: number;
  /** Slices in the pool. */
  of?: number;
  nodeName?: string;
  allNodes?: boolean;
  nodeSelector?: object;
  /** Names, or whole devices. */
  devices?: (string | Record<string, unknown>)[];
}

/** For every node, unless it says otherwise. */
export function slice(name: string, o: SliceOptions = {}): ResourceSlice {
  const where = o.nodeName
    ? { nodeName: o.nodeName }
    : o.nodeSelector
      ? { nodeSelector: o.nodeSelector }
      : { allNodes: o.allNodes ?? true };
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name, uid: `uid-${name}` },
    spec: {
      driver: o.driver ?? driver,
      pool: { name: o.pool ?? o.nodeName ?? 'pool', generation: o.generation ?? 1, resourceSliceCount: o.of ?? 1 },
      ...where,
      devices: (o.devices ?? []).map((d) => (typeof d === 'string' ? { name: d } : d)),
    },
  } as unknown as ResourceSlice;
}

export const allocation = (device: string, more: object = {}, pool = 'pool', request = 'req-0') => ({
  devices: { results: [{ request, driver, pool, device }] },
  ...more,
});

export const onNode = (name: string) => ({
  nodeSelector: {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }],
  },
});
