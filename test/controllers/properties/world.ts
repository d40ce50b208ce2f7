// A world in which real controllers run against a model of the API: caches that lag, skip and repeat, writes that fail before or after they
// were stored, controllers that are killed, and whatever a test lets happen beside them. Everything follows from one seed.
// The controllers' own watches fill their queues, as runner.ts does it: a wake-up that is lost shows as a world that does not converge.
// Used by: the property tests beside it.
import type { Resource } from '../../../apimachinery/resources.ts';
import {
  conflict,
  internalError,
  modified,
  StatusError,
  tooManyRequests,
  uidConflict,
} from '../../../apimachinery/status.ts';
import type { Client } from '../../../client/client.ts';
import type { Controller, ControllerContext } from '../../../client/controller.ts';
import { createInformerCache, type InformerCache } from '../../../client/informerCache.ts';
import { silentLogger } from '../../../component-base/logger.ts';
import { Store, type StoreEvent } from './store.ts';

/** mulberry32: the same numbers for the same seed. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface WorldOptions {
  seed: number;
  resources: readonly Resource<any>[];
  controllers: readonly (() => Controller)[];
  /** Some objects can never be well: any error is the controller's to live with, and the world never comes to rest. */
  broken?: boolean;
  /** One thing that happens beside the controllers: nodes, users, the garbage collector. False: nothing was to be done. */
  happen(world: World): boolean;
  /** Throws when something is wrong; after each write of anybody. */
  check(world: World, plural: string, event: StoreEvent, old: any): void;
}

interface Feed {
  resource: Resource<any>;
  cache: InformerCache<any>;
  seen: number;
}

/** One process of a controller, from its start to its end. */
interface Incarnation {
  controller: Controller;
  make: () => Controller;
  feeds: Feed[];
  /** When each key is due. */
  queue: Map<string, number>;
  busy: boolean;
  /** How many reconciles it runs inside of. */
  depth: number;
  dead: boolean;
  /** Uids of pods that its cache showed ready as its present reconcile began. */
  ready: Set<string>;
}

/** What a killed process would have gone on with. */
class Killed extends Error {}

