// A cluster in memory for the scheduler's tests: nodes and pods in a cache, plugins asked about them one by one.
import type { Resource } from '../../apimachinery/resources.ts';
import type { KubeObject, Node, Pod } from '../../apimachinery/types.ts';
import { createInformerCache, type InformerCache } from '../../client/informerCache.ts';
import { defaultFeatureGates } from '../../component-base/featureGates.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { createCache } from '../../scheduler/cache.ts';
import { defaultConfig } from '../../scheduler/config.ts';
import { fitMessage } from '../../scheduler/diagnosis.ts';
import { prepareFilters } from '../../scheduler/filters.ts';
import type { Handle, Plugin, PluginFactory } from '../../scheduler/framework.ts';
import { createNominations } from '../../scheduler/nominations.ts';
import { podInfoOf } from '../../scheduler/podInfo.ts';
import type { Profile } from '../../scheduler/profile.ts';
import { createProfiles } from '../../scheduler/profiles.ts';
import { type Decision, schedulePod } from '../../scheduler/schedule.ts';
import { createSnapshot } from '../../scheduler/snapshot.ts';
import { fakeClock } from '../client/fakeClock.ts';

export function createWorld(nodes: readonly Node[] = [], pods: readonly Pod[] = []) {
  const cache = createCache();
  const informers = new Map<string, InformerCache<any>>();
  const informer = <T extends KubeObject>(r: Resource<T>): InformerCache<T> => {
    if (!informers.has(r.plural)) informers.set(r.plural, createInformerCache(r, silentLogger));
    return informers.get(r.plural)!;
  };
  const handle: Handle = {
    snapshot: createSnapshot(),
    nominations: createNominations(),
    client: {} as Handle['client'],
    informers: { informer, start: async () => {} },
    events: { event() {}, flush: async () => {} },
    clock: fakeClock(),
    random: () => 0,
    log: silentLogger,
    gates: defaultFeatureGates,
    extenders: [],
  };
  const turn = { start: 0 };
  const refresh = () => cache.refresh(handle.snapshot);
  const defaultProfile = (): Profile => createProfiles(defaultConfig.profiles, () => handle).get('default-scheduler')!;
  for (const n of nodes) cache.setNode(n);
  for (const p of pods) cache.setPod(podInfoOf(p));
  return {
    cache,
    handle,
    turn,
    defaultProfile,
    /** Puts an object into the informer of its kind. */
    add<T extends KubeObject>(r: Resource<T>, object: object): void {
      informer(r).apply('ADDED', object as T);
    },
    /** What one plugin's filter says of each node; '' where the pod fits. */
    filter(make: PluginFactory, p: Pod, args: Record<string, any> = {}): Record<string, string> {
      refresh();
      const filters = prepareFilters(podInfoOf(p), [make(handle, args)]);
      const said = (name: string) => {
        if ('reasons' in filters) return filters;
        if (filters.nodes && !filters.nodes.has(name)) return { code: 'Narrowed', reasons: [] };
        for (const test of filters.tests) {
          const status = test(handle.snapshot.get(name)!);
          if (status) return status;
        }
        return undefined;
      };
      return Object.fromEntries(
        handle.snapshot.nodes.map(({ name }) => {
          const status = said(name);
          return [name, status ? [status.code, ...status.reasons].join(': ') : ''];
        }),
      );
    },
    /** What one plugin scores each node, normalized; undefined when it has no preference. */
    score(make: PluginFactory, p: Pod, args: Record<string, any> = {}): Record<string, number> | undefined {
      refresh();
      const { nodes: all } = handle.snapshot;
      const scorer = make(handle, args).preScore!(podInfoOf(p), all);
      if (!scorer) return undefined;
      const scores = Float64Array.from(all, (n) => scorer.score(n));
      scorer.normalize?.(scores, all);
      return Object.fromEntries(all.map((n, i) => [n.name, scores[i]!]));
    },
    decide(p: Pod, profile = defaultProfile(), random = () => 0): Decision {
      refresh();
      const { snapshot, nominations } = handle;
      return schedulePod({ pod: podInfoOf(p), profile, snapshot, nominations, turn, random });
    },
    /** The whole sentence of a pod that fits nowhere. */
    why(p: Pod, profile = defaultProfile()): string {
      const decision = this.decide(p, profile);
      if (!('diagnosis' in decision)) throw new Error(`it fits: ${JSON.stringify(decision)}`);
      const { diagnosis } = decision;
      const results = profile.postFilters.map((f) => f.postFilter!(podInfoOf(p), diagnosis, profile.filters));
      diagnosis.postFilterMessage = results.flatMap((r) => r.status?.reasons ?? []).join(', ');
      return fitMessage(diagnosis);
    },
  };
}

/** Does a plugin's hint say that this event helps? undefined: it does not listen to such events. */
export function hinted(
  plugin: Plugin,
  p: Pod,
  event: { resource: string; actions: number },
  old?: unknown,
  now?: unknown,
): boolean | undefined {
  const hint = plugin.events?.find((e) => e.resource === event.resource && (e.actions & event.actions) !== 0);
  return hint && (hint.helps?.(podInfoOf(p), old, now) ?? true);
}
