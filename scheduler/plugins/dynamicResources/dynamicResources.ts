// DynamicResources: pods that ask for devices by ResourceClaims get a node that has them, and the claims say which they are.
// Steps: PreEnqueue and PreFilter (claims there?), Filter (devices there?), PostFilter, Score, Reserve, PreBind (write it down).
// Reads: resourceclaims, resourceslices, deviceclasses. Mirrors: pkg/scheduler/framework/plugins/dynamicresources. Next: preFilter.ts.
import { isReservedFor } from '../../../apimachinery/podClaims.ts';
import { deviceClasses, resourceSlices } from '../../../apimachinery/resources.ts';
import { parseDuration, UsageError } from '../../../component-base/flags.ts';
import { type Handle, type Plugin, type PluginFactory, scaleScores, unschedulable } from '../../framework.ts';
import type { PodInfo } from '../../podInfo.ts';
import type { Allocating } from './allocation/allocate.ts';
import { createInventory, type Inventory } from './allocation/inventory.ts';
import { createSelectorCache } from './allocation/selectors.ts';
import { createClaimTracker } from './claimTracker.ts';
import { filterNode } from './filter.ts';
import { hintsOf } from './hints.ts';
import { claimsOf } from './podClaims.ts';
import { claimToGiveUp, giveUp } from './postFilter.ts';
import { bindClaim, unreserveClaim } from './preBind.ts';
import { preFilterClaims } from './preFilter.ts';
import { reserveClaims } from './reserve.ts';
import { scoreOf } from './score.ts';
import type { AttemptState, ClaimState } from './state.ts';
import { failed, pluginName, refused } from './statuses.ts';

/** In milliseconds. Upstream's is ten seconds a node, with sixteen at a time. Here all wait meanwhile, the lease too. */
const longestSearch = 2_000;

/** `filterTimeout` of the arguments is for the search on all nodes together; 0: as long as it takes. */
function timeoutOf({ filterTimeout }: Record<string, any>): number {
  if (filterTimeout === undefined) return longestSearch;
  const ms = parseDuration(filterTimeout);
  if (ms === undefined || ms < 0)
    throw new UsageError(`DynamicResources: filterTimeout: Invalid value: ${JSON.stringify(filterTimeout)}.`);
  return ms || Number.POSITIVE_INFINITY;
}

const nothingToDo = { status: unschedulable(pluginName, 'no new claims to deallocate') };
const stillNot = { status: unschedulable(pluginName, 'still not schedulable') };
const gaveUp = unschedulable(pluginName, 'deallocation of ResourceClaim completed');

const usesClaims = ({ pod }: PodInfo): boolean => Boolean(pod.spec?.resourceClaims?.length);

export const dynamicResources: PluginFactory = (handle, args): Plugin => {
  const { gates } = handle;
  const timeout = gates.enabled('DRASchedulerFilterTimeout') ? timeoutOf(args) : Number.POSITIVE_INFINITY;
  const { client, log } = handle;
  const tracker = createClaimTracker(handle.informers);
  const classes = handle.informers.informer(deviceClasses);
  const world = { tracker, gates, classes: (name: string) => classes.get(name) };
  const inventory = inventoryOf(handle);
  const selectors = createSelectorCache();
  /** Of the attempts that are under way; the next attempt of a pod replaces it. */
  const states = new WeakMap<PodInfo, AttemptState>();

  const allocating = (): Allocating => {
    let until: number | undefined;
    return {
      ...world,
      selectors,
      adminAccess: gates.enabled('DRAAdminAccess'),
      inventory: inventory(),
      known: new Map(),
      isAllocated: tracker.isTaken,
      isOver() {
        const now = performance.now();
        until ??= now + timeout;
        return now > until;
      },
    };
  };

  /** Only what this attempt has reserved: the claim may be another's by now. */
  const giveBack = (state: ClaimState) => {
    if (state.allocation) tracker.release(state.claim.metadata.uid!);
    delete state.allocation;
  };

  return {
    name: pluginName,
    preEnqueue(info) {
      if (!usesClaims(info)) return undefined;
      const claims = claimsOf(info.pod, tracker);
      return typeof claims === 'string' ? refused(claims) : undefined;
    },
    preFilter(info) {
      states.delete(info);
      if (!usesClaims(info)) return undefined;
      const state = preFilterClaims(info.pod, world);
      if (!state || 'reasons' in state) return state;
      states.set(info, state);
      const around = allocating();
      return { test: (node) => filterNode(state, node, around) };
    },
    postFilter(info) {
      const state = states.get(info);
      if (!state) return nothingToDo;
      const claim = claimToGiveUp(info.pod, state, handle.random);
      if (!claim) return stillNot;
      return {
        status: gaveUp,
        act: async () => tracker.wrote(await giveUp(claim, client)),
      };
    },
    preScore(info) {
      const state = states.get(info);
      const score = state && scoreOf(state);
      return score && { score: ({ name }) => score(name), normalize: (scores) => scaleScores(scores, false) };
    },
    reserve(info, node) {
      const state = states.get(info);
      return state && reserveClaims(state, node, tracker);
    },
    unreserve(info) {
      for (const state of states.get(info)?.claims ?? []) {
        giveBack(state);
        const { claim } = state;
        if (!isReservedFor(info.pod, claim)) continue;
        unreserveClaim(client, info.pod, claim).catch((error: unknown) =>
          log.warn({ pod: info.key, claim: claim.metadata.name, error: String(error) }, 'could not unreserve'),
        );
      }
    },
    async preBind(info, _node, signal) {
      for (const state of states.get(info)?.claims ?? []) {
        if (isReservedFor(info.pod, state.claim)) continue;
        const { claim, allocation } = state;
        try {
          state.claim = await bindClaim(handle, { pod: info.pod, claim, allocation }, signal);
          tracker.wrote(state.claim);
        } catch (error) {
          return failed(`running PreBind plugin "${pluginName}"`, (error as Error).message);
        } finally {
          giveBack(state);
        }
      }
      return undefined;
    },
    events: hintsOf(tracker),
  };
};

/** The inventory of now; made anew after slices have changed. */
function inventoryOf({ informers }: Handle): () => Inventory {
  const slices = informers.informer(resourceSlices);
  let made: Inventory | undefined;
  const changed = () => {
    made = undefined;
  };
  slices.addHandler({ added: changed, updated: changed, deleted: changed });
  return () => {
    made ??= createInventory(slices.list());
    return made;
  };
}