export class World {
  faults = true;
  /** The first thing that `check` found. */
  problem: unknown;
  readonly random: () => number;
  readonly store: Store;
  readonly trail: string[] = [];
  private time = 1_700_000_000_000;
  private readonly options: WorldOptions;
  private incarnations: Incarnation[] = [];

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = numbers(options.seed + 1);
    this.store = new Store(options.resources, this.now);
    this.store.wrote = (plural, event, old) => {
      this.note(`${event.type} ${plural}/${event.object.metadata.name} ${summary(event.object)}`);
      try {
        options.check(this, plural, event, old);
      } catch (error) {
        this.problem ??= error;
      }
    };
  }

  now = (): number => this.time;
  pass(ms: number): void {
    this.time += ms;
  }
  chance = (p: number): boolean => this.random() < p;
  below = (n: number): number => Math.floor(this.random() * n);
  pick = <T>(list: readonly T[]): T | undefined => list[this.below(list.length)];
  /** Somebody who is at work now took this pod for ready when it began. */
  wasSeenReady = (pod: any): boolean => this.incarnations.some((i) => i.busy && i.ready.has(pod.metadata.uid));
  note(text: string): void {
    if (this.problem) return;
    this.trail.push(text);
    if (this.trail.length > 60) this.trail.shift();
  }

  start(): void {
    this.incarnations = this.options.controllers.map((make) => this.begin(make));
  }

  /** Nothing remembered, caches as the store is. */
  private begin(make: () => Controller): Incarnation {
    const i: Incarnation = {
      controller: make(),
      make,
      feeds: [],
      queue: new Map(),
      busy: false,
      depth: 0,
      dead: false,
      ready: new Set(),
    };
    const context = this.context(i);
    const enqueue = (key: string, after = 0) => {
      const due = this.time + after;
      if (!(i.queue.get(key)! <= due)) i.queue.set(key, due);
    };
    i.controller.setup?.(context, (key, o) => enqueue(key, o?.after));
    for (const w of i.controller.watches) {
      const put = (...states: any[]) => {
        for (const key of new Set(states.flatMap((state) => w.keys(state, context)))) enqueue(key);
      };
      context.informers.informer(w.resource).addHandler({
        added: (object: any) => put(object),
        updated: (object: any, old: any) => (w.when && !w.when(object, old) ? undefined : put(object, old)),
        deleted: (object: any) => put(object),
      });
    }
    for (const feed of i.feeds) this.relist(feed);
    return i;
  }

  /** What happened in between is never told, only what is there now. */
  private relist(feed: Feed): void {
    const { objects, log } = this.store.table(feed.resource);
    feed.cache.replace(structuredClone([...objects.values()]), String(this.store.version));
    feed.seen = log.length;
  }

  /** One event more, now and then one that is known already; or word that there is none. */
  private deliver(feed: Feed): void {
    const { log } = this.store.table(feed.resource);
    const event = log[feed.seen];
    if (event) feed.cache.apply(event.type, structuredClone(event.object));
    else feed.cache.bookmark(String(this.store.version));
    feed.seen += event ? 1 : 0;
    if (this.faults && event && event.type !== 'DELETED' && this.chance(0.1))
      feed.cache.apply('MODIFIED', structuredClone(event.object));
  }

  /** One thing, at random: of a cache, of a controller, of a process, of time, or of the rest of the world. */
  async step(depth = 0): Promise<void> {
    if (this.problem) throw this.problem;
    const what = this.random();
    const i = this.pick(this.incarnations)!;
    if (what < 0.4) this.deliver(this.pick(i.feeds)!);
    else if (what < 0.65) this.options.happen(this);
    else if (what < 0.9) await this.work(i, depth);
    else if (what < 0.97) this.pass(this.below(this.isSeen() ? 20_000 : 300));
    else if (this.faults && what < 0.98) this.relist(this.pick(i.feeds)!);
    else if (this.faults && what < 0.983) this.kill(i);
  }

  /** No cache lags: only then does much time pass, as controllers give up waiting for theirs after half a minute. */
  private isSeen = (): boolean =>
    this.incarnations.every((i) => i.feeds.every((f) => f.seen === this.store.table(f.resource).log.length));

  private kill(i: Incarnation): void {
    this.note(`kill ${i.controller.name}`);
    i.dead = true;
    this.incarnations = this.incarnations.map((one) => (one === i ? this.begin(i.make) : one));
  }

  private async work(i: Incarnation, depth: number): Promise<boolean> {
    if (i.busy || i.dead) return false;
    const key = this.pick([...i.queue].filter(([, due]) => due <= this.time).map(([k]) => k));
    if (key === undefined) return false;
    i.queue.delete(key);
    i.busy = true;
    i.ready = new Set(
      i.feeds
        .flatMap((f) => f.cache.list())
        .filter(isReady)
        .map((o) => o.metadata.uid),
    );
    i.depth = depth + 1;
    try {
      this.note(`reconcile ${i.controller.name} ${key}`);
      const result = await i.controller.reconcile(key, this.context(i));
      if (result) this.again(i, key, result.after);
    } catch (error) {
      if (error instanceof Killed || i.dead) return true;
      if (
        !this.options.broken &&
        !(error instanceof StatusError) &&
        !String(error).includes('fault') &&
        !isExpected(error)
      )
        throw error;
      this.note(`failed: ${(error as Error).message}`);
      this.again(i, key, 100);
    } finally {
      i.busy = false;
    }
    return true;
  }
  private again(i: Incarnation, key: string, after: number): void {
    const due = this.time + Math.max(after, 1);
    if (!(i.queue.get(key)! <= due)) i.queue.set(key, due);
  }

  /** Without faults until nothing is left to be done; gives up after many rounds. */
  async settle(rounds = 3000): Promise<void> {
    this.faults = false;
    for (let round = 0; round < rounds; round++) {
      let moved = false;
      for (const i of this.incarnations) {
        for (const feed of i.feeds) {
          moved = feed.seen < this.store.table(feed.resource).log.length || moved;
          while (feed.seen < this.store.table(feed.resource).log.length) this.deliver(feed);
          this.deliver(feed);
        }
        moved = (await this.work(i, 9)) || moved;
      }
      moved = this.options.happen(this) || moved;
      if (moved) continue;
      const next = Math.min(...this.incarnations.flatMap((i) => [...i.queue.values()]));
      if (!Number.isFinite(next)) return;
      this.time = Math.max(this.time, next);
    }
    if (!this.options.broken) throw new Error('the world does not come to rest');
  }

  private context(i: Incarnation): ControllerContext {
    const informer = (resource: Resource<any>) => {
      const found = i.feeds.find((f) => f.resource.plural === resource.plural);
      if (found) return found.cache;
      const feed = { resource, cache: createInformerCache<any>(resource, silentLogger), seen: 0 };
      i.feeds.push(feed);
      return feed.cache;
    };
    return {
      client: this.client(i),
      informers: { informer, start: async () => {} } as never,
      events: { event: () => {}, flush: async () => {} },
      clock: { now: this.now, setTimeout: () => ({ cancel() {} }) },
      random: this.random,
      log: silentLogger,
    };
  }

  /** Between any two requests other things happen; a tenth of the writes fails, half of those with 500 after they were stored. */
  private client(i: Incarnation): Client {
    const { store } = this;
    const meanwhile = async () => {
      await Promise.resolve();
      if (i.depth < 3) for (let n = this.faults ? this.below(4) : 0; n > 0; n--) await this.step(i.depth);
      if (i.dead) throw new Killed('killed');
    };
    const write = async (work: () => any): Promise<any> => {
      await meanwhile();
      // Requests under way are answered, or not, before the next process has its caches filled.
      if (i.dead) throw new Killed('killed');
      const fate = this.faults ? this.random() : 1;
      if (fate < 0.025) throw tooManyRequests('fault: too many requests');
      if (fate < 0.04) throw conflict({ group: '', plural: 'things' }, 'fault', modified);
      if (fate < 0.07) throw internalError('fault before');
      const answer = work();
      if (fate < 0.1) {
        this.note('its answer is lost');
        throw internalError('fault after');
      }
      return structuredClone(answer);
    };
    const client: Partial<Client> = {
      get: async (r, name, namespace) => {
        await meanwhile();
        return structuredClone(store.get(r, name, namespace));
      },
      list: async (r, o) => {
        await meanwhile();
        const name = /^metadata.name=(.*)$/.exec(o?.fieldSelector ?? '')?.[1];
        const items = store
          .all(r)
          .filter(({ metadata: m }) => m.namespace === o?.namespace && (name === undefined || m.name === name));
        return structuredClone({ items, metadata: { resourceVersion: String(store.version) } }) as never;
      },
      create: (r, object) => write(() => store.create(r, object)),
      update: (r, object) => write(() => store.update(r, object)),
      updateStatus: (r, object) => write(() => store.update(r, object, true)),
      patch: (r, name, namespace, _type, patch) =>
        write(() => {
          const { uid, resourceVersion } = (patch as any).metadata;
          const old = store.get(r, name, namespace);
          if ((uid ?? old.metadata.uid) !== old.metadata.uid) throw uidConflict(r, name, name, uid, old.metadata.uid);
          if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) throw conflict(r, name, modified);
          return store.change(r, old, (copy) => applyPatch(copy, patch));
        }),
      delete: (r, name, namespace, o) => {
        if (o?.gracePeriodSeconds === 0) this.problem ??= new Error(`${r.plural}/${name} is deleted by force`);
        return write(() => store.delete(r, name, namespace, o?.preconditions?.uid));
      },
    };
    return client as Client;
  }
}

