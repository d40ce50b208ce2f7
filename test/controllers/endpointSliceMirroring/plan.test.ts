import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Endpoints } from '../../../apimachinery/types.ts';
import { isMirrored, planMirror } from '../../../controllers/endpointSliceMirroring/plan.ts';

const endpoints = (subsets: object[], metadata: object = {}): Endpoints =>
  ({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'e', namespace: 'd', uid: 'u', ...metadata },
    subsets,
  }) as never;
const http = [{ name: 'http', port: 80, protocol: 'TCP' }];
const ips = (n: number, from = 0) =>
  Array.from({ length: n }, (_, i) => ({ ip: `10.0.${(i + from) >> 8}.${(i + from) & 255}` }));
let made = 0;
const stored = (slice: EndpointSlice): EndpointSlice => {
  const { generateName: _, ...metadata } = slice.metadata;
  return structuredClone({ ...slice, metadata: { ...metadata, name: `e-${made++}`, uid: 's', resourceVersion: '1' } });
};
const shape = (slices: readonly EndpointSlice[]) =>
  slices.map((s) => [
    s.addressType,
    s.ports?.map((p) => p.port),
    s.endpoints!.map((e) => `${e.addresses[0]}${e.conditions!.ready ? '' : '!'}`),
  ]);

describe('what is mirrored', () => {
  it.each([
    [{}, true],
    [{ labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }, false],
    [{ labels: { 'endpointslice.kubernetes.io/skip-mirror': 'false' } }, true],
    [{ annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }, false],
  ])('%j: %s', (metadata, expected) => {
    expect(isMirrored(endpoints([], metadata))).toBe(expected);
  });

  it.each<[string, object[], unknown[]]>([
    ['nothing', [], []],
    ['a subset without addresses', [{ ports: http }], []],
    [
      'ready and not',
      [{ addresses: ips(2), notReadyAddresses: ips(1, 9), ports: http }],
      [['IPv4', [80], ['10.0.0.0', '10.0.0.1', '10.0.0.9!']]],
    ],
    [
      'both families',
      [{ addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], ports: http }],
      [
        ['IPv4', [80], ['10.0.0.1']],
        ['IPv6', [80], ['fd00::1']],
      ],
    ],
    [
      'two subsets',
      [
        { addresses: ips(1), ports: http },
        { addresses: ips(1), ports: [{ port: 81 }] },
      ],
      [
        ['IPv4', [80], ['10.0.0.0']],
        ['IPv4', [81], ['10.0.0.0']],
      ],
    ],
    [
      'two subsets with the same ports, and one address in both',
      [
        { addresses: ips(1), ports: http },
        { addresses: ips(2), ports: http },
      ],
      [['IPv4', [80], ['10.0.0.0', '10.0.0.1']]],
    ],
    ['no ports', [{ addresses: ips(1) }], [['IPv4', [], ['10.0.0.0']]]],
  ])('%s', (_, subsets, expected) => {
    const plan = planMirror(endpoints(subsets), [], 1000);
    expect([shape(plan.create), plan.update, plan.remove]).toEqual([expected, [], []]);
    // What was made is right.
    const again = planMirror(endpoints(subsets), plan.create.map(stored), 1000);
    expect([again.create, again.update, again.remove]).toEqual([[], [], []]);
  });

  it('labels, annotations, owner and what each endpoint says', () => {
    const address = {
      ip: '10.0.0.1',
      hostname: 'h',
      nodeName: 'n',
      targetRef: { kind: 'Pod', name: 'p', namespace: 'd' },
    };
    const metadata = {
      labels: { a: 'b' },
      annotations: {
        c: 'd',
        'endpoints.kubernetes.io/last-change-trigger-time': 't',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
      },
    };
    const plan = planMirror(endpoints([{ addresses: [address], ports: http }], metadata), [], 1000);
    expect(plan.create).toEqual([
      {
        metadata: {
          generateName: 'e-',
          namespace: 'd',
          labels: {
            a: 'b',
            'kubernetes.io/service-name': 'e',
            'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
          },
          annotations: { c: 'd' },
          ownerReferences: [
            { apiVersion: 'v1', kind: 'Endpoints', name: 'e', uid: 'u', controller: true, blockOwnerDeletion: true },
          ],
        },
        addressType: 'IPv4',
        ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
        endpoints: [
          {
            addresses: ['10.0.0.1'],
            conditions: { ready: true },
            hostname: 'h',
            nodeName: 'n',
            targetRef: address.targetRef,
          },
        ],
      },
    ]);
  });
});

describe('what changes', () => {
  const subset = { addresses: ips(3), ports: http };
  const [first] = planMirror(endpoints([subset]), [], 1000).create.map(stored);

  it.each<[string, object[], object, string]>([
    ['an address', [{ ...subset, addresses: ips(2) }], {}, 'update'],
    ['readiness', [{ ...subset, addresses: ips(2), notReadyAddresses: ips(1, 2) }], {}, 'update'],
    ['the order', [{ ...subset, addresses: ips(3).reverse() }], {}, ''],
    ['a port', [{ ...subset, ports: [{ name: 'http', port: 81 }] }], {}, 'update'],
    ['a label', [subset], { labels: { a: 'b' } }, 'update'],
    ['an annotation', [subset], { annotations: { a: 'b' } }, 'update'],
    ['the owner', [subset], { uid: 'v' }, 'update'],
    ['the family', [{ ...subset, addresses: [{ ip: 'fd00::1' }] }], {}, 'create remove'],
    ['all gone', [], {}, 'remove'],
  ])('%s: %s', (_, subsets, metadata, done) => {
    const plan = planMirror(endpoints(subsets, metadata), [first!], 1000);
    const acts = (['create', 'update', 'remove'] as const).filter((act) => plan[act].length);
    expect(acts.join(' ')).toBe(done);
    if (plan.update[0]) expect(plan.update[0].metadata.name).toBe(first!.metadata.name);
  });

  it('one of several slices for the same ports stays', () => {
    const plan = planMirror(endpoints([subset]), [first!, stored(first!)], 1000);
    expect([plan.create.length, plan.update.length, plan.remove.length]).toEqual([0, 0, 1]);
  });

  it('a subset has a limit, and what is no IP is passed over', () => {
    const plan = planMirror(
      endpoints([{ addresses: [{ ip: 'x' }, ...ips(4)], notReadyAddresses: ips(2, 9), ports: http }]),
      [],
      3,
    );
    expect(shape(plan.create)).toEqual([['IPv4', [80], ['10.0.0.0', '10.0.0.1', '10.0.0.2']]]);
    expect([plan.invalid, plan.skipped]).toEqual([1, 4]);
  });
});
