// Deployments and their ReplicaSets in random worlds: they converge; no write lets the sizes exceed maxSurge; none of their deletions takes
// more than maxUnavailable away; no ReplicaSet makes more pods than it was asked for.
import { expect, it } from 'vitest';
import { deployments, pods, replicaSets } from '../../../apimachinery/resources.ts';
import { deploymentController } from '../../../controllers/deployment/deployment.ts';
import { maxSurge, maxUnavailable } from '../../../controllers/deployment/limits.ts';
import { replicaSetController } from '../../../controllers/replicaSet/replicaSet.ts';
import { act, image, isLive, isOf, serves, setReady } from './agents.ts';
import type { StoreEvent } from './store.ts';
import { inWorlds, timeLimit, World } from './world.ts';

const nodes = ['n1', 'n2', 'n3'];
const labels = { app: 'web' };

interface Limits {
  replicas: number;
  most: number;
  least: number;
}

/** A Deployment, what it has asked for in each generation, and from which one on a rollout may still be under way. */
class Rollout {
  readonly world: World;
  readonly limits = new Map<number, Limits>();
  readonly sizes = new Map<string, Map<number, number>>();
  /** Generation; 0: it never was complete. */
  settledAt = 0;
  changes = 0;
  /** Pods neither fail nor are evicted. */
  readonly calm: boolean;

