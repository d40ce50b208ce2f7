// Random owners and dependents in two namespaces and none, of built-in kinds and of a custom one that comes and goes; references that
// are wrong in every way; events that are late, watches with gaps; a third of the collector's requests fail, some after they were
// carried out. At no moment is anything deleted that has an owner; in the end nothing is left that has none.
import { expect, it } from 'vitest';
import { groupResource, type Resource } from '../../apimachinery/resources.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { KubeObject, OwnerReference } from '../../apimachinery/types.ts';
import { ConnectionError } from '../../client/client.ts';
import { attempt, type Collector } from '../../controllers/garbageCollector/garbageCollector.ts';
import { type Attempt, createGraph } from '../../controllers/garbageCollector/graph.ts';

function generator(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const kind = (group: string, name: string, namespaced: boolean): Resource => ({
  group,
  version: 'v1',
  plural: `${name.toLowerCase()}s`,
  kind: name,
  namespaced,
});
const pod = kind('', 'Pod', true);
const set = kind('apps', 'Set', true);
const global = kind('', 'Global', false);
const custom = kind('example.com', 'Custom', true);
const kinds = [pod, set, global, custom];

const foreground = 'foregroundDeletion';
const refusal = (code: number, reason: string, name = '') =>
  new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message: reason,
    details: { name },
  } as never);

type Stored = KubeObject & { resource: Resource };

/** The API server as far as a collector sees it. */
function createServer() {
  const objects = new Map<string, Stored>();
  const listeners: ((r: Resource, type: string, object: KubeObject) => void)[] = [];
  let revision = 0;
  let customServed = true;
  const place = (r: Resource, namespace: string | undefined, name: string) =>
    `${groupResource(r)} ${r.namespaced ? namespace : ''} ${name}`;
  const tell = (o: Stored, type: string) => {
    o.metadata.resourceVersion = String(++revision);
    const { resource, ...object } = structuredClone(o);
    for (const l of listeners) l(o.resource, type, object);
  };
  const find = (r: Resource, name: string, namespace?: string): Stored => {
    if (r === custom && !customServed) throw refusal(404, 'NotFound');
    const found = objects.get(place(r, namespace, name));
    if (!found) throw refusal(404, 'NotFound', name);
    return found;
  };
  /** Gone for good once it is being deleted and nothing holds it. */
  const settle = (o: Stored) => {
    const { name, namespace, deletionTimestamp, finalizers } = o.metadata;
    if (!deletionTimestamp || finalizers?.length) return tell(o, 'MODIFIED');
    objects.delete(place(o.resource, namespace, name));
    tell(o, 'DELETED');
  };
  const server = {
    objects,
    listeners,
    isServed: (r: Resource) => r !== custom || customServed,
    get: (r: Resource, name: string, namespace?: string) => structuredClone(find(r, name, namespace)),
    create(r: Resource, metadata: KubeObject['metadata']) {
      const o = { apiVersion: 'v1', kind: r.kind, metadata, resource: r } as Stored;
      objects.set(place(r, metadata.namespace, metadata.name), o);
      tell(o, 'ADDED');
    },
    delete(r: Resource, name: string, namespace?: string, options: any = {}) {
      const o = find(r, name, namespace);
      const { uid, resourceVersion } = options.preconditions ?? {};
      if (uid && uid !== o.metadata.uid) throw refusal(409, 'Conflict');
      if (resourceVersion && resourceVersion !== o.metadata.resourceVersion) throw refusal(409, 'Conflict');
      const kept = (o.metadata.finalizers ?? []).filter((f) => f !== foreground && f !== 'orphan');
      const own = { Foreground: foreground, Orphan: 'orphan' }[options.propagationPolicy as string];
      // Once it is being deleted, what is left to do stays as it was.
      if (!o.metadata.deletionTimestamp) o.metadata.finalizers = own ? [...kept, own] : kept;
      o.metadata.deletionTimestamp ??= 'now';
      settle(o);
    },
    change(r: Resource, name: string, namespace: string | undefined, change: (o: Stored) => void) {
      const o = find(r, name, namespace);
      change(o);
      settle(o);
    },
    patch(r: Resource, name: string, namespace: string | undefined, type: string, { metadata }: any) {
      if (type === 'strategic' && r === custom) throw refusal(415, 'UnsupportedMediaType');
      const o = find(r, name, namespace);
      const differs = (key: 'uid' | 'resourceVersion') => metadata[key] && metadata[key] !== o.metadata[key];
      if (differs('uid') || differs('resourceVersion')) throw refusal(409, 'Conflict');
      const refs: any[] | undefined = metadata.ownerReferences;
      if (type === 'strategic') {
        const drop = new Set(refs!.map((ref) => ref.uid));
        o.metadata.ownerReferences = o.metadata.ownerReferences?.filter((ref) => !drop.has(ref.uid));
      } else {
        if (refs !== undefined) o.metadata.ownerReferences = refs ?? [];
        if (metadata.finalizers) o.metadata.finalizers = metadata.finalizers;
      }
      settle(o);
    },
    /** The definition goes, and with it all objects; or comes back. */
    toggleCustom() {
      if (customServed)
        for (const o of [...objects.values()].filter((x) => x.resource === custom)) {
          o.metadata.deletionTimestamp = 'now';
          o.metadata.finalizers = [];
          settle(o);
        }
      customServed = !customServed;
    },
  };
  return server;
}

