// Rules of an Ingress: its hosts, its paths, its certificates. What was stored before a rule was there may stay on update.
// Mirrors: ValidateIngressSpec, ValidateIngressCreate and ValidateIngressUpdate in pkg/apis/networking/validation/validation.go.
// Used by: ../ingress.ts. Next: backend.ts.
import { type FieldError, invalidValue, notSupported, required } from '../../../apimachinery/fieldErrors.ts';
import { isValidIPForLegacyField, parseIP } from '../../../apimachinery/ipFormat.ts';
import { isDNS1123Subdomain, isWildcardDNS1123Subdomain, nameIsDNSSubdomain } from '../../../apimachinery/names.ts';
import { pushTexts } from '../check.ts';
import { checkBackend, isRelaxedName, type Leave } from './backend.ts';

export const classAnnotation = 'kubernetes.io/ingress.class';
const pathTypes: readonly string[] = ['Exact', 'ImplementationSpecific', 'Prefix'];
const badParts = ['//', '/./', '/../', '%2f', '%2F'];
const badEnds = ['/..', '/.'];
const notIP = 'must be a DNS name, not an IP address';

function checkPath(errors: FieldError[], field: string, rule: any, leave: Leave): void {
  const { path = '', pathType, backend } = rule;
  if (pathType === undefined || pathType === null)
    return void errors.push(required(`${field}.pathType`, 'pathType must be specified'));
  const refuse = (text: string) => errors.push(invalidValue(`${field}.path`, path, text));
  const strict = pathType === 'Exact' || pathType === 'Prefix';
  if (!pathTypes.includes(pathType)) errors.push(notSupported(`${field}.pathType`, pathType, pathTypes));
  else if ((strict || path) && !path.startsWith('/')) refuse('must be an absolute path');
  if (strict) {
    for (const part of badParts) if (path.includes(part)) refuse(`must not contain '${part}'`);
    for (const end of badEnds) if (path.endsWith(end)) refuse(`cannot end with '${end}'`);
  }
  checkBackend(errors, `${field}.backend`, backend, leave);
}

function checkPaths(errors: FieldError[], field: string, http: any, leave: Leave): void {
  const paths: any[] = http.paths ?? [];
  if (!paths.length) errors.push(required(`${field}.paths`));
  paths.forEach((path, i) => {
    checkPath(errors, `${field}.paths[${i}]`, path, leave);
  });
}

const isWildcard = (host = ''): boolean => host.includes('*');
const checkHost = (errors: FieldError[], field: string, host: string) =>
  pushTexts(errors, field, host, isWildcard(host) ? isWildcardDNS1123Subdomain(host) : isDNS1123Subdomain(host));

function checkRule(errors: FieldError[], field: string, { host, http }: any, leave: Leave): void {
  if (host) {
    if (parseIP(host)) errors.push(invalidValue(`${field}.host`, host, notIP));
    checkHost(errors, `${field}.host`, host);
  }
  if (http && !(leave.wildcardRules && isWildcard(host))) checkPaths(errors, `${field}.http`, http, leave);
}

const secretTexts = (name: string | undefined): string[] => (name ? nameIsDNSSubdomain(name, false) : []);

function checkTLS(errors: FieldError[], field: string, { hosts = [], secretName }: any, leave: Leave): void {
  hosts.forEach((host: string, i: number) => {
    checkHost(errors, `${field}.hosts[${i}]`, host);
  });
  if (!leave.secretNames) pushTexts(errors, `${field}.secretName`, secretName, secretTexts(secretName));
}

function checkSpec(spec: any, leave: Leave): FieldError[] {
  const errors: FieldError[] = [];
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec;
  if (!rules.length && !defaultBackend)
    errors.push(invalidValue('spec', spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified'));
  if (defaultBackend) checkBackend(errors, 'spec.defaultBackend', defaultBackend, leave);
  rules.forEach((rule: any, i: number) => {
    checkRule(errors, `spec.rules[${i}]`, rule, leave);
  });
  tls.forEach((entry: any, i: number) => {
    checkTLS(errors, `spec.tls[${i}]`, entry, leave);
  });
  if (ingressClassName !== undefined)
    pushTexts(errors, 'spec.ingressClassName', ingressClassName, nameIsDNSSubdomain(ingressClassName, false));
  return errors;
}

export function validateCreate({ metadata, spec }: any): FieldError[] {
  const errors = checkSpec(spec, {});
  const annotation = metadata.annotations?.[classAnnotation];
  if (annotation !== undefined && spec.ingressClassName !== undefined && annotation !== spec.ingressClassName)
    errors.push(
      invalidValue(
        `annotations.${classAnnotation}`,
        annotation,
        'must match `ingressClassName` when both are specified',
      ),
    );
  return errors;
}

export const backendsOf = ({ defaultBackend, rules = [] }: any): any[] =>
  [defaultBackend, ...rules.flatMap((rule: any) => (rule.http?.paths ?? []).map((path: any) => path.backend))].filter(
    Boolean,
  );

/** The Services that a spec names. */
const servicesOf = (spec: any): any[] =>
  backendsOf(spec)
    .map(({ service }) => service)
    .filter(Boolean);

const brokenPaths = (http: any): boolean => {
  const errors: FieldError[] = [];
  if (http) checkPaths(errors, '', http, {});
  return errors.length > 0;
};

export function validateUpdate({ spec }: any, { spec: old }: any): FieldError[] {
  return checkSpec(spec, {
    secretNames: (old.tls ?? []).some((entry: any) => secretTexts(entry.secretName).length > 0),
    wildcardRules: (old.rules ?? []).some((rule: any) => isWildcard(rule.host) && brokenPaths(rule.http)),
    serviceNames: servicesOf(old).some((service) => isRelaxedName(service.name)),
  });
}

/** Addresses that were there before stay in whatever form they have. */
export function validateStatus(ingress: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  const known: string[] = (old.status?.loadBalancer?.ingress ?? []).map((point: any) => point.ip).filter(Boolean);
  (ingress.status?.loadBalancer?.ingress ?? []).forEach(({ ip, hostname }: any, i: number) => {
    const field = `status.loadBalancer.ingress[${i}]`;
    if (ip) errors.push(...isValidIPForLegacyField(`${field}.ip`, ip, false, known));
    if (!hostname) return;
    pushTexts(errors, `${field}.hostname`, hostname, isDNS1123Subdomain(hostname));
    if (parseIP(hostname)) errors.push(invalidValue(`${field}.hostname`, hostname, notIP));
  });
  return errors;
}
