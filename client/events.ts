// Tells people what a component did, as Event objects; equal ones are counted up, floods are held back.
// Mirrors: client-go tools/record (event.go, events_cache.go).
import type { KubeObject, ObjectReference } from '../apimachinery/types.ts';

export interface EventRecorder {
  /** Never throws and never waits: an Event that cannot be written is dropped after a few tries. */
  event(about: KubeObject | ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** Resolves when what was recorded so far is written or dropped: for orderly stops and tests. */
  flush(): Promise<void>;
}
