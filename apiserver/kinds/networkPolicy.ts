// NetworkPolicy: who may talk to some pods of a namespace, and to whom they may talk.
// Read by the API server's mechanisms. Mirrors: pkg/registry/networking/networkpolicy, pkg/apis/networking/{v1/defaults,validation}, pkg/printers.
// Next: network plugins act on it.
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../apimachinery/fieldErrors.ts';
import {
  type CIDR,
  cidrContains,
  isValidCIDRForLegacyField,
  parseCIDR,
  warningsForCIDR,
} from '../../apimachinery/ipFormat.ts';
import { validateLabelSelector } from '../../apimachinery/labelSelector.ts';
import { isValidPortName, isValidPortNum } from '../../apimachinery/names.ts';
import { pushTexts } from './check.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';
import { selectorText } from './selectors.ts';

const protocols: readonly string[] = ['TCP', 'UDP', 'SCTP'];
const directions: readonly string[] = ['Ingress', 'Egress'];
/** Each direction's rules, and the list of peers within a rule. */
const sides = [
  ['ingress', 'from'],
  ['egress', 'to'],
] as const;

/** Calls `visit` for each address block, with its path. */
function eachBlock(spec: any, visit: (block: any, field: string) => void): void {
  for (const [side, peers] of sides)
    for (const [i, rule] of (spec[side] ?? []).entries())
      for (const [j, peer] of (rule[peers] ?? []).entries())
        if (peer.ipBlock) visit(peer.ipBlock, `spec.${side}[${i}].${peers}[${j}].ipBlock`);
}

function defaults(policy: any): void {
  policy.spec ??= {};
  const { spec } = policy;
  spec.podSelector ??= {};
  if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
  for (const [side] of sides)
    for (const rule of spec[side] ?? []) for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
}

/** What is let through because the stored policy has it. */
interface Leave {
  labelValues: boolean;
  cidrs: readonly string[];
}

function checkPort(errors: FieldError[], field: string, { protocol, port, endPort }: any): void {
  if (protocol !== undefined && !protocols.includes(protocol))
    errors.push(notSupported(`${field}.protocol`, protocol, protocols));
  const refuseEnd = (value: number, text: string) => errors.push(invalidValue(`${field}.endPort`, value, text));
  if (port === undefined) {
    if (endPort !== undefined) refuseEnd(endPort, 'may not be specified when `port` is not specified');
  } else if (typeof port === 'string') {
    if (endPort !== undefined) refuseEnd(endPort, 'may not be specified when `port` is non-numeric');
    pushTexts(errors, `${field}.port`, port, isValidPortName(port));
  } else {
    pushTexts(errors, `${field}.port`, port, isValidPortNum(port));
    if (endPort === undefined) return;
    if (endPort < port) refuseEnd(port, 'must be greater than or equal to `port`');
    pushTexts(errors, `${field}.endPort`, endPort, isValidPortNum(endPort));
  }
}

const isWithin = (inner: CIDR, outer: CIDR): boolean =>
  cidrContains(outer, inner.address) && outer.prefix < inner.prefix;

function checkBlock(errors: FieldError[], field: string, { cidr, except = [] }: any, leave: Leave): void {
  if (!cidr) return void errors.push(required(`${field}.cidr`));
  errors.push(...isValidCIDRForLegacyField(`${field}.cidr`, cidr, false, leave.cidrs));
  const outer = parseCIDR(cidr);
  if (!outer) return;
  for (const [i, text] of except.entries()) {
    const at = `${field}.except[${i}]`;
    errors.push(...isValidCIDRForLegacyField(at, text, false, leave.cidrs));
    const inner = parseCIDR(text);
    if (inner && !isWithin(inner, outer)) errors.push(invalidValue(at, text, 'must be a strict subset of `cidr`'));
  }
}

function checkPeer(errors: FieldError[], field: string, peer: any, leave: Leave): void {
  const { podSelector: pods, namespaceSelector: namespaces, ipBlock } = peer;
  const check = (name: string) =>
    errors.push(...validateLabelSelector(peer[name], `${field}.${name}`, { allowInvalidValues: leave.labelValues }));
  if (pods) check('podSelector');
  if (namespaces) check('namespaceSelector');
  if (ipBlock) checkBlock(errors, `${field}.ipBlock`, ipBlock, leave);
  if (!pods && !namespaces && !ipBlock) errors.push(required(field, 'must specify a peer'));
  else if (ipBlock && (pods || namespaces))
    errors.push(forbiddenField(field, 'may not specify both ipBlock and another peer'));
}

function checkTypes(errors: FieldError[], types: string[]): void {
  const field = 'spec.policyTypes';
  if (types.length > directions.length)
    return void errors.push(invalidValue(field, types, 'may not specify more than two policyTypes'));
  types.forEach((type, i) => {
    if (!directions.includes(type)) errors.push(notSupported(`${field}[${i}]`, type, directions));
  });
}

function checkSpec(spec: any, leave: Leave): FieldError[] {
  const errors = validateLabelSelector(spec.podSelector, 'spec.podSelector', { allowInvalidValues: leave.labelValues });
  for (const [side, peers] of sides)
    for (const [i, rule] of (spec[side] ?? []).entries()) {
      const field = `spec.${side}[${i}]`;
      for (const [j, port] of (rule.ports ?? []).entries()) checkPort(errors, `${field}.ports[${j}]`, port);
      for (const [j, peer] of (rule[peers] ?? []).entries()) checkPeer(errors, `${field}.${peers}[${j}]`, peer, leave);
    }
  checkTypes(errors, spec.policyTypes);
  return errors;
}

function validateUpdate({ spec }: any, { spec: old }: any): FieldError[] {
  const cidrs: string[] = [];
  eachBlock(old, ({ cidr, except = [] }) => cidrs.push(cidr, ...except));
  return checkSpec(spec, { labelValues: validateLabelSelector(old.podSelector, '').length > 0, cidrs });
}

function warnings({ spec }: any): string[] {
  const found: string[] = [];
  eachBlock(spec, ({ cidr, except = [] }, field) => {
    found.push(...warningsForCIDR(`${field}.cidr`, cidr ?? ''));
    for (const [i, text] of except.entries()) found.push(...warningsForCIDR(`${field}.except[${i}]`, text));
  });
  return found;
}

export const networkPolicy = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  namespaced: true,
  schema: 'io.k8s.api.networking.v1.NetworkPolicy',
  storage: 'networkpolicies',
  defaults,
  validateCreate: ({ spec }) => checkSpec(spec, { labelValues: false, cidrs: [] }),
  validateUpdate,
  warnings,
  generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
  columns: [
    nameColumn,
    column('Pod-Selector', 'The pods that it is about.', (o) => selectorText(o.spec?.podSelector)),
    ageColumn,
  ],
});
