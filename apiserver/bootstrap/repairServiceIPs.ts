// Finds ClusterIPs whose claim is missing and claims whose Service is gone: what a server killed halfway leaves behind.
// Reads: Services, IPAddresses. Writes: IPAddresses. Mirrors: pkg/registry/core/service/ipallocator/controller/repairip.go.
// Next: ../kinds/service/ipAllocator.ts, which makes the claims.
import { ipText, parseIP } from '../../apimachinery/ipFormat.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import { familyOf, heldIPs } from '../kinds/service/facts.ts';
import {
  type Claimant,
  claimOf,
  ipAddresses,
  isParent,
  managedByLabel,
  manager,
} from '../kinds/service/ipAllocator.ts';
import type { Step, StepEnv } from './step.ts';

const services = { group: '', plural: 'services' };
/** A claim this young may belong to a Service that is being made. */
const graceMs = 60_000;

export const repairServiceIPs: Step = {
  name: 'repair-service-ips',
  hook: 'start-service-ip-repair-controllers',
  every: 180_000,
  async run(env) {
    for (const service of env.cluster.cachedList(services)) await claimMissing(env, service);
    for (const claim of env.cluster.cachedList(ipAddresses)) await freeOrphan(env, claim);
  },
};

const canonical = (text: string): string => {
  const ip = parseIP(text);
  return ip ? ipText(ip.family, ip.value) : text;
};

async function claimMissing(env: StepEnv, service: KubeObject): Promise<void> {
  for (const ip of heldIPs(service).map(canonical)) {
    const claim = env.cluster.cached(ipAddresses, ip) ?? (await env.cluster.get(ipAddresses, ip));
    if (claim) {
      const owner = isParent(claim, service as Claimant);
      if (!owner) env.log.warn({ ip, service: service.metadata }, 'ClusterIP is claimed by another object');
      continue;
    }
    const still = await env.cluster.get(services, service.metadata.name, service.metadata.namespace);
    if (!still || !heldIPs(still).map(canonical).includes(ip)) continue;
    env.log.warn({ ip, service: service.metadata.name }, 'ClusterIP is not allocated; repairing');
    try {
      await env.cluster.create(ipAddresses, claimOf(service as Claimant, ip, familyOf(ip)));
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }
}

async function freeOrphan(env: StepEnv, claim: KubeObject): Promise<void> {
  const { name, uid, labels, creationTimestamp } = claim.metadata;
  const parent = claim['spec']?.parentRef;
  if (labels?.[managedByLabel] !== manager || parent?.resource !== 'services' || parent?.group) return;
  if (env.clock.now() - Date.parse(creationTimestamp ?? '') < graceMs) return;
  const holds = (service: KubeObject | undefined) => service && heldIPs(service).map(canonical).includes(name);
  if (holds(env.cluster.cached(services, parent.name, parent.namespace))) return;
  if (holds(await env.cluster.get(services, parent.name, parent.namespace))) return;
  env.log.warn({ ip: name, service: parent.name }, 'address is claimed by a Service that does not hold it; freed');
  await env.cluster.delete(ipAddresses, name, undefined, { uid });
}
