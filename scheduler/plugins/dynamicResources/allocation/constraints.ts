// What the devices of a claim must have in common: an attribute of equal value.
// Pure, but for what it counts while devices come and go. Mirrors: matchAttributeConstraint in structured/internal/stable/allocator_stable.go.
// Used by: search.ts.
import type { Device, ResourceClaim } from '../../../../apimachinery/types.ts';
import type { Ask } from './requests.ts';
import { claimText } from './requests.ts';
import { AllocationError, type Candidate } from './types.ts';

export interface Constraint {
  /** False: the device does not go with those that are there. */
  add(ask: Ask, candidate: Candidate): boolean;
  /** The opposite of an `add` that said true. */
  remove(ask: Ask): void;
}

/** Throws AllocationError for a kind of constraint that is not known here. */
export const constraintsOf = (claim: ResourceClaim): Constraint[] =>
  (claim.spec.devices?.constraints ?? []).map(({ matchAttribute, requests = [] }, i) => {
    if (matchAttribute) return matchingAttribute(matchAttribute, new Set(requests));
    throw new AllocationError(
      `claim ${claimText(claim)}, constraint #${i}: empty constraint (unsupported constraint type?)`,
    );
  });

/** `requests` are names of requests or `request/alternative`; none: all. */
function matchingAttribute(attribute: string, requests: ReadonlySet<string>): Constraint {
  const concerns = (ask: Ask) => requests.size === 0 || requests.has(ask.request) || requests.has(ask.name);
  let devices = 0;
  let common: string | undefined;
  return {
    add(ask, { device, id }) {
      if (!concerns(ask)) return true;
      const value = attributeOf(device, id.driver, attribute);
      if (value === undefined || (devices > 0 && value !== common)) return false;
      common = value;
      devices++;
      return true;
    },
    remove(ask) {
      if (concerns(ask)) devices--;
    },
  };
}

/** Type and value in one string, so that the text "1" is not the number 1. */
function attributeOf({ attributes = {} }: Device, driver: string, name: string): string | undefined {
  const slash = name.indexOf('/');
  const isDriversOwn = slash >= 0 && name.slice(0, slash) === driver;
  const found = own(attributes, name) ?? (isDriversOwn ? own(attributes, name.slice(slash + 1)) : undefined);
  return found && JSON.stringify(found);
}

const own = <T>(record: Record<string, T>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;
