// metadata.generation of pods: it grows with each change of spec, whichever path the change came by.
// Mirrors: updatePodGeneration in pkg/registry/core/pod/strategy.go.
// Called by: the subresources that change spec; the main resource's is counted by the update handler.
import { sameToGo } from '../equal.ts';

export const specChanged = (pod: any, old: any): boolean => !sameToGo(pod.spec, old.spec);

/** From the stored one, so that calling it twice in a write does no harm. */
export function bumpGeneration(pod: any, old: any): void {
  const was = old.metadata.generation ?? 0;
  pod.metadata.generation = specChanged(pod, old) ? was + 1 : was;
}
