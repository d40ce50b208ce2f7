// DaemonSets in random worlds, whose nodes come, go, and are tainted: they converge; no node has two living pods but while surging; an
// update takes no more than maxUnavailable away and surges on no more nodes than maxSurge.
import { expect, it } from 'vitest';
import { controllerRevisions, daemonSets, nodes, pods } from '../../../apimachinery/resources.ts';
import { daemonSetController } from '../../../controllers/daemonSet/daemonSet.ts';
import { limits } from '../../../controllers/daemonSet/limits.ts';
import { targetNode } from '../../../controllers/daemonSet/template.ts';
import { act, endPod, image, isLive, isOf, serves, setReady } from './agents.ts';
import type { StoreEvent } from './store.ts';
import { inWorlds, timeLimit, World } from './world.ts';

const labels = { app: 'agent' };

class Daemons {
  readonly world: World;
  /** Pods neither fail nor are evicted, and nodes stay as they are. */
  readonly calm: boolean;
  readonly sets = new Map<number, any>();
  changes = 0;
  /** Every node had its pod. */
  settled = false;

  constructor(seed: number) {
    this.calm = seed % 2 === 0;
    this.world = new World({
      seed,
      resources: [daemonSets, nodes, pods, controllerRevisions],
      controllers: [() => daemonSetController()],
      happen: () => this.happen(),
      check: (_, plural, event, old) => this.check(plural, event, old),
    });
    const { below, store } = this.world;
    for (let i = below(6); i >= 0; i--) store.create(nodes, { metadata: { name: `n${i}` }, spec: {} });
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'v0' }] } };
    const spec = { selector: { matchLabels: labels }, template, revisionHistoryLimit: below(3) };
    store.create(daemonSets, {
      metadata: { name: 'agent', namespace: 'd' },
      spec: { ...spec, updateStrategy: this.strategy() },
    });
    this.world.start();
  }

  private strategy(): object {
    const { below, chance } = this.world;
    if (chance(0.1)) return { type: 'OnDelete' };
    const rollingUpdate = chance(0.4)
      ? { maxSurge: 1 + below(3), maxUnavailable: 0 }
      : { maxUnavailable: 1 + below(3), maxSurge: 0 };
    return { type: 'RollingUpdate', rollingUpdate };
  }

  ds = (): any => this.world.store.all(daemonSets)[0];
  pods = (): any[] => this.world.store.all(pods).filter(isOf(this.ds()));
  private on = (node: string): any[] => this.pods().filter((p) => targetNode(p) === node);
  private names = (): string[] => this.world.store.all(nodes).map((n) => n.metadata.name);
  eligible = (): string[] =>
    this.world.store
      .all(nodes)
      .filter((n) => !n.spec.taints?.length)
      .map((n) => n.metadata.name);

  private happen(): boolean {
    const { world } = this;
    if (world.faults && this.changes < 6 && world.chance(0.02)) this.edit();
    if (!this.calm && world.faults && world.chance(0.03)) this.harm();
    return act(world, { nodes: this.names, dependents: [pods] });
  }

  private edit(): void {
    const { store, chance, pick } = this.world;
    this.changes++;
    store.change(daemonSets, this.ds(), ({ spec }) => {
      if (chance(0.8)) spec.template.spec.containers[0].image = pick(['v0', 'v1', 'v2', 'broken']);
      else spec.updateStrategy = this.strategy();
    });
  }

  private harm(): void {
    const { world } = this;
    const { store, below } = world;
    const what = below(6);
    const pod = world.pick(store.all(pods).filter(isLive));
    const node = world.pick(store.all(nodes));
    if (what === 0 && pod) store.delete(pods, pod.metadata.name, 'd');
    else if (what === 1 && pod?.status.phase === 'Running') setReady(world, pod, false);
    else if (what === 2 && pod?.spec.nodeName) endPod(world, pod);
    else if (what === 3 && node)
      store.change(nodes, node, ({ spec }) => {
        spec.taints = spec.taints?.length ? [] : [{ key: 'k', effect: world.chance(0.5) ? 'NoSchedule' : 'NoExecute' }];
      });
    else if (what === 4 && node && this.names().length > 1) store.remove(nodes, node);
    else if (what === 5) {
      const name = `n${below(8)}`;
      if (!this.names().includes(name)) store.create(nodes, { metadata: { name }, spec: {} });
    }
  }

  private window(): any[] {
    const seen = this.ds().status.observedGeneration ?? 1;
    return [...this.sets].filter(([generation]) => generation >= seen - 1).map(([, ds]) => ds);
  }

  private check(plural: string, { type, object }: StoreEvent, old: any): void {
    if (plural === 'daemonsets') this.sets.set(object.metadata.generation, object);
    if (plural !== 'pods' || !this.calm) return;
    if (this.names().every((node) => this.on(node).some(serves))) this.settled = true;
    if (type === 'ADDED') this.made(object);
    if (this.settled && old && serves(old) && this.world.wasSeenReady(old) && (type === 'DELETED' || !serves(object)))
      this.lost();
  }

  private most(limit: 'surge' | 'unavailable'): number {
    const rolling = this.window().filter((ds) => ds.spec.updateStrategy.type === 'RollingUpdate');
    return Math.max(0, ...rolling.map((ds) => limits(ds, this.names().length)[limit]));
  }

  private made(pod: any): void {
    const here = this.on(targetNode(pod)!).filter(isLive).length;
    const surge = this.most('surge');
    expect(here, `pods on ${targetNode(pod)}`).toBeLessThanOrEqual(surge ? 2 : 1);
    // Where the old pod does not serve, as far as the controller knows, the new one is no surge.
    const surges = (node: string) =>
      this.on(node).filter(isLive).length > 1 && this.on(node).some((p) => serves(p) && this.world.wasSeenReady(p));
    if (!surges(targetNode(pod)!)) return;
    const surging = this.names().filter(surges);
    expect(surging.length, `nodes with two pods: ${surging}`).toBeLessThanOrEqual(surge);
  }

  private lost(): void {
    const unserved = this.names().filter((node) => !this.on(node).some(serves));
    expect(unserved.length, `without a pod that serves: ${unserved}`).toBeLessThanOrEqual(this.most('unavailable'));
  }

  expectRest(): void {
    const { spec, status, metadata } = this.ds();
    expect(status.observedGeneration).toBe(metadata.generation);
    expect(status.desiredNumberScheduled).toBe(this.eligible().length);
    if ([spec.template.spec, ...this.pods().map((p) => p.spec)].some((s) => s.containers[0].image === 'broken')) return;
    for (const node of this.eligible()) {
      const here = this.on(node);
      expect(here.map(serves), `pods on ${node}`).toEqual([true]);
      if (spec.updateStrategy.type !== 'OnDelete') expect(image(here[0])).toBe(image(this.ds()));
    }
    expect([status.numberReady, status.numberAvailable ?? 0]).toEqual(Array(2).fill(this.eligible().length));
    const kept = this.world.store.all(controllerRevisions).length;
    const used = new Set(this.pods().map((p) => p.metadata.labels['controller-revision-hash'])).size;
    expect(kept).toBeLessThanOrEqual(spec.revisionHistoryLimit + used + 1);
  }
}

it('converge, with one pod a node', { timeout: timeLimit }, async () => {
  const made = new Map<World, Daemons>();
  await inWorlds(
    80,
    (seed) => {
      const one = new Daemons(seed);
      made.set(one.world, one);
      return one.world;
    },
    async (world) => {
      for (let step = 0; step < 900; step++) await world.step();
      await world.settle();
      made.get(world)!.expectRest();
    },
  );
});
