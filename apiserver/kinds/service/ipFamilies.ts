// Which IP families a Service has: from its policy, its addresses and what the cluster is configured for.
// Reads: the ServiceCIDR `kubernetes`, whose first range is of the primary family. Mirrors: initIPFamilyFields in
// pkg/registry/core/service/storage/alloc.go. Next: validation.ts; allocate.ts gives each family its address.
import { type FieldError, invalidValue } from '../../../apimachinery/fieldErrors.ts';
import { invalid } from '../../../apimachinery/status.ts';
import type { Cluster } from '../cluster.ts';
import { clusterIPErrors } from './clusterIPErrors.ts';
import { type Family, familyOf, otherFamily, sameClusterIPs, sameFamilies } from './facts.ts';

const policyField = 'spec.ipFamilyPolicy';

/** The primary family first; a server that has no ranges yet is IPv4. */
export function clusterFamilies(cluster: Pick<Cluster, 'cached'>): Family[] {
  const range = cluster.cached({ group: 'networking.k8s.io', plural: 'servicecidrs' }, 'kubernetes');
  const cidrs: string[] = range?.['spec']?.cidrs ?? [];
  return cidrs.length ? cidrs.map(familyOf) : ['IPv4'];
}

/** Fills in ipFamilyPolicy and ipFamilies, in place; throws Invalid when they cannot be had here. `old` is absent on create. */
export function initFamilies(service: any, old: any | undefined, configured: readonly Family[]): void {
  const { spec } = service;
  if (spec.type === 'ExternalName' || (old && settledDualStack(service, old))) return;
  const selectorless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (selectorless ? 'RequireDualStack' : 'SingleStack');
  refuse(service, clusterIPErrors(service));
  refuse(service, [
    ...(old ? releaseErrors(service, old) : []),
    ...policyErrors(spec),
    ...inferFamilies(spec, configured),
  ]);
  if (selectorless) {
    addFamilies(spec, configured[0]!, true);
    return;
  }
  refuse(service, notConfigured(spec, configured));
  addFamilies(spec, configured[0]!, configured.length === 2);
}

function refuse(service: any, errors: FieldError[]): void {
  if (errors.length) throw invalid({ group: '', kind: 'Service' }, service.metadata.name ?? '', errors);
}

/** A PreferDualStack Service does not follow the cluster when it turns dual-stack; only its owner's change moves it. */
function settledDualStack(service: any, old: any): boolean {
  const prefers = (s: any) => (s.spec.ipFamilyPolicy ?? 'PreferDualStack') === 'PreferDualStack';
  return (
    service.spec.ipFamilyPolicy !== undefined &&
    service.spec.type === old.spec.type &&
    prefers(service) &&
    prefers(old) &&
    sameClusterIPs(old, service) &&
    sameFamilies(old, service)
  );
}

/** Giving up the second family needs the policy to say so; then the lists shrink by themselves. */
function releaseErrors(service: any, old: any): FieldError[] {
  const { spec } = service;
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (sameClusterIPs(old, service) && spec.clusterIPs?.length > 1) spec.clusterIPs = spec.clusterIPs.slice(0, 1);
    if (sameFamilies(old, service) && spec.ipFamilies?.length > 1) spec.ipFamilies = spec.ipFamilies.slice(0, 1);
    return [];
  }
  const reduced = (field: string) => spec[field]?.length > 0 && spec[field].length < (old.spec[field]?.length ?? 0);
  const error = (what: string) =>
    invalidValue(policyField, spec.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`);
  return [
    ...(reduced('clusterIPs') ? [error('cluster IP')] : []),
    ...(reduced('ipFamilies') ? [error('IP family')] : []),
  ];
}

function policyErrors(spec: any): FieldError[] {
  if (spec.ipFamilyPolicy !== 'SingleStack') return [];
  const error = (what: string) =>
    invalidValue(
      policyField,
      spec.ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [
    ...(spec.clusterIPs?.length === 2 ? [error('cluster IPs')] : []),
    ...(spec.ipFamilies?.length === 2 ? [error('IP families')] : []),
  ];
}

/** An address that was asked for tells its family. */
function inferFamilies(spec: any, configured: readonly Family[]): FieldError[] {
  const errors: FieldError[] = [];
  const ips: string[] = spec.clusterIPs ?? [];
  for (const [i, ip] of ips.entries()) {
    if (ip === 'None') break;
    if (i < (spec.ipFamilies?.length ?? 0)) continue;
    const family = familyOf(ip);
    if (configured.includes(family)) spec.ipFamilies = [...(spec.ipFamilies ?? []), family];
    else errors.push(invalidValue(`spec.clusterIPs[${i}]`, ips, `${family} is not configured on this cluster`));
  }
  return errors;
}

function notConfigured(spec: any, configured: readonly Family[]): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.ipFamilyPolicy === 'RequireDualStack' && configured.length < 2) {
    const text = 'this cluster is not configured for dual-stack services';
    errors.push(invalidValue(policyField, spec.ipFamilyPolicy, text));
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (!configured.includes(family)) {
      errors.push(invalidValue(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'));
    }
  }
  return errors;
}

function addFamilies(spec: any, primary: Family, second: boolean): void {
  if (!spec.ipFamilies?.length) spec.ipFamilies = [primary];
  if (second && spec.ipFamilyPolicy !== 'SingleStack' && spec.ipFamilies.length === 1) {
    spec.ipFamilies = [spec.ipFamilies[0], otherFamily(spec.ipFamilies[0])];
  }
}
