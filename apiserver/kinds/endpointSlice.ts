// EndpointSlice: a part of the addresses behind a Service, of one address type, at most a thousand.
// Read by the API server's mechanisms. Mirrors: pkg/apis/discovery/validation, pkg/registry/discovery/endpointslice.
// Next: ../../controllers/endpointSlice.ts writes them, ../../proxy/ reads them.
import {
  duplicate,
  type FieldError,
  immutable,
  invalidValue,
  required,
  tooMany,
} from '../../apimachinery/fieldErrors.ts';
import { isValidIPForLegacyField, parseIP, warningsForIP } from '../../apimachinery/ipFormat.ts';
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  isValidLabelValue,
  isValidPortNum,
  nameIsDNSSubdomain,
} from '../../apimachinery/names.ts';
import { checkRequiredOneOf, pushTexts } from './check.ts';
import { ageColumn, column, nameColumn, someOf } from './columns.ts';
import { checkNonSpecialIP, checkProtocol } from './endpointAddress.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';

const max = { endpoints: 1000, addresses: 100, ports: 20_000, topology: 16, hints: 8 };

function defaults(slice: any): void {
  // Go writes these lists out, empty or not.
  slice.endpoints ??= null;
  slice.ports ??= null;
  for (const port of slice.ports ?? []) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
}

/** The old topology labels cannot be written by this version. */
function dropTopology(slice: any, old?: any): void {
  if (old && semanticEqual(slice.endpoints, old.endpoints, 'endpoints')) return;
  for (const endpoint of slice.endpoints ?? []) delete endpoint.deprecatedTopology;
}

function checkFQDN(errors: FieldError[], field: string, text: string): void {
  if (!text) {
    errors.push(required(field));
    return;
  }
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  const subdomain = isDNS1123Subdomain(name);
  if (subdomain.length) errors.push(invalidValue(field, name, subdomain.join(',')));
  else if (!name.includes('.')) {
    errors.push(invalidValue(field, name, 'should be a domain with at least two segments separated by dots'));
  } else {
    const label = name.split('.').find((part) => isDNS1123Label(part).length > 0);
    if (label !== undefined) errors.push(invalidValue(field, label, isDNS1123Label(label).join(',')));
  }
}

function checkAddress(errors: FieldError[], list: string, i: number, type: string, text: string): void {
  const field = `${list}[${i}]`;
  if (type === 'FQDN') checkFQDN(errors, field, text);
  if (type !== 'IPv4' && type !== 'IPv6') return;
  const malformed = isValidIPForLegacyField(field, text);
  if (malformed.length) {
    errors.push(...malformed);
    return;
  }
  if (parseIP(text)?.family !== (type === 'IPv4' ? 4 : 6)) {
    errors.push(invalidValue(list, text, `must be an ${type} address`));
  }
  checkNonSpecialIP(errors, field, text);
}

function checkEndpoint(errors: FieldError[], field: string, type: string, endpoint: any): void {
  const addresses: string[] = endpoint.addresses ?? [];
  const list = `${field}.addresses`;
  if (!addresses.length) errors.push(required(list, 'must contain at least 1 address'));
  else if (addresses.length > max.addresses) errors.push(tooMany(list, addresses.length, max.addresses));
  for (const [i, text] of addresses.entries()) checkAddress(errors, list, i, type, text);
  if (typeof endpoint.nodeName === 'string') {
    pushTexts(errors, `${field}.nodeName`, endpoint.nodeName, nameIsDNSSubdomain(endpoint.nodeName, false));
  }
  checkTopology(errors, `${field}.deprecatedTopology`, endpoint.deprecatedTopology ?? {});
  if (typeof endpoint.hostname === 'string') {
    pushTexts(errors, `${field}.hostname`, endpoint.hostname, isDNS1123Label(endpoint.hostname));
  }
  if (!endpoint.hints) return;
  checkHints(errors, `${field}.hints.forZones`, endpoint.hints.forZones ?? [], isValidLabelValue);
  checkHints(errors, `${field}.hints.forNodes`, endpoint.hints.forNodes ?? [], (n) => nameIsDNSSubdomain(n, false));
}

