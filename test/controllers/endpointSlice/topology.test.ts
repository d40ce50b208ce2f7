import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Node, Service } from '../../../apimachinery/types.ts';
import { createCapacity } from '../../../controllers/endpointSlice/capacity.ts';
import type { SlicePlan } from '../../../controllers/endpointSlice/plan.ts';
import { addZoneHints, wantsZoneHints } from '../../../controllers/endpointSlice/topology.ts';
import { allocate, cpuRatios, givingAndReceiving, isOverloaded } from '../../../controllers/endpointSlice/zones.ts';

const zones = (o: Record<string, number>) => new Map(Object.entries(o));
const label = 'topology.kubernetes.io/zone';
const node = (zone: string, cpu: string, o: { ready?: boolean; labels?: object } = {}): Node =>
  ({
    metadata: { labels: { ...(zone ? { [label]: zone } : {}), ...o.labels } },
    status: {
      allocatable: { cpu },
      conditions: [{ type: 'Ready', status: (o.ready ?? true) ? 'True' : 'False' }],
    },
  }) as unknown as Node;

describe('the part of the CPUs of each zone', () => {
  const master = { labels: { 'node-role.kubernetes.io/control-plane': '' } };
  it.each<[string, Node[], Record<string, number> | undefined]>([
    ['no node', [], undefined],
    ['one zone', [node('a', '1'), node('a', '1')], undefined],
    ['two zones', [node('a', '1'), node('b', '1000m')], { a: 0.5, b: 0.5 }],
    ['unequal', [node('a', '1'), node('b', '3')], { a: 0.25, b: 0.75 }],
    ['several nodes', [node('a', '1'), node('a', '1'), node('b', '2'), node('c', '4')], { a: 0.25, b: 0.25, c: 0.5 }],
    ['one that is not ready', [node('a', '1'), node('b', '1'), node('b', '9', { ready: false })], { a: 0.5, b: 0.5 }],
    ['the control plane', [node('a', '1'), node('b', '1'), node('b', '9', master)], { a: 0.5, b: 0.5 }],
    ['one without a zone', [node('a', '1'), node('b', '1'), node('', '1')], undefined],
    ['one without CPUs', [node('a', '1'), node('b', '1'), node('b', '0')], undefined],
  ])('%s', (_, nodes, ratios) => {
    expect(cpuRatios(nodes)).toEqual(ratios && zones(ratios));
  });
});

describe('how many endpoints each zone gets', () => {
  const thirds = zones({ a: 0.3, b: 0.4, c: 0.3 });
  it.each<[string, number, Map<string, number> | undefined, object | string]>([
    [
      'nothing known',
      9,
      undefined,
      'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
    ],
    ['one zone', 9, zones({ a: 1 }), 'Nodes only ready in one zone'],
    ['too few', 2, thirds, 'Insufficient number of endpoints (2 endpoints, 3 zones)'],
    [
      'too uneven',
      3,
      zones({ a: 0.5, b: 0.5 }),
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 2 zones)',
    ],
    [
      'even',
      4,
      zones({ a: 0.5, b: 0.5 }),
      { a: { minimum: 2, maximum: 2, desired: 2 }, b: { minimum: 2, maximum: 2, desired: 2 } },
    ],
    [
      'with some to spare',
      12,
      zones({ a: 0.5, b: 0.5 }),
      { a: { minimum: 5, maximum: 7, desired: 6 }, b: { minimum: 5, maximum: 7, desired: 6 } },
    ],
  ])('%s', (_, endpoints, ratios, expected) => {
    const allocations = allocate(endpoints, ratios);
    expect(typeof allocations === 'string' ? allocations : Object.fromEntries(allocations)).toEqual(expected);
  });

  const wanted = (o: Record<string, number>) =>
    new Map(Object.entries(o).map(([zone, desired]) => [zone, { desired, minimum: 0, maximum: 99 }]));
  it.each<[string, Record<string, number>, Record<string, number>, Record<string, number>, Record<string, number>]>([
    ['nothing to move', { a: 2, b: 2 }, { a: 2, b: 2 }, {}, {}],
    ['one to another', { a: 2, b: 2 }, { a: 3, b: 1 }, { a: 1 }, { b: 1 }],
    ['less than half of one', { a: 2.4, b: 1.6 }, { a: 2, b: 2 }, {}, {}],
    ['more than half, but no whole one', { a: 2.6, b: 1.4 }, { a: 2, b: 2 }, {}, {}],
    ['two zones give to one', { a: 1, b: 1, c: 4 }, { a: 3, b: 3, c: 0 }, { a: 2, b: 2 }, { c: 4 }],
  ])('%s', (_, desired, counts, giving, receiving) => {
    const moved = givingAndReceiving(wanted(desired), zones(counts));
    expect([moved.giving, moved.receiving]).toEqual([zones(giving), zones(receiving)]);
  });

  it.each<[string, Record<string, number>, Record<string, number> | undefined, boolean]>([
    ['no endpoints', {}, { a: 0.5, b: 0.5 }, false],
    ['no nodes', { a: 1 }, undefined, true],
    ['a zone without any', { a: 5 }, { a: 0.5, b: 0.5 }, true],
    ['even', { a: 5, b: 5 }, { a: 0.5, b: 0.5 }, false],
    ['a little more', { a: 5, b: 5 }, { a: 0.4, b: 0.6 }, false],
    ['too much', { a: 5, b: 5 }, { a: 0.3, b: 0.7 }, true],
  ])('overloaded: %s', (_, counts, ratios, expected) => {
    expect(isOverloaded(zones(counts), ratios && zones(ratios))).toBe(expected);
  });
});

