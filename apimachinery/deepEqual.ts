// Structural equality of JSON values: the order of keys does not matter, a property that is undefined is absent.
// Reads: two values, never changes them. Mirrors: what reflect.DeepEqual is to upstream.
// Semantic equality (quantities, empty against absent) is the kinds' own matter.

function equalObjects(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  let count = 0;
  for (const key in a) {
    const value = a[key];
    if (value === undefined) continue;
    if (!Object.hasOwn(b, key) || !deepEqual(value, b[key])) return false;
    count++;
  }
  for (const key in b) if (b[key] !== undefined) count--;
  return count === 0;
}

/** Arrays are compared in order. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (!Array.isArray(a))
    return !Array.isArray(b) && equalObjects(a as Record<string, unknown>, b as Record<string, unknown>);
  if (!Array.isArray(b) || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!deepEqual(a[i], b[i])) return false;
  return true;
}
