// StatefulSets in random worlds: they converge; a pod is never replaced while it exists, on a lost node neither; in order, number n is not
// made before all below it are ready; an update does not cross the partition nor take more than maxUnavailable away; a claim that the
// policy retains stays.
import { expect, it } from 'vitest';
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '../../../apimachinery/resources.ts';
import { isParallel, isWanted, ordinalOf, revisionOf } from '../../../controllers/statefulSet/names.ts';
import { statefulSetController } from '../../../controllers/statefulSet/statefulSet.ts';
import { act, endPod, image, isLive, isOf, isReady, serves, setReady } from './agents.ts';
import type { StoreEvent } from './store.ts';
import { inWorlds, timeLimit, World } from './world.ts';

const nodes = ['n1', 'n2', 'n3'];
const labels = { app: 'web' };

class Numbered {
  readonly world: World;
  /** Pods neither fail nor are evicted, and no node is lost. */
  readonly calm: boolean;
  /** What it asked for in each generation. */
  readonly specs = new Map<number, any>();
  changes = 0;
  lost: string | undefined;

  constructor(seed: number) {
    this.calm = seed % 2 === 0;
    this.world = new World({
      seed,
      resources: [statefulSets, pods, persistentVolumeClaims, controllerRevisions],
      controllers: [() => statefulSetController({ workers: 1, maxUnavailable: true })],
      happen: () => this.happen(),
      check: (_, plural, event, old) => this.check(plural, event, old),
    });
    const { below, chance, store } = this.world;
    const when = () => (chance(0.5) ? 'Retain' : 'Delete');
    const spec = {
      replicas: below(5),
      serviceName: 'web',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'v0' }] } },
      podManagementPolicy: chance(0.3) ? 'Parallel' : 'OrderedReady',
      persistentVolumeClaimRetentionPolicy: { whenScaled: when(), whenDeleted: when() },
      ordinals: chance(0.3) ? { start: below(3) } : undefined,
      updateStrategy: this.strategy(),
      revisionHistoryLimit: below(3),
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
    };
    store.create(statefulSets, { metadata: { name: 'web', namespace: 'd' }, spec });
    this.world.start();
  }

  private strategy(): object {
    const { below, chance } = this.world;
    if (chance(0.1)) return { type: 'OnDelete' };
    const rollingUpdate = {
      partition: chance(0.4) ? below(5) : 0,
      ...(chance(0.5) ? { maxUnavailable: 1 + below(3) } : {}),
    };
    return { type: 'RollingUpdate', rollingUpdate };
  }

  set = (): any => this.world.store.all(statefulSets)[0];
  pods = (): any[] => this.world.store.all(pods).filter(isOf(this.set()));

  private happen(): boolean {
    const { world } = this;
    const { chance } = world;
    if (world.faults && this.changes < 6 && chance(0.02)) this.edit();
    if (!this.calm && world.faults && chance(0.03)) this.harm();
    if (!world.faults) this.lost = undefined;
    return act(world, {
      nodes: () => nodes,
      isLost: (node) => node === this.lost,
      dependents: [pods, persistentVolumeClaims],
    });
  }

  private edit(): void {
    const { store, below, pick } = this.world;
    this.changes++;
    store.change(statefulSets, this.set(), ({ spec }) => {
      const what = below(10);
      if (what < 4) spec.template.spec.containers[0].image = pick(['v0', 'v1', 'v2']);
      else if (what < 8) spec.replicas = below(6);
      else spec.updateStrategy = this.strategy();
    });
  }

  /** Somebody deletes a pod; one fails, or is not ready any more; a node falls silent, or comes back. */
  private harm(): void {
    const { world } = this;
    const { store, below } = world;
    const pod = world.pick(store.all(pods).filter(isLive));
    const what = below(4);
    if (what === 0) this.lost = this.lost ? undefined : world.pick(nodes);
    else if (pod && what === 1) store.delete(pods, pod.metadata.name, 'd');
    else if (pod && what === 2 && pod.status.phase === 'Running') setReady(world, pod, false);
    else if (pod?.spec.nodeName) endPod(world, pod);
  }

  /** Those that the controller may still go by: what it has last seen, and anything newer. */
  private window(): any[] {
    const seen = this.set().status.observedGeneration ?? 1;
    return [...this.specs].filter(([generation]) => generation >= seen).map(([, set]) => set);
  }

  private check(plural: string, { type, object }: StoreEvent, old: any): void {
    if (plural === 'statefulsets') this.specs.set(object.metadata.generation, object);
    if (plural === 'pods' && type === 'ADDED') this.made(object);
    if (plural === 'persistentvolumeclaims' && type === 'DELETED') this.claimGone(object);
    const began = type === 'DELETED' ? old && !old.metadata.deletionTimestamp : object.metadata.deletionTimestamp;
    if (plural === 'pods' && this.calm && began && !old?.metadata.deletionTimestamp) this.deleted(old);
  }

  private made(pod: any): void {
    const ordinal = ordinalOf(pod);
    expect(
      this.window().some((set) => isWanted(set, ordinal)),
      `${pod.metadata.name} is wanted`,
    ).toBe(true);
    if (!this.calm || isParallel(this.set())) return;
    const start = this.set().spec.ordinals?.start ?? 0;
    const below = this.pods().filter((p) => ordinalOf(p) < ordinal && ordinalOf(p) >= start && serves(p));
    expect(below.length, `pods that serve below ${pod.metadata.name}`).toBe(ordinal - start);
  }

  /** The controller deletes one: it is too many, or of an old template and its turn has come. */
  private deleted(pod: any): void {
    const ordinal = ordinalOf(pod);
    const window = this.window();
    if (window.some((set) => !isWanted(set, ordinal))) {
      const above = this.pods().filter((p) => ordinalOf(p) > ordinal && isLive(p));
      const ordered = !isParallel(this.set()) && window.every((set) => !isWanted(set, ordinal));
      if (ordered) expect(above, `pods above ${pod.metadata.name}, which goes`).toEqual([]);
      return;
    }
    const rolling = window.map((set) => set.spec.updateStrategy).filter((s) => s.type === 'RollingUpdate');
    expect(rolling.length, `${pod.metadata.name} is rolled`).toBeGreaterThan(0);
    const start = this.set().spec.ordinals?.start ?? 0;
    const partition = Math.min(...rolling.map((s) => s.rollingUpdate.partition ?? 0));
    expect(ordinal - start, `${pod.metadata.name} is not below the partition`).toBeGreaterThanOrEqual(partition);
    if (!serves(pod) || !this.world.wasSeenReady(pod)) return;
    const most = Math.max(...rolling.map((s) => s.rollingUpdate.maxUnavailable ?? 1));
    const wanted = Math.max(...window.map((set) => set.spec.replicas));
    const serving = this.pods().filter((p) => serves(p) && ordinalOf(p) < start + wanted && ordinalOf(p) >= start);
    const least = Math.min(...window.map((set) => set.spec.replicas)) - most;
    expect(serving.length, `pods that serve without ${pod.metadata.name}`).toBeGreaterThanOrEqual(least);
  }

  private claimGone(claim: any): void {
    const { whenScaled } = this.set().spec.persistentVolumeClaimRetentionPolicy;
    expect(whenScaled, `${claim.metadata.name} went`).toBe('Delete');
  }

  expectRest(): void {
    const set = this.set();
    const { spec, status, metadata } = set;
    expect(status.observedGeneration).toBe(metadata.generation);
    const start = spec.ordinals?.start ?? 0;
    const ordinals = this.pods()
      .map(ordinalOf)
      .sort((a, b) => a - b);
    expect(ordinals).toEqual(Array.from({ length: spec.replicas }, (_, i) => start + i));
    expect(this.pods().every((p) => serves(p) && isReady(p))).toBe(true);
    const counts = [status.replicas ?? 0, status.readyReplicas ?? 0, status.availableReplicas ?? 0];
    expect(counts).toEqual([spec.replicas, spec.replicas, spec.replicas]);
    if (spec.updateStrategy.type === 'OnDelete') return;
    const partition = spec.updateStrategy.rollingUpdate.partition ?? 0;
    for (const pod of this.pods().filter((p) => ordinalOf(p) >= start + partition)) {
      expect(image(pod)).toBe(image(set));
      expect(revisionOf(pod)).toBe(status.updateRevision);
    }
    const claims = this.world.store.all(persistentVolumeClaims).map((c) => c.metadata.name);
    for (const ordinal of ordinals) expect(claims).toContain(`data-web-${ordinal}`);
  }
}

it('converge, in order, and keep what they must', { timeout: timeLimit }, async () => {
  const made = new Map<World, Numbered>();
  await inWorlds(
    80,
    (seed) => {
      const one = new Numbered(seed);
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
