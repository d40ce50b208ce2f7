// A small world for the Job controller alone: a store of Jobs and pods whose writes may fail, caches that lag behind it,
// an agent that ends pods, and a controller that is killed now and then. Time is the world's own.
import { jobs, pods, type Resource } from '../../apimachinery/resources.ts';
import { conflict, isReason, modified, notFound, unknown } from '../../apimachinery/status.ts';
import type { Controller } from '../../client/controller.ts';
import { createInformerCache, type InformerCache, keyOf } from '../../client/informerCache.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { jobController } from '../../controllers/job/job.ts';

export const jobKey = 'd/job';
const silentEvents = { event: () => {}, flush: async () => {} };

interface Table {
  resource: Resource<any>;
  objects: Map<string, any>;
  log: { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: any }[];
}

export class World {
  faults = true;
  /** Pods made of which the controller was not told. */
  lostAnswers = 0;
  readonly random: () => number;
  private time = 1_700_000_000_000;
  private version = 100;
  private made = 0;
  private readonly succeeded = new Map<string, any>();
  private readonly jobTable: Table = { resource: jobs, objects: new Map(), log: [] };
  private readonly podTable: Table = { resource: pods, objects: new Map(), log: [] };
  private caches = new Map<string, { cache: InformerCache<any>; seen: number; table: Table }>();
  private orphanKeys = new Set<string>();
  private controller!: Controller;

