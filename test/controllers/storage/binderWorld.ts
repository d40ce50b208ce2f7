// A small world for the binder alone: claims and volumes in a store whose writes may fail before or after they happen, caches that
// lag behind, people, a scheduler and a provisioner who act between any two requests, and a binder that is killed now and then.
import {
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type Resource,
  storageClasses,
} from '../../../apimachinery/resources.ts';
import { conflict, modified, notFound, unknown } from '../../../apimachinery/status.ts';
import { findVolume } from '../../../apimachinery/storage/matching.ts';
import type { Client } from '../../../client/client.ts';
import { ConnectionError } from '../../../client/client.ts';
import type { Controller } from '../../../client/controller.ts';
import { createInformerCache, type InformerCache, keyOf } from '../../../client/informerCache.ts';
import { silentLogger } from '../../../component-base/logger.ts';
import { persistentVolumeBinder } from '../../../controllers/persistentVolume/persistentVolume.ts';
import { createRandom, type Random } from '../../fuzz/random.ts';
import { makeClaim, makeClass, makeVolume } from './objects.ts';

const completed = 'pv.kubernetes.io/bind-completed';
const chosenNode = 'volume.kubernetes.io/selected-node';
const provisioner = 'volume.kubernetes.io/storage-provisioner';
const madeBy = 'pv.kubernetes.io/provisioned-by';
const classes = [
  makeClass('none', { provisioner: 'kubernetes.io/no-provisioner' }),
  makeClass('made'),
  makeClass('later', { waits: true }),
];
const resources: Resource<any>[] = [persistentVolumeClaims, persistentVolumes, storageClasses, pods];

/** What must never be. */
class Violation extends Error {}

interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: any;
}
interface Table {
  objects: Map<string, any>;
  log: Change[];
}

export class BinderWorld {
  readonly random: Random;
  faults = true;
  killed = 0;
  bound = 0;
  private version = 100;
  private count = 0;
  private readonly tables = new Map<string, Table>();
  private caches!: Map<string, { cache: InformerCache<any>; seen: number }>;
  private controller!: Controller;
  private context: any;
  private queue = new Set<string>();
  private running = new Set<string>();
  private epoch = 0;

  constructor(seed: number) {
    this.random = createRandom(seed);
    for (const r of resources) this.tables.set(r.plural, { objects: new Map(), log: [] });
    for (const c of classes) this.store(storageClasses, c);
    this.restart();
  }

  claims = (): any[] => [...this.table(persistentVolumeClaims).objects.values()];
  volumes = (): any[] => [...this.table(persistentVolumes).objects.values()];
  private table = (r: Resource<any>) => this.tables.get(r.plural)!;
  volume = (name: string) => this.table(persistentVolumes).objects.get(name);
  claim = (key: string) => this.table(persistentVolumeClaims).objects.get(key);