/** `a` an endpoint of zone a; `A` one that is not ready; `?` one without a zone; `a>b` one with a hint. */
let made = 0;
function slice(text: string, family = 'IPv4'): EndpointSlice {
  const endpoints = text.split(' ').map((e) => {
    const [zone = '', hint] = e.split('>');
    return {
      addresses: [`10.0.0.${++made}`],
      conditions: { ready: zone === zone.toLowerCase() },
      ...(zone === '?' ? {} : { zone: zone.toLowerCase() }),
      ...(hint ? { hints: { forZones: [{ name: hint }] } } : {}),
    };
  });
  return { metadata: { name: `s${made}` }, addressType: family, endpoints, ports: [] } as unknown as EndpointSlice;
}
const shown = (s: EndpointSlice) => (s.endpoints ?? []).map((e) => e.hints?.forZones?.[0]?.name ?? '-').join('');
const plan = (o: { create?: string[]; update?: string[]; kept?: string[] }): SlicePlan => ({
  create: (o.create ?? []).map((t) => slice(t)),
  update: (o.update ?? []).map((t) => slice(t)),
  kept: (o.kept ?? []).map((t) => slice(t)),
  remove: [],
});

describe('hints by zone', () => {
  it.each<
    [string, Parameters<typeof plan>[0], Record<string, number> | undefined, string, Record<string, number> | undefined]
  >([
    ['nothing known of nodes', { create: ['a'] }, undefined, '-', undefined],
    ['too few endpoints', { create: ['a b'] }, { a: 0.3, b: 0.4, c: 0.3 }, '--', undefined],
    ['each its own zone', { create: ['a b'] }, { a: 0.45, b: 0.55 }, 'ab', { a: 1, b: 1 }],
    ['only what is ready', { create: ['a b B'] }, { a: 0.45, b: 0.55 }, 'ab-', { a: 1, b: 1 }],
    ['one without a zone', { create: ['a b ?'], kept: ['a>a'] }, { a: 0.45, b: 0.55 }, '---|-', undefined],
    [
      'shared out',
      { create: ['a b', 'c c a'], update: ['a a', 'b c a'] },
      { a: 0.35, b: 0.35, c: 0.3 },
      'bb|cca|aa|bca',
      { a: 4, b: 3, c: 3 },
    ],
    ['all of one zone', { create: ['a a a a'] }, { a: 0.5, b: 0.5 }, 'bbaa', { a: 2, b: 2 }],
    ['kept ones count', { create: ['a a'], kept: ['a>a a>a'] }, { a: 0.5, b: 0.5 }, 'bb', { a: 2, b: 2 }],
    [
      'kept ones with too much are written',
      { create: ['a'], kept: ['a>a a>a a>a'] },
      { a: 0.5, b: 0.5 },
      'b|baa',
      { a: 2, b: 2 },
    ],
    ['kept ones without hints are written', { kept: ['a b'] }, { a: 0.5, b: 0.5 }, 'ab', { a: 1, b: 1 }],
    ['kept ones for a zone that is gone are written', { kept: ['a>z b>b'] }, { a: 0.5, b: 0.5 }, 'ab', { a: 1, b: 1 }],
  ])('%s', (_, o, ratios, hints, counts) => {
    const p = plan(o);
    const { zones: given, event } = addZoneHints(p, 'IPv4', ratios && zones(ratios), false);
    expect([...p.create, ...p.update].map(shown).join('|')).toBe(hints);
    expect(given).toEqual(counts && zones(counts));
    expect(event!.reason).toBe(counts ? 'TopologyAwareHintsEnabled' : 'TopologyAwareHintsDisabled');
  });

  it('what is right is left alone', () => {
    const p = plan({ kept: ['a>a b>b'] });
    const { kept } = structuredClone(p);
    expect(addZoneHints(p, 'IPv4', zones({ a: 0.5, b: 0.5 }), true)).toEqual({ zones: zones({ a: 1, b: 1 }) });
    expect([p.update, p.kept]).toEqual([[], kept]);
  });

  it('what is cached is never changed', () => {
    const p = plan({ kept: ['a b'] });
    const [cached] = p.kept;
    addZoneHints(p, 'IPv4', zones({ a: 0.5, b: 0.5 }), true);
    expect(shown(cached!)).toBe('--');
  });

  it('the other family is not touched', () => {
    const p = { ...plan({ create: ['a b'] }), update: [slice('a b', 'IPv6')] };
    addZoneHints(p, 'IPv4', zones({ a: 0.5, b: 0.5 }), false);
    expect([shown(p.create[0]!), shown(p.update[0]!)]).toEqual(['ab', '--']);
  });
});

