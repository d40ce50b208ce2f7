// IPAddress: the claim on one IP; its name is the address, so that etcd decides who gets it. Services claim their ClusterIPs so.
// Read by the API server's mechanisms. Mirrors: pkg/apis/networking/validation (ValidateIPAddress), pkg/registry/networking/ipaddress.
// Next: service/ipAllocator.ts, which creates and deletes them.
import { type FieldError, immutable, required } from '../../apimachinery/fieldErrors.ts';
import { isValidIP } from '../../apimachinery/ipFormat.ts';
import { isDNS1123Subdomain, isPathSegmentName } from '../../apimachinery/names.ts';
import { pushTexts } from './check.ts';
import { column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';

/** The name is the address, in the one form that it has. */
const validateName = (name: string): string[] => isValidIP('', name).map(({ detail }) => detail);

const segmentTexts = (value: string) => isPathSegmentName(value, false);

function validate(address: any): FieldError[] {
  const ref = address.spec?.parentRef;
  if (!ref) return [required('spec.parentRef')];
  const errors: FieldError[] = [];
  if (ref.group) pushTexts(errors, 'spec.parentRef.group', ref.group, isDNS1123Subdomain(ref.group));
  for (const part of ['resource', 'name'] as const) {
    const field = `spec.parentRef.${part}`;
    if (ref[part]) pushTexts(errors, field, ref[part], segmentTexts(ref[part]));
    else errors.push(required(field));
  }
  if (ref.namespace) pushTexts(errors, 'spec.parentRef.namespace', ref.namespace, segmentTexts(ref.namespace));
  return errors;
}

function parent(address: any): string {
  const ref = address.spec?.parentRef;
  if (!ref) return '<none>';
  const resource = ref.group ? `${ref.resource}.${ref.group}` : ref.resource;
  return [resource, ref.namespace, ref.name].filter(Boolean).join('/');
}

export const ipAddress = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  shortNames: ['ip'],
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.IPAddress',
  storage: 'ipaddresses',
  validateName,
  validate,
  validateUpdate(address, old) {
    const ref = address.spec?.parentRef;
    return semanticEqual(ref, old.spec?.parentRef) ? [] : [immutable('spec.parentRef', ref)];
  },
  columns: [nameColumn, column('ParentRef', 'What the address belongs to.', parent)],
});
