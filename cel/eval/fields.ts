// Reading a field of an object or an entry of a map. Only own properties exist: no prototype is ever looked at.
// Reads: values. Mirrors: cel-go's interpreter/attributes.go (refQualify), apiserver/pkg/cel/common/values.go (unstructuredMap.Find).
// Next: plan.ts and planCall.ts select with these.
import { isMap, MapValue } from '../values.ts';
import { mapGet } from './maps.ts';

/** Undefined where absent. In objects of declared fields null is absent too. */
export function readField(container: unknown, property: string, isObject: boolean): unknown {
  if (container instanceof MapValue) return mapGet(container, property);
  if (typeof container !== 'object' || container === null || !Object.hasOwn(container, property)) return undefined;
  if (!isMap(container)) return undefined;
  const value = container[property as never];
  return isObject && value === null ? undefined : value;
}

export const hasField = (container: unknown, property: string, isObject: boolean): boolean =>
  readField(container, property, isObject) !== undefined;
