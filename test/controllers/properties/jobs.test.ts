// Jobs in random worlds: each comes to its end; each pod that ended is counted once and as what it was; never do more run than parallelism
// says, nor two for one index; what succeeded is never forgotten.
import { expect, it } from 'vitest';
import { jobs, pods } from '../../../apimachinery/resources.ts';
import { parseIndexes } from '../../../controllers/job/indexes.ts';
import { jobController } from '../../../controllers/job/job.ts';
import { indexAnnotation, isTracked, waitsForEnd } from '../../../controllers/job/podFacts.ts';
import { act, isLive } from './agents.ts';
import type { StoreEvent } from './store.ts';
import { inWorlds, timeLimit, World } from './world.ts';

const labels = { 'job-name': 'job' };

const kinds: ((completions: number, parallelism: number) => object)[] = [
  (completions, parallelism) => ({ completions, parallelism, backoffLimit: 1000 }),
  (_, parallelism) => ({ parallelism, backoffLimit: 1000 }),
  (completions, parallelism) => ({ completions, parallelism, backoffLimit: 2 }),
  (completions, parallelism) => ({ completions, parallelism, backoffLimit: 1000, podReplacementPolicy: 'Failed' }),
  (completions, parallelism) => ({ completions, parallelism, backoffLimit: 1000, completionMode: 'Indexed' }),
  (completions, parallelism) => ({
    completions,
    parallelism,
    backoffLimit: 2 ** 31 - 1,
    backoffLimitPerIndex: 1,
    completionMode: 'Indexed',
  }),
  (completions, parallelism) => ({
    completions,
    parallelism,
    backoffLimit: 1000,
    completionMode: 'Indexed',
    successPolicy: { rules: [{ succeededCount: Math.ceil(completions / 2) }] },
  }),
];

class Work {
  readonly world: World;
  private edits = 0;
  /** The largest parallelism that it ever had. */
  private most = 0;
  readonly indexed: boolean;
  /** Uids: of pods that ended well, of those that were written down as failed, of those that were let go of as successes. */
  private readonly succeeded = new Map<string, string>();
  private readonly writtenFailed = new Set<string>();
  private readonly countable = new Set<string>();

