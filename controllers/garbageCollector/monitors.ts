// Watches every resource that can be deleted and feeds the graph: what discovery names, found again every 30 s.
// Reads: discovery, metadata-only watches; informers that others keep anyway. Writes: the graph, and attempts to the queue.
// Mirrors: syncMonitors in pkg/controller/garbagecollector/graph_builder.go. Used by: garbageCollector.ts.
import type { Cause } from '../../apimachinery/cause.ts';
import { groupResource, type Resource } from '../../apimachinery/resources.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { runReflector, type Sink } from '../../client/reflector.ts';
import { causesOf } from '../../client/runner.ts';
import { allows, type Discovered, discover, type ServedResource } from '../common/discovery.ts';
import { type Attempt, type Graph, sameResource } from './graph.ts';

export interface Monitors {
  /** Discovers and watches until the signal aborts. */
  run(context: ControllerContext, signal: AbortSignal): Promise<void>;
  /** Resolves once every resource known at the start has been listed, or will not be for a while: one that cannot be must not stop the rest. */
  whenSynced(): Promise<void>;
  /** The resource that a reference means; undefined when nothing of that kind is served. */
  resourceOf(apiVersion: string, kind: string): ServedResource | undefined;
}

export type Enqueue = (attempts: Attempt[], causes: readonly Cause[]) => void;

const period = 30_000;
/** How long the first lists are waited for. A CRD whose conversion webhook is gone is never listed. */
const initialSyncTimeout = 30_000;

/** Events come and go by themselves and own nothing. */
const isIgnored = (r: Resource) => r.plural === 'events' && (r.group === '' || r.group === 'events.k8s.io');

/** `shared` are resources whose informers run in any case: they are listened to rather than watched again. */
export function createMonitors(graph: Graph, shared: readonly Resource[], enqueue: Enqueue): Monitors {
  const running = new Map<string, { version: string; synced: Promise<unknown>; stop(): void }>();
  const first = Promise.withResolvers<void>();
  let served: ServedResource[] = [];

  function start(r: ServedResource, context: ControllerContext, signal: AbortSignal): void {
    const one = shared.find((s) => sameResource(s, r));
    const monitor = one ? listen(one, context, graph, enqueue) : follow(r, context, signal, graph, enqueue);
    running.set(groupResource(r), { ...monitor, version: r.version });
  }

  /** What is not served any more has no objects. Whether their dependents may go, the server says when it knows the kind again. */
  function forget(name: string): void {
    const known = [...graph.uidsOf((r) => groupResource(r) === name)];
    for (const uid of known) enqueue(graph.remove(uid), [{ word: 'resync' }]);
  }

  /** Stops what is no longer served, starts what is new; of groups that did not answer nothing changes. */
  function update({ resources, failures }: Discovered, context: ControllerContext, signal: AbortSignal): void {
    const failed = new Set(failures.map((f) => f.groupVersion));
    const unanswered = served.filter((r) => failed.has(r.group ? `${r.group}/${r.version}` : r.version));
    served = [...resources, ...unanswered.filter((old) => !resources.some((r) => sameResource(r, old)))];
    const wanted = new Map(
      served.filter((r) => allows(r, 'delete', 'list', 'watch') && !isIgnored(r)).map((r) => [groupResource(r), r]),
    );
    for (const [name, monitor] of running)
      if (!wanted.has(name)) {
        monitor.stop();
        running.delete(name);
        forget(name);
      }
    for (const [name, r] of wanted) {
      const monitor = running.get(name);
      // In another version than before: the old one may not be served for long.
      if (monitor?.version === r.version) continue;
      monitor?.stop();
      start(r, context, signal);
    }
  }

  async function initialSync(context: ControllerContext, signal: AbortSignal): Promise<void> {
    const late = new AbortController();
    const listed = Promise.all([...running.values()].map((m) => m.synced)).then(() => true);
    const waited = sleep(context.clock, initialSyncTimeout, AbortSignal.any([signal, late.signal])).then(() => false);
    if (!(await Promise.race([listed, waited])) && !signal.aborted)
      context.log.info({}, 'not all resource monitors could be synced, proceeding anyways');
    late.abort();
    first.resolve();
  }

  return {
    async run(context, signal) {
      while (!signal.aborted) {
        try {
          const started = served.length > 0;
          update(await discover(context.client), context, signal);
          if (!started && served.length) void initialSync(context, signal);
        } catch (error) {
          context.log.info({ error: String(error) }, 'discovery failed, will be tried again');
        }
        await sleep(context.clock, served.length ? period : 1000, signal);
      }
      first.resolve();
    },
    whenSynced: () => first.promise,
    resourceOf(apiVersion, kind) {
      const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
      return served.find((r) => r.kind === kind && r.group === group);
    },
  };
}

function listen(r: Resource, { informers }: ControllerContext, graph: Graph, enqueue: Enqueue) {
  const informer = informers.informer(r);
  const see = (object: KubeObject) => enqueue(graph.observe(r, object), causesOf(object, informer));
  const stop = informer.addHandler({
    added: see,
    updated: see,
    deleted: (o) => enqueue(graph.remove(o.metadata.uid!), causesOf(o, informer)),
  });
  return { synced: Promise.resolve(), stop };
}

/** The graph is the only copy: what others do not read is not kept a second time. */
function follow(r: Resource, context: ControllerContext, signal: AbortSignal, graph: Graph, enqueue: Enqueue) {
  const ending = new AbortController();
  const stop = () => ending.abort();
  signal.addEventListener('abort', stop, { once: true });
  const synced = Promise.withResolvers<void>();
  ending.signal.addEventListener('abort', () => synced.resolve(), { once: true });
  let listed = false;
  const cause = (o: KubeObject): Cause => ({
    resource: groupResource(r),
    namespace: o.metadata.namespace ?? '',
    name: o.metadata.name,
    resourceVersion: o.metadata.resourceVersion ?? '0',
  });
  const sink: Sink<KubeObject> = {
    replace(items) {
      const there = new Set(items.map((o) => o.metadata.uid));
      const word: Cause = { word: listed ? 'resync' : 'start-up' };
      for (const o of items) enqueue(graph.observe(r, o), [word, cause(o)]);
      for (const uid of graph.uidsOf((other) => sameResource(other, r)))
        if (!there.has(uid)) enqueue(graph.remove(uid), [word]);
      listed = true;
      synced.resolve();
    },
    apply: (type, o) => enqueue(type === 'DELETED' ? graph.remove(o.metadata.uid!) : graph.observe(r, o), [cause(o)]),
    bookmark() {},
  };
  void runReflector(context, r, { metadataOnly: true }, sink, ending.signal);
  return { synced: synced.promise, stop };
}
