// JSON with integers that a double cannot hold: those past 2^53 become BigInts, and are written as they came.
// Reads: JSON text. Mirrors: what Go's int64 is to upstream's unstructured objects. Custom resources may hold any integer of 64 bits.
// Used by: the API server, for bodies and for what is stored.

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** Written as a number wherever JSON.stringify meets one. */
Object.defineProperty(BigInt.prototype, 'toJSON', {
  value(this: bigint) {
    return rawJSON(this.toString());
  },
  configurable: true,
  writable: true,
});

const manyDigits = /\d{16}/;
const integer = /^-?\d+$/;
const limit = 2n ** 63n;

/** May the text hold such an integer? */
export const hasBigIntegers = (text: string): boolean => manyDigits.test(text);

/** A BigInt that a double holds as well, or that is none of 64 bits, becomes a number. */
export function smallIntegers(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const fits = value < limit && value >= -limit;
  return fits && !Number.isSafeInteger(Number(value)) ? value : Number(value);
}

/** JSON.parse, but for integers past 2^53 that fit into 64 bits. Texts that hold none, nearly all, are read as quickly as ever. */
export function parseWithBigIntegers(text: string): unknown {
  if (!manyDigits.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value, context?: { source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    return whole(context?.source ?? '') ?? value;
  });
}

/** The integer that a text is, when it is one of 64 bits. */
function whole(source: string): bigint | undefined {
  if (!integer.test(source)) return undefined;
  const value = BigInt(source);
  return value < limit && value >= -limit ? value : undefined;
}
