// JSON Merge Patch (RFC 7386): objects merge, null deletes, everything else replaces. The input is left alone.
// Reads: an object and a patch. Writes: a new object that shares what the patch did not touch; a 400 for what is no patch.
// Mirrors: evanphx/json-patch v4's MergePatch. Next: apiserver's patch handler.
import { badRequest } from './status.ts';

type JSONObject = Record<string, unknown>;

const isObject = (v: unknown): v is JSONObject => typeof v === 'object' && v !== null && !Array.isArray(v);

/** Nothing of a patch may reach an object's prototype. */
export function refusePrototype(key: string): void {
  if (key === '__proto__') throw badRequest('the field name "__proto__" is not allowed');
}

/** A value that nothing was there for: the nulls inside its objects delete nothing and vanish, those in lists stay. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept: JSONObject = {};
  for (const key of Object.keys(value)) {
    refusePrototype(key);
    if (value[key] !== null) kept[key] = withoutNulls(value[key]);
  }
  return kept;
}

function merge(current: unknown, patch: unknown): unknown {
  if (!isObject(current)) return withoutNulls(patch);
  return isObject(patch) ? mergeObjects(current, patch) : patch;
}

function mergeObjects(current: JSONObject, patch: JSONObject): JSONObject {
  const merged = { ...current };
  for (const key of Object.keys(patch)) {
    refusePrototype(key);
    const value = patch[key];
    if (value === null) delete merged[key];
    else merged[key] = merge(Object.hasOwn(merged, key) ? merged[key] : undefined, value);
  }
  return merged;
}

/** The merged object. Throws a StatusError (400) when the patch is no object. */
export function mergePatch<T extends object>(object: T, patch: unknown): T {
  if (Array.isArray(patch)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    );
  }
  if (!isObject(patch)) throw badRequest('Invalid JSON Patch');
  return mergeObjects(object as JSONObject, patch) as T;
}
