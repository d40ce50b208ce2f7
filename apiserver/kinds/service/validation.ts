// The rules of one Service: ports, types, affinity, traffic policies. Addresses and families are in clusterIPErrors.ts.
// Mirrors: ValidateService and ValidateServiceUpdate in pkg/apis/core/validation/validation.go.
// Next: allocate.ts, which fills in what may still be missing here: clusterIPs, nodePort, healthCheckNodePort.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/fieldErrors.ts';
import { isValidCIDRForLegacyField, isValidIPForLegacyField, parseIP } from '../../../apimachinery/ipFormat.ts';
import { validateLabels } from '../../../apimachinery/labelSelector.ts';
import { isDNS1123Subdomain, isQualifiedName, isValidPortNum } from '../../../apimachinery/names.ts';
import { checkOneOf, checkRequiredOneOf, pushTexts } from '../check.ts';
import { checkNonSpecialIP } from '../endpointAddress.ts';
import { clusterIPErrors, clusterIPUpdateErrors } from './clusterIPErrors.ts';
import { externallyAccessible, isHeadless, needsHealthCheckPort, trafficPolicies } from './facts.ts';
import { checkPorts } from './ports.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const affinities = ['ClientIP', 'None'];
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints';
const modeAnnotation = 'service.kubernetes.io/topology-mode';
const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const loadBalancerOnly = "may only be used when `type` is 'LoadBalancer'";
const maxAffinitySeconds = 86_400;

export function validate(service: any): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = service;
  checkTopologyMode(errors, service.metadata.annotations ?? {});
  checkType(errors, service);
  checkPorts(errors, service);
  errors.push(...validateLabels(spec.selector, 'spec.selector'));
  checkAffinity(errors, spec);
  errors.push(...clusterIPErrors(service));
  for (const [i, ip] of (spec.externalIPs ?? []).entries()) {
    const malformed = isValidIPForLegacyField(`spec.externalIPs[${i}]`, ip);
    errors.push(...malformed);
    if (!malformed.length) checkNonSpecialIP(errors, `spec.externalIPs[${i}]`, ip);
  }
  checkRequiredOneOf(errors, 'spec.type', spec.type, types);
  checkSourceRanges(errors, service);
  checkLoadBalancerFields(errors, spec);
  checkTrafficPolicies(errors, service);
  return errors;
}

function checkTopologyMode(errors: FieldError[], annotations: Record<string, string>): void {
  const [hints, mode] = [annotations[hintsAnnotation], annotations[modeAnnotation]];
  if (hints === undefined || mode === undefined || hints === mode) return;
  const text = `must match annotations[${hintsAnnotation}] when both are specified`;
  errors.push(invalidValue(`metadata.annotations[${modeAnnotation}]`, mode, text));
}

function checkType(errors: FieldError[], service: any): void {
  const { spec } = service;
  if (!spec.ports?.length && !isHeadless(service) && spec.type !== 'ExternalName') errors.push(required('spec.ports'));
  if (isHeadless(service) && (spec.type === 'LoadBalancer' || spec.type === 'NodePort')) {
    errors.push(invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  }
  if (spec.type === 'ExternalName') checkExternalName(errors, spec);
}

function checkExternalName(errors: FieldError[], spec: any): void {
  const forbid = (field: string) => forbiddenField(`spec.${field}`, 'may not be set for ExternalName services');
  if (spec.clusterIPs?.length) errors.push(forbid('clusterIPs'));
  if (spec.ipFamilies?.length) errors.push(forbid('ipFamilies'));
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbid('ipFamilyPolicy'));
  const cname = (spec.externalName ?? '').replace(/\.$/, '');
  if (cname) pushTexts(errors, 'spec.externalName', cname, isDNS1123Subdomain(cname));
  else errors.push(required('spec.externalName'));
}

function checkAffinity(errors: FieldError[], spec: any): void {
  checkRequiredOneOf(errors, 'spec.sessionAffinity', spec.sessionAffinity, affinities);
  const field = 'spec.sessionAffinityConfig';
  const config = spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'None' && config) {
    errors.push(forbiddenField(field, 'must not be set when session affinity is None'));
  }
  if (spec.sessionAffinity !== 'ClientIP') return;
  const seconds = config?.clientIP?.timeoutSeconds;
  if (typeof seconds !== 'number') {
    const missing = !config ? field : !config.clientIP ? `${field}.clientIP` : `${field}.clientIP.timeoutSeconds`;
    errors.push(required(missing, 'when session affinity type is ClientIP'));
  } else if (seconds <= 0 || seconds > maxAffinitySeconds) {
    const text = `must be greater than 0 and less than ${maxAffinitySeconds}`;
    errors.push(invalidValue(`${field}.clientIP.timeoutSeconds`, seconds, text));
  }
}

