// Each API server shows that it lives by a Lease named after its host, and takes away those of servers that have long been silent.
// Writes: Leases in kube-system. Mirrors: pkg/controlplane/apiserver/server.go, component-helpers/apimachinery/lease,
// pkg/controlplane/controller/apiserverleasegc. Read by: people, and what waits for all servers to know something.
import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { toMicroTime } from '../../apimachinery/clock.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { Step } from './step.ts';

const leases = { group: 'coordination.k8s.io', plural: 'leases' };
const namespace = 'kube-system';
const durationSeconds = 3600;
const identityLabel = 'apiserver.kubernetes.io/identity';
const identity = 'kube-apiserver';

/** `apiserver-` and 128 bits of the host name's hash, in base 32. */
export function leaseName(host: string): string {
  let bits = BigInt(`0x${createHash('sha256').update(host).digest('hex').slice(0, 32)}`) << 2n;
  let text = '';
  for (let i = 0; i < 26; i++, bits >>= 5n) text = 'abcdefghijklmnopqrstuvwxyz234567'[Number(bits & 31n)] + text;
  return `apiserver-${text}`;
}

/** A server on the same host, started anew, takes over the Lease. */
export function identityLease(host: string = hostname()): Step {
  const name = leaseName(host);
  const holderIdentity = `${name}_${randomUUID()}`;
  return {
    name: 'identity-lease',
    hook: 'start-kube-apiserver-identity-lease-controller',
    every: 10_000,
    async run({ cluster, clock }) {
      const spec = { holderIdentity, leaseDurationSeconds: durationSeconds, renewTime: toMicroTime(clock.now()) };
      const renew = (lease: any) => {
        lease.spec = { ...lease.spec, ...spec };
        return true;
      };
      if (await cluster.update(leases, name, namespace, renew)) return;
      const labels = { [identityLabel]: identity, 'kubernetes.io/hostname': host };
      try {
        await cluster.create(leases, { metadata: { name, namespace, labels }, spec });
      } catch (error) {
        if (!isReason(error, 'AlreadyExists')) throw error;
      }
    },
  };
}

export const identityLeaseCleanup: Step = {
  name: 'identity-lease-cleanup',
  hook: 'start-kube-apiserver-identity-lease-garbage-collector',
  every: durationSeconds * 1000,
  async run({ cluster, clock }) {
    for (const lease of cluster.cachedList(leases, namespace)) {
      const { name, uid, resourceVersion, labels } = lease.metadata;
      if (labels?.[identityLabel] !== identity || !isExpired(lease['spec'], clock.now())) continue;
      await cluster.delete(leases, name, namespace, { uid, resourceVersion });
    }
  },
};

/** One without a time or a duration is no server's, or a broken one. */
function isExpired(spec: any, now: number): boolean {
  if (!spec?.renewTime || !spec.leaseDurationSeconds) return true;
  return Date.parse(spec.renewTime) + spec.leaseDurationSeconds * 1000 < now;
}
