// The rules between clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy of one Service, and between an old and a new one.
// Mirrors: ValidateServiceClusterIPsRelatedFields and validateUpgradeDowngrade… in pkg/apis/core/validation/validation.go.
// Used by: validation.ts, and ipFamilies.ts before it looks closer.
import { duplicate, type FieldError, invalidValue, notSupported, required } from '../../../apimachinery/fieldErrors.ts';
import { isValidIPForLegacyField } from '../../../apimachinery/ipFormat.ts';
import { checkOneOf } from '../check.ts';
import { families, familyOf, isHeadless } from './facts.ts';

const ipsField = 'spec.clusterIPs';
const familiesField = 'spec.ipFamilies';
const policyField = 'spec.ipFamilyPolicy';
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const fixedText = 'may not change once set';

export function clusterIPErrors(service: any): FieldError[] {
  const { spec } = service;
  if (spec.type === 'ExternalName') return [];
  const ips: string[] = spec.clusterIPs ?? [];
  const errors: FieldError[] = [];
  checkFirst(errors, spec.clusterIP ?? '', ips);
  checkFamilies(errors, spec.ipFamilies ?? []);
  checkOneOf(errors, policyField, spec.ipFamilyPolicy, policies);
  const malformed = addressErrors(ips);
  errors.push(...malformed);
  if (ips.length > 2) errors.push(invalidValue(ipsField, ips, 'may only hold up to 2 values'));
  if (malformed.length) return errors;
  if (ips.length > 1 && new Set(ips.map(familyOf)).size < ips.length) {
    errors.push(invalidValue(ipsField, ips, 'may specify no more than one IP for each IP family'));
  }
  if (!isHeadless(service)) checkMatch(errors, ips, spec.ipFamilies ?? []);
  return errors;
}

function checkFirst(errors: FieldError[], clusterIP: string, ips: string[]): void {
  if (!clusterIP) {
    if (ips.length) errors.push(invalidValue(ipsField, ips, 'must be empty when `clusterIP` is not specified'));
  } else if (!ips.length) errors.push(required(ipsField));
  else if (ips[0] !== clusterIP) errors.push(invalidValue(ipsField, ips, 'first value must match `clusterIP`'));
}

function checkFamilies(errors: FieldError[], list: string[]): void {
  const seen = new Set<string>();
  for (const [i, family] of list.entries()) {
    const field = `${familiesField}[${i}]`;
    if (!(families as readonly string[]).includes(family)) errors.push(notSupported(field, family, families));
    if (seen.has(family)) errors.push(duplicate(field, family));
    seen.add(family);
  }
}

function addressErrors(ips: string[]): FieldError[] {
  return ips.flatMap((ip, i) => {
    if (i > 0 || ip !== 'None') return isValidIPForLegacyField(`${ipsField}[${i}]`, ip);
    return ips.length > 1 ? [invalidValue(ipsField, ips, "'None' must be the first and only value")] : [];
  });
}

function checkMatch(errors: FieldError[], ips: string[], list: string[]): void {
  for (const [i, ip] of ips.entries()) {
    const family = list[i];
    if (family === undefined || familyOf(ip) === family || !(families as readonly string[]).includes(family)) continue;
    errors.push(
      invalidValue(`${ipsField}[${i}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``),
    );
  }
}

/** A second address may come and go; the first stays, unless the Service turns into ExternalName or comes from it. */
export function clusterIPUpdateErrors(service: any, old: any): FieldError[] {
  if (service.spec.type === 'ExternalName' || old.spec.type === 'ExternalName') return [];
  return [...addressChanges(service, old), ...familyChanges(service, old)];
}

function addressChanges(service: any, old: any): FieldError[] {
  if (isHeadless(service) && isHeadless(old)) return [];
  const now: string[] = service.spec.clusterIPs ?? [];
  const before: string[] = old.spec.clusterIPs ?? [];
  const changed = (i: number) => invalidValue(`${ipsField}[${i}]`, now, fixedText);
  if (now.length === before.length) return before.flatMap((ip, i) => (ip === now[i] ? [] : [changed(i)]));
  const errors: FieldError[] = [];
  if (!now.length) errors.push(invalidValue(`${ipsField}[0]`, now, 'primary clusterIP can not be unset'));
  else if (before.length && now[0] !== before[0]) errors.push(changed(0));
  if (now.length === 1 && before.length > 1) errors.push(...mustBeSingle(service, 'clusterIP'));
  return errors;
}

function familyChanges(service: any, old: any): FieldError[] {
  if (isHeadless(service) || isHeadless(old)) return [];
  const now: string[] = service.spec.ipFamilies ?? [];
  const before: string[] = old.spec.ipFamilies ?? [];
  const changed = (shown: unknown) => invalidValue(`${familiesField}[0]`, shown, fixedText);
  if (now.length === before.length) return before.flatMap((f, i) => (f === now[i] ? [] : [changed(now)]));
  const errors: FieldError[] = [];
  const shrinks = now.length < before.length;
  if (shrinks && !service.spec.clusterIPs?.length) {
    errors.push(invalidValue(`${familiesField}[0]`, now, 'primary ipFamily can not be unset'));
  }
  if (now.length && before.length && now[0] !== before[0]) errors.push(changed(service.spec.clusterIPs));
  if (shrinks && now.length === 1) errors.push(...mustBeSingle(service, 'ipFamily'));
  return errors;
}

function mustBeSingle(service: any, what: string): FieldError[] {
  const policy = service.spec.ipFamilyPolicy;
  if (policy === 'SingleStack') return [];
  return [invalidValue(policyField, policy, `must be set to 'SingleStack' when releasing the secondary ${what}`)];
}
