// What a Service's writer should hear although it is accepted. Mirrors: pkg/api/service/warnings.go.
import { warningsForCIDR, warningsForIP } from '../../../apimachinery/ipFormat.ts';
import { heldIPs, isHeadless } from './facts.ts';

const each = (field: string, list: string[] | undefined, check: (field: string, text: string) => string[]) =>
  (list ?? []).flatMap((text, i) => check(`${field}[${i}]`, text));

export function warnings(service: any): string[] {
  const { spec } = service;
  const found: string[] = [];
  const hints = 'service.kubernetes.io/topology-aware-hints';
  if (service.metadata.annotations?.[hints] !== undefined) {
    found.push(`annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  }
  found.push(...each('spec.clusterIPs', heldIPs(service), warningsForIP));
  if (isHeadless(service)) {
    if (spec.loadBalancerIP) found.push('spec.loadBalancerIP is ignored for headless services');
    if (spec.externalIPs?.length) found.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') found.push('spec.SessionAffinity is ignored for headless services');
  }
  found.push(...each('spec.externalIPs', spec.externalIPs, warningsForIP));
  if (spec.loadBalancerIP) found.push(...warningsForIP('spec.loadBalancerIP', spec.loadBalancerIP));
  found.push(...each('spec.loadBalancerSourceRanges', spec.loadBalancerSourceRanges, warningsForCIDR));
  if (spec.type === 'ExternalName' && spec.externalIPs?.length) {
    found.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (spec.type !== 'ExternalName' && spec.externalName) {
    found.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === 'PreferClose') {
    found.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return found;
}

/** Of what a load balancer's controller reports. */
export const statusWarnings = ({ status }: any): string[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }: any, i: number) =>
    ip ? warningsForIP(`status.loadBalancer.ingress[${i}]`, ip) : [],
  );
