// A JSON-like object as the protobuf that Go's generated encoders would write: fields by number, maps by key, zeros of what is no pointer.
// Reads: the plan of the message (messages.ts). Mirrors: the Marshal functions of k8s.io/api's generated.pb.go and the hand-written ones of
// resource.Quantity, metav1.Time and intstr. Used by ../protobuf.ts, which puts the envelope around.
import type { Field, Message, Special } from './messages.ts';
import type { Writer } from './writer.ts';

/** Writes `value` in front of what is written already. Throws a TypeError when it does not have the message's shape. */
export function encodeMessage(value: any, message: Message, out: Writer): void {
  if (message.special) specials[message.special](value, message, out);
  else encodeFields(value, message.fields, out);
}

function encodeFields(value: any, fields: readonly Field[], out: Writer): void {
  for (let i = fields.length - 1; i >= 0; i--) {
    const field = fields[i]!;
    const inner = field.name ? value[field.name] : value;
    if (inner === undefined || inner === null) {
      if (field.value) encodeZero(field, out);
    } else if (field.repeated) encodeList(inner, field, out);
    else if (field.map) encodeMap(inner, field, out);
    else encodeOne(inner, field, field.id, out);
  }
}

function encodeList(items: unknown[], field: Field, out: Writer): void {
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i];
    if (item === null || item === undefined) encodeZero(field, out);
    else encodeOne(item, field, field.id, out);
  }
}

/** Each entry is a message of key and value; Go sorts the keys by their bytes. */
function encodeMap(entries: Record<string, unknown>, field: Field, out: Writer): void {
  const keys = Object.keys(entries);
  if (keys.length > 1) keys.sort(byBytes);
  for (let i = keys.length - 1; i >= 0; i--) {
    const before = out.size;
    const value = entries[keys[i]!];
    if (value === null || value === undefined) encodeZero(field, out, 2);
    else encodeOne(value, field, 2, out);
    out.string(1, keys[i]!);
    out.close(before, field.id);
  }
}

/** Strings compare by UTF-16 units, Go's by bytes: they differ where surrogates stand. */
function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  return /[\ud800-\udfff]/.test(a + b) ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : a < b ? -1 : 1;
}

function encodeOne(value: any, field: Field, id: number, out: Writer): void {
  switch (field.scalar) {
    case undefined: {
      const before = out.size;
      encodeMessage(value, field.message!, out);
      out.close(before, id);
      break;
    }
    case 'string':
      out.string(id, value);
      break;
    case 'bytes':
      encodeBytes(Buffer.from(value, 'base64'), id, out);
      break;
    case 'bool':
      out.varint(value ? 1 : 0);
      out.varint(id * 8);
      break;
    case 'double':
      out.double(value);
      out.varint(id * 8 + 1);
      break;
    default:
      out.int(value);
      out.varint(id * 8);
  }
}

function encodeZero(field: Field, out: Writer, id = field.id): void {
  const special = field.message?.special;
  if (field.scalar === 'string') out.string(id, '');
  else if (field.scalar) encodeOne(0, field, id, out);
  else if (special === undefined) encodeOne({}, field, id, out);
  else if (special === 'Quantity') encodeOne('0', field, id, out);
  else if (special === 'IntOrString') encodeOne(0, field, id, out);
  else encodeBytes(nothing, id, out);
}
/** A time, a raw value or a list type that is not set: an empty message. */
const nothing = new Uint8Array();

function encodeBytes(bytes: Uint8Array, id: number, out: Writer): void {
  const before = out.size;
  out.raw(bytes);
  out.close(before, id);
}

const specials: Record<Special, (value: any, message: Message, out: Writer) => void> = {
  Quantity: (value, _message, out) => out.string(1, String(value)),
  Time: (value, _message, out) => encodeTime(value, out),
  MicroTime: (value, _message, out) => encodeTime(value, out),
  Duration: (value, _message, out) => {
    out.int(Math.round(Number.parseFloat(value) * 1e9) || 0);
    out.varint(8);
  },
  IntOrString(value, _message, out) {
    const text = typeof value === 'string';
    out.string(3, text ? value : '');
    out.int(text ? 0 : value);
    out.varint(16);
    out.varint(text ? 1 : 0);
    out.varint(8);
  },
  RawJson(value, _message, out) {
    out.string(1, JSON.stringify(value));
  },
  Items(value, message, out) {
    encodeList(value, message.fields[0]!, out);
  },
  OrArray(value, message, out) {
    if (Array.isArray(value)) encodeList(value, message.fields[1]!, out);
    else encodeOne(value, message.fields[0]!, 1, out);
  },
  OrBool(value, message, out) {
    if (typeof value === 'object') encodeOne(value, message.fields[1]!, 2, out);
    out.varint(value ? 1 : 0);
    out.varint(8);
  },
  OrStringArray(value, message, out) {
    if (Array.isArray(value)) encodeList(value, message.fields[1]!, out);
    else encodeOne(value, message.fields[0]!, 1, out);
  },
};

/** A time is seconds and nanoseconds, both written; the zero time is an empty message. Times finer than seconds are MicroTimes alone. */
function encodeTime(value: string, out: Writer): void {
  if (!value) return;
  const dot = value.indexOf('.');
  const nanos =
    dot < 0
      ? 0
      : Number(
          value
            .slice(dot + 1, -1)
            .padEnd(9, '0')
            .slice(0, 9),
        );
  out.int(nanos);
  out.varint(16);
  out.int(secondsOf(dot < 0 ? value : `${value.slice(0, dot)}Z`));
  out.varint(8);
}

const knownSeconds = new Map<string, number>();

/** The times of one object, and of objects made together, are mostly the same few. */
function secondsOf(time: string): number {
  const known = knownSeconds.get(time);
  if (known !== undefined) return known;
  const seconds = Date.parse(time) / 1000;
  if (knownSeconds.size >= 1000) knownSeconds.clear();
  knownSeconds.set(time, seconds);
  return seconds;
}
