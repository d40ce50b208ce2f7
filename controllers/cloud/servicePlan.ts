// Which Services want a load balancer of the cloud, which one must be taken away, and which nodes stand behind it. Pure.
// Mirrors: wantsLoadBalancer, needsCleanup, needsUpdate and the node predicates of cloud-provider/controllers/service/controller.go.
// Used by: service.ts.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import type { Node, Service } from '../../apimachinery/types.ts';

export const cleanupFinalizer = 'service.kubernetes.io/load-balancer-cleanup';
const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';
const leavingTaint = 'ToBeDeletedByClusterAutoscaler';

/** One with a class is another controller's. */
export const wantsLoadBalancer = ({ spec }: Service): boolean =>
  spec?.type === 'LoadBalancer' && (spec.loadBalancerClass === undefined || spec.loadBalancerClass === null);

export const hasFinalizer = (service: Service): boolean =>
  Boolean(service.metadata.finalizers?.includes(cleanupFinalizer));

export const needsCleanup = (service: Service): boolean =>
  hasFinalizer(service) && (Boolean(service.metadata.deletionTimestamp) || service.spec?.type !== 'LoadBalancer');

/** An Event that tells what of the Service has changed, as reason and message. */
export type Change = { reason: string; message: string };

const list = (values: readonly string[] | undefined) => `[${(values ?? []).join(' ')}]`;

/** The first change that a load balancer must follow; `quiet` when there is no Event for it; undefined: nothing to do. */
export function changeOf(old: Service, now: Service): Change | 'quiet' | undefined {
  const wanted = wantsLoadBalancer(now);
  if (!wanted && !wantsLoadBalancer(old)) return undefined;
  const [a, b] = [old.spec ?? {}, now.spec ?? {}];
  const told = (reason: string, before: unknown, after: unknown) => ({ reason, message: `${before} -> ${after}` });
  if (wanted !== wantsLoadBalancer(old)) return told('Type', a.type, b.type);
  if (!deepEqual(a.loadBalancerSourceRanges ?? [], b.loadBalancerSourceRanges ?? []))
    return told('LoadBalancerSourceRanges', list(a.loadBalancerSourceRanges), list(b.loadBalancerSourceRanges));
  if (!deepEqual(a.ports, b.ports) || !deepEqual(a.sessionAffinity, b.sessionAffinity)) return 'quiet';
  if (!deepEqual(a.sessionAffinityConfig, b.sessionAffinityConfig) || !deepEqual(a.ipFamilies, b.ipFamilies))
    return 'quiet';
  if (a.loadBalancerIP !== b.loadBalancerIP)
    return told('LoadbalancerIP', a.loadBalancerIP ?? '', b.loadBalancerIP ?? '');
  const [had, has] = [a.externalIPs ?? [], b.externalIPs ?? []];
  if (had.length !== has.length) return { reason: 'ExternalIP', message: `Count: ${had.length} -> ${has.length}` };
  const added = has.find((ip, i) => ip !== had[i]);
  if (added !== undefined) return { reason: 'ExternalIP', message: `Added: ${added}` };
  if (!deepEqual(old.metadata.annotations ?? {}, now.metadata.annotations ?? {})) return 'quiet';
  if (old.metadata.uid !== now.metadata.uid) return told('UID', old.metadata.uid, now.metadata.uid);
  if (a.externalTrafficPolicy !== b.externalTrafficPolicy)
    return told('ExternalTrafficPolicy', a.externalTrafficPolicy, b.externalTrafficPolicy);
  if (a.healthCheckNodePort !== b.healthCheckNodePort)
    return told('HealthCheckNodePort', a.healthCheckNodePort ?? 0, b.healthCheckNodePort ?? 0);
  return undefined;
}

/** Ready or not: what a node's health checks say is the load balancer's own business. */
export const takesTraffic = (node: Node): boolean =>
  !node.metadata.deletionTimestamp &&
  node.metadata.labels?.[excludeLabel] === undefined &&
  !node.spec?.taints?.some((taint) => taint.key === leavingTaint);
