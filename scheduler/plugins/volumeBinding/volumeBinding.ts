// Filter: a node must reach the pod's volumes, or have volumes that can be bound or made for its claims. Reserve and PreBind:
// they are bound to it before the pod is. Score: by the room in them (gate StorageCapacityScoring).
// Reads: claims, volumes, classes, capacities. Writes: volumes and claims. Mirrors: plugins/volumebinding/volume_binding.go.
// Next along the chain: findVolumes.ts, bindVolumes.ts.
import {
  csiDrivers,
  csiStorageCapacities,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '../../../apimachinery/resources.ts';
import { classOf } from '../../../apimachinery/storage/claims.ts';
import type { PersistentVolumeClaim } from '../../../apimachinery/types.ts';
import { sleep } from '../../../client/backoff.ts';
import { keyOf } from '../../../client/informerCache.ts';
import { livePods } from '../../eventHandlers.ts';
import { type Handle, type PluginFactory, type Status, unresolvable } from '../../framework.ts';
import type { PodInfo } from '../../podInfo.ts';
import { createAssumed } from './assumed.ts';
import { type Assumption, areBound, assume, restore, write } from './bindVolumes.ts';
import { capacityScorer, defaultShape } from './capacityScore.ts';
import { classIndex, type FindVolumes, type NodeVolumes, volumeFinder } from './findVolumes.ts';
import { events } from './hints.ts';
import { type PodClaims, podClaims, type Storage, unusableClaim } from './podClaims.ts';

const name = 'VolumeBinding';
const immediate = unresolvable(name, 'pod has unbound immediate PersistentVolumeClaims');
/** Besides looking whenever one of the claims changes. */
const checkEvery = 1000;

/** What was found out of a pod in this cycle. */
interface State {
  find: FindVolumes;
  byNode: Map<string, NodeVolumes>;
  assumed?: Assumption;
}

const failed = (where: string, error: unknown): Status => ({
  code: 'Error',
  reasons: [`running ${where}: ${(error as Error).message}`],
  plugin: name,
});

export const volumeBinding: PluginFactory = (handle, args) => {
  const storage = storageOf(handle);
  const states = new WeakMap<PodInfo, State>();
  const timeout = (args.bindTimeoutSeconds ?? 600) * 1000;
  const scorer = handle.gates.enabled('StorageCapacityScoring')
    ? capacityScorer(args.shape ?? defaultShape)
    : undefined;

  function test(state: State, node: { name: string; node: any }): Status | undefined {
    try {
      const found = state.find(node.node);
      if ('refused' in found) return unresolvable(name, ...found.refused);
      state.byNode.set(node.name, found);
      return undefined;
    } catch (error) {
      return failed(`"${name}" filter plugin`, error);
    }
  }

  return {
    name,
    preFilter(info) {
      if (!hasClaims(info)) return undefined;
      const why = unusableClaim(info.pod, storage);
      if (why) return unresolvable(name, why);
      let claims: PodClaims;
      try {
        claims = podClaims(info.pod, storage);
      } catch (error) {
        return failed(`PreFilter plugin "${name}"`, error);
      }
      if (claims.immediate.length) return immediate;
      const state: State = { find: volumeFinder(claims, storage), byNode: new Map() };
      states.set(info, state);
      return { test: (node) => test(state, node) };
    },
    preScore(info) {
      const state = scorer && states.get(info);
      return state ? { score: (node) => scorer(state.byNode.get(node.name)) } : undefined;
    },
    reserve(info, node) {
      const state = states.get(info);
      const chosen = state?.byNode.get(node);
      if (chosen && (chosen.bindings.length || chosen.provisions.length))
        state!.assumed = assume(chosen, node, storage);
      return undefined;
    },
    unreserve(info) {
      const state = states.get(info);
      if (state?.assumed) restore(state.assumed, storage);
      states.delete(info);
    },
    willPreBind: (info) => states.get(info)?.assumed !== undefined,
    async preBind(info, _node, signal) {
      const assumed = states.get(info)?.assumed;
      if (!assumed) return undefined;
      try {
        await write(assumed, handle.client);
        await untilBound(assumed, info, signal);
        return undefined;
      } catch (error) {
        return failed(`PreBind plugin "${name}": binding volumes`, error);
      }
    },
    postBind(info) {
      const assumed = states.get(info)?.assumed;
      // What was assumed has come true, and the informers have shown it.
      if (assumed) restore(assumed, storage);
      states.delete(info);
    },
    events,
  };

  async function untilBound(assumed: Assumption, info: PodInfo, signal: AbortSignal): Promise<void> {
    const { clock, informers } = handle;
    const around = {
      pod: () => informers.informer(pods, livePods).get(info.key),
      node: (nodeName: string) => informers.informer(nodes).get(nodeName),
    };
    const until = clock.now() + timeout;
    const own = new Set([...assumed.claimsOfVolumes, ...assumed.claims].map(keyOf));
    let wake = () => {};
    const changed = (claim: PersistentVolumeClaim) => own.has(keyOf(claim)) && wake();
    const forget = informers.informer(persistentVolumeClaims).addHandler({ updated: changed, deleted: changed });
    try {
      while (!areBound(assumed, info.pod, storage, around)) {
        if (signal.aborted) throw new Error('context canceled');
        if (clock.now() >= until) throw new Error('context deadline exceeded');
        const change = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await Promise.race([change, sleep(clock, checkEvery, signal)]);
      }
    } finally {
      forget();
    }
  }
};

const hasClaims = ({ pod }: PodInfo): boolean =>
  pod.spec?.volumes?.some((v) => v.persistentVolumeClaim !== undefined || v.ephemeral !== undefined) ?? false;

/** Shared by the profiles: what one assumes, the others see. */
const storages = new WeakMap<object, Storage>();

function storageOf({ informers }: Handle): Storage {
  let storage = storages.get(informers);
  if (!storage) {
    const volumes = informers.informer(persistentVolumes);
    volumes.addIndex(classIndex, (volume) => [classOf(volume)]);
    storage = {
      volumes: createAssumed(volumes),
      claims: createAssumed(informers.informer(persistentVolumeClaims)),
      classes: informers.informer(storageClasses),
      drivers: informers.informer(csiDrivers),
      capacities: informers.informer(csiStorageCapacities),
    };
    storages.set(informers, storage);
  }
  return storage;
}