  constructor(spec: object, random: () => number) {
    this.random = random;
    const labels = { 'job-name': 'job' };
    this.store(this.jobTable, {
      metadata: { name: 'job', namespace: 'd', uid: 'job', generation: 1 },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c' }] } },
        ...spec,
      },
      status: {},
    });
    this.restart();
  }

  job = (): any => this.jobTable.objects.get(jobKey);
  isFinished = (): boolean =>
    (this.job().status.conditions ?? []).some(
      (c: any) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True',
    );
  /** How many pods there ever were, and the indexes (or uids) of those that succeeded. */
  history = () => ({ made: this.made, succeeded: this.succeeded });
  active = (): number => this.live().length;
  /** Pods that were left to end by themselves. */
  undeleted = (): number => [...this.podTable.objects.values()].filter((p) => !p.metadata.deletionTimestamp).length;

  /** The controller as it is after a start: nothing remembered, caches as the store is. */
  restart(): void {
    this.caches = new Map(
      [this.jobTable, this.podTable].map((table) => {
        const cache = createInformerCache<any>(table.resource, silentLogger);
        return [table.resource.plural, { cache, seen: table.log.length, table }];
      }),
    );
    this.controller = jobController();
    this.controller.setup?.(this.context(), (key) => void this.orphanKeys.add(key));
    for (const { cache, table } of this.caches.values())
      cache.replace([...table.objects.values()], String(this.version));
  }

  /** One event more reaches a cache. */
  deliver(plural: string): void {
    const entry = this.caches.get(plural)!;
    const event = entry.table.log[entry.seen];
    if (event) entry.cache.apply(event.type, event.object);
    else entry.cache.bookmark(String(this.version));
    entry.seen += event ? 1 : 0;
  }

  async reconcile(): Promise<void> {
    for (const key of [jobKey, ...this.orphanKeys]) {
      this.orphanKeys.delete(key);
      try {
        await this.controller.reconcile(key, this.context());
      } catch (error) {
        if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound') && !String(error).includes('fault'))
          throw error;
        if (key !== jobKey) this.orphanKeys.add(key);
      }
    }
  }

  /** A running pod ends, or one that is to go is gone; its node says so first. */
  endPod(): void {
    const all = [...this.podTable.objects.values()];
    const pod = all[Math.floor(this.random() * all.length)];
    if (!pod) return;
    if (!pod.status.phase) this.change(pod, (p) => this.endAs(p, this.random() < 0.6 ? 'Succeeded' : 'Failed'));
    else if (pod.metadata.deletionTimestamp && !pod.metadata.finalizers?.length) this.drop(pod);
  }

  evictPod(): void {
    const live = this.live();
    const pod = live[Math.floor(this.random() * live.length)];
    if (pod) this.beginDeletion(pod);
  }

  pass(ms: number): void {
    this.time += ms;
  }

  private live = () =>
    [...this.podTable.objects.values()].filter((p) => !p.status.phase && !p.metadata.deletionTimestamp);

  private endAs(pod: any, phase: string): void {
    pod.status.phase = phase;
    const finishedAt = new Date(this.time).toISOString();
    pod.status.containerStatuses = [{ name: 'c', state: { terminated: { exitCode: 1, finishedAt } } }];
    const index = pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'];
    if (phase === 'Succeeded') this.succeeded.set(index ?? pod.metadata.uid, pod);
  }

  private beginDeletion(pod: any): void {
    this.change(pod, (p) => {
      p.metadata.deletionTimestamp ??= new Date(this.time).toISOString();
    });
  }

  private drop(pod: any): void {
    this.podTable.objects.delete(keyOf(pod));
    this.version++;
    this.podTable.log.push({
      type: 'DELETED',
      object: { ...pod, metadata: { ...pod.metadata, resourceVersion: String(this.version) } },
    });
  }

  private store(table: Table, object: any): any {
    const type = table.objects.has(keyOf(object)) ? 'MODIFIED' : 'ADDED';
    object.metadata.resourceVersion = String(++this.version);
    table.objects.set(keyOf(object), object);
    table.log.push({ type, object });
    return object;
  }

  private change(pod: any, edit: (pod: any) => void): any {
    const copy = structuredClone(pod);
    edit(copy);
    return this.store(this.podTable, copy);
  }

  /** A tenth of the writes fails, half of these after they were stored. */
  private async write<T>(work: () => T, onLost: () => void = () => {}): Promise<T> {
    const fate = this.faults ? this.random() : 1;
    if (fate < 0.05) throw unknown('fault before');
    const result = work();
    if (fate < 0.1) {
      onLost();
      throw unknown('fault after');
    }
    return structuredClone(result);
  }

  private context(): any {
    const client = {
      create: (_: unknown, object: any) =>
        this.write(
          () => {
            const name = `job-${this.made++}`;
            const metadata = {
              ...object.metadata,
              name,
              uid: name,
              creationTimestamp: new Date(this.time).toISOString(),
            };
            return this.store(this.podTable, { ...structuredClone(object), metadata, status: {} });
          },
          () => this.lostAnswers++,
        ),
      delete: (r: any, name: string, namespace: string) =>
        this.write(() => {
          const pod = this.podTable.objects.get(`${namespace}/${name}`);
          if (!pod) throw notFound(r, name);
          this.beginDeletion(pod);
        }),
      patch: (r: any, name: string, namespace: string) =>
        this.write(() => {
          const pod = this.podTable.objects.get(`${namespace}/${name}`);
          if (!pod) throw notFound(r, name);
          return this.change(pod, (p) => {
            p.metadata.finalizers = [];
          });
        }),
      updateStatus: (r: any, object: any) =>
        this.write(() => {
          const old = this.job();
          if (old.metadata.resourceVersion !== object.metadata.resourceVersion) throw conflict(r, 'job', modified);
          return this.store(this.jobTable, { ...structuredClone(object), spec: old.spec });
        }),
    };
    return {
      client,
      informers: { informer: (r: Resource) => this.caches.get(r.plural)!.cache },
      events: silentEvents,
      clock: { now: () => this.time, setTimeout: () => ({ cancel() {} }) },
      random: this.random,
      log: silentLogger,
    };
  }
}

/** One thing happens, at random. */
export async function happen(world: World): Promise<void> {
  const what = world.random();
  if (what < 0.25) world.deliver('pods');
  else if (what < 0.45) world.deliver('jobs');
  else if (what < 0.7) await world.reconcile();
  else if (what < 0.9) world.endPod();
  else if (what < 0.98) world.pass(world.random() * 60_000);
  else if (world.faults && what < 0.99) world.evictPod();
  else if (world.faults) world.restart();
}
