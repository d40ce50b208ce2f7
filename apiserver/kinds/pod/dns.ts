// Rules of a pod's DNS settings, host names and aliases.
// Mirrors: validatePodDNSConfig, validatePodHostName and ValidateHostAliases in pkg/apis/core/validation/validation.go.
// Called by: spec.ts.
import { type FieldError, forbiddenField, invalidValue, required, tooLong } from '../../../apimachinery/fieldErrors.ts';
import {
  byteLength,
  isDNS1123Label,
  isDNS1123Subdomain,
  isDNS1123SubdomainWithUnderscore,
} from '../../../apimachinery/names.ts';
import { checkIP, pushTexts } from '../check.ts';

export function checkDNSConfig(errors: FieldError[], field: string, config: any, policy: string): void {
  if (policy === 'None') {
    if (!config) return void errors.push(required(field, 'must provide `dnsConfig` when `dnsPolicy` is None'));
    if (!config.nameservers?.length)
      return void errors.push(
        required(`${field}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'),
      );
  }
  if (!config) return;
  const { nameservers = [], searches = [], options = [] } = config;
  if (nameservers.length > 3)
    errors.push(invalidValue(`${field}.nameservers`, nameservers, 'must not have more than 3 nameservers'));
  for (let i = 0; i < nameservers.length; i++) checkIP(errors, `${field}.nameservers[${i}]`, nameservers[i]);
  if (searches.length > 32)
    errors.push(invalidValue(`${field}.searches`, searches, 'must not have more than 32 search paths'));
  if (byteLength(searches.join(' ')) > 2048)
    errors.push(
      invalidValue(
        `${field}.searches`,
        searches,
        'must not have more than 2048 characters (including spaces) in the search list',
      ),
    );
  searches.forEach((search: string, i: number) => {
    if (search === '.') return;
    const name = search.endsWith('.') ? search.slice(0, -1) : search;
    pushTexts(errors, `${field}.searches[${i}]`, name, isDNS1123SubdomainWithUnderscore(name));
  });
  options.forEach((option: any, i: number) => {
    if (!option.name) errors.push(required(`${field}.options[${i}]`, 'must not be empty'));
  });
}

export function checkHostNames(errors: FieldError[], field: string, spec: any): void {
  if (spec.hostname) pushTexts(errors, `${field}.hostname`, spec.hostname, isDNS1123Label(spec.hostname));
  if (spec.subdomain) pushTexts(errors, `${field}.subdomain`, spec.subdomain, isDNS1123Label(spec.subdomain));
  const name = spec.hostnameOverride;
  if (name === undefined) return;
  const at = `${field}.hostnameOverride`;
  if (spec.setHostnameAsFQDN) errors.push(forbiddenField(at, 'may not be specified when setHostnameAsFQDN is true'));
  if (spec.hostNetwork) errors.push(forbiddenField(at, 'may not be specified when hostNetwork is true'));
  if (byteLength(name) > 64) errors.push(tooLong(at, 64));
  pushTexts(errors, at, name, isDNS1123Subdomain(name));
}

export function checkHostAliases(errors: FieldError[], field: string, aliases: any[]): void {
  aliases.forEach((alias, i) => {
    checkIP(errors, `${field}[${i}].ip`, alias.ip);
    (alias.hostnames ?? []).forEach((name: string, j: number) => {
      pushTexts(errors, `${field}[${i}].hostnames[${j}]`, name, isDNS1123Subdomain(name));
    });
  });
}