const isReady = ({ status }: any): boolean =>
  status?.conditions?.some((c: any) => c.type === 'Ready' && c.status === 'True') ?? false;

/** What a trail shows of an object. */
function summary({ metadata, spec, status }: any): string {
  const going = metadata.deletionTimestamp ? ' going' : '';
  const ready = isReady({ status }) ? ' ready' : '';
  const { conditions: _, ...counts } = status ?? {};
  return `${metadata.generation}@${metadata.resourceVersion}${going}${ready} ${spec?.replicas ?? ''} ${JSON.stringify(counts)}`;
}

const isExpected = (error: unknown) =>
  /is being deleted|already exists|could not replace|is gone: got uid|taken by another/.test(String(error));

/** What controllers patch: owners by uid, finalizers, labels, and fields of the status as wholes. */
function applyPatch(object: any, { metadata: patch, status }: any): void {
  const { metadata } = object;
  if (status) object.status = { ...object.status, ...status };
  for (const ref of patch.ownerReferences ?? []) {
    const others = (metadata.ownerReferences ?? []).filter((r: any) => r.uid !== ref.uid);
    metadata.ownerReferences = ref.$patch === 'delete' ? others : [...others, ref];
  }
  const gone: string[] = patch['$deleteFromPrimitiveList/finalizers'] ?? [];
  const kept = (metadata.finalizers ?? []).filter((f: string) => !gone.includes(f));
  const finalizers = [...new Set([...kept, ...(patch.finalizers ?? [])])];
  metadata.finalizers = finalizers.length ? finalizers : undefined;
  if (patch.labels) metadata.labels = { ...metadata.labels, ...patch.labels };
}

/** Runs `count` seeds; a failure names its seed and the last things that happened. SEED=n runs that one alone, WORLDS=n so many. */
export async function inWorlds(
  count: number,
  make: (seed: number) => World,
  run: (world: World) => Promise<void>,
): Promise<void> {
  const { SEED: only, WORLDS: worlds } = process.env;
  const seeds = only === undefined ? Array.from({ length: Number(worlds ?? count) }, (_, i) => i) : [Number(only)];
  for (const seed of seeds) {
    const world = make(seed);
    try {
      await run(world);
      if (world.problem) throw world.problem;
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).stack}\nlast:\n  ${world.trail.join('\n  ')}`);
    }
  }
}

export const timeLimit = 60_000 + 200 * Number(process.env['WORLDS'] ?? 0);
