// The short name of a pod template: equal templates have equal hashes, and a collision is told apart by a count.
// Pure. Mirrors: ComputeHash in pkg/controller/controller_utils.go (FNV-1a, 32 bits, in the alphabet without vowels).
// Used by: newReplicaSet.ts. Upstream hashes Go's own print of the template, so its values are other than these.
import { safeAlphabet } from '../../apimachinery/randomSuffix.ts';
import type { PodTemplateSpec } from '../../apimachinery/types.ts';

/** Up to ten characters, fit for a label and a name. */
export function templateHash(template: PodTemplateSpec | undefined, collisions: number | undefined): string {
  const number = fnv1a(canonical(template) + (collisions === undefined ? '' : `#${collisions}`));
  return Array.from(String(number), (digit) => safeAlphabet[digit.charCodeAt(0) % safeAlphabet.length]).join('');
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** JSON with sorted keys, without what is absent. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, v]) => v !== undefined && v !== null);
  return `{${fields
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`)
    .join(',')}}`;
}
