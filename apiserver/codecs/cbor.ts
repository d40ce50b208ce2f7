// CBOR as v1.35 speaks it behind the gate CBORServingAndStorage: strings as byte strings, keys in another order each time, []byte behind tag 22, each
// document behind the tag that says that it is CBOR. Reads: protobuf/messages.ts, which knows the []byte fields of the built-in kinds.
// Mirrors: apimachinery/pkg/runtime/serializer/cbor and its internal/modes. A row of mediaTypes.ts.
import type * as Cborg from 'cborg';
import { smallIntegers } from '../../apimachinery/bigIntegers.ts';
import { type Field, type Message, messageOf } from './protobuf/messages.ts';
import { Writer } from './protobuf/writer.ts';

const selfDescribed = Buffer.from([0xd9, 0xd9, 0xf7]);
const laterBase64 = 0xd6;
const [nothing, no, yes] = [0xf6, 0xf4, 0xf5];
const writer = new Writer();

/** A value as one document. */
export function writeCbor(value: any): Buffer {
  return written((out) => {
    encode(value, messageFor(value), out);
    out.raw(selfDescribed);
  });
}

/** One event of a watch: documents follow each other without anything between. */
export const frameCbor = (event: string, object: Buffer): Buffer =>
  written((out) => {
    for (const name of shuffled(['type', 'object'])) {
      if (name === 'type') text(event, out);
      else out.raw(object);
      text(name, out);
    }
    header(5, 2, out);
    out.raw(selfDescribed);
  });

/** A list whose items are written one by one. `rest` are its other members. */
export function* listCbor(
  rest: Record<string, unknown>,
  itemsKey: string,
  count: number,
  items: Iterable<unknown>,
): Generator<Buffer> {
  const keys = shuffled([...Object.keys(rest), itemsKey]);
  yield Buffer.concat([selfDescribed, written((out) => header(5, keys.length, out))]);
  for (const key of keys) {
    yield written((out) => {
      if (key === itemsKey) header(4, count, out);
      else encode(rest[key], undefined, out);
      text(key, out);
    });
    if (key === itemsKey) for (const item of items) yield written((out) => encode(item, messageFor(item), out));
  }
}

function written(write: (out: Writer) => void): Buffer {
  writer.reset();
  write(writer);
  return writer.bytes();
}

const messageFor = (value: any): Message | undefined =>
  typeof value?.kind === 'string' && typeof value.apiVersion === 'string'
    ? messageOf(value.apiVersion, value.kind)
    : undefined;

/** Written from the end to the front, like protobuf: content first, then its header. */
function encode(value: any, message: Message | undefined, out: Writer): void {
  if (value === null || value === undefined) out.byte(nothing);
  else if (typeof value === 'string') text(value, out);
  else if (typeof value === 'boolean') out.byte(value ? yes : no);
  else if (typeof value === 'number') number(value, out);
  else if (typeof value === 'bigint') out.raw(library!.encode(value));
  else if (Array.isArray(value)) {
    for (let i = value.length - 1; i >= 0; i--) encode(value[i], message, out);
    header(4, value.length, out);
  } else
    encodeMap(value, out, (key, inner) => {
      const field = message && !message.special ? fieldOf(message, key) : undefined;
      if (field?.scalar === 'bytes') encodeBytes(inner, field, out);
      else if (field?.map && field.message)
        encodeMap(inner as object, out, (_, each) => encode(each, field.message, out));
      else encode(inner, field?.message, out);
    });
}

function encodeMap(value: object, out: Writer, write: (key: string, value: unknown) => void): void {
  const members = value as Record<string, unknown>;
  const keys = Object.keys(members).filter((key) => members[key] !== undefined);
  for (const key of shuffled(keys)) {
    write(key, members[key]);
    text(key, out);
  }
  header(5, keys.length, out);
}

/** A field by JSON's name, those of embedded structs among them. */
function fieldOf(message: Message, name: string): Field | undefined {
  for (const field of message.fields) {
    if (field.name === name) return field;
    const inner = field.name === '' && field.message ? fieldOf(field.message, name) : undefined;
    if (inner) return inner;
  }
  return undefined;
}

function encodeBytes(value: any, field: Field, out: Writer): void {
  if (field.map) encodeMap(value, out, (_, each) => bytes(each as string | null, out));
  else bytes(value, out);
}

function bytes(base64: string | null, out: Writer): void {
  if (base64 === null) {
    out.byte(nothing);
    return;
  }
  const content = Buffer.from(base64, 'base64');
  out.raw(content);
  header(2, content.length, out);
  out.byte(laterBase64);
}

function text(value: string, out: Writer): void {
  const before = out.size;
  out.text(value);
  header(2, out.size - before, out);
}

/** Begun at another place each time, as upstream does it, so that no client comes to count on an order. */
function shuffled<T>(members: T[]): T[] {
  const start = Math.floor(Math.random() * members.length);
  return start ? [...members.slice(start), ...members.slice(0, start)] : members;
}

function header(major: number, count: number, out: Writer): void {
  const type = major << 5;
  if (count < 24) {
    out.byte(type | count);
    return;
  }
  const size = count < 0x100 ? 1 : count < 0x10000 ? 2 : count < 0x100000000 ? 4 : 8;
  let rest = count;
  for (let i = 0; i < size; i++) {
    out.byte(rest % 0x100);
    rest = Math.floor(rest / 0x100);
  }
  out.byte(type | (24 + Math.log2(size)));
}

function number(value: number, out: Writer): void {
  if (!Number.isInteger(value)) out.raw(library!.encode(value));
  else if (value < 0) header(1, -1 - value, out);
  else header(0, value, out);
}

let library: typeof Cborg | undefined;
/** To be awaited before a server with the gate on answers: the library is spared where the gate keeps CBOR away. */
export async function loadCbor(): Promise<void> {
  library ??= await import('cborg');
}

/** Tagged bytes become the text that JSON has in their place. */
const tags = {
  0: (content: () => unknown) => plain(content()),
  21: (content: () => unknown) => buffer(content()).toString('base64url'),
  22: (content: () => unknown) => buffer(content()).toString('base64'),
  23: (content: () => unknown) => buffer(content()).toString('hex'),
  55799: (content: () => unknown) => content(),
};

/** One document as a JSON-like value. Throws a SyntaxError when it is none. */
export function readCbor(body: Buffer): unknown {
  try {
    const options = {
      tags,
      useMaps: true,
      rejectDuplicateMapKeys: true,
      allowUndefined: false,
      allowNaN: false,
      allowInfinity: false,
    };
    return plain(library!.decode(body, options));
  } catch (error) {
    throw new SyntaxError((error as Error).message.replace(/^CBOR decode error: /, 'cbor: '));
  }
}

const buffer = (value: unknown): Buffer => {
  if (value instanceof Uint8Array) return Buffer.from(value);
  throw new SyntaxError('cbor: an expected later encoding is of byte strings alone');
};

/** Byte strings are text, maps are objects with text for keys. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
  if (typeof value === 'bigint') return smallIntegers(value);
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  const out: Record<string, unknown> = {};
  for (const [k, v] of value) {
    const key = plain(k);
    if (typeof key !== 'string') throw new SyntaxError('cbor: the keys of a map must be strings');
    if (Object.hasOwn(out, key)) throw new SyntaxError(`cbor: found duplicate map key ${JSON.stringify(key)}`);
    if (key === '__proto__') throw new SyntaxError('cbor: the key "__proto__" is not allowed');
    out[key] = plain(v);
  }
  return out;
}
