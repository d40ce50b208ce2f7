// ServiceCIDR: ranges that ClusterIPs come from; `kubernetes` is the one that the server's flag asks for.
// Read by the API server's mechanisms. Mirrors: pkg/apis/networking/validation (ValidateServiceCIDR), pkg/registry/networking/servicecidr.
// Next: service/ipAllocator.ts, which allocates from them; ../bootstrap/defaultServiceCIDR.ts keeps the first.
import { type FieldError, immutable, immutableText, invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { isValidCIDR, parseCIDR } from '../../apimachinery/ipFormat.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { defineKind } from './kind.ts';
import { statusSubresource } from './statusSubresource.ts';

const field = 'spec.cidrs';
const twoFamilies = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';

function cidrErrors(spec: any): FieldError[] {
  const cidrs: string[] = spec?.cidrs ?? [];
  if (!cidrs.length) return [required(field, 'at least one CIDR required')];
  // Upstream shows the whole spec here, with its Go field's name.
  const shown = { CIDRs: cidrs };
  if (cidrs.length > 2) return [invalidValue(field, shown, 'may only hold up to 2 values')];
  const families = cidrs.map((text) => parseCIDR(text)?.family);
  if (cidrs.length === 2 && (families.includes(undefined) || families[0] === families[1])) {
    return [invalidValue(field, shown, twoFamilies)];
  }
  return cidrs.flatMap((text, i) => isValidCIDR(`${field}[${i}]`, text));
}

/** Ranges stay; a second one of the other family may join. */
function validateUpdate(object: any, old: any): FieldError[] {
  const now: string[] = object.spec?.cidrs ?? [];
  const before: string[] = old.spec?.cidrs ?? [];
  const grows = before.length === 1 && now.length === 2;
  if (now.length !== before.length && !grows) return [invalidValue(field, now, immutableText)];
  const changed = before.flatMap((text, i) => (text === now[i] ? [] : [immutable(`${field}[${i}]`, now[i])]));
  return grows ? [...changed, ...cidrErrors(object.spec)] : changed;
}

export const serviceCIDR = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.ServiceCIDR',
  storage: 'servicecidrs',
  defaults(object) {
    object.status ??= {};
  },
  validateCreate: (object) => cidrErrors(object.spec),
  validateUpdate,
  subresources: [statusSubresource()],
  columns: [nameColumn, column('CIDRs', 'Ranges of addresses.', (o) => (o.spec?.cidrs ?? []).join(',')), ageColumn],
});