  constructor(seed: number) {
    this.world = new World({
      seed,
      resources: [jobs, pods],
      controllers: [() => jobController()],
      happen: () => this.happen(),
      check: (_, plural, event, old) => this.check(plural, event, old),
    });
    const { below, store } = this.world;
    const spec: any = kinds[seed % kinds.length]!(1 + below(6), 1 + below(4));
    this.indexed = spec.completionMode === 'Indexed';
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'v0' }] } };
    const own = { name: 'job', namespace: 'd' };
    store.create(jobs, { metadata: own, spec: { selector: { matchLabels: labels }, template, ...spec } });
    this.world.start();
  }

  job = (): any => this.world.store.all(jobs)[0];
  pods = (): any[] => this.world.store.all(pods);
  isFinished = (): boolean =>
    (this.job().status.conditions ?? []).some((c: any) => /^(Complete|Failed)$/.test(c.type) && c.status === 'True');

  private happen(): boolean {
    const { world } = this;
    if (world.faults ? this.edits < 5 && world.chance(0.02) : this.job().spec.suspend) {
      this.edit();
      return true;
    }
    const running = this.pods().filter((p) => isLive(p) && p.status.phase === 'Running');
    const pod = world.pick(running);
    if (pod && world.chance(0.3)) {
      this.end(pod);
      return true;
    }
    if (world.faults && pod && world.chance(0.03)) world.store.delete(pods, pod.metadata.name, 'd');
    return act(world, { nodes: () => ['n1', 'n2'] }) || running.length > 0;
  }

  /** Suspended, resumed, or given another parallelism; in the end it is resumed. */
  private edit(): void {
    const { store, faults, below, chance } = this.world;
    this.edits++;
    store.change(jobs, this.job(), ({ spec }) => {
      if (!faults || chance(0.6)) spec.suspend = faults && !spec.suspend;
      else spec.parallelism = 1 + below(4);
    });
  }

  private end(pod: any): void {
    const phase = this.world.chance(0.6) ? 'Succeeded' : 'Failed';
    const finishedAt = this.world.store.time();
    const containerStatuses = [{ name: 'c', state: { terminated: { exitCode: 1, finishedAt } } }];
    this.world.store.change(pods, pod, (p) => {
      p.status = { phase, containerStatuses };
    });
  }

  private check(plural: string, { type, object }: StoreEvent, old: any): void {
    if (plural === 'jobs') {
      this.most = Math.max(this.most, object.spec.parallelism);
      this.counted(object);
    }
    if (plural !== 'pods') return;
    const { uid, annotations } = object.metadata;
    if (object.status.phase === 'Succeeded') this.succeeded.set(uid, annotations?.[indexAnnotation] ?? uid);
    if (type === 'ADDED') this.made();
    const isLetGo = old && isTracked(old) && (type === 'DELETED' || !isTracked(object));
    if (isLetGo && object.status.phase === 'Succeeded' && !this.isFinished()) this.countable.add(uid);
  }

  private made(): void {
    const { spec } = this.job();
    const live = this.pods().filter(isLive);
    expect(live.length, 'pods that run').toBeLessThanOrEqual(this.most);
    const unfinished = this.pods().filter((p) => !['Succeeded', 'Failed'].includes(p.status.phase));
    if (waitsForEnd(this.job())) expect(unfinished.length, 'pods that run or go').toBeLessThanOrEqual(this.most);
    if (spec.completionMode !== 'Indexed') return;
    const indexes = live.map((p) => p.metadata.annotations[indexAnnotation]);
    expect(new Set(indexes).size, `one pod an index: ${indexes}`).toBe(indexes.length);
  }

  /** What is written is never more than what was. */
  private counted({ spec, status }: any): void {
    const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
    for (const uid of failed) this.writtenFailed.add(uid);
    expect(new Set([...succeeded, ...failed]).size, 'each uid once').toBe(succeeded.length + failed.length);
    if (this.indexed) {
      const done = new Set(this.succeeded.values());
      for (const [first, last] of parseIndexes(status.completedIndexes, spec.completions))
        for (let i = first; i <= last; i++) expect(done.has(String(i)), `index ${i} succeeded`).toBe(true);
      return;
    }
    const counted = (status.succeeded ?? 0) + succeeded.length;
    expect(counted, 'counted as succeeded').toBeLessThanOrEqual(this.succeeded.size);
  }

  expectEnd(): void {
    expect(this.isFinished()).toBe(true);
    const { spec, status } = this.job();
    expect([status.uncountedTerminatedPods ?? {}, status.active ?? 0, status.terminating ?? 0]).toEqual([{}, 0, 0]);
    const types = status.conditions.filter((c: any) => c.status === 'True').map((c: any) => c.type);
    if (types.includes('Complete') && spec.completions && !spec.successPolicy)
      expect(status.succeeded).toBeGreaterThanOrEqual(spec.completions);
    expect(this.pods().filter(isTracked)).toEqual([]);
    if (this.indexed) return;
    const right = [...this.countable].filter((uid) => !this.writtenFailed.has(uid)).length;
    expect(status.succeeded ?? 0, 'counted as succeeded').toBe(right);
    expect(status.failed ?? 0, 'counted as failed').toBe(this.writtenFailed.size);
  }
}

it('end, with each pod counted once', { timeout: timeLimit }, async () => {
  const made = new Map<World, Work>();
  await inWorlds(
    70,
    (seed) => {
      const one = new Work(seed);
      made.set(one.world, one);
      return one.world;
    },
    async (world) => {
      for (let step = 0; step < 900; step++) await world.step();
      await world.settle(6000);
      made.get(world)!.expectEnd();
    },
  );
});
