// CEL values made of JSON by the declared type: a number that is declared double, a string that is declared timestamp.
// Reads: JSON, or values already made (these stay). Writes: values. Mirrors: apiserver/pkg/cel/common/values.go (UnstructuredToVal).
// Next: plan.ts calls an adapter wherever a value comes out of an object, a map or a list.
import type { CelType } from '../types.ts';
import { Double, type Duration, normalInt, type Timestamp } from '../values.ts';
import { markList } from './listKinds.ts';
import { fail, work } from './meter.ts';
import { parseDuration, parseTimestamp } from './time.ts';

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
  return Number.isSafeInteger(n) || Math.abs(n) >= 2 ** 63 ? n : normalInt(BigInt(n));
};

function make(type: CelType): Adapter {
  switch (type.kind) {
    case 'dyn':
    case 'int':
    case 'param':
      return (v) => (typeof v === 'number' && !Number.isSafeInteger(v) ? fromNumber(v) : v);
    case 'double':
      return (v) => (typeof v === 'number' || typeof v === 'bigint' ? new Double(Number(v)) : v);
    case 'timestamp':
      return (v) => (typeof v === 'string' ? timestamp(v) : v);
    case 'duration':
      return (v) => (typeof v === 'string' ? duration(v) : v);
    case 'bytes':
      return (v) => (typeof v === 'string' ? Buffer.from(v, 'base64') : v);
    case 'list':
      return listAdapter(type);
    default:
      return undefined;
  }
}

function timestamp(text: string): Timestamp {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  return parseTimestamp(date) ?? fail(`Invalid date-time formatted string ${text}: unable to parse`);
}
function duration(text: string): Duration {
  return parseDuration(text) ?? fail(`Invalid duration ${text}: unable to parse`);
}

/** Lists are adapted whole, since library functions look at all items; the same array is not adapted twice. */
function listAdapter(type: Extract<CelType, { kind: 'list' }>): Adapter {
  const kind = type.listType === 'set' ? 'set' : type.listType === 'map' ? (type.mapKeys ?? []) : undefined;
  const changes = ['double', 'timestamp', 'duration', 'bytes', 'list'].includes(type.elem.kind);
  const adapter = changes ? adapterOf(type.elem) : undefined;
  if (!adapter && !kind) return undefined;
  const done = new WeakMap<readonly unknown[], readonly unknown[]>();
  return (v) => {
    if (!Array.isArray(v)) return v;
    const known = done.get(v);
    if (known) return known;
    work(v.length);
    const adapted = adapter ? v.map(adapter) : v;
    if (kind) markList(adapted, kind);
    done.set(v, adapted);
    return adapted;
  };
}
