// CEL values made of JSON by the declared type: a number that is declared double, a string that is declared timestamp.
// Reads: JSON, or values already made (these stay). Writes: values. Mirrors: apiserver/pkg/cel/common/values.go (UnstructuredToVal).
// Next: plan.ts calls an adapter wherever a value comes out of an object, a map or a list.
import type { CelType } from '../types.ts';
import { Double, Duration, isMap, normalInt, Timestamp } from '../values.ts';
import { markList } from './listKinds.ts';
import { fail, work } from './meter.ts';
import { parseDuration, parseLongDuration, parseTimestamp } from './time.ts';

/** Undefined instead of a function that would change nothing. */
export type Adapter = ((json: any) => unknown) | undefined;

const adapters = new WeakMap<CelType, { adapter: Adapter }>();

export function adapterOf(type: CelType): Adapter {
  let known = adapters.get(type);
  if (!known) {
    known = { adapter: make(type) };
    adapters.set(type, known);
  }
  return known.adapter;
}

/** A number as it comes in JSON, where nothing says which kind it is. */
const fromNumber = (n: number): unknown => {
  if (!Number.isInteger(n)) return new Double(n);
  // The largest int64 is one more as a number.
  if (n === 2 ** 63) return 2n ** 63n - 1n;
  return Number.isSafeInteger(n) || Math.abs(n) > 2 ** 63 ? n : normalInt(BigInt(n));
};

/** What data must be that a type declares; null passes, for schemas may allow it. */
const checked =
  (holds: (v: unknown) => boolean, expected: string): Adapter =>
  (v) =>
    holds(v) || v === null
      ? v
      : fail(`invalid data, expected ${expected}${expected.includes(' ') ? '' : `, got ${goType(v)}`}`);
function goType(v: unknown): string {
  if (typeof v === 'number') return Number.isSafeInteger(v) ? 'int64' : 'float64';
  if (Array.isArray(v)) return '[]interface {}';
  return typeof v === 'boolean' ? 'bool' : typeof v === 'object' ? 'map[string]interface {}' : typeof v;
}
const text = checked((v) => typeof v === 'string', 'string');
const bool = checked((v) => typeof v === 'boolean', 'bool');
const whole = checked((v) => Number.isSafeInteger(v) || typeof v === 'bigint', 'int');
const float = checked((v) => v instanceof Double, 'float');
const map = checked(isMap, 'a map for the provided schema with type=object');
const array = checked(Array.isArray, 'an array for the provided schema with type=array');

function make(type: CelType): Adapter {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return (v) => (typeof v === 'number' && !Number.isSafeInteger(v) ? fromNumber(v) : v);
    case 'int':
      return (v) => (Number.isSafeInteger(v) ? v : whole!(Number.isInteger(v) ? fromNumber(v) : v));
    case 'double':
      return (v) => float!(typeof v === 'number' || typeof v === 'bigint' ? new Double(Number(v)) : v);
    case 'string':
      return text;
    case 'bool':
      return bool;
    case 'timestamp':
      return (v) => (typeof v === 'string' ? timestamp(v) : v instanceof Timestamp ? v : text!(v));
    case 'duration':
      return (v) => (typeof v === 'string' ? duration(v) : v instanceof Duration ? v : text!(v));
    case 'bytes':
      return (v) => (typeof v === 'string' ? decoded(v) : v instanceof Uint8Array ? v : text!(v));
    case 'list':
      return listAdapter(type);
    case 'map':
    case 'object':
      return map;
    default:
      return undefined;
  }
}

let lastText = '';
let lastBytes: Uint8Array = Buffer.alloc(0);
/** Loops read the same field again and again: the last one is kept. */
function decoded(text: string): Uint8Array {
  if (text !== lastText) {
    work(text.length >> 4);
    lastBytes = Buffer.from(text, 'base64');
    lastText = text;
  }
  return lastBytes;
}

function timestamp(text: string): Timestamp {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  return parseTimestamp(date) ?? fail(`Invalid date-time formatted string ${text}: unable to parse`);
}
function duration(text: string): Duration {
  return parseDuration(text) ?? parseLongDuration(text) ?? fail(`Invalid duration ${text}: unable to parse`);
}

/** Lists are adapted whole, since library functions look at all items; the same array is not adapted twice. */
function listAdapter(type: Extract<CelType, { kind: 'list' }>): Adapter {
  const kind = type.listType === 'set' ? 'set' : type.listType === 'map' ? (type.mapKeys ?? []) : undefined;
  // Objects and maps are adapted when they are read: only what is compared and added up as it stands needs it here.
  const adapter = ['dyn', 'object', 'map', 'param'].includes(type.elem.kind) ? undefined : adapterOf(type.elem);
  if (!adapter && !kind) return array;
  const done = new WeakMap<readonly unknown[], readonly unknown[]>();
  return (v) => {
    if (!Array.isArray(v)) return array!(v);
    const known = done.get(v);
    if (known) return known;
    work(v.length);
    const adapted = adapter ? adaptItems(v, adapter) : v;
    if (kind) markList(adapted, kind);
    done.set(v, adapted);
    return adapted;
  };
}

/** The list itself, where all items are already as they should be. */
function adaptItems(list: readonly unknown[], adapter: (v: unknown) => unknown): readonly unknown[] {
  let adapted: unknown[] | undefined;
  for (const [i, item] of list.entries()) {
    const value = adapter(item);
    if (value !== item) adapted ??= list.slice(0, i);
    adapted?.push(value);
  }
  return adapted ?? list;
}
