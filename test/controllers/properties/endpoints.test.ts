// Endpoints, EndpointSlices and their mirrors in random worlds: Services, pods and nodes come, go and change, people keep Endpoints by
// hand. No slice is ever too full or names an address twice; at rest all say what there is, and nothing is left of what is gone.
import { expect, it } from 'vitest';
import { endpointSlices, endpoints, nodes, pods, services } from '../../../apimachinery/resources.ts';
import { endpointSliceController } from '../../../controllers/endpointSlice/endpointSlice.ts';
import { wantsZoneHints } from '../../../controllers/endpointSlice/topology.ts';
import { endpointSliceMirroringController } from '../../../controllers/endpointSliceMirroring/endpointSliceMirroring.ts';
import { endpointsController } from '../../../controllers/endpoints/endpoints.ts';
import { isReady } from './agents.ts';
import type { StoreEvent } from './store.ts';
import { inWorlds, timeLimit, World } from './world.ts';

const max = 3;
const zone = 'topology.kubernetes.io/zone';
const skip = 'endpointslice.kubernetes.io/skip-mirror';
const managed = 'endpointslice.kubernetes.io/managed-by';
const mode = 'service.kubernetes.io/topology-mode';

class Network {
  readonly world: World;
  private made = 0;

  constructor(seed: number) {
    this.world = new World({
      seed,
      resources: [services, pods, nodes, endpoints, endpointSlices],
      controllers: [
        () => endpointsController(),
        () => endpointSliceController(5, max),
        () => endpointSliceMirroringController(5, max),
      ],
      happen: () => (this.world.faults && this.world.chance(0.3) ? this.harm() : this.tidy()),
      check: (_, plural, event) => this.check(plural, event),
    });
    for (const name of ['n0', 'n1']) this.makeNode(name);
    this.makeService('web', true);
    this.makeService('hand', false);
    for (let i = 0; i < 4; i++) this.makePod();
    this.world.start();
  }

  private makeNode(name: string): void {
    const labels = { [zone]: `z${this.world.below(2)}` };
    const status = { allocatable: { cpu: '2' }, conditions: [{ type: 'Ready', status: 'True' }] };
    this.world.store.create(nodes, { metadata: { name, labels }, spec: {}, status });
  }

  private makeService(name: string, selects: boolean): void {
    const ports = [{ name: 'p', port: 80, targetPort: 8080, protocol: 'TCP' }];
    const spec = {
      ports,
      clusterIP: '10.96.0.1',
      ipFamilies: ['IPv4'],
      ...(selects ? { selector: { app: name } } : {}),
    };
    this.world.store.create(services, { metadata: { name, namespace: 'd' }, spec });
  }

