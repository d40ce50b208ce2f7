import { expect, test } from 'vitest';
import { networkPolicy } from '../../../apiserver/kinds/networkPolicy.ts';
import { cells, created, made, updated } from './said.ts';

const one = (spec: any = {}): any => made(networkPolicy, { spec });
const port = (fields: any) => one({ ingress: [{ ports: [fields] }] });
const peer = (fields: any) => one({ egress: [{ to: [fields] }] });
const block = (cidr: string | undefined, ...except: string[]) => peer({ ipBlock: { cidr, except } });
const p = 'spec.ingress[0].ports[0]';
const t = 'spec.egress[0].to[0]';
const broken = { matchExpressions: [{ key: 'a', operator: 'In', values: ['a b'] }] };

test('defaults', () => {
  expect(one().spec).toEqual({ podSelector: {}, policyTypes: ['Ingress'] });
  expect(one({ egress: [{ ports: [{ port: 1 }] }] }).spec).toMatchObject({
    policyTypes: ['Ingress', 'Egress'],
    egress: [{ ports: [{ protocol: 'TCP' }] }],
  });
});

test.each<[string, any, any[]]>([
  ['nothing', one(), []],
  [
    'selector',
    one({ podSelector: broken }),
    [expect.stringContaining('spec.podSelector.matchExpressions[0].values[0]: Invalid value: "a b"')],
  ],
  ['ports', port({ protocol: 'SCTP', port: 1, endPort: 2 }), []],
  ['named port', port({ port: 'http' }), []],
  ['any port', port({}), []],
  [
    'protocol',
    port({ protocol: 'ICMP' }),
    [`${p}.protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"`],
  ],
  ['port 0', port({ port: 0 }), [`${p}.port: Invalid value: 0: must be between 1 and 65535, inclusive`]],
  [
    'end before',
    port({ port: 5, endPort: 4 }),
    [`${p}.endPort: Invalid value: 5: must be greater than or equal to \`port\``],
  ],
  [
    'end far',
    port({ port: 5, endPort: 70000 }),
    [`${p}.endPort: Invalid value: 70000: must be between 1 and 65535, inclusive`],
  ],
  [
    'end of a name',
    port({ port: 'http', endPort: 5 }),
    [`${p}.endPort: Invalid value: 5: may not be specified when \`port\` is non-numeric`],
  ],
  [
    'end of nothing',
    port({ endPort: 5 }),
    [`${p}.endPort: Invalid value: 5: may not be specified when \`port\` is not specified`],
  ],
  ['no port name', port({ port: 'a_b' }), [expect.stringContaining(`${p}.port: Invalid value: "a_b"`)]],
  ['pods of namespaces', peer({ podSelector: {}, namespaceSelector: {} }), []],
  ['nobody', peer({}), [`${t}: Required value: must specify a peer`]],
  [
    'pods and a block',
    peer({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }),
    [`${t}: Forbidden: may not specify both ipBlock and another peer`],
  ],
  [
    'peers',
    peer({ namespaceSelector: broken }),
    [expect.stringContaining(`${t}.namespaceSelector.matchExpressions[0].values[0]: Invalid value`)],
  ],
  ['a block', block('10.0.0.0/8', '10.1.0.0/16'), []],
  ['no block', block(undefined), [`${t}.ipBlock.cidr: Required value`]],
  [
    'a bad block',
    block('10.0.0.0'),
    [expect.stringContaining(`${t}.ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value`)],
  ],
  [
    'a bad exception',
    block('10.0.0.0/8', 'x'),
    [expect.stringContaining(`${t}.ipBlock.except[0]: Invalid value: "x": must be a valid CIDR value`)],
  ],
  [
    'an exception outside',
    block('10.0.0.0/8', '11.0.0.0/16'),
    [`${t}.ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of \`cidr\``],
  ],
  [
    'an exception of all',
    block('10.0.0.0/8', '10.0.0.0/8'),
    [`${t}.ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of \`cidr\``],
  ],
  [
    'an exception of the other family',
    block('10.0.0.0/8', 'fd00::/64'),
    [`${t}.ipBlock.except[0]: Invalid value: "fd00::/64": must be a strict subset of \`cidr\``],
  ],
  [
    'direction',
    one({ policyTypes: ['Up'] }),
    ['spec.policyTypes[0]: Unsupported value: "Up": supported values: "Ingress", "Egress"'],
  ],
  [
    'three directions',
    one({ policyTypes: ['Ingress', 'Egress', 'Ingress'] }),
    ['spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes'],
  ],
])('create: %s', (_what, object, expected) => {
  expect(created(networkPolicy, object)).toEqual(expected);
});

test('what was stored before a rule was there may stay', () => {
  expect(updated(networkPolicy, block('nonsense'), block('nonsense'))).toEqual([]);
  expect(updated(networkPolicy, block('nonsense'), block('10.0.0.0/8'))).toHaveLength(1);
  expect(updated(networkPolicy, one({ podSelector: broken }), one({ podSelector: broken }))).toEqual([]);
});

test('warnings, generation, columns', () => {
  expect(networkPolicy.warnings!(block('010.0.0.0/8', '10.1.2.3/16'), undefined)).toEqual([
    expect.stringContaining(`${t}.ipBlock.cidr: non-standard CIDR value "010.0.0.0/8"`),
    expect.stringContaining(`${t}.ipBlock.except[0]: CIDR value "10.1.2.3/16" is ambiguous`),
  ]);
  const grows = networkPolicy.generation as (a: any, b: any) => boolean;
  expect([grows(one(), one()), grows(port({ port: 1 }), one())]).toEqual([false, true]);
  expect(cells(networkPolicy, one({ podSelector: { matchLabels: { a: 'b' } } }))['Pod-Selector']).toBe('a=b');
  expect(cells(networkPolicy, one())['Pod-Selector']).toBe('<none>');
});