  private store(r: Resource<any>, object: any): any {
    const table = this.table(r);
    const old = table.objects.get(keyOf(object));
    const stored = structuredClone({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(++this.version) },
    });
    table.objects.set(keyOf(stored), stored);
    table.log.push({ type: old ? 'MODIFIED' : 'ADDED', object: stored });
    return structuredClone(stored);
  }

  private remove(r: Resource<any>, key: string): void {
    const table = this.table(r);
    const old = table.objects.get(key);
    if (!old) return;
    table.objects.delete(key);
    const object = { ...old, metadata: { ...old.metadata, resourceVersion: String(++this.version) } };
    table.log.push({ type: 'DELETED', object });
  }

  /** A binder as it is after a start: it remembers nothing. */
  restart(): void {
    this.epoch++;
    this.caches = new Map();
    this.queue = new Set();
    this.running = new Set();
    this.controller = persistentVolumeBinder({ syncPeriod: 15_000, dynamic: true, hostPath: false });
    for (const r of resources) this.caches.set(r.plural, { cache: createInformerCache(r, silentLogger), seen: 0 });
    const informers = { informer: (r: Resource<any>) => this.caches.get(r.plural)!.cache };
    const events = { event: () => {}, flush: async () => {} };
    this.context = { informers, events, client: this.client(this.epoch), log: silentLogger };
    this.controller.setup?.(this.context, () => {});
    for (const watch of this.controller.watches) {
      const put = (states: any[]) => {
        for (const o of states) for (const key of watch.keys(o, this.context)) this.queue.add(key);
      };
      informers.informer(watch.resource).addHandler({
        added: (o) => put([o]),
        updated: (o, old) => put([o, old]),
        deleted: (o) => put([o]),
      });
    }
    for (const r of resources) this.list(r);
  }

  /** One list is older than the other: each resource has a watch of its own. */
  private list(r: Resource<any>): void {
    const entry = this.caches.get(r.plural)!;
    const { log } = this.table(r);
    entry.seen = Math.max(log.length - (this.faults ? this.random.below(8) : 0), 0);
    const objects = new Map<string, any>();
    for (const { type, object } of log.slice(0, entry.seen))
      if (type === 'DELETED') objects.delete(keyOf(object));
      else objects.set(keyOf(object), object);
    const version = log[entry.seen - 1]?.object.metadata.resourceVersion ?? '1';
    entry.cache.replace(structuredClone([...objects.values()]), version);
  }

  private deliver(r: Resource<any>): boolean {
    const entry = this.caches.get(r.plural)!;
    const change = this.table(r).log[entry.seen];
    if (!change) return false;
    entry.seen++;
    entry.cache.apply(change.type, structuredClone(change.object));
    return true;
  }

  /** Whatever happens between two requests of the binder. */
  private async meanwhile(): Promise<void> {
    while (this.faults && this.random.chance(0.5)) this.someoneActs();
  }

  private client(epoch: number): Client {
    const before = async (isWrite: boolean) => {
      await this.meanwhile();
      if (epoch !== this.epoch) throw new ConnectionError('killed');
      if (this.faults && isWrite && this.random.chance(0.04)) {
        this.killed++;
        this.restart();
        throw new ConnectionError('killed');
      }
      if (this.faults && this.random.chance(0.05)) throw unknown('try again');
    };
    /** Half of the failures come after the write. */
    const after = <T>(answer: T): T => {
      this.check();
      if (this.faults && this.random.chance(0.05)) throw unknown('written, but who knows');
      return answer;
    };
    const current = (r: Resource<any>, o: any) => {
      const old = this.table(r).objects.get(keyOf(o));
      if (!old) throw notFound(r, o.metadata.name);
      if (old.metadata.resourceVersion !== o.metadata.resourceVersion) throw conflict(r, o.metadata.name, modified);
      return old;
    };
    return {
      get: async (r: Resource<any>, name: string, namespace?: string) => {
        await before(false);
        const found = this.table(r).objects.get(namespace ? `${namespace}/${name}` : name);
        if (!found) throw notFound(r, name);
        return structuredClone(found);
      },
      update: async (r: Resource<any>, o: any) => {
        await before(true);
        const old = current(r, o);
        if (old.spec.volumeName && old.spec.volumeName !== o.spec.volumeName)
          throw new Violation('a claim keeps its volume');
        return after(this.store(r, { ...o, status: old.status }));
      },
      updateStatus: async (r: Resource<any>, o: any) => {
        await before(true);
        const old = current(r, o);
        this.checkWord(o);
        return after(this.store(r, { ...old, status: o.status }));
      },
      delete: async () => {
        throw new Violation('it deletes what is not its own');
      },
    } as unknown as Client;
  }

  /** At no moment may it be otherwise. */
  private check(): void {
    const owners = new Map<string, string>();
    for (const claim of this.claims()) {
      if (claim.metadata.annotations?.[completed] === undefined || claim.status.phase !== 'Bound') continue;
      const { volumeName } = claim.spec;
      const volume = this.volume(volumeName);
      if (owners.has(volumeName)) throw new Violation(`${volumeName} has two claims`);
      owners.set(volumeName, keyOf(claim));
      if (volume && volume.spec.claimRef?.uid !== claim.metadata.uid)
        throw new Violation(`${keyOf(claim)} has another's volume`);
      if (volume?.status.phase === 'Released') throw new Violation(`${volumeName} is taken from ${keyOf(claim)}`);
    }
  }

  /** Nothing is said to be gone that is there. */
  private checkWord({ kind, metadata, spec, status }: any): void {
    const volume = kind === 'PersistentVolumeClaim' && this.volume(spec.volumeName);
    if (status.phase === 'Lost' && volume?.spec.claimRef?.uid === metadata.uid)
      throw new Violation(`${metadata.name} has not lost its volume`);
    const claim = spec.claimRef && this.claim(`${spec.claimRef.namespace}/${spec.claimRef.name}`);
    const isIts =
      claim?.metadata.uid === spec.claimRef?.uid && (claim?.spec.volumeName ?? metadata.name) === metadata.name;
    if (status.phase === 'Released' && claim && isIts) throw new Violation(`${metadata.name} still has its claim`);
  }

  private someoneActs(): void {
    const acts: (() => void)[] = [
      () => this.deliver(this.random.pick(resources)),
      () => this.deliver(this.random.pick(resources)),
      () => this.deliver(this.random.pick(resources)),
      () => this.schedules(),
      () => this.provisions(),
      () => this.clearsUp(),
      () => this.person(),
    ];
    this.random.pick(acts)();
  }

  private person(): void {
    const { random } = this;
    const size = () => `${1 + random.below(4)}Gi`;
    const modes = () => random.pick([['ReadWriteOnce'], ['ReadWriteOnce', 'ReadWriteMany'], ['ReadWriteMany']]);
    const className = () => random.pick(['none', 'none', 'made', 'later', '']);
    const uid = `u${++this.count}`;
    const someVolume = random.pick(this.volumes());
    const someClaim = random.pick(this.claims());
    const kind = random.below(8);
    if (kind < 3 && this.claims().length < 8) {
      const volume = random.chance(0.15) ? someVolume?.metadata.name : undefined;
      const name = `c${random.below(6)}`;
      if (!this.claim(`d/${name}`))
        this.store(
          persistentVolumeClaims,
          makeClaim(name, { uid, size: size(), modes: modes(), class: className(), volume }),
        );
    } else if (kind < 6 && this.volumes().length < 10) {
      const claim = random.chance(0.2) ? { name: `c${random.below(6)}` } : undefined;
      const policy = random.pick(['Retain', 'Retain', 'Delete']);
      const name = `v${random.below(12)}`;
      const volume = makeVolume(name, {
        size: size(),
        modes: modes(),
        class: className(),
        claim,
        policy,
        phase: 'Pending',
      });
      if (!this.volume(name)) this.store(persistentVolumes, { ...volume, metadata: { ...volume.metadata, uid } });
    } else if (kind === 6 && someClaim) this.remove(persistentVolumeClaims, keyOf(someClaim));
    // An administrator gives a volume free again that was kept, or takes one away that nobody has.
    else if (someVolume?.status.phase === 'Released' && someVolume.spec.persistentVolumeReclaimPolicy === 'Retain') {
      const { claimRef: _, ...spec } = someVolume.spec;
      this.store(persistentVolumes, { ...someVolume, spec });
    } else if (someVolume && !someVolume.spec.claimRef) this.remove(persistentVolumes, someVolume.metadata.name);
  }

  /** Chooses a node for claims that wait for one, or ties a volume that is there. */
  private schedules(): void {
    const waiting = this.claims().filter(
      (c) => c.spec.storageClassName === 'later' && !c.metadata.annotations?.[completed] && !c.spec.volumeName,
    );
    const claim = this.random.pick(waiting);
    if (!claim) return;
    const volume = findVolume(claim, this.volumes());
    if (volume?.spec && !volume.spec.claimRef) {
      const { name, uid } = claim.metadata;
      const annotations = { ...volume.metadata.annotations, 'pv.kubernetes.io/bound-by-controller': 'yes' };
      const spec = { ...volume.spec, claimRef: { kind: 'PersistentVolumeClaim', namespace: 'd', name, uid } };
      this.store(persistentVolumes, { ...volume, metadata: { ...volume.metadata, annotations }, spec });
    } else if (!claim.metadata.annotations?.[chosenNode]) {
      const annotations = { ...claim.metadata.annotations, [chosenNode]: 'n' };
      this.store(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, annotations } });
    }
  }

  private provisions(): void {
    const asked = this.claims().filter((c) => c.metadata.annotations?.[provisioner] && !c.spec.volumeName);
    const claim = this.random.pick(asked);
    const name = `pvc-${claim?.metadata.uid}`;
    if (!claim || this.volume(name)) return;
    const { accessModes, storageClassName, resources: wanted } = claim.spec;
    const volume = makeVolume(name, {
      size: wanted.requests.storage,
      modes: accessModes,
      class: storageClassName,
      claim: { name: claim.metadata.name, uid: claim.metadata.uid },
      policy: 'Delete',
      phase: 'Pending',
      annotations: { [madeBy]: 'p.example' },
    });
    this.store(persistentVolumes, volume);
  }

  private clearsUp(): void {
    const isOurs = (v: any) => v.metadata.annotations?.[madeBy] && v.spec.persistentVolumeReclaimPolicy === 'Delete';
    const volume = this.volumes().find((v) => isOurs(v) && v.status.phase === 'Released');
    if (!volume) return;
    const { namespace, name, uid } = volume.spec.claimRef;
    const claim = this.claim(`${namespace}/${name}`);
    if (claim?.metadata.uid === uid && claim.spec.volumeName === volume.metadata.name)
      throw new Violation(`${volume.metadata.name} is to go, and ${name} has it`);
    this.remove(persistentVolumes, volume.metadata.name);
  }

  private async reconcileOne(): Promise<void> {
    const { queue, running } = this;
    const key = this.random.pick([...queue].filter((k) => !running.has(k)));
    if (!key) return;
    queue.delete(key);
    running.add(key);
    const was = this.claims().filter((c) => c.status.phase === 'Bound').length;
    try {
      const result = await this.controller.reconcile(key, this.context);
      if (result) queue.add(key);
    } catch (error) {
      if (error instanceof Violation) throw error;
      queue.add(key);
    } finally {
      running.delete(key);
    }
    if (this.claims().filter((c) => c.status.phase === 'Bound').length > was) this.bound++;
  }

  async run(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      this.someoneActs();
      // As many as there are workers; never two on the same key.
      await Promise.all(Array.from({ length: 1 + this.random.below(5) }, () => this.reconcileOne()));
      if (this.random.chance(0.02)) this.lookAtAll();
    }
    this.check();
  }

  private lookAtAll(): void {
    for (const c of this.claims()) this.queue.add(`claim ${keyOf(c)}`);
    for (const v of this.volumes()) this.queue.add(`volume ${v.metadata.name}`);
  }

  /** No more faults and nobody asks for anything: until nothing moves. Throws when it does not come to rest. */
  async settle(): Promise<void> {
    this.faults = false;
    for (let round = 0, last = -1; ; round++) {
      if (round > 60) throw new Error('it does not come to rest');
      for (const r of resources) while (this.deliver(r));
      for (let i = 0; i < 10; i++) {
        this.schedules();
        this.provisions();
        this.clearsUp();
      }
      this.lookAtAll();
      for (let i = 0; this.queue.size && i < 2000; i++) {
        await this.reconcileOne();
        for (const r of resources) while (this.deliver(r));
      }
      if (last === this.version) return;
      last = this.version;
    }
  }
}
