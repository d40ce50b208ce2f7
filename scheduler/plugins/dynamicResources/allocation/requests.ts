// The requests of a claim, ready for the search: class looked up, alternatives side by side, "all" counted out.
// Reads: claims, classes, the pools of a node. Mirrors: validateDeviceRequest and isSelectable in structured/internal/stable/allocator_stable.go.
// Used by: allocate.ts. Next: search.ts.
import type { Device, DeviceClass, DeviceSelector, ResourceClaim } from '../../../../apimachinery/types.ts';
import type { Pool } from './inventory.ts';
import { type SelectorCache, selectorsMatch } from './selectors.ts';
import { AllocationError, type Candidate } from './types.ts';

/** So many devices of one kind: a request, or one alternative of it. */
export interface Ask {
  /** As results name it: `request` or `request/alternative`. */
  name: string;
  request: string;
  className: string;
  class: DeviceClass;
  count: number;
  adminAccess: boolean;
  /** With allocation mode All: which they are. */
  all?: readonly Candidate[];
  /** Is the device of the class and as the request wants it? Throws AllocationError. */
  matches(candidate: Candidate): boolean;
}

/** One ask, or the alternatives of a request in the order of preference. */
export interface Request {
  name: string;
  isPrioritized: boolean;
  asks: readonly Ask[];
}

export interface Surroundings {
  /** What was found out about devices, for the same claims on other nodes; starts empty. */
  known: Map<string, Map<Device, boolean>>;
  pools: readonly Pool[];
  classes(name: string): DeviceClass | undefined;
  /** May requests share devices with others? */
  adminAccess: boolean;
  selectors: SelectorCache;
}

interface Wanted {
  deviceClassName?: string;
  selectors?: DeviceSelector[];
  allocationMode?: string;
  count?: number;
  adminAccess?: boolean;
}

export const claimText = ({ metadata }: ResourceClaim): string => `${metadata.namespace}/${metadata.name}`;

/** Throws AllocationError when the claim cannot be allocated on any node as things are. */
export function requestsOf(claim: ResourceClaim, around: Surroundings): Request[] {
  return (claim.spec.devices?.requests ?? []).map((r): Request => {
    const { name, exactly, firstAvailable = [] } = r;
    if (!firstAvailable.length)
      return { name, isPrioritized: false, asks: [askOf(claim, name, name, name, exactly ?? {}, around)] };
    const asks = firstAvailable.map((s) => askOf(claim, `${name}/${s.name}`, name, s.name, s, around));
    return { name, isPrioritized: true, asks };
  });
}

function askOf(
  claim: ResourceClaim,
  name: string,
  request: string,
  shortName: string,
  wanted: Wanted,
  around: Surroundings,
): Ask {
  const about = `claim ${claimText(claim)}, request ${shortName}`;
  const own = wanted.selectors ?? [];
  const unknown = own.findIndex((s) => !s.cel);
  if (unknown >= 0)
    throw new AllocationError(`${about}, selector #${unknown}: CEL expression empty (unsupported selector type?)`);
  if (wanted.adminAccess !== undefined && !around.adminAccess)
    throw new AllocationError(`${about}: admin access is requested, but the feature is disabled`);
  const className = wanted.deviceClassName;
  if (!className) throw new AllocationError(`${about}: missing device class name (unsupported request type?)`);
  const found = around.classes(className);
  if (!found) throw new AllocationError(`${about}: could not retrieve device class ${className}: not found`);
  const ask: Ask = {
    name,
    request,
    className,
    class: found,
    count: wanted.count ?? 1,
    adminAccess: wanted.adminAccess ?? false,
    matches: remembered(around, `${claimText(claim)} ${name}`, ({ device, id }) => {
      const matchesClass = selectorsMatch(
        found.spec.selectors ?? [],
        device,
        id,
        `class ${className}`,
        around.selectors,
      );
      return matchesClass && selectorsMatch(own, device, id, `claim ${claimText(claim)}`, around.selectors);
    }),
  };
  const mode = wanted.allocationMode ?? 'ExactCount';
  if (mode === 'ExactCount') return ask;
  if (mode !== 'All') throw new AllocationError(`${about}: unsupported count mode ${mode}`);
  const all = allOf(ask, about, around.pools);
  return { ...ask, all, count: all.length };
}

/** Whether a device suits a request is the same on every node. */
function remembered({ known }: Surroundings, ask: string, matches: Ask['matches']): Ask['matches'] {
  const answers = known.get(ask) ?? new Map<Device, boolean>();
  known.set(ask, answers);
  return (candidate) => {
    const before = answers.get(candidate.device);
    if (before !== undefined) return before;
    const now = matches(candidate);
    answers.set(candidate.device, now);
    return now;
  };
}

/** What "all" is cannot be told while a pool is not whole. */
function allOf(ask: Ask, about: string, pools: readonly Pool[]): Candidate[] {
  return pools.flatMap(({ id, isIncomplete, isInvalid, candidates }) => {
    const asksForAll = `${about}: asks for all devices, but resource pool ${id} is currently`;
    if (isIncomplete) throw new AllocationError(`${asksForAll} being updated`);
    if (isInvalid) throw new AllocationError(`${asksForAll} invalid`);
    return candidates.filter(ask.matches);
  });
}