  constructor(seed: number) {
    this.calm = seed % 2 === 0;
    this.world = new World({
      seed,
      resources: [deployments, replicaSets, pods],
      controllers: [() => deploymentController(), () => replicaSetController()],
      happen: () => this.happen(),
      check: (_, plural, event, old) => this.check(plural, event, old),
    });
    const { below, chance, store } = this.world;
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'v0' }] } };
    const spec = { replicas: below(8), selector: { matchLabels: labels }, template, revisionHistoryLimit: below(3) };
    const minReadySeconds = chance(0.2) ? 5 : 0;
    const own = { name: 'web', namespace: 'd' };
    store.create(deployments, { metadata: own, spec: { ...spec, minReadySeconds, strategy: this.strategy() } });
    this.world.start();
  }

  private strategy(): object {
    const { below, chance } = this.world;
    if (chance(0.15)) return { type: 'Recreate' };
    const maxSurge = chance(0.5) ? below(4) : `${below(60)}%`;
    const most = chance(0.5) ? below(4) : `${below(60)}%`;
    const both = [maxSurge, most].every((v) => v === 0 || v === '0%');
    return { type: 'RollingUpdate', rollingUpdate: { maxSurge: both ? 1 : maxSurge, maxUnavailable: most } };
  }

  d = (): any => this.world.store.all(deployments)[0];
  sets = (): any[] => this.world.store.all(replicaSets).filter(isOf(this.d()));
  pods = (): any[] => {
    const owners = new Set(this.sets().map((rs) => rs.metadata.uid));
    return this.world.store.all(pods).filter((p) => owners.has(p.metadata.ownerReferences?.[0]?.uid));
  };

  private happen(): boolean {
    const { world } = this;
    const { store, chance } = world;
    if (world.faults && this.changes < 6 && chance(0.02)) this.edit();
    if (!this.calm && world.faults && chance(0.02)) {
      const pod = world.pick(store.all(pods).filter(isLive));
      if (pod && chance(0.5)) store.delete(pods, pod.metadata.name, 'd');
      else if (pod?.status.phase === 'Running') setReady(world, pod, false);
    }
    return act(world, { nodes: () => nodes, dependents: [pods, replicaSets] });
  }

  private edit(): void {
    const { store, below, chance, pick } = this.world;
    this.changes++;
    store.change(deployments, this.d(), ({ spec }) => {
      const what = below(10);
      if (what < 4) spec.template.spec.containers[0].image = pick(['v0', 'v1', 'v2', 'broken']);
      else if (what < 8) spec.replicas = below(9);
      else if (what < 9) spec.strategy = this.strategy();
      else spec.paused = chance(0.5);
    });
  }

  /** The limits that the controller may still go by: of what it has last seen, or of anything newer. */
  private window(from: number): Omit<Limits, 'replicas'> {
    const all = [...this.limits].filter(([generation]) => generation >= from).map(([, l]) => l);
    // A shrinking half-way through a rollout is spread over all ReplicaSets in proportion, those that serve among them.
    const shrunk = all.reduce((sum, l, at) => sum + Math.max((all[at - 1]?.replicas ?? l.replicas) - l.replicas, 0), 0);
    return { most: Math.max(...all.map((l) => l.most)), least: Math.min(...all.map((l) => l.least)) - shrunk };
  }

  private check(plural: string, { type, object }: StoreEvent, old: any): void {
    if (plural === 'deployments') this.saw(object);
    if (plural === 'replicasets' && type !== 'DELETED') this.resized(object, old);
    if (plural === 'pods' && type === 'ADDED') this.made(object);
    if (plural === 'pods' && this.calm && old && serves(old) && (type === 'DELETED' || !serves(object))) this.lost();
  }

  private saw(d: any): void {
    const least = d.spec.strategy.type === 'Recreate' ? 0 : d.spec.replicas - maxUnavailable(d);
    this.limits.set(d.metadata.generation, { replicas: d.spec.replicas, most: d.spec.replicas + maxSurge(d), least });
    const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, observedGeneration } = d.status;
    const counts = [replicas, updatedReplicas, availableReplicas, this.pods().filter(serves).length];
    if (observedGeneration === d.metadata.generation && counts.every((n) => n === d.spec.replicas))
      this.settledAt = d.metadata.generation;
  }

  private resized(rs: any, old: any): void {
    const history = this.sizes.get(rs.metadata.uid) ?? new Map();
    this.sizes.set(rs.metadata.uid, history.set(rs.metadata.generation, rs.spec.replicas));
    if (rs.spec.replicas <= (old?.spec.replicas ?? 0)) return;
    const sum = this.sets().reduce((n, one) => n + one.spec.replicas, 0);
    expect(sum, `sizes after ${rs.metadata.name} grew`).toBeLessThanOrEqual(
      this.window(this.d().status.observedGeneration ?? 1).most,
    );
  }

  private made(pod: any): void {
    const uid = pod.metadata.ownerReferences[0].uid;
    const rs = this.world.store.all(replicaSets).find((one) => one.metadata.uid === uid);
    if (!rs) return;
    const seen = rs.status.observedGeneration ?? 1;
    const asked = [...this.sizes.get(uid)!].filter(([generation]) => generation >= seen).map(([, n]) => n);
    const live = this.world.store.all(pods).filter((p) => isOf(rs)(p) && isLive(p)).length;
    expect(live, `pods of ${rs.metadata.name}`).toBeLessThanOrEqual(Math.max(...asked));
  }

  private lost(): void {
    if (!this.settledAt) return;
    const serving = this.pods().filter(serves).length;
    expect(serving, 'available pods').toBeGreaterThanOrEqual(this.window(this.settledAt).least);
  }

  /** All is as the Deployment asks, or as far as a broken template lets it come. */
  expectRest(): void {
    const { spec, metadata, status } = this.d();
    expect(status.observedGeneration).toBe(metadata.generation);
    const live = this.pods().filter(isLive);
    const sum = this.sets().reduce((n, rs) => n + rs.spec.replicas, 0);
    expect(live.length).toBe(sum);
    if (spec.paused) return;
    if (image(this.d()) === 'broken') {
      // Made under wider limits it stays.
      expect(sum).toBeLessThanOrEqual(this.window(1).most);
      return;
    }
    expect(live.map(image)).toEqual(Array(spec.replicas).fill(image(this.d())));
    expect(live.every(serves)).toBe(true);
    expect([status.replicas ?? 0, status.updatedReplicas ?? 0, status.availableReplicas ?? 0]).toEqual(
      Array(3).fill(spec.replicas),
    );
    expect(this.sets().length).toBeLessThanOrEqual(spec.revisionHistoryLimit + 1);
  }
}

it('converge, and stay within their limits on the way', { timeout: timeLimit }, async () => {
  const made = new Map<World, Rollout>();
  await inWorlds(
    70,
    (seed) => {
      const rollout = new Rollout(seed);
      made.set(rollout.world, rollout);
      return rollout.world;
    },
    async (world) => {
      for (let step = 0; step < 900; step++) await world.step();
      await world.settle();
      made.get(world)!.expectRest();
    },
  );
});
