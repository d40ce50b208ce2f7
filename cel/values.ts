// Values while an expression runs. JSON stays as it is: strings, booleans, null, arrays and plain objects; a whole number that
// JavaScript holds exactly is an int, a bigint is an int beyond 2^53. What JSON has no form for is one of the classes below.
// Mirrors: cel-go's common/types. Next: eval/ computes with them, equality.ts compares, adapt.ts makes them of JSON.

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}
/** Floating point, so that 1.0 is not the int 1. */
export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}
/** Nanoseconds since the epoch; `offset` is the zone it was written in, in minutes, and shows only where it is printed. */
export class Timestamp {
  readonly nanos: bigint;
  readonly offset: number;
  constructor(nanos: bigint, offset = 0) {
    this.nanos = nanos;
    this.offset = offset;
  }
}
export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}
/** A type as a value: `type(x) == string`. */
export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}
/** `value` is undefined in optional.none(). */
export class Optional {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}
export const none = new Optional(undefined);

/** Values that only their own library looks into: quantities, addresses, URLs, authorizers. */
export class Opaque {
  readonly typeName: string;
  readonly value: unknown;
  readonly equals: (other: unknown) => boolean;
  /** How many units `size` would count, where the cost model asks. */
  readonly size: number | undefined;
  constructor(typeName: string, value: unknown, equals: (other: any) => boolean, size?: number) {
    this.typeName = typeName;
    this.value = value;
    this.equals = equals;
    this.size = size;
  }
}

/** A map that an expression made: any key, in the order made. Numbers of all kinds that are equal are one key. */
export class MapValue {
  readonly entries = new Map<unknown, [key: unknown, value: unknown]>();
  /** What reading a key gives that is not there: maps of the environment may have one. The key is still not `in` the map. */
  absent?: unknown;
}
export function keyOf(key: unknown): unknown {
  if (key instanceof Double) return key.value;
  if (key instanceof Uint) return normalInt(key.value);
  return key;
}

export type Int = number | bigint;
/** Ints are numbers where these are exact. */
export const normalInt = (value: bigint): Int =>
  value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;

export const isMap = (v: unknown): v is Record<string, unknown> | MapValue =>
  v instanceof MapValue || (typeof v === 'object' && v !== null && isPlain(v));
const isPlain = (v: object): boolean => {
  const prototype = Object.getPrototypeOf(v);
  return prototype === Object.prototype || prototype === null;
};

/** The name that `type(v)` prints and error texts say. */
export function typeNameOf(v: unknown): string {
  switch (typeof v) {
    case 'number':
    case 'bigint':
      return 'int';
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    default:
  }
  if (v === null || v === undefined) return 'null_type';
  if (Array.isArray(v)) return 'list';
  if (v instanceof Opaque) return v.typeName;
  return classNames.get((v as object).constructor) ?? 'map';
}
const classNames = new Map<unknown, string>([
  [Uint, 'uint'],
  [Double, 'double'],
  [Timestamp, 'google.protobuf.Timestamp'],
  [Duration, 'google.protobuf.Duration'],
  [TypeValue, 'type'],
  [Optional, 'optional_type'],
  [Uint8Array, 'bytes'],
  [Buffer, 'bytes'],
]);
