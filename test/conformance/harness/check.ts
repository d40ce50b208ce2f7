// What many rows say of an object in the same words: a valid resourceVersion, one that grew, the same uid, equal but for some metadata.
// Pure; throws AssertionError. Reads the conventions at the head of the conformance facts ("Reading a row").
import assert from 'node:assert/strict';

/** Decimal, no leading zero, > 0, at most 128 bits. */
export function validVersion(object: any): bigint {
  const text = object?.metadata?.resourceVersion;
  assert.match(String(text), /^[1-9][0-9]*$/, `resourceVersion ${text} is no positive decimal number`);
  const version = BigInt(text);
  assert.ok(version < 1n << 128n, `resourceVersion ${text} has more than 128 bits`);
  return version;
}

/** The later object's version is larger, as a number. */
export function grew(before: any, after: any): void {
  const [a, b] = [validVersion(before), validVersion(after)];
  assert.ok(b > a, `resourceVersion did not grow: ${a} then ${b}`);
}

export function sameUid(a: any, b: any): void {
  assert.match(String(a?.metadata?.uid), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(b?.metadata?.uid, a.metadata.uid);
}

/** A copy without metadata that each write changes. */
export function withoutVersion(object: any): any {
  const copy = structuredClone(object);
  delete copy.metadata.resourceVersion;
  delete copy.metadata.managedFields;
  return copy;
}

/** A copy without apiVersion and kind, which items of typed lists do not carry. */
export function bare(object: any): any {
  const { apiVersion: _a, kind: _k, ...rest } = object;
  return rest;
}

/** Everything that `part` says stands in `whole`, at any depth; lists must be as long. */
export function holds(whole: any, part: any, path = ''): void {
  if (part === null || typeof part !== 'object') {
    assert.deepEqual(whole, part, `at ${path || 'the root'}`);
    return;
  }
  assert.ok(
    whole !== null && typeof whole === 'object',
    `${path}: ${JSON.stringify(whole)} instead of ${JSON.stringify(part)}`,
  );
  if (Array.isArray(part)) assert.equal(whole.length, part.length, `items at ${path}`);
  for (const [key, value] of Object.entries(part)) holds(whole[key], value, `${path}.${key}`);
}

export const names = (items: any[]): string[] => items.map((o) => o.metadata.name);
