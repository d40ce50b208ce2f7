// What a controller has asked for and its cache has not shown yet: until then it must not count and ask again.
// Mirrors: k8s.io/kubernetes pkg/controller/controller_utils.go (ControllerExpectations, UIDTrackingControllerExpectations).
// Used by: controllers that create and delete many. No I/O; time is passed in.
import type { Clock } from '../apimachinery/clock.ts';

/** An event that never comes (lost with a restarted cache) holds a key no longer than this. */
const expireAfter = 300_000;

export interface Expectations {
  /** `key` is the object with this uid now. True when another had it before: what was expected for that one is forgotten. */
  passedOn(key: string, uid: string): boolean;
  /** `creations` objects are about to be asked for; forgets what was expected before. */
  expectCreations(key: string, creations: number): void;
  /** These objects, by their own keys, are about to be deleted; forgets what was expected before. */
  expectDeletions(key: string, objects: readonly string[]): void;
  /** Both in one go; forgets what was expected before. */
  expect(key: string, creations: number, deletions: readonly string[]): void;
  /** One that was expected is there, or will never come because asking for it failed. */
  creationObserved(key: string): void;
  /** This one is gone or going; counted once, however often it is said. */
  deletionObserved(key: string, object: string): void;
  /** Nothing is outstanding: counting what the cache has is safe. */
  satisfied(key: string): boolean;
  /** Milliseconds until what is outstanding is given up; undefined when nothing is. */
  expiresIn(key: string): number | undefined;
  forget(key: string): void;
}

export function createExpectations(clock: Clock): Expectations {
  const entries = new Map<string, { creations: number; deletions: Set<string>; at: number }>();
  const uids = new Map<string, string>();
  const expect = (key: string, creations: number, deletions: readonly string[]) =>
    void entries.set(key, { creations, deletions: new Set(deletions), at: clock.now() });
  const expiresIn = (key: string): number | undefined => {
    const entry = entries.get(key);
    if (!entry || (entry.creations <= 0 && entry.deletions.size === 0)) return undefined;
    const left = entry.at + expireAfter - clock.now();
    return left >= 0 ? left + 1 : undefined;
  };
  return {
    passedOn(key, uid) {
      const before = uids.get(key);
      if (before === uid) return false;
      uids.set(key, uid);
      entries.delete(key);
      return before !== undefined;
    },
    expect,
    expectCreations: (key, creations) => expect(key, creations, []),
    expectDeletions: (key, objects) => expect(key, 0, objects),
    creationObserved(key) {
      const entry = entries.get(key);
      if (entry) entry.creations--;
    },
    deletionObserved: (key, object) => void entries.get(key)?.deletions.delete(object),
    satisfied: (key) => expiresIn(key) === undefined,
    expiresIn,
    forget(key) {
      entries.delete(key);
      uids.delete(key);
    },
  };
}