type Owner = 'solid' | 'dangling' | 'waiting' | 'misplaced' | 'unknown';

function world(seed: number) {
  const random = generator(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const server = createServer();
  const graph = createGraph();
  let now = 0;
  const queue = new Map<string, number>();
  const enqueue = (key: string, { after = 0 } = {}) =>
    queue.set(key, Math.min(queue.get(key) ?? Infinity, now + after));
  const put = (list: Attempt[]) => {
    for (const { what, uid } of list) enqueue(`${what} ${uid}`);
  };

  // Each resource has a watch of its own: in order within it, at its own pace.
  const late = new Map(kinds.map((r) => [r, [] as { type: string; object: KubeObject }[]]));
  const monitored = new Set<Resource>(kinds);
  server.listeners.push((r, type, object) => void (monitored.has(r) && late.get(r)!.push({ type, object })));
  const deliver = (r: Resource) => {
    const event = late.get(r)!.shift();
    if (event)
      put(event.type === 'DELETED' ? graph.remove(event.object.metadata.uid!) : graph.observe(r, event.object));
    return event !== undefined;
  };
  const relist = (r: Resource) => {
    late.set(r, []);
    const items = [...server.objects.values()].filter((o) => o.resource === r);
    for (const o of items) put(graph.observe(r, structuredClone(o)));
    const there = new Set(items.map((o) => o.metadata.uid));
    for (const uid of graph.uidsOf((other) => other === r)) if (!there.has(uid)) put(graph.remove(uid));
  };
  /** What discovery finds every half minute. */
  const discover = () => {
    for (const r of kinds) {
      if (server.isServed(r) === monitored.has(r)) continue;
      if (monitored.delete(r)) for (const uid of graph.uidsOf((other) => other === r)) put(graph.remove(uid));
      else {
        monitored.add(r);
        relist(r);
      }
      late.set(r, []);
    }
  };

  const stateOf = (ref: OwnerReference, of: Stored): Owner => {
    const r = kinds.find((k) => k.kind === ref.kind);
    if (!r || !server.isServed(r)) return 'unknown';
    if (r.namespaced && !of.resource.namespaced) return 'misplaced';
    const found = [...server.objects.values()].find(
      (o) =>
        o.resource === r &&
        o.metadata.uid === ref.uid &&
        o.metadata.name === ref.name &&
        (!r.namespaced || o.metadata.namespace === of.metadata.namespace),
    );
    if (!found) return 'dangling';
    return found.metadata.deletionTimestamp && found.metadata.finalizers?.includes(foreground) ? 'waiting' : 'solid';
  };
  const states = (o: Stored) => (o.metadata.ownerReferences ?? []).map((ref) => stateOf(ref, o));

  // The collector's requests: each may fail, before it was carried out or after.
  let calm = false;
  const shaky =
    <A extends unknown[], T>(act: (...args: A) => T) =>
    async (...args: A): Promise<T> => {
      const luck = calm ? 1 : random();
      if (luck < 0.15) throw new ConnectionError('refused');
      if (luck < 0.22) throw refusal(500, 'InternalError');
      const answer = act(...args);
      if (luck < 0.3) throw new ConnectionError('no answer');
      return answer;
    };
  const collect = (r: Resource, name: string, namespace?: string, options?: any) => {
    const o = server.get(r, name, namespace);
    const owners = states(o);
    if (
      options.preconditions.uid === o.metadata.uid &&
      options.preconditions.resourceVersion === o.metadata.resourceVersion
    ) {
      if (!owners.length) throw new Error(`${name} has no owners and was to be deleted`);
      for (const bad of ['solid', 'misplaced'] as const)
        if (owners.includes(bad)) throw new Error(`${name} has an owner that is ${bad} and was to be deleted`);
    }
    return server.delete(r, name, namespace, options);
  };
  const failures: string[] = [];
  const collector: Collector = {
    client: { get: shaky(server.get), delete: shaky(collect), patch: shaky(server.patch) } as never,
    events: {
      event: (about: any, _type: string, reason: string) => void failures.push(`${reason} ${about.metadata.name}`),
    } as never,
    graph,
    resourceOf: (_version, name) => [...monitored].find((r) => r.kind === name) as never,
    enqueue: (key) => enqueue(key),
    absent: new Set(),
  };
  const work = async (): Promise<boolean> => {
    const due = [...queue].filter(([, at]) => at <= now);
    if (!due.length) return false;
    const [key] = pick(due);
    queue.delete(key);
    try {
      const result = await attempt(key, collector);
      if (result) enqueue(key, result);
    } catch (error) {
      if (/was to be deleted/.test(String(error))) throw error;
      enqueue(key, { after: 50 + below(1000) });
    }
    return true;
  };

  let made = 0;
  const past: { r: Resource; metadata: KubeObject['metadata'] }[] = [];
  const someRef = (): OwnerReference => {
    const { r, metadata } = pick(past);
    const luck = random();
    return {
      apiVersion: r.group ? `${r.group}/v1` : 'v1',
      kind: luck < 0.06 ? pick(kinds).kind : r.kind,
      name: luck > 0.94 ? 'wrong' : metadata.name,
      uid: luck > 0.47 && luck < 0.52 ? `never-${below(5)}` : metadata.uid!,
      blockOwnerDeletion: random() < 0.6,
    };
  };
  const someRefs = () => {
    const list = Array.from({ length: past.length ? pick([0, 1, 1, 1, 2, 3]) : 0 }, someRef);
    return list.filter((ref, i) => list.findIndex((other) => other.uid === ref.uid) === i);
  };
  const user = () => {
    const all = [...server.objects.values()].filter((o) => server.isServed(o.resource));
    const luck = random();
    if (luck < 0.45 || !all.length) {
      const r = pick(kinds);
      if (!server.isServed(r)) return;
      const name = `o${++made}`;
      const namespace = r.namespaced ? pick(['one', 'one', 'one', 'two']) : undefined;
      const finalizers = random() < 0.1 ? ['example.com/mine'] : [];
      const metadata = { name, namespace, uid: `uid-${made}`, ownerReferences: someRefs(), finalizers };
      past.push({ r, metadata });
      return server.create(r, structuredClone(metadata) as never);
    }
    const o = pick(all);
    const { name, namespace } = o.metadata;
    if (luck < 0.7) {
      const propagationPolicy = pick(['Background', 'Background', 'Foreground', 'Foreground', 'Orphan']);
      return server.delete(o.resource, name, namespace, { propagationPolicy });
    }
    if (luck < 0.85)
      return server.change(o.resource, name, namespace, (x) => {
        if (!x.metadata.deletionTimestamp) x.metadata.ownerReferences = someRefs();
      });
    if (luck < 0.88) return server.toggleCustom();
    return server.change(o.resource, name, namespace, (x) => {
      x.metadata.finalizers = x.metadata.finalizers?.filter((f) => f !== 'example.com/mine');
    });
  };

  return {
    server,
    states,
    told: failures,
    graph,
    async live(steps: number) {
      for (let i = 0; i < steps; i++) {
        now += below(100);
        const luck = random();
        if (luck < 0.2) user();
        else if (luck < 0.6) deliver(pick(kinds));
        else if (luck < 0.62) relist(pick([...monitored]));
        else if (luck < 0.64) discover();
        else await work();
      }
    },
    /** Users have done all they wanted, and everything that fails stops failing. */
    async settle() {
      calm = true;
      if (!server.isServed(custom)) server.toggleCustom();
      discover();
      for (const o of [...server.objects.values()])
        server.change(o.resource, o.metadata.name, o.metadata.namespace, (x) => {
          x.metadata.finalizers = x.metadata.finalizers?.filter((f) => f !== 'example.com/mine');
        });
      for (let round = 0; round < 400; round++) {
        for (const r of kinds) while (deliver(r));
        now += 2_000 * 1.05 ** Math.min(round, 120);
        for (let n = 0; n < 5_000 && (await work()); n++) for (const r of kinds) while (deliver(r));
      }
    },
  };
}

it.each(Array.from({ length: 60 }, (_, i) => i))('seed %d', async (seed) => {
  const w = world(seed);
  await w.live(600);
  await w.settle();
  const left = [...w.server.objects.values()];
  const name = (o: Stored) => `${o.resource.kind} ${o.metadata.name} [${w.states(o)}] ${o.metadata.finalizers}`;
  const has = (o: Stored, ...wanted: Owner[]) => w.states(o).some((s) => wanted.includes(s));
  const ownerless = left.filter((o) => w.states(o).length && !has(o, 'solid', 'misplaced', 'unknown', 'waiting'));
  expect(ownerless.map(name)).toEqual([]);
  expect(left.filter((o) => o.metadata.deletionTimestamp).map(name)).toEqual([]);
  const half = left.filter((o) => has(o, 'solid', 'misplaced') && has(o, 'dangling', 'waiting'));
  expect(half.map(name)).toEqual([]);
  // The graph is what there is, and its stand-ins are those that someone still refers to.
  const uids = new Set(left.map((o) => o.metadata.uid!));
  expect(w.graph.uidsOf(() => true).filter((uid) => !uids.has(uid))).toEqual([]);
});
