// Counters and histograms with labels, in Prometheus' text. Each series is found once by whoever counts often, and forgotten when what it
// is about has gone: prom-client has neither.
// Used by the other files of this folder. Mirrors: CounterVec and HistogramVec of component-base/metrics.

/** One name; a series for each combination of labels. */
export interface Family<S> {
  /** The series of these label values, which are in the order of the labels; made when it is new. */
  of(...values: string[]): S;
  /** Drops the series whose label values are so. */
  forget(gone: (values: readonly string[]) => boolean): void;
  /** HELP and TYPE, then the lines of each series. */
  text(): Iterable<string>;
}

export interface Count {
  value: number;
}

/** A class for its memory: a histogram has dozens of numbers, and there may be thousands of them. */
export class Distribution {
  /** Of values up to each bound, and of those above all; not cumulative. */
  readonly counts: Uint32Array;
  readonly #bounds: readonly number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Uint32Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at++;
    this.counts[at]!++;
    this.sum += value;
  }
}

export function counters(name: string, help: string, labels: readonly string[], type = 'counter'): Family<Count> {
  const lines = (label: string, { value }: Count) => `${name}${label && `{${label}}`} ${value}\n`;
  return family(name, help, type, labels, () => ({ value: 0 }), lines);
}

/** `bounds`: upper ones of the buckets, in the unit that the name says. */
export function histograms(
  name: string,
  help: string,
  labels: readonly string[],
  bounds: readonly number[],
): Family<Distribution> {
  const lines = (label: string, { counts, sum }: Distribution) => {
    const before = label && `${label},`;
    let total = 0;
    let out = '';
    for (const [i, count] of counts.entries()) {
      total += count;
      out += `${name}_bucket{${before}le="${bounds[i] ?? '+Inf'}"} ${total}\n`;
    }
    const of = label && `{${label}}`;
    return `${out}${name}_sum${of} ${sum}\n${name}_count${of} ${total}\n`;
  };
  return family(name, help, 'histogram', labels, () => new Distribution(bounds), lines);
}

function family<S>(
  name: string,
  help: string,
  type: string,
  labels: readonly string[],
  make: () => S,
  lines: (label: string, series: S) => string,
): Family<S> {
  const all = new Map<string, { values: string[]; label: string; series: S }>();
  return {
    of(...values) {
      const key = values.join('\0');
      const known = all.get(key);
      if (known) return known.series;
      const label = labels.map((l, i) => `${l}="${escaped(values[i]!)}"`).join(',');
      const series = make();
      all.set(key, { values, label, series });
      return series;
    },
    forget(gone) {
      for (const [key, { values }] of all) if (gone(values)) all.delete(key);
    },
    *text() {
      yield `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
      for (const { label, series } of all.values()) yield lines(label, series);
    },
  };
}

const escaped = (value: string): string => value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');

/** The text of all families. Thousands of series take a while: other requests have their turn between. */
export async function textOf(families: readonly Family<unknown>[]): Promise<string> {
  let out = '';
  let end = performance.now() + slice;
  for (const each of families)
    for (const part of each.text()) {
      out += part;
      if (performance.now() < end) continue;
      await new Promise((resolve) => setImmediate(resolve));
      end = performance.now() + slice;
    }
  return out;
}

/** Milliseconds. */
const slice = 10;