  private makePod(): void {
    const { store, pick } = this.world;
    const n = ++this.made;
    const nodeName = pick(this.names(nodes)) ?? 'none';
    const metadata = { name: `p${n}`, namespace: 'd', labels: { app: 'web' } };
    const pod = store.create(pods, { metadata, spec: { nodeName, containers: [{ name: 'c' }] } });
    const ips = [`10.0.${n >> 8}.${n & 255}`, `fd00::${n.toString(16)}`];
    store.change(pods, pod, ({ status }) =>
      Object.assign(status, { phase: 'Running', podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    );
  }

  names = (r: { plural: string }): string[] => this.world.store.all(r).map((o) => o.metadata.name);
  service = (name: string): any => this.world.store.all(services).find((s) => s.metadata.name === name);
  endpoints = (name: string): any => this.world.store.all(endpoints).find((e) => e.metadata.name === name);
  slices = (name: string, by: string): any[] =>
    this.world.store
      .all(endpointSlices)
      .filter(
        ({ metadata: { labels } }) => labels['kubernetes.io/service-name'] === name && labels[managed].startsWith(by),
      );

  harm(): boolean {
    const { store, below, chance, pick } = this.world;
    const pod = pick(store.all(pods));
    const acts: (() => unknown)[] = [
      () => this.makePod(),
      () => pod && store.delete(pods, pod.metadata.name, 'd'),
      () =>
        pod &&
        store.change(pods, pod, ({ status }) => {
          const ready = chance(0.6) ? 'True' : 'False';
          status.conditions = [{ type: 'Ready', status: ready, lastTransitionTime: store.time() }];
        }),
      () =>
        pod &&
        store.change(pods, pod, ({ metadata }) => Object.assign(metadata.labels, { app: pick(['web', 'other']) })),
      () => pod && store.change(pods, pod, ({ status }) => Object.assign(status, { phase: 'Failed' })),
      () => this.harmNode(),
      () => this.harmService(),
      () => this.keepByHand(),
    ];
    acts[below(acts.length)]!();
    return true;
  }

  private harmNode(): void {
    const { store, below, pick } = this.world;
    const name = `n${below(3)}`;
    const node = store.all(nodes).find((n) => n.metadata.name === name);
    if (!node) this.makeNode(name);
    else if (below(3) === 0) store.remove(nodes, node);
    else store.change(nodes, node, ({ metadata }) => Object.assign(metadata.labels, { [zone]: pick(['z0', 'z1']) }));
  }

  private harmService(): void {
    const { store, below, pick } = this.world;
    const name = pick(['web', 'web', 'hand'])!;
    const service = this.service(name);
    if (!service) this.makeService(name, name === 'web');
    else if (below(6) === 0) store.delete(services, name, 'd');
    else this.change(service);
  }

  private change(service: any): void {
    const { store, below, chance, pick } = this.world;
    store.change(services, service, ({ metadata, spec }) => {
      const what = below(6);
      if (what === 0) spec.ports[0].targetPort = 8080 + below(2);
      else if (what === 1) spec.publishNotReadyAddresses = chance(0.5);
      else if (what === 2) spec.ipFamilies = chance(0.5) ? ['IPv4'] : ['IPv4', 'IPv6'];
      else if (what === 3) spec.trafficDistribution = pick([undefined, 'PreferSameZone', 'PreferSameNode']);
      else if (what === 4) metadata.annotations = chance(0.5) ? { [mode]: 'Auto' } : undefined;
      else if (metadata.name === 'hand') spec.selector = chance(0.3) ? { app: 'other' } : undefined;
    });
  }

  private keepByHand(): void {
    const { store, below, chance } = this.world;
    const old = this.endpoints('hand');
    const addresses = Array.from({ length: below(5) }, () => ({
      ip: chance(0.8) ? `10.9.0.${below(9)}` : `fd01::${below(9)}`,
    }));
    const subsets = [{ addresses, ports: [{ name: 'p', port: 80, protocol: 'TCP' }] }];
    const labels = chance(0.1) ? { [skip]: 'true' } : {};
    if (!old) store.create(endpoints, { metadata: { name: 'hand', namespace: 'd', labels }, subsets });
    else if (chance(0.15)) store.remove(endpoints, old);
    else if (!this.service('hand')?.spec.selector)
      store.change(endpoints, old, (copy) => {
        copy.metadata.labels = labels;
        copy.subsets = subsets;
      });
  }

  /** What kubelets, the collectors of pods and of garbage do. */
  private tidy(): boolean {
    const { store, pick } = this.world;
    const there = new Set(this.names(nodes));
    const uids = new Set([...store.tables.values()].flatMap((t) => [...t.objects.values()].map((o) => o.metadata.uid)));
    const works = [
      ...store
        .all(pods)
        .filter((p) => p.metadata.deletionTimestamp || !there.has(p.spec.nodeName))
        .map((p) => () => store.remove(pods, p)),
      ...store
        .all(endpointSlices)
        .filter((s) => s.metadata.ownerReferences.every((o: any) => !uids.has(o.uid)))
        .map((s) => () => store.remove(endpointSlices, s)),
    ];
    pick(works)?.();
    return works.length > 0;
  }

  private check(plural: string, { type, object }: StoreEvent): void {
    if (plural !== 'endpointslices' || type === 'DELETED') return;
    const addresses = object.endpoints.map((e: any) => e.addresses[0]);
    expect(addresses.length).toBeLessThanOrEqual(max);
    expect(new Set(addresses).size, `addresses of ${object.metadata.name}`).toBe(addresses.length);
  }

  expectRest(): void {
    this.expectWeb();
    this.expectHand();
  }

  private expectWeb(): void {
    const service = this.service('web');
    const slices = this.slices('web', 'endpointslice-controller');
    if (!service) return void expect([slices, this.endpoints('web')]).toEqual([[], undefined]);
    const { publishNotReadyAddresses = false, ipFamilies, trafficDistribution, ports } = service.spec;
    const chosen = this.world.store
      .all(pods)
      .filter((p) => p.metadata.labels.app === 'web' && p.status.phase === 'Running');
    const ready = (p: any) => publishNotReadyAddresses || isReady(p);
    const port = ports[0].targetPort;
    const wanted = chosen.flatMap((p) =>
      p.status.podIPs.slice(0, ipFamilies.length).map(({ ip }: any) => `${ip} ${port} ${ready(p)} ${p.spec.nodeName}`),
    );
    const all = slices.flatMap((s) => s.endpoints.map((e: any) => ({ ...e, port: s.ports[0]?.port })));
    const shown = all.map((e: any) => `${e.addresses[0]} ${e.port} ${e.conditions.ready} ${e.nodeName}`);
    expect(shown.sort()).toEqual(wanted.sort());
    expect(slices.every((s) => s.metadata.ownerReferences[0].uid === service.metadata.uid)).toBe(true);
    expect(new Set(slices.map((s) => s.addressType))).toEqual(new Set(ipFamilies));
    const [subset] = this.endpoints('web').subsets ?? [];
    const ips = (yes: boolean) =>
      chosen
        .filter((p) => ready(p) === yes)
        .map((p) => p.status.podIP)
        .sort();
    expect((subset?.addresses ?? []).map((a: any) => a.ip).sort()).toEqual(ips(true));
    expect((subset?.notReadyAddresses ?? []).map((a: any) => a.ip).sort()).toEqual(ips(false));
    for (const addressType of ipFamilies) {
      const hinted = slices.filter((s) => s.addressType === addressType).flatMap((s) => s.endpoints);
      const now = hinted.filter((e: any) => e.conditions.ready);
      if (wantsZoneHints(service)) expect(new Set(now.map((e: any) => Boolean(e.hints))).size).toBeLessThan(2);
      else if (!trafficDistribution) expect(now.map((e: any) => e.hints)).toEqual(now.map(() => undefined));
      else
        expect(now.map((e: any) => e.hints?.forZones)).toEqual(
          now.map((e: any) => [{ name: this.zoneOf(e.nodeName) }]),
        );
    }
  }

  private zoneOf = (name: string) => this.world.store.get(nodes, name).metadata.labels[zone];

  private expectHand(): void {
    const service = this.service('hand');
    const source = this.endpoints('hand');
    const mirrors = this.slices('hand', 'endpointslicemirroring');
    const isCopied = service && !service.spec.selector && source && source.metadata.labels?.[skip] !== 'true';
    const list: string[] = isCopied
      ? (source.subsets ?? []).flatMap((s: any) => (s.addresses ?? []).slice(0, max)).map((a: any) => a.ip)
      : [];
    const shown = mirrors.flatMap((s) => s.endpoints.map((e: any) => e.addresses[0]));
    expect(shown.sort()).toEqual([...new Set(list)].sort());
  }
}

it('converge', { timeout: timeLimit }, async () => {
  const made = new Map<World, Network>();
  await inWorlds(
    40,
    (seed) => {
      const one = new Network(seed);
      made.set(one.world, one);
      return one.world;
    },
    async (world) => {
      for (let step = 0; step < 600; step++) await world.step();
      await world.settle();
      made.get(world)!.expectRest();
      // One thing at a time: nothing else wakes who has missed it.
      for (let change = 0; change < 25; change++) {
        made.get(world)!.harm();
        await world.settle();
        made.get(world)!.expectRest();
      }
    },
  );
});
