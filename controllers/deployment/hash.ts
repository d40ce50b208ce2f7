// The short name of a pod template: equal templates have equal hashes, and a collision is told apart by a count.
// Pure. Mirrors: ComputeHash in pkg/controller/controller_utils.go (FNV-1a, 32 bits, in the alphabet without vowels).
// Used by: newReplicaSet.ts. Upstream hashes Go's own print of the template, so its values are other than these.
import { fnv32a, safeEncode } from '../../apimachinery/hash.ts';
import type { PodTemplateSpec } from '../../apimachinery/types.ts';

/** Up to ten characters, fit for a label and a name. */
export function templateHash(template: PodTemplateSpec | undefined, collisions: number | undefined): string {
  return safeEncode(String(fnv32a(canonical(template) + (collisions === undefined ? '' : `#${collisions}`))));
}

/** As canonicalJSON, but null counts as absent: names of ReplicaSets that are there hang on it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, v]) => v !== undefined && v !== null);
  return `{${fields
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`)
    .join(',')}}`;
}