describe('who has hints by zone', () => {
  const service = (annotations: object): Service => ({ metadata: { annotations } }) as never;
  const mode = 'service.kubernetes.io/topology-mode';
  const older = 'service.kubernetes.io/topology-aware-hints';
  it.each([
    [{}, false],
    [{ [mode]: 'Auto' }, true],
    [{ [mode]: 'auto' }, true],
    [{ [mode]: 'Disabled' }, false],
    [{ [older]: 'auto' }, true],
    [{ [older]: 'disabled', [mode]: 'Auto' }, false],
  ])('%j: %s', (annotations, expected) => {
    expect(wantsZoneHints(service(annotations))).toBe(expected);
  });

  it('is told when it begins and ends, and looked at again as zones change', () => {
    let nodes = [node('a', '1'), node('b', '1')];
    const again: string[] = [];
    const capacity = createCapacity(
      () => nodes,
      (key) => void again.push(key),
    );
    const auto = service({ [mode]: 'Auto' });
    const apply = (s: Service, text = 'a b') =>
      capacity.apply('k', s, plan({ create: [text] }), 'IPv4').map((e) => `${e.type} ${e.reason}: ${e.message}`);
    expect(apply(auto)).toEqual([
      'Normal TopologyAwareHintsEnabled: Topology Aware Hints has been enabled, addressType: IPv4',
    ]);
    expect(apply(auto)).toEqual([]);
    nodes = [node('a', '1'), node('b', '1'), node('b', '1')];
    capacity.changed();
    expect(again).toEqual(['k']);
    nodes = [node('a', '1')];
    const info = 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
    capacity.changed();
    expect(apply(auto)).toEqual([`Warning TopologyAwareHintsDisabled: ${info}, addressType: IPv4`]);
    nodes = [node('a', '1'), node('b', '1')];
    capacity.changed();
    apply(auto);
    expect(apply(service({}))).toEqual([
      'Warning TopologyAwareHintsDisabled: Topology Aware Hints has been disabled, addressType: IPv4',
    ]);
    expect(apply(service({}))).toEqual([]);
  });
});
