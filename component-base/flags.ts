// Command-line flags as a table: names and defaults of upstream, one plain config out, one sentence on error.
// Mirrors: github.com/spf13/pflag's surface (`--name=value`, `--name value`, `--bool`), as the upstream daemons use it.
// Used by: every main.ts. Next: main.ts, which turns the result into a running component.

export type FlagValue = string | number | boolean | string[] | Record<string, string>;

/** `duration` is milliseconds, written as Go writes it (`1m30s`); `list` may repeat or be comma-separated; `map` is `k=v,k=v`. */
export interface Flag {
  type: 'string' | 'int' | 'bool' | 'duration' | 'list' | 'map';
  default: FlagValue;
  help: string;
  /** The values that are allowed. */
  values?: readonly string[];
  /** A `list` of which each flag is one member, commas and all. */
  whole?: boolean;
  /** A `map` whose keys may stand alone (`api/v1`); their value is the empty text. */
  bareKeys?: boolean;
}

export type Flags = Record<string, Flag>;

type ValueOf<F extends Flag> = F['type'] extends 'int' | 'duration'
  ? number
  : F['type'] extends 'bool'
    ? boolean
    : F['type'] extends 'list'
      ? string[]
      : F['type'] extends 'map'
        ? Record<string, string>
        : string;

export type Config<T extends Flags> = { [K in keyof T]: ValueOf<T[K]> };

/** What the person at the terminal did wrong, in one sentence that says what to do. Exit code 1, no stack. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Parses `argv` by the table. `set` names the flags that were given. Throws UsageError. */
export function parseFlags<T extends Flags>(
  table: T,
  argv: readonly string[],
): { config: Config<T>; set: Set<string>; rest: string[] } {
  const values: Record<string, FlagValue> = {};
  for (const [name, flag] of Object.entries(table)) values[name] = flag.default;
  const set = new Set<string>();
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i]!;
    if (arg === '--') {
      rest.push(...argv.slice(i + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      rest.push(arg);
      continue;
    }
    const body = arg.replace(/^--?/, '');
    const eq = body.indexOf('=');
    const written = eq < 0 ? body : body.slice(0, eq);
    // Upstream takes `_` for `-`.
    const name = Object.hasOwn(table, written) ? written : written.replaceAll('_', '-');
    const flag = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!flag) throw new UsageError(`unknown flag: --${written}; run with --help to see the flags.`);
    let text = eq < 0 ? undefined : body.slice(eq + 1);
    if (text === undefined && flag.type === 'bool') text = 'true';
    if (text === undefined) text = argv[++i];
    if (text === undefined) throw new UsageError(`flag needs an argument: --${name}`);
    values[name] = readValue(name, flag, text, set.has(name) ? values[name] : undefined);
    set.add(name);
  }
  return { config: values as Config<T>, set, rest };
}

function readValue(name: string, flag: Flag, text: string, before: FlagValue | undefined): FlagValue {
  const bad = (why: string) => new UsageError(`invalid argument "${text}" for --${name}: ${why}`);
  if (flag.values && !flag.values.includes(text)) throw bad(`must be one of ${flag.values.join(', ')}`);
  switch (flag.type) {
    case 'string':
      return text;
    case 'int':
      if (!/^-?\d+$/.test(text)) throw bad('must be a whole number');
      return Number(text);
    case 'bool':
      if (!/^(true|false|1|0|t|f)$/i.test(text)) throw bad('must be true or false');
      return /^(true|1|t)$/i.test(text);
    case 'duration': {
      const ms = parseDuration(text);
      if (ms === undefined) throw bad('must be a duration such as 10s or 1m30s');
      return ms;
    }
    case 'list':
      return [...((before as string[] | undefined) ?? []), ...(flag.whole ? [text] : text.split(',').filter(Boolean))];
    case 'map':
      return {
        ...((before as Record<string, string> | undefined) ?? {}),
        ...readMap(text, flag.bareKeys ?? false, bad),
      };
  }
}

function readMap(text: string, bareKeys: boolean, bad: (why: string) => UsageError): Record<string, string> {
  const out: Record<string, string> = {};
  for (const pair of text.split(',').filter(Boolean)) {
    const eq = pair.indexOf('=');
    if (eq < 0 && !bareKeys) throw bad('must be key=value pairs');
    const key = eq < 0 ? pair : pair.slice(0, eq);
    out[key.trim()] = eq < 0 ? '' : pair.slice(eq + 1).trim();
  }
  return out;
}

const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Go's duration text in milliseconds; undefined when it is none. `0` needs no unit. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, n, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) total += Number(n) * units[unit!]!;
  return text.startsWith('-') ? -total : total;
}

/** Milliseconds as Go prints a duration: `1m30s`, `500ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (Math.abs(ms) < 1000) return `${ms}ms`;
  const sign = ms < 0 ? '-' : '';
  const total = Math.abs(ms) / 1000;
  const h = Math.floor(total / 3600);
  const m = Math.floor((total % 3600) / 60);
  const s = Number((total % 60).toFixed(9));
  return sign + (h ? `${h}h${m}m${s}s` : m ? `${m}m${s}s` : `${s}s`);
}

/** The text of --help: each flag with its default and meaning. */
export function helpText(usage: string, table: Flags): string {
  const lines = Object.entries(table).map(([name, f]) => {
    const kind = f.type === 'bool' ? '' : ` ${f.type === 'list' ? 'strings' : f.type}`;
    return `      --${name}${kind}\n            ${f.help}${defaultText(f)}`;
  });
  lines.push(
    '      --version version[=true]\n            Print the version and quit; with raw, its parts; with v…, report that one.',
  );
  return `${usage}\n\nFlags:\n${lines.join('\n')}\n`;
}

function defaultText(f: Flag): string {
  if (f.type === 'duration') return ` (default ${formatDuration(f.default as number)})`;
  if (f.type === 'bool') return f.default ? ' (default true)' : '';
  if (f.type === 'string') return f.default ? ` (default "${f.default}")` : '';
  if (f.type === 'int') return ` (default ${f.default})`;
  const text = Array.isArray(f.default)
    ? f.default.join(',')
    : Object.entries(f.default as object)
        .map(([k, v]) => `${k}=${v}`)
        .join(',');
  return text ? ` (default [${text}])` : '';
}
