// A copy of a JSON-like value that shares nothing with it. Several times quicker than structuredClone, which serialises.
// Used on every write of the API server, and wherever a shared object of a cache is about to be changed.

export function deepCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(deepCopy) as T;
  const copy: Record<string, unknown> = {};
  const source = value as Record<string, unknown>;
  for (const key in source) {
    const inner = source[key];
    copy[key] = typeof inner === 'object' && inner !== null ? deepCopy(inner) : inner;
  }
  return copy as T;
}
