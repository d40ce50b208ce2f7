// The search: one device after the other, back where it leads nowhere, until every request of every claim has what it asks for.
// Mirrors: allocateOne and allocateDevice in structured/internal/stable/allocator_stable.go.
// Called by: allocate.ts. Next: results.ts.

import type { ResourceClaim } from '../../../../apimachinery/types.ts';
import { type Constraint, constraintsOf } from './constraints.ts';
import type { Pool } from './inventory.ts';
import type { Ask, Request } from './requests.ts';
import { claimText } from './requests.ts';
import { AllocationError, type Candidate, mostResults, NodeError } from './types.ts';

export interface Picked {
  ask: Ask;
  candidate: Candidate;
}

export interface Search {
  claims: readonly ResourceClaim[];
  /** Of each claim. */
  requests: readonly (readonly Request[])[];
  pools: readonly Pool[];
  /** Is it somebody else's already? Keys of DeviceIds. */
  isAllocated(key: string): boolean;
  /** No more time. */
  isOver(): boolean;
}

/** What became of one branch. `tooMany`: the claim would have more results than fit, whatever device is taken. */
type Outcome = 'found' | 'none' | 'tooMany';

/** The devices of each claim; undefined when there is no way. Throws AllocationError or NodeError. */
export function search(s: Search): Picked[][] | undefined {
  const picked: Picked[][] = s.claims.map(() => []);
  const constraints = s.claims.map(constraintsOf);
  /** Which claims take a device in this attempt. */
  const taken = new Map<string, Set<number>>();
  return fromClaim({ ...s, picked, constraints, taken }, 0) === 'found' ? picked : undefined;
}

interface Attempt extends Search {
  picked: Picked[][];
  constraints: Constraint[][];
  taken: Map<string, Set<number>>;
}

function fromClaim(a: Attempt, claim: number): Outcome {
  if (claim >= a.claims.length) return 'found';
  return fromRequest(a, claim, 0);
}

function fromRequest(a: Attempt, claim: number, index: number): Outcome {
  const request = a.requests[claim]![index];
  if (!request) {
    const outcome = fromClaim(a, claim + 1);
    // Another choice of alternatives in this claim may leave the next one with other devices.
    return outcome === 'tooMany' ? 'none' : outcome;
  }
  let outcome: Outcome = 'tooMany';
  for (const ask of request.asks) {
    const one = fromDevice(a, claim, index, ask, 0);
    if (one === 'found') return one;
    if (one === 'none') outcome = 'none';
  }
  return outcome;
}

/** The `nth` device of an ask, and all that follows it. */
function fromDevice(a: Attempt, claim: number, index: number, ask: Ask, nth: number): Outcome {
  if (a.isOver()) throw new NodeError('timed out trying to allocate devices');
  if (ask.all?.length === 0) return 'none';
  if (nth >= ask.count) return fromRequest(a, claim, index + 1);
  if (a.picked[claim]!.length + ask.count - nth > mostResults) return 'tooMany';
  const next = () => fromDevice(a, claim, index, ask, nth + 1);
  if (ask.all) return withDevice(a, claim, ask, ask.all[nth]!, next) ?? 'none';
  for (const pool of a.pools) {
    if (pool.isIncomplete || pool.isInvalid) continue;
    for (const candidate of pool.candidates) {
      if (isInUse(a, claim, ask, candidate) || !ask.matches(candidate)) continue;
      const outcome = withDevice(a, claim, ask, candidate, next);
      if (outcome === 'found' || outcome === 'tooMany') return outcome;
    }
  }
  return 'none';
}

/** Access for admins shares a device with anybody, but a claim does not get it twice. */
function isInUse(a: Attempt, claim: number, ask: Ask, { id }: Candidate): boolean {
  const takers = a.taken.get(id.key);
  if (ask.adminAccess) return takers?.has(claim) ?? false;
  return a.isAllocated(id.key) || (takers !== undefined && takers.size > 0);
}

/** Goes on with the device taken; takes it back when that leads nowhere. Undefined: it cannot be taken. */
function withDevice(
  a: Attempt,
  claim: number,
  ask: Ask,
  candidate: Candidate,
  next: () => Outcome,
): Outcome | undefined {
  if (isInUse(a, claim, ask, candidate) || !addToConstraints(a, claim, ask, candidate)) return undefined;
  const { key } = candidate.id;
  const takers = a.taken.get(key) ?? new Set();
  a.taken.set(key, takers.add(claim));
  a.picked[claim]!.push({ ask, candidate });
  const outcome = next();
  if (outcome === 'found') return outcome;
  a.picked[claim]!.pop();
  takers.delete(claim);
  for (const constraint of a.constraints[claim]!) constraint.remove(ask);
  return outcome;
}

function addToConstraints(a: Attempt, claim: number, ask: Ask, candidate: Candidate): boolean {
  const constraints = a.constraints[claim]!;
  const refusing = constraints.findIndex((constraint) => !constraint.add(ask, candidate));
  if (refusing < 0) return true;
  for (const constraint of constraints.slice(0, refusing)) constraint.remove(ask);
  // Who wants all devices and a common attribute that they do not have wants what cannot be.
  if (ask.all)
    throw new AllocationError(
      `claim ${claimText(a.claims[claim]!)}, request ${ask.name.split('/').at(-1)}: cannot add device ${candidate.id.key} because a claim constraint would not be satisfied`,
    );
  return false;
}