function checkSourceRanges(errors: FieldError[], service: any): void {
  const { spec } = service;
  const annotation: string | undefined = service.metadata.annotations?.[rangesAnnotation];
  if (spec.loadBalancerSourceRanges?.length) {
    const field = 'spec.LoadBalancerSourceRanges';
    if (spec.type !== 'LoadBalancer') errors.push(forbiddenField(field, loadBalancerOnly));
    for (const [i, range] of spec.loadBalancerSourceRanges.entries()) {
      errors.push(...isValidCIDRForLegacyField(`${field}[${i}]`, range.trim()));
    }
  } else if (annotation !== undefined) {
    const field = `metadata.annotations[${rangesAnnotation}]`;
    if (spec.type !== 'LoadBalancer') errors.push(forbiddenField(field, loadBalancerOnly));
    const ranges = annotation.trim() ? annotation.trim().split(',') : [];
    for (const range of ranges) errors.push(...isValidCIDRForLegacyField(field, range.trim()));
  }
}

function checkLoadBalancerFields(errors: FieldError[], spec: any): void {
  const other = spec.type !== 'LoadBalancer';
  if (other && spec.allocateLoadBalancerNodePorts !== undefined) {
    errors.push(forbiddenField('spec.allocateLoadBalancerNodePorts', loadBalancerOnly));
  }
  if (spec.loadBalancerClass === undefined) return;
  if (other) errors.push(forbiddenField('spec.loadBalancerClass', loadBalancerOnly));
  else pushTexts(errors, 'spec.loadBalancerClass', spec.loadBalancerClass, isQualifiedName(spec.loadBalancerClass));
}

function checkTrafficPolicies(errors: FieldError[], service: any): void {
  const { spec } = service;
  if (externallyAccessible(service)) {
    checkRequiredOneOf(errors, 'spec.externalTrafficPolicy', spec.externalTrafficPolicy, trafficPolicies);
  } else if (spec.externalTrafficPolicy) {
    const text = 'may only be set for externally-accessible services';
    errors.push(invalidValue('spec.externalTrafficPolicy', spec.externalTrafficPolicy, text));
  }
  const port = spec.healthCheckNodePort;
  if (needsHealthCheckPort(service)) {
    if (port) pushTexts(errors, 'spec.healthCheckNodePort', port, isValidPortNum(port));
  } else if (port) {
    const text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalidValue('spec.healthCheckNodePort', port, text));
  }
  checkInternalTraffic(errors, spec);
}

function checkInternalTraffic(errors: FieldError[], spec: any): void {
  const policy = spec.internalTrafficPolicy;
  if (policy === undefined && spec.type !== 'ExternalName') errors.push(required('spec.internalTrafficPolicy'));
  if (policy !== undefined && !trafficPolicies.includes(policy)) {
    errors.push(notSupported('spec.internalTrafficPolicy', policy, trafficPolicies));
  }
  const distribution = spec.trafficDistribution;
  if (distribution !== undefined && !distributions.includes(distribution)) {
    errors.push(notSupported('spec.trafficDistribution', distribution, distributions));
  }
}

export function validateUpdate(service: any, old: any): FieldError[] {
  const errors = clusterIPUpdateErrors(service, old);
  const { spec } = service;
  const balanced = spec.type === 'LoadBalancer' && old.spec.type === 'LoadBalancer';
  if (balanced && spec.loadBalancerClass !== old.spec.loadBalancerClass) {
    errors.push(invalidValue('spec.loadBalancerClass', spec.loadBalancerClass, 'may not change once set'));
  }
  const checked = needsHealthCheckPort(service) && needsHealthCheckPort(old);
  if (checked && spec.healthCheckNodePort !== old.spec.healthCheckNodePort) {
    errors.push(forbiddenField('spec.healthCheckNodePort', 'field is immutable'));
  }
  return errors;
}

/** What a load balancer's controller may report. */
export function validateStatus(service: any): FieldError[] {
  const errors: FieldError[] = [];
  const field = 'status.loadBalancer.ingress';
  const ingress: any[] = service.status?.loadBalancer?.ingress ?? [];
  if (ingress.length && service.spec.type !== 'LoadBalancer') {
    return [forbiddenField(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  for (const [i, point] of ingress.entries()) checkIngress(errors, `${field}[${i}]`, point);
  return errors;
}

function checkIngress(errors: FieldError[], field: string, { ip, ipMode, hostname }: any): void {
  if (ip) errors.push(...isValidIPForLegacyField(`${field}.ip`, ip));
  if (ip && ipMode === undefined) errors.push(required(`${field}.ipMode`, 'must be specified when `ip` is set'));
  if (!ip && ipMode !== undefined) {
    errors.push(forbiddenField(`${field}.ipMode`, 'may not be specified when `ip` is not set'));
  } else checkOneOf(errors, `${field}.ipMode`, ipMode, ['Proxy', 'VIP']);
  if (!hostname) return;
  pushTexts(errors, `${field}.hostname`, hostname, isDNS1123Subdomain(hostname));
  if (parseIP(hostname)) {
    errors.push(invalidValue(`${field}.hostname`, hostname, 'must be a DNS name, not an IP address'));
  }
}
