// Parts of timestamps and durations: getFullYear(), getHours('-08:00').
// Reads: Timestamps, Durations. Writes: ints. Mirrors: cel-go's common/types/timestamp.go and duration.go.
// Next: eval/time.ts knows the zones.
import { inZone } from '../eval/time.ts';
import { type Duration, normalInt, type Timestamp } from '../values.ts';
import { type Overload, overload } from './declare.ts';

const dayOfYear = (d: Date) => Math.floor((d.getTime() - Date.UTC(d.getUTCFullYear(), 0, 1)) / 86_400_000);
const parts: [fn: string, id: string, (d: Date) => number][] = [
  ['getFullYear', 'timestamp_to_year', (d) => d.getUTCFullYear()],
  ['getMonth', 'timestamp_to_month', (d) => d.getUTCMonth()],
  ['getDayOfYear', 'timestamp_to_day_of_year', dayOfYear],
  ['getDate', 'timestamp_to_day_of_month_1_based', (d) => d.getUTCDate()],
  ['getDayOfMonth', 'timestamp_to_day_of_month', (d) => d.getUTCDate() - 1],
  ['getDayOfWeek', 'timestamp_to_day_of_week', (d) => d.getUTCDay()],
  ['getHours', 'timestamp_to_hours', (d) => d.getUTCHours()],
  ['getMinutes', 'timestamp_to_minutes', (d) => d.getUTCMinutes()],
  ['getSeconds', 'timestamp_to_seconds', (d) => d.getUTCSeconds()],
  ['getMilliseconds', 'timestamp_to_milliseconds', (d) => d.getUTCMilliseconds()],
];
const lengths: [fn: string, id: string, (nanos: bigint) => bigint][] = [
  ['getHours', 'duration_to_hours', (n) => n / 3_600_000_000_000n],
  ['getMinutes', 'duration_to_minutes', (n) => n / 60_000_000_000n],
  ['getSeconds', 'duration_to_seconds', (n) => n / 1_000_000_000n],
  ['getMilliseconds', 'duration_to_milliseconds', (n) => n / 1_000_000n],
];

export const timeLibrary: Overload[] = [
  ...parts.flatMap(([fn, id, part]) => [
    overload(fn, id, 'timestamp.() -> int', (t: Timestamp) => part(inZone(t, undefined))),
    overload(fn, `${id}_with_tz`, 'timestamp.(string) -> int', (t: Timestamp, zone: string) => part(inZone(t, zone))),
  ]),
  ...lengths.map(([fn, id, length]) =>
    overload(fn, id, 'duration.() -> int', (d: Duration) => normalInt(length(d.nanos))),
  ),
];
