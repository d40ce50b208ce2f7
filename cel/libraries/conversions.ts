// Conversions between the kinds of values: int('3'), string(4.0), type(x).
// Reads and writes: values. Mirrors: cel-go's common/stdlib and common/types (ConvertToType).
// Next: standard.ts has the operators.
import { fail } from '../eval/meter.ts';
import { checkedInt, checkedUint, doubleToInt, doubleToUint, formatDouble } from '../eval/numbers.ts';
import {
  durationOf,
  formatDuration,
  formatTimestamp,
  parseDuration,
  parseTimestamp,
  timestampOf,
} from '../eval/time.ts';
import { Double, normalInt, type Timestamp, TypeValue, typeNameOf, Uint } from '../values.ts';
import { type Implementation, type Overload, overload } from './declare.ts';

const second = 1_000_000_000n;
const cannot = (from: string, to: string) => fail(`type conversion error from '${from}' to '${to}'`);
const same: Implementation = (a) => a;

function textToInt(s: string) {
  if (!/^[+-]?\d+$/.test(s)) return cannot('string', 'int');
  const value = BigInt(s.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? normalInt(value) : cannot('string', 'int');
}
function textToUint(s: string) {
  const value = /^\d+$/.test(s) ? BigInt(s) : -1n;
  return BigInt.asUintN(64, value) === value ? new Uint(value) : cannot('string', 'uint');
}
const floats = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
function textToDouble(s: string) {
  if (floats.test(s) && Number.isFinite(Number(s))) return new Double(Number(s));
  if (/^[+-]?(?:inf|infinity)$/i.test(s)) return new Double(s[0] === '-' ? -Infinity : Infinity);
  return /^nan$/i.test(s) ? new Double(Number.NaN) : cannot('string', 'double');
}
const bools: Record<string, boolean> = { 1: true, t: true, T: true, true: true, TRUE: true, True: true };
for (const no of ['0', 'f', 'F', 'false', 'FALSE', 'False']) bools[no] = false;

function bytesToText(b: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(b);
  } catch {
    return fail('invalid UTF-8 in bytes, cannot convert to string');
  }
}
/** What type(x) yields: objects of a schema are maps when they are looked at. */
const typeOf = (v: unknown) => new TypeValue(typeNameOf(v));

const to = (fn: string, from: string, id: string, run: Implementation) => overload(fn, id, `(${from}) -> ${fn}`, run);

export const conversionLibrary: Overload[] = [
  to('bool', 'bool', 'bool_to_bool', same),
  to('bool', 'string', 'string_to_bool', (s) => (Object.hasOwn(bools, s) ? bools[s] : cannot('string', 'bool'))),
  to('bytes', 'bytes', 'bytes_to_bytes', same),
  to('bytes', 'string', 'string_to_bytes', (s) => Buffer.from(s)),
  to('double', 'double', 'double_to_double', same),
  to('double', 'int', 'int64_to_double', (n) => new Double(Number(n))),
  to('double', 'string', 'string_to_double', textToDouble),
  to('double', 'uint', 'uint64_to_double', (n) => new Double(Number(n.value))),
  to('duration', 'duration', 'duration_to_duration', same),
  to('duration', 'int', 'int64_to_duration', (n) => durationOf(BigInt(n))),
  to(
    'duration',
    'string',
    'string_to_duration',
    (s) => parseDuration(s) ?? cannot('string', 'google.protobuf.Duration'),
  ),
  overload('dyn', 'to_dyn', '(A) -> dyn', same),
  to('int', 'int', 'int64_to_int64', same),
  to('int', 'double', 'double_to_int64', (d) => doubleToInt(d.value)),
  to('int', 'duration', 'duration_to_int64', (d) => normalInt(d.nanos)),
  to('int', 'string', 'string_to_int64', textToInt),
  to('int', 'timestamp', 'timestamp_to_int64', ({ nanos }: Timestamp) => normalInt(nanos / second)),
  to('int', 'uint', 'uint64_to_int64', (n) => checkedInt(n.value)),
  to('string', 'string', 'string_to_string', same),
  to('string', 'bool', 'bool_to_string', String),
  to('string', 'bytes', 'bytes_to_string', bytesToText),
  to('string', 'double', 'double_to_string', (d) => formatDouble(d.value)),
  to('string', 'duration', 'duration_to_string', formatDuration),
  to('string', 'int', 'int64_to_string', String),
  to('string', 'timestamp', 'timestamp_to_string', formatTimestamp),
  to('string', 'uint', 'uint64_to_string', (n) => String(n.value)),
  to('timestamp', 'timestamp', 'timestamp_to_timestamp', same),
  to('timestamp', 'int', 'int64_to_timestamp', (n) => timestampOf(BigInt(n) * second)),
  to(
    'timestamp',
    'string',
    'string_to_timestamp',
    (s) => parseTimestamp(s) ?? cannot('string', 'google.protobuf.Timestamp'),
  ),
  overload('type', 'type', '(A) -> type(A)', typeOf),
  to('uint', 'uint', 'uint64_to_uint64', same),
  to('uint', 'double', 'double_to_uint64', (d) => doubleToUint(d.value)),
  to('uint', 'int', 'int64_to_uint64', (n) => checkedUint(BigInt(n))),
  to('uint', 'string', 'string_to_uint64', textToUint),
];
