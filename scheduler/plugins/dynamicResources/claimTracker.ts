// What the plugin knows of claims: those of the informer, its own writes that the watch has not shown yet, and allocations
// that are decided but not written. From all three: which devices are taken.
// Reads: the informer of resourceclaims. Mirrors: pkg/scheduler/framework/plugins/dynamicresources/dra_manager.go, allocateddevices.go.
// Used by: the steps of this folder.
import { resourceClaims } from '../../../apimachinery/resources.ts';
import type { AllocationResult, ResourceClaim } from '../../../apimachinery/types.ts';
import type { InformerFactory } from '../../../client/informer.ts';
import { keyOf } from '../../../client/informerCache.ts';
import { deviceKey } from './allocation/types.ts';

export interface ClaimTracker {
  /** The newest state that is known. */
  get(namespace: string, name: string): ResourceClaim | undefined;
  /** A write was answered with this. */
  wrote(claim: ResourceClaim): void;
  /** These devices go to this claim; it is not written yet. */
  reserve(uid: string, allocation: AllocationResult): void;
  /** Written, or given up. */
  release(uid: string): void;
  isReserved(uid: string): boolean;
  /** Is a device taken? Keys of DeviceIds. */
  isTaken(key: string): boolean;
}

const version = (o: { metadata: { resourceVersion?: string } }): bigint => BigInt(o.metadata.resourceVersion || '0');

/** Devices of an allocation that nobody else may have. */
export const devicesOf = (allocation: AllocationResult | null | undefined): string[] =>
  (allocation?.devices?.results ?? []).filter((r) => !r.adminAccess).map((r) => deviceKey(r.driver, r.pool, r.device));

const devicesOfClaim = (claim: ResourceClaim | undefined) => devicesOf(claim?.status?.allocation);

export function createClaimTracker(informers: InformerFactory): ClaimTracker {
  const informer = informers.informer(resourceClaims);
  const written = new Map<string, ResourceClaim>();
  const reserved = new Map<string, readonly string[]>();
  /** How many of the three say that a device is taken. */
  const counts = new Map<string, number>();

  function change(before: readonly string[], now: readonly string[]): void {
    for (const key of now) counts.set(key, (counts.get(key) ?? 0) + 1);
    for (const key of before) {
      const left = (counts.get(key) ?? 0) - 1;
      if (left > 0) counts.set(key, left);
      else counts.delete(key);
    }
  }

  /** Our write, once the informer has seen it or something later, is of no more use. */
  function caughtUp(key: string, now: ResourceClaim | undefined): void {
    const own = written.get(key);
    if (!own || (now && now.metadata.uid === own.metadata.uid && version(now) < version(own))) return;
    written.delete(key);
    change(devicesOfClaim(own), []);
  }

  function observed(key: string, old: ResourceClaim | undefined, now: ResourceClaim | undefined): void {
    change(devicesOfClaim(old), devicesOfClaim(now));
    caughtUp(key, now);
  }

  informer.addHandler({
    added: (claim) => observed(keyOf(claim), undefined, claim),
    updated: (claim, old) => observed(keyOf(claim), old, claim),
    deleted: (claim) => observed(keyOf(claim), claim, undefined),
  });

  function setReserved(uid: string, devices: readonly string[] | undefined): void {
    change(reserved.get(uid) ?? [], devices ?? []);
    if (devices) reserved.set(uid, devices);
    else reserved.delete(uid);
  }

  return {
    get: (namespace, name) => written.get(`${namespace}/${name}`) ?? informer.get(`${namespace}/${name}`),
    wrote(claim) {
      const key = keyOf(claim);
      const before = written.get(key);
      // Answers of two writes may come in the other order.
      const isSame = before?.metadata.uid === claim.metadata.uid;
      if (before && isSame && version(before) > version(claim)) return;
      change(devicesOfClaim(before), devicesOfClaim(claim));
      written.set(key, claim);
      caughtUp(key, informer.get(key));
    },
    reserve: (uid, allocation) => setReserved(uid, devicesOf(allocation)),
    release: (uid) => setReserved(uid, undefined),
    isReserved: (uid) => reserved.has(uid),
    isTaken: (key) => counts.has(key),
  };
}
