// Endpoints: the addresses behind a Service in their old form, one object for all of them.
// Read by the API server's mechanisms. Mirrors: pkg/apis/core/validation (ValidateEndpoints), pkg/registry/core/endpoint.
// Next: endpointSlice.ts, the form that proxies read.
import { type FieldError, required } from '../../apimachinery/fieldErrors.ts';
import { isValidIPForLegacyField, warningsForIP } from '../../apimachinery/ipFormat.ts';
import { isDNS1123Label, nameIsDNSSubdomain } from '../../apimachinery/names.ts';
import { pushTexts } from './check.ts';
import { ageColumn, column, nameColumn, someOf } from './columns.ts';
import { checkNonSpecialIP, checkPort } from './endpointAddress.ts';
import { defineKind } from './kind.ts';

function defaults(endpoints: any): void {
  for (const subset of endpoints.subsets ?? []) {
    for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  }
}

function checkAddress(errors: FieldError[], field: string, address: any): void {
  errors.push(...isValidIPForLegacyField(`${field}.ip`, address.ip ?? ''));
  if (address.hostname) pushTexts(errors, `${field}.hostname`, address.hostname, isDNS1123Label(address.hostname));
  if (typeof address.nodeName === 'string') {
    pushTexts(errors, `${field}.nodeName`, address.nodeName, nameIsDNSSubdomain(address.nodeName, false));
  }
  checkNonSpecialIP(errors, `${field}.ip`, address.ip ?? '');
}

function checkSubset(errors: FieldError[], field: string, subset: any): void {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  if (!addresses.length && !notReadyAddresses.length) {
    errors.push(required(field, 'must specify `addresses` or `notReadyAddresses`'));
  }
  for (const [i, address] of addresses.entries()) checkAddress(errors, `${field}.addresses[${i}]`, address);
  for (const [i, address] of notReadyAddresses.entries()) {
    checkAddress(errors, `${field}.notReadyAddresses[${i}]`, address);
  }
  for (const [i, port] of ports.entries()) {
    if (ports.length > 1 && !port.name) errors.push(required(`${field}.ports[${i}].name`));
    checkPort(errors, `${field}.ports[${i}]`, port);
  }
}

function validate(endpoints: any): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, subset] of (endpoints.subsets ?? []).entries()) checkSubset(errors, `subsets[${i}]`, subset);
  return errors;
}

/** The own controller writes none but good addresses. */
function warnings({ metadata, subsets }: any): string[] {
  if (metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return [];
  return (subsets ?? []).flatMap((subset: any, i: number) =>
    ['addresses', 'notReadyAddresses'].flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip }: any, j: number) =>
        warningsForIP(`subsets[${i}].${list}[${j}].ip`, ip ?? ''),
      ),
    ),
  );
}

const withPort = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

/** Ready addresses with each port, or bare when there are no ports. */
function addressTexts(endpoints: any): string[] {
  return (endpoints.subsets ?? []).flatMap(({ addresses = [], ports = [] }: any) =>
    ports.length
      ? ports.flatMap((port: any) => addresses.map((a: any) => withPort(a.ip, port.port)))
      : addresses.map((a: any) => a.ip),
  );
}

export const endpoints = defineKind({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Endpoints',
  storage: 'services/endpoints',
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  defaults,
  validate,
  warnings,
  createOnUpdate: true,
  columns: [
    nameColumn,
    column('Endpoints', 'Ready addresses with their ports.', (o) =>
      o.subsets?.length ? someOf(addressTexts(o), '') : '<none>',
    ),
    ageColumn,
  ],
});