function checkTopology(errors: FieldError[], field: string, topology: Record<string, string>): void {
  const entries = Object.entries(topology);
  if (entries.length > max.topology) errors.push(tooMany(field, entries.length, max.topology));
  for (const [key, value] of entries) {
    pushTexts(errors, field, key, isQualifiedName(key));
    pushTexts(errors, field, value, isValidLabelValue(value));
  }
}

function checkHints(errors: FieldError[], field: string, hints: any[], check: (name: string) => string[]): void {
  if (hints.length > max.hints) {
    errors.push(tooMany(field, hints.length, max.hints));
    return;
  }
  const seen = new Set<string>();
  for (const [i, { name = '' }] of hints.entries()) {
    if (seen.has(name)) errors.push(duplicate(`${field}[${i}].name`, name));
    seen.add(name);
    pushTexts(errors, `${field}[${i}].name`, name, check(name));
  }
}

function checkPorts(errors: FieldError[], ports: any[]): void {
  if (ports.length > max.ports) {
    errors.push(tooMany('ports', ports.length, max.ports));
    return;
  }
  const seen = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const field = `ports[${i}]`;
    const name: string = port.name ?? '';
    if (name) pushTexts(errors, `${field}.name`, name, isDNS1123Label(name));
    if (seen.has(name)) errors.push(duplicate(`${field}.name`, name));
    seen.add(name);
    if (typeof port.port === 'number') pushTexts(errors, `${field}.port`, port.port, isValidPortNum(port.port));
    checkProtocol(errors, field, port);
  }
}

function validate(slice: any): FieldError[] {
  const errors: FieldError[] = [];
  checkRequiredOneOf(errors, 'addressType', slice.addressType, ['FQDN', 'IPv4', 'IPv6']);
  const endpoints: any[] = slice.endpoints ?? [];
  if (endpoints.length > max.endpoints) errors.push(tooMany('endpoints', endpoints.length, max.endpoints));
  else {
    for (const [i, endpoint] of endpoints.entries()) {
      checkEndpoint(errors, `endpoints[${i}]`, slice.addressType, endpoint);
    }
  }
  checkPorts(errors, slice.ports ?? []);
  return errors;
}

function warnings(slice: any): string[] {
  if (slice.addressType === 'FQDN') return [];
  return (slice.endpoints ?? []).flatMap((endpoint: any, i: number) =>
    (endpoint.addresses ?? []).flatMap((ip: string, j: number) => warningsForIP(`endpoints[${i}].addresses[${j}]`, ip)),
  );
}

/** Anything but metadata counts, and of metadata the labels: they say which Service it is of. */
function changed(slice: any, old: any): boolean {
  const parts = ['addressType', 'endpoints', 'ports'];
  const labels = semanticEqual(slice.metadata.labels, old.metadata.labels, 'labels');
  return !labels || parts.some((part) => !semanticEqual(slice[part], old[part], part));
}

export const endpointSlice = defineKind({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  schema: 'io.k8s.api.discovery.v1.EndpointSlice',
  storage: 'endpointslices',
  defaults,
  prepareCreate: (slice) => dropTopology(slice),
  prepareUpdate: dropTopology,
  validate,
  validateUpdate: (slice, old) =>
    slice.addressType === old.addressType ? [] : [immutable('addressType', slice.addressType)],
  warnings,
  generation: changed,
  columns: [
    nameColumn,
    column('AddressType', 'IPv4, IPv6 or FQDN.', (o) => o.addressType),
    column('Ports', 'Ports of every endpoint.', (o) =>
      someOf(
        (o.ports ?? []).map((p: any) => String(p.port ?? p.name ?? '*')),
        '<unset>',
      ),
    ),
    column('Endpoints', 'Addresses.', (o) =>
      someOf(
        (o.endpoints ?? []).flatMap((e: any) => e.addresses ?? []),
        '<unset>',
      ),
    ),
    ageColumn,
  ],
});
