// Timestamps and durations as text, and their parts in a time zone.
// Reads: RFC 3339 and Go's duration syntax. Writes: nanoseconds, text. Mirrors: cel-go's common/types (timestamp.go, duration.go), Go's time.
// Next: libraries/time.ts has the functions; adapt.ts reads fields of these formats.
import { Duration, Timestamp } from '../values.ts';
import { fail } from './meter.ts';

const second = 1_000_000_000n;
const units: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
};
const earliest = -62135596800n * second;
const latest = 253402300799n * second + 999_999_999n;
const maxInt64 = 2n ** 63n - 1n;

/** Within the years 1 to 9999. */
export function timestampOf(nanos: bigint, offset = 0): Timestamp {
  if (nanos < earliest || nanos > latest) fail('timestamp overflow');
  return new Timestamp(nanos, offset);
}
export function durationOf(nanos: bigint): Duration {
  if (BigInt.asIntN(64, nanos) !== nanos) fail('integer overflow');
  return new Duration(nanos);
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/** Undefined where the text is no RFC 3339 time. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const m = rfc3339.exec(text);
  if (!m) return undefined;
  const [year, month, day, hour, minute, sec] = m.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || sec > 59) return undefined;
  const zone = m[8]!;
  const minutes = /^[zZ]$/.test(zone) ? 0 : Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  const offset = zone[0] === '-' ? -minutes : minutes;
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + sec - offset * 60;
  const nanos = BigInt(seconds) * second + BigInt((m[7] ?? '').slice(0, 9).padEnd(9, '0'));
  return nanos < earliest || nanos > latest ? undefined : new Timestamp(nanos, offset);
}

/** Undefined where the text is no Go duration, or too long a one. */
export function parseDuration(text: string): Duration | undefined {
  if (!/^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) return undefined;
  let nanos = 0n;
  for (const [, whole, fraction, unit] of text.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const size = units[unit!]!;
    const digits = (fraction ?? '').slice(0, 18);
    nanos += BigInt(whole || '0') * size + (BigInt(digits || '0') * size) / 10n ** BigInt(digits.length);
  }
  if (text.startsWith('-')) nanos = -nanos;
  return nanos > maxInt64 || nanos < -maxInt64 - 1n ? undefined : new Duration(nanos);
}

const words: [RegExp, bigint][] = [
  [/^(?:ns|nano|nanosecond|nanoseconds|nanos)$/, 1n],
  [/^(?:us|µs|micro|microsecond|microseconds|micros)$/, 1000n],
  [/^(?:ms|milli|millisecond|milliseconds|millis)$/, 1_000_000n],
  [/^(?:s|sec|secs|second|seconds)$/, second],
  [/^(?:m|min|mins|minute|minutes)$/, 60n * second],
  [/^(?:h|hr|hrs|hour|hours)$/, 3600n * second],
  [/^(?:d|day|days)$/, 86_400n * second],
  [/^(?:w|wk|wks|week|weeks)$/, 604_800n * second],
];
/** `2 weeks`, `1d 3h`: what schemas of format duration allow besides Go's own syntax. */
export function parseLongDuration(text: string): Duration | undefined {
  if (!/^(?:\d+\s*[A-Za-zµ]+\s*)+$/.test(text)) return undefined;
  let nanos = 0n;
  for (const [, count, unit] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const size = words.find(([names]) => names.test(unit!.toLowerCase()))?.[1];
    if (size === undefined) return undefined;
    nanos += BigInt(count!) * size;
  }
  return nanos > maxInt64 ? undefined : new Duration(nanos);
}

const fraction = (nanos: bigint): string => {
  const digits = nanos.toString().padStart(9, '0').replace(/0+$/, '');
  return digits === '' ? '' : `.${digits}`;
};
const floorDivide = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b;

/** As Go's time.RFC3339Nano prints it. */
export function formatTimestamp({ nanos, offset }: Timestamp): string {
  const seconds = floorDivide(nanos, second);
  const iso = new Date((Number(seconds) + offset * 60) * 1000).toISOString();
  return `${iso.slice(0, 19)}${fraction(nanos - seconds * second)}${zoneText(offset)}`;
}
function zoneText(offset: number): string {
  if (offset === 0) return 'Z';
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
/** Seconds with their decimals: `90s`, `0.5s`. */
export function formatDuration({ nanos }: Duration): string {
  const magnitude = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? '-' : ''}${magnitude / second}${fraction(magnitude % second)}s`;
}

/** A date whose UTC parts are those of the timestamp in `zone`: an IANA name or an offset like `-08:00`. */
export function inZone({ nanos }: Timestamp, zone: string | undefined): Date {
  const utc = new Date(Number(floorDivide(nanos, 1_000_000n)));
  if (zone === undefined || zone === '' || zone === 'UTC') return utc;
  const m = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone);
  if (m) {
    const minutes = Number(m[2]) * 60 + Number(m[3]);
    return new Date(utc.getTime() + (m[1] === '-' ? -minutes : minutes) * 60_000);
  }
  return new Date(utc.getTime() + zoneOffset(utc, zone));
}

const formats = new Map<string, Intl.DateTimeFormat>();
function zoneOffset(utc: Date, zone: string): number {
  let format = formats.get(zone);
  if (!format) {
    try {
      format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset', hourCycle: 'h23' });
    } catch {
      return fail(`unknown time zone ${zone}`);
    }
    if (formats.size > 1000) formats.clear();
    formats.set(zone, format);
  }
  const name = format.formatToParts(utc).find((p) => p.type === 'timeZoneName')!.value;
  const m = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name)!;
  if (!m[1]) return 0;
  const seconds = Number(m[2]) * 3600 + Number(m[3]) * 60 + Number(m[4] ?? 0);
  return (m[1] === '-' ? -seconds : seconds) * 1000;
}
