// Ingress: HTTP from outside to Services, by host and path. Its strategy and columns; the rules are in ingress/.
// Read by the API server's mechanisms. Mirrors: pkg/registry/networking/ingress, pkg/apis/networking/validation, pkg/printers.
// Next: ingress/rules.ts; ingressClass.ts says which controller acts on it.
import { warningsForIP } from '../../apimachinery/ipFormat.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { backendsOf, classAnnotation, validateCreate, validateStatus, validateUpdate } from './ingress/rules.ts';
import { defineKind } from './kind.ts';
import { statusSubresource } from './statusSubresource.ts';

const maxHosts = 3;

/** The first three, as upstream counts: rules without a host take no place, and still count as more. */
function hostsText({ spec }: any): string {
  const rules: any[] = spec?.rules ?? [];
  const hosts: string[] = [];
  let more = false;
  for (const { host } of rules) {
    if (hosts.length === maxHosts) more = true;
    if (!more && host) hosts.push(host);
  }
  const text = hosts.join(',') || '*';
  return more ? `${text} + ${rules.length - maxHosts} more...` : text;
}

const pointsOf = (ingress: any): any[] => ingress.status?.loadBalancer?.ingress ?? [];

function addressText(object: any): string {
  return [
    ...new Set(
      pointsOf(object)
        .map((point) => point.ip || point.hostname)
        .filter(Boolean),
    ),
  ]
    .toSorted()
    .join(',');
}

function warnings(object: any, old: any): string[] {
  const asks = !old && object.metadata.annotations?.[classAnnotation] !== undefined;
  const text = `annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`;
  return asks && object.spec.ingressClassName === undefined ? [text] : [];
}

function statusWarnings(object: any, old: any): string[] {
  if (semanticEqual(pointsOf(object), pointsOf(old))) return [];
  return pointsOf(object).flatMap(({ ip }, i) => (ip ? warningsForIP(`status.loadBalancer.ingress[${i}]`, ip) : []));
}

export const ingress = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  shortNames: ['ing'],
  namespaced: true,
  schema: 'io.k8s.api.networking.v1.Ingress',
  storage: 'ingress',
  defaults: (object) => {
    object.spec ??= {};
    // Go writes the group out, named or not.
    for (const { resource } of backendsOf(object.spec)) if (resource) resource.apiGroup ??= null;
    if (object.status) object.status.loadBalancer ??= {};
  },
  prepareCreate: (object) => {
    object.status = { loadBalancer: {} };
  },
  validateCreate,
  validateUpdate,
  warnings,
  generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
  subresources: [statusSubresource(validateStatus, { warnings: statusWarnings })],
  columns: [
    nameColumn,
    column('Class', 'The class that it is of.', (o) => o.spec?.ingressClassName ?? '<none>'),
    column('Hosts', 'Hosts whose requests it takes.', hostsText),
    column('Address', 'Where it can be reached.', addressText),
    column('Ports', 'Ports that are open: with certificates, that of TLS too.', (o) =>
      o.spec?.tls?.length ? '80, 443' : '80',
    ),
    ageColumn,
  ],
});
