// A model of the API server for property tests: objects by kind with versions, generations, uids, finalizers and graceful deletion, and a
// log of events that caches are fed from. No defaults and no validation. Used by: world.ts.
import { deepEqual } from '../../../apimachinery/deepEqual.ts';
import type { Resource } from '../../../apimachinery/resources.ts';
import { alreadyExists, badRequest, conflict, modified, notFound, uidConflict } from '../../../apimachinery/status.ts';
import { keyOf } from '../../../client/informerCache.ts';

export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: any;
}

export interface Table {
  resource: Resource<any>;
  objects: Map<string, any>;
  log: StoreEvent[];
}

export class Store {
  version = 100;
  /** Called after each write. */
  wrote: (plural: string, event: StoreEvent, old: any) => void = () => {};
  readonly tables: Map<string, Table>;
  private readonly now: () => number;
  private names = 0;

  constructor(resources: readonly Resource<any>[], now: () => number) {
    this.tables = new Map(resources.map((resource) => [resource.plural, { resource, objects: new Map(), log: [] }]));
    this.now = now;
  }

  table(r: { plural: string }): Table {
    const found = this.tables.get(r.plural);
    if (!found) throw new Error(`the world has no ${r.plural}`);
    return found;
  }
  all = (r: { plural: string }): any[] => [...this.table(r).objects.values()];
  time = (): string => `${new Date(this.now()).toISOString().slice(0, 19)}Z`;

  get(r: Resource<any>, name: string, namespace?: string): any {
    const found = this.table(r).objects.get(keyOf({ metadata: { namespace, name } } as never));
    if (!found) throw notFound(r, name);
    return found;
  }

  create(r: Resource<any>, wanted: any): any {
    if (r.plural === 'pods' && !wanted.spec?.containers?.length) throw badRequest('a pod has containers');
    const object = structuredClone(wanted);
    const { metadata } = object;
    metadata.name ??= `${metadata.generateName}${(++this.names).toString(36).padStart(4, '0')}`;
    if (this.table(r).objects.has(keyOf(object))) throw alreadyExists(r, metadata.name);
    Object.assign(metadata, { uid: `uid-${++this.names}`, creationTimestamp: this.time(), generation: 1 });
    object.kind = r.kind;
    object.status = r.plural === 'pods' ? { phase: 'Pending' } : (object.status ?? {});
    return this.put(r, object);
  }

  update(r: Resource<any>, sent: any, status = false): any {
    const old = this.get(r, sent.metadata.name, sent.metadata.namespace);
    const { resourceVersion, uid } = sent.metadata;
    if (uid && uid !== old.metadata.uid) throw uidConflict(r, old.metadata.name, keyOf(old), uid, old.metadata.uid);
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion)
      throw conflict(r, old.metadata.name, modified);
    const next = structuredClone(sent);
    return this.replace(r, old, status ? { ...next, spec: old.spec } : { ...next, status: old.status });
  }

  /** `edit` changes a copy; what the server owns of metadata stays. */
  change(r: Resource<any>, object: any, edit: (copy: any) => void): any {
    const old = this.get(r, object.metadata.name, object.metadata.namespace);
    const copy = structuredClone(old);
    edit(copy);
    return this.replace(r, old, copy);
  }

  delete(r: Resource<any>, name: string, namespace?: string, uid?: string): any {
    const old = this.get(r, name, namespace);
    if (uid && uid !== old.metadata.uid) throw uidConflict(r, name, keyOf(old), uid, old.metadata.uid);
    const waits = old.metadata.finalizers?.length || (r.plural === 'pods' && old.spec.nodeName);
    if (!waits) return this.remove(r, old);
    return this.change(r, old, (copy) => {
      copy.metadata.deletionTimestamp ??= this.time();
    });
  }

  /** Its kubelet, or the garbage collector, has seen to it. */
  remove(r: Resource<any>, object: any): any {
    const { objects, log } = this.table(r);
    const old = objects.get(keyOf(object));
    if (!old) return object;
    objects.delete(keyOf(object));
    const last = { ...old, metadata: { ...old.metadata, resourceVersion: String(++this.version) } };
    log.push({ type: 'DELETED', object: last });
    this.wrote(r.plural, log.at(-1)!, old);
    return last;
  }

  private replace(r: Resource<any>, old: any, next: any): any {
    const { uid, creationTimestamp, generation, resourceVersion } = old.metadata;
    const changed = !deepEqual(plain(old.spec), plain(next.spec));
    const kept = { uid, creationTimestamp, resourceVersion, generation: changed ? generation + 1 : generation };
    const object = plain({ ...next, metadata: { ...next.metadata, ...kept } });
    if (deepEqual(object, plain(old))) return old;
    if (object.metadata.deletionTimestamp && !object.metadata.finalizers?.length && old.metadata.finalizers?.length)
      if (r.plural !== 'pods' || isEnded(object)) return this.remove(r, object);
    return this.put(r, object);
  }

  private put(r: Resource<any>, object: any): any {
    const { objects, log } = this.table(r);
    const old = objects.get(keyOf(object));
    object.metadata.resourceVersion = String(++this.version);
    objects.set(keyOf(object), object);
    log.push({ type: old ? 'MODIFIED' : 'ADDED', object });
    this.wrote(r.plural, log.at(-1)!, old);
    return object;
  }
}

const isEnded = (pod: any): boolean => ['Succeeded', 'Failed'].includes(pod.status?.phase);
const plain = (value: any): any => JSON.parse(JSON.stringify(value ?? null));
