// Moves each CustomResourceDefinition on: names are accepted, then it is established; one that is being deleted loses its objects first.
// Reads: the watch cache of CRDs. Writes: their status, through the same operations that requests get.
// Mirrors: apiextensions-apiserver/pkg/controller/{status,establish,finalizer}. Runs in every API server; all of them come to the same.
// Upstream waits five seconds before Established where there are several servers; here a server that knows no such resource looks at the
// newest state before it answers 404 (../../dispatch.ts). Next: ../serving/customResources.ts serves what is established.
import { toTime } from '../../../apimachinery/clock.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import type { Api } from '../../api.ts';
import { cleanupFinalizer } from '../../kinds/crdFinalizer.ts';
import type { CacheEvent, ResourceCache } from '../../storage/cached.ts';
import type { CustomResources } from '../serving/customResources.ts';
import { deleteInstances, failed, finished, terminating } from './finalize.ts';
import { beatenBy, established, mayBeEstablished, statusOf } from './statusOf.ts';

export const crds = { group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' };

const firstRetry = 50;
const lastRetry = 5000;

/** What was decided over a definition says nothing of one that was made anew under its name. */
const isSame = (live: KubeObject, crd: KubeObject): boolean => live.metadata.uid === crd.metadata.uid;

export interface CrdController {
  stop(): Promise<void>;
}

export function startCrdController(api: Api, cache: ResourceCache, resources: CustomResources): CrdController {
  const waiting = new Set<string>();
  const timers = new Map<string, { cancel(): void }>();
  const failures = new Map<string, number>();
  let stopped = false;
  let running: Promise<void> | undefined;

  const definitions = () => cache.list().map((c) => c.object());
  const time = () => toTime(api.clock.now());

  function enqueue(name: string): void {
    if (stopped) return;
    waiting.add(name);
    running ??= work().finally(() => {
      running = undefined;
      if (waiting.size) enqueue([...waiting][0]!);
    });
  }

  /** One at a time: names are given away in one order. */
  async function work(): Promise<void> {
    for (const name of waiting) {
      waiting.delete(name);
      try {
        await reconcile(name);
        failures.delete(name);
      } catch (error) {
        if (stopped) return;
        api.log.warn(
          { crd: name, error: (error as Error).message },
          'a CustomResourceDefinition could not be moved on',
        );
        later(name);
      }
    }
  }

  function later(name: string): void {
    const count = (failures.get(name) ?? 0) + 1;
    failures.set(name, count);
    timers.get(name)?.cancel();
    const delay = Math.min(lastRetry, firstRetry * 2 ** count) * (0.5 + api.random());
    timers.set(
      name,
      api.clock.setTimeout(() => enqueue(name), delay),
    );
  }

  async function reconcile(name: string): Promise<void> {
    const crd = cache.get(`${cache.spec.prefix}${name}`)?.object();
    if (!crd) return;
    if (crd.metadata.deletionTimestamp) return finalize(crd);
    if (statusOf(crd, sameGroup(crd), time()) !== crd['status']) {
      // What others accepted a moment ago must be known before anything is given away.
      await api.cache.fresh();
      await write(crd, (live) => statusOf(live, sameGroup(live), time()));
      await api.cache.fresh();
      return enqueue(name);
    }
    if (mayBeEstablished(crd)) await establish(crd);
  }

  async function establish(crd: KubeObject): Promise<void> {
    await api.cache.fresh();
    const lost = beatenBy(crd, sameGroup(crd));
    if (lost) await write(crd, (live) => ({ ...live.status, acceptedNames: { plural: '', kind: '' }, conditions: [] }));
    else await write(crd, (live) => (mayBeEstablished(live) ? established(live, time()) : live.status));
  }

  async function finalize(crd: KubeObject): Promise<void> {
    const name = crd.metadata.name;
    if (!crd.metadata.finalizers?.includes(cleanupFinalizer)) return;
    if (!(await write(crd, (live) => terminating(live, time())))) return;
    let left: number;
    try {
      left = await deleteInstances(api, crd, resources);
    } catch (error) {
      await write(crd, (live) => failed(live, (error as Error).message, time()));
      throw error;
    }
    if (left) return later(name);
    await api.cluster.update(crds, name, undefined, (live) => {
      if (!isSame(live, crd) || !live.metadata.finalizers?.includes(cleanupFinalizer)) return false;
      live.metadata.finalizers = live.metadata.finalizers.filter((f: string) => f !== cleanupFinalizer);
      finished(api, live, time());
      return undefined;
    });
  }

  const sameGroup = (crd: any) => definitions().filter((other) => other['spec'].group === crd.spec.group);

  /** False when the definition is gone. */
  async function write(crd: KubeObject, next: (live: any) => any): Promise<boolean> {
    let found = false;
    await api.cluster.update(
      crds,
      crd.metadata.name,
      undefined,
      (live) => {
        found = isSame(live, crd);
        if (!found) return false;
        const status = next(live);
        if (status === live.status) return false;
        live.status = status;
        return undefined;
      },
      { subresource: 'status' },
    );
    return found;
  }

  /** One definition that cannot be served must not keep the others from it. */
  function put(crd: KubeObject): void {
    try {
      resources.put(crd);
    } catch (error) {
      api.log.error({ err: error, crd: crd.metadata.name }, 'a CustomResourceDefinition cannot be served');
    }
    enqueue(crd.metadata.name);
  }

  function onEvent({ type, current }: CacheEvent): void {
    const crd = current.object();
    if (type !== 'DELETED') {
      put(crd);
      return;
    }
    resources.remove(current.name);
    // Its names are free: whoever wanted them is looked at again.
    for (const other of sameGroup(crd)) enqueue(other.metadata.name);
  }

  /** From the state that is there now; again when the store has been put back to an older one. */
  function follow(): () => void {
    const all = definitions();
    const there = new Set(all.map((crd) => crd.metadata.name));
    for (const name of resources.names()) if (!there.has(name)) resources.remove(name);
    for (const crd of all) put(crd);
    return cache.subscribe(cache.revision, onEvent, undefined, () => {
      if (!stopped) unsubscribe = follow();
    });
  }
  let unsubscribe = follow();

  return {
    async stop() {
      stopped = true;
      unsubscribe();
      for (const timer of timers.values()) timer.cancel();
      await running;
    },
  };
}
