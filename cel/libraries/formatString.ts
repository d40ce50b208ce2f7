// 'text %s %d'.format([…]). Reads: a format and its arguments. Writes: text.
// Mirrors: cel-go's ext/formatting.go. Next: strings.ts declares it.

import { mapEntries } from '../eval/maps.ts';
import { fail, work } from '../eval/meter.ts';
import { formatDouble } from '../eval/numbers.ts';
import { formatDuration, formatTimestamp } from '../eval/time.ts';
import { Double, Duration, isMap, type MapValue, Timestamp, TypeValue, typeNameOf, Uint } from '../values.ts';

const clause = /%(?:%|(?:\.(\d+))?([a-zA-Z]?))/g;

export function format(text: string, args: readonly unknown[]): string {
  let used = 0;
  work(text.length >> 3);
  return text.replace(clause, (whole, precision: string | undefined, verb: string | undefined) => {
    if (whole === '%%') return '%';
    if (!verb) return fail('could not parse formatting clause: unexpected end of string');
    if (used >= args.length) return fail(`index ${used} out of range`);
    const digits = precision === undefined ? undefined : Number(precision);
    if (digits !== undefined && digits > 1000) return fail(`precision ${digits} exceeds maximum (1000)`);
    return print(verb, args[used++], digits);
  });
}

const wrong = (what: string, v: unknown) =>
  fail(`error during formatting: ${what} clause can only be used on ${uses[what]}, was given ${typeNameOf(v)}`);
const uses: Record<string, string> = {
  decimal: 'integers and doubles',
  'fixed-point': 'doubles',
  'scientific notation': 'doubles',
  binary: 'integers and bools',
  octal: 'integers',
  hex: 'integers, byte buffers, and strings',
};

const integerOf = (v: unknown): bigint | undefined => {
  if (typeof v === 'number' || typeof v === 'bigint') return BigInt(v);
  return v instanceof Uint ? v.value : undefined;
};
const doubleOf = (v: unknown): number | undefined => {
  if (v instanceof Double) return v.value;
  const whole = integerOf(v);
  return whole === undefined ? undefined : Number(whole);
};
const special = (v: number) => (Number.isNaN(v) ? 'NaN' : v > 0 ? 'Infinity' : '-Infinity');

function print(verb: string, v: unknown, digits: number | undefined): string {
  switch (verb) {
    case 's':
      return shown(v);
    case 'd':
      return v instanceof Double ? formatDouble(v.value) : (integerOf(v)?.toString() ?? wrong('decimal', v));
    case 'f':
      return float('fixed-point', v, (n) => fixed(n, Math.min(digits ?? 6, 100)));
    case 'e':
      return float('scientific notation', v, (n) => scientific(n, Math.min(digits ?? 6, 100)));
    case 'b':
      return typeof v === 'boolean' ? String(Number(v)) : (integerOf(v)?.toString(2) ?? wrong('binary', v));
    case 'o':
      return integerOf(v)?.toString(8) ?? wrong('octal', v);
    case 'x':
      return hex(v);
    case 'X':
      return hex(v).toUpperCase();
    default:
      return fail(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}
function float(what: string, v: unknown, text: (n: number) => string): string {
  const n = doubleOf(v);
  if (n === undefined) return wrong(what, v);
  return Number.isFinite(n) ? text(n) : special(n);
}
/** toFixed gives up at 1e21. */
const fixed = (n: number, digits: number) =>
  Math.abs(n) < 1e21 ? n.toFixed(digits) : `${BigInt(n)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`;
const scientific = (n: number, digits: number) => n.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2');
function hex(v: unknown): string {
  if (typeof v === 'string') return Buffer.from(v).toString('hex');
  if (v instanceof Uint8Array) return Buffer.from(v).toString('hex');
  return integerOf(v)?.toString(16) ?? wrong('hex', v);
}

function shown(v: unknown): string {
  work(1);
  if (typeof v === 'string') {
    work(v.length >> 3);
    return v;
  }
  if (v === null) return 'null';
  if (v instanceof Double) return Number.isFinite(v.value) ? formatDouble(v.value) : special(v.value);
  if (v instanceof Timestamp) return formatTimestamp(v);
  if (v instanceof Duration) return formatDuration(v);
  if (v instanceof TypeValue) return v.name;
  if (v instanceof Uint) return v.value.toString();
  if (v instanceof Uint8Array) return Buffer.from(v).toString();
  if (Array.isArray(v)) return `[${v.map(shown).join(', ')}]`;
  if (isMap(v)) return shownMap(v);
  if (typeof v === 'object')
    return fail(
      `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeNameOf(v)}`,
    );
  return String(v);
}
function shownMap(m: Record<string, unknown> | MapValue): string {
  const entries = [...mapEntries(m)].map(([key, value]) => [shown(key), shown(value)] as const);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, value]) => `${key}: ${value}`).join(', ')}}`;
}
