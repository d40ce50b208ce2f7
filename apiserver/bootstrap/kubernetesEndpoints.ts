// Who stands behind the Service `kubernetes`: every API server that renews its lease, in Endpoints and EndpointSlice alike.
// Reads and writes: /registry/masterleases/ in the store (keys that expire), then the two objects.
// Mirrors: pkg/controlplane/reconcilers/lease.go. Next: ../../proxy/ sends pods to these addresses.
import { isIPv6 } from 'node:net';
import type { GroupResource } from '../../apimachinery/status.ts';
import { ensure } from './ensure.ts';
import type { Step, StepEnv } from './step.ts';

const endpoints = { group: '', plural: 'endpoints' };
const endpointSlices = { group: 'discovery.k8s.io', plural: 'endpointslices' };
/** A server that has not renewed for this long is taken out. */
const leaseSeconds = 15;
const maxTries = 10;

const leases = (env: StepEnv) => `${env.keyPrefix}/masterleases/`;
const key = (env: StepEnv) => leases(env) + env.address;

export const kubernetesEndpoints: Step = {
  name: 'kubernetes-endpoints',
  every: 10_000,
  async run(env) {
    if (!env.address) {
      env.log.warn('this machine has no address but its own loopback: the Service kubernetes gets no endpoints');
      return;
    }
    await renew(env);
    await reconcile(env, await addresses(env));
  },
  async stop(env) {
    if (!env.address) return;
    await env.store.delete(key(env), { expect: (await env.store.get(key(env)))?.revision ?? 0 });
    const others = await addresses(env);
    // The last one out leaves its address: a Service without endpoints helps nobody.
    if (others.length) await reconcile(env, others);
  },
};

/** Upstream keeps an Endpoints object in the lease; its address is what counts. */
async function renew(env: StepEnv): Promise<void> {
  const object = { kind: 'Endpoints', apiVersion: 'v1', metadata: {}, subsets: [{ addresses: [{ ip: env.address }] }] };
  let stored = await env.store.get(key(env));
  for (let tries = 0; tries < maxTries; tries++) {
    const renewed = { ...object, metadata: { generation: generationOf(stored) + 1 } };
    const value = Buffer.from(JSON.stringify(renewed));
    const written = await env.store.put(key(env), value, { expect: stored?.revision ?? 0, ttl: leaseSeconds });
    if (!('conflict' in written)) return;
    stored = written.conflict;
  }
  throw new Error('another server renews the lease of this one');
}

const generationOf = (stored: { value: Uint8Array } | undefined): number =>
  stored ? (JSON.parse(Buffer.from(stored.value).toString()).metadata?.generation ?? 0) : 0;

/** Of all servers that are alive, sorted. */
async function addresses(env: StepEnv): Promise<string[]> {
  const page = await env.store.list(leases(env));
  return page.items.map((item) => item.key.slice(leases(env).length)).sort();
}

async function reconcile(env: StepEnv, ips: readonly string[]): Promise<void> {
  const ports = [{ name: 'https', port: env.port, protocol: 'TCP' }];
  await keep(env, endpoints, {
    metadata: { ...meta, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: ips.map((ip) => ({ ip })), ports }],
  });
  const family = isIPv6(ips[0]!) ? 'IPv6' : 'IPv4';
  await keep(env, endpointSlices, {
    metadata: { ...meta, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: family,
    endpoints: ips
      .filter((ip) => isIPv6(ip) === (family === 'IPv6'))
      .map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
    ports,
  });
}

const meta = { name: 'kubernetes', namespace: 'default' };

/** Writes only what differs, so that a quiet cluster stays quiet. */
async function keep(env: StepEnv, r: GroupResource, wanted: any): Promise<void> {
  const { metadata, ...content } = wanted;
  const found = await ensure(env.cluster, r, wanted);
  const same = (object: any) =>
    Object.entries(content).every(([field, value]) => canonical(object[field]) === canonical(value)) &&
    Object.entries(metadata.labels).every(([label, value]) => object.metadata.labels?.[label] === value);
  if (same(found)) return;
  await env.cluster.update(r, meta.name, meta.namespace, (object) => {
    if (same(object)) return false;
    object.metadata.labels = { ...object.metadata.labels, ...metadata.labels };
    Object.assign(object, structuredClone(content));
    return true;
  });
}

/** JSON with its keys sorted. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
