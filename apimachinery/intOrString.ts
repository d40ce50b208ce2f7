// A number, or a percentage of some total: maxSurge, maxUnavailable, a probe's port.
// Reads: the JSON value. Mirrors: apimachinery/pkg/util/intstr/intstr.go.

export type IntOrString = number | string;

/** The value is neither a number nor a percentage; `message` is upstream's. */
export class IntOrStringError extends Error {}

function percentOf(text: string): number {
  if (!text.endsWith('%')) {
    throw new IntOrStringError('invalid value for IntOrString: invalid type: string is not a percentage');
  }
  const digits = text.slice(0, -1);
  if (/^[+-]?[0-9]+$/.test(digits)) return Number(digits);
  const why = `strconv.Atoi: parsing ${JSON.stringify(digits)}: invalid syntax`;
  throw new IntOrStringError(`invalid value for IntOrString: invalid value ${JSON.stringify(text)}: ${why}`);
}

/** A number stays as it is, `25%` is taken of `total` and rounded. Throws IntOrStringError. */
export function scaledIntOrPercent(value: IntOrString | undefined | null, total: number, roundUp: boolean): number {
  if (value === undefined || value === null) throw new IntOrStringError('nil value for IntOrString');
  if (typeof value === 'number') return value;
  const part = (percentOf(value) * total) / 100;
  return roundUp ? Math.ceil(part) : Math.floor(part);
}
