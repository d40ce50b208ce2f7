// Makes a written Service whole before it is validated: linked fields in step, allocated values kept, those of another type dropped.
// Mirrors: pkg/registry/core/service/storage/storage.go (normalizeClusterIPs, patchAllocatedValues) and strategy.go (dropTypeDependentFields).
// Next: ipFamilies.ts, then validation.ts, and allocate.ts once all is valid.
import type { Context } from '../kind.ts';
import {
  externallyAccessible,
  needsClusterIP,
  needsHealthCheckPort,
  needsNodePort,
  sameClusterIPs,
  sameFamilies,
  trafficPolicies,
} from './facts.ts';
import { clusterFamilies, initFamilies } from './ipFamilies.ts';

export function prepareCreate(service: any, context: Context): void {
  service.status = { loadBalancer: {} };
  const { spec } = service;
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  dropInternalTraffic(spec);
  initFamilies(service, undefined, clusterFamilies(context.cluster));
}

export function prepareUpdate(service: any, old: any, context: Context): void {
  keepAllocated(service, old);
  normalizeClusterIPs(service, old);
  dropOtherType(service, old);
  dropInternalTraffic(service.spec);
  initFamilies(service, old, clusterFamilies(context.cluster));
}

/** A client may send the YAML that it created the Service with: what was allocated since stays. */
export function keepAllocated(service: any, old: any): void {
  const { spec } = service;
  if (needsClusterIP(old) && needsClusterIP(service)) {
    if (!spec.clusterIP && old.spec.clusterIP) spec.clusterIP = old.spec.clusterIP;
    if (!spec.clusterIPs?.length && old.spec.clusterIPs?.length) spec.clusterIPs = [...old.spec.clusterIPs];
  }
  if (needsNodePort(old) && needsNodePort(service)) keepNodePorts(spec.ports ?? [], old.spec.ports ?? []);
  if (needsHealthCheckPort(old) && needsHealthCheckPort(service)) {
    spec.healthCheckNodePort ||= old.spec.healthCheckNodePort;
  }
}

/** By the ports' names, unless another port asks for that number itself. */
function keepNodePorts(ports: any[], oldPorts: any[]): void {
  const asked = new Set(ports.map((p) => p.nodePort).filter(Boolean));
  const byName = new Map(oldPorts.map((p) => [p.name ?? '', p.nodePort]));
  for (const port of ports) {
    const before = byName.get(port.name ?? '');
    if (!port.nodePort && before && !asked.has(before)) port.nodePort = before;
  }
}

/** clusterIP is the first of clusterIPs; an old client knows the one, a new one sends both. */
export function normalizeClusterIPs(service: any, old: any): void {
  const { spec } = service;
  const [ip, oldIP] = [spec.clusterIP ?? '', old.spec.clusterIP ?? ''];
  if (old.spec.clusterIPs?.length && !spec.clusterIPs?.length && ip === oldIP) {
    spec.clusterIPs = [...old.spec.clusterIPs];
  }
  if (ip === oldIP || !sameClusterIPs(old, service)) return;
  if (ip) spec.clusterIPs = [ip];
  else delete spec.clusterIPs;
}

/** An ExternalName has no traffic inside; older versions gave it a policy all the same, so one is taken, and not kept. */
function dropInternalTraffic(spec: any): void {
  if (spec.type === 'ExternalName' && trafficPolicies.includes(spec.internalTrafficPolicy))
    delete spec.internalTrafficPolicy;
}

const nodePorts = (service: any): string =>
  (service.spec.ports ?? [])
    .map((p: any) => p.nodePort ?? 0)
    .filter(Boolean)
    .sort()
    .join();

/** Of what the old type had, the new type has no use for, and the writer left as it was, nothing stays. */
export function dropOtherType(service: any, old: any): void {
  const { spec } = service;
  const drop = (field: string) => {
    if (spec[field] === old.spec[field]) delete spec[field];
  };
  const leaves = (needs: (s: any) => boolean) => needs(old) && !needs(service);
  if (leaves(needsClusterIP)) dropClusterIPs(service, old, drop);
  if (leaves(needsNodePort) && nodePorts(service) === nodePorts(old)) {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (leaves(needsHealthCheckPort)) drop('healthCheckNodePort');
  if (leaves((s) => s.spec.type === 'LoadBalancer')) {
    drop('allocateLoadBalancerNodePorts');
    drop('loadBalancerClass');
  }
  if (leaves(externallyAccessible)) drop('externalTrafficPolicy');
  if (leaves((s) => s.spec.type === 'ExternalName')) drop('externalName');
  if (spec.type !== 'LoadBalancer') service.status = { ...service.status, loadBalancer: {} };
}

function dropClusterIPs(service: any, old: any, drop: (field: string) => void): void {
  if (sameClusterIPs(old, service)) {
    delete service.spec.clusterIP;
    delete service.spec.clusterIPs;
  }
  if (sameFamilies(old, service)) delete service.spec.ipFamilies;
  drop('ipFamilyPolicy');
}
