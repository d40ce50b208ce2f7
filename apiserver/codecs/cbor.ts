// CBOR as v1.35 speaks it behind the gate CBORServingAndStorage: strings as byte strings, keys in bytewise order, []byte behind tag 22, each
// document behind the tag that says that it is CBOR. Reads: protobuf/messages.ts, which knows the []byte fields of the built-in kinds.
// Mirrors: apimachinery/pkg/runtime/serializer/cbor and its internal/modes. A row of mediaTypes.ts.
import type * as Cborg from 'cborg';
import { type Field, type Message, messageOf } from './protobuf/messages.ts';

const selfDescribed = Buffer.from([0xd9, 0xd9, 0xf7]);
const laterBase64 = 0xd6;

/** A value as one document. */
export function writeCbor(value: any): Buffer {
  return Buffer.concat([selfDescribed, encodeValue(value, messageFor(value))]);
}

/** One event of a watch: documents follow each other without anything between. */
export const frameCbor = (event: string, object: Buffer): Buffer =>
  Buffer.concat([selfDescribed, header(5, 2), text('type'), text(event), text('object'), object]);

/** A list whose items are written one by one. `rest` are its other members. */
export function* listCbor(
  rest: Record<string, unknown>,
  itemsKey: string,
  count: number,
  items: Iterable<unknown>,
): Generator<Buffer> {
  const keys = [...Object.keys(rest), itemsKey].sort(byEncoding);
  yield Buffer.concat([selfDescribed, header(5, keys.length)]);
  for (const key of keys) {
    yield text(key);
    if (key !== itemsKey) yield encodeValue(rest[key], undefined);
    else {
      yield header(4, count);
      for (const item of items) yield encodeValue(item, messageFor(item));
    }
  }
}

const messageFor = (value: any): Message | undefined =>
  typeof value?.kind === 'string' && typeof value.apiVersion === 'string'
    ? messageOf(value.apiVersion, value.kind)
    : undefined;

function encodeValue(value: unknown, message: Message | undefined): Buffer {
  const parts: Buffer[] = [];
  encode(value, message, parts);
  return Buffer.concat(parts);
}

function encode(value: any, message: Message | undefined, out: Buffer[]): void {
  if (value === null || value === undefined) out.push(Buffer.from([0xf6]));
  else if (typeof value === 'string') out.push(text(value));
  else if (typeof value === 'boolean') out.push(Buffer.from([value ? 0xf5 : 0xf4]));
  else if (typeof value === 'number') out.push(number(value));
  else if (Array.isArray(value)) {
    out.push(header(4, value.length));
    for (const item of value) encode(item, message, out);
  } else encodeMap(value, message, out);
}

function encodeMap(value: Record<string, unknown>, message: Message | undefined, out: Buffer[]): void {
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  out.push(header(5, keys.length));
  for (const key of keys.sort(byEncoding)) {
    out.push(text(key));
    const field = message && !message.special ? fieldOf(message, key) : undefined;
    if (field?.scalar === 'bytes') encodeBytes(value[key], field, out);
    else if (field?.map && field.message) encodeEntries(value[key] as object, field.message, out);
    else encode(value[key], field?.message, out);
  }
}

/** The values of a map are of the message, not the map itself. */
function encodeEntries(entries: object, message: Message, out: Buffer[]): void {
  const keys = Object.keys(entries).sort(byEncoding);
  out.push(header(5, keys.length));
  for (const key of keys) {
    out.push(text(key));
    encode((entries as Record<string, unknown>)[key], message, out);
  }
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

function encodeBytes(value: any, field: Field, out: Buffer[]): void {
  if (field.map) {
    const keys = Object.keys(value).sort(byEncoding);
    out.push(header(5, keys.length));
    for (const key of keys) out.push(text(key), bytes(value[key]));
  } else out.push(bytes(value));
}

function bytes(base64: string | null): Buffer {
  if (base64 === null) return Buffer.from([0xf6]);
  const content = Buffer.from(base64, 'base64');
  return Buffer.concat([Buffer.from([laterBase64]), header(2, content.length), content]);
}

function text(value: string): Buffer {
  const content = Buffer.from(value, 'utf8');
  return Buffer.concat([header(2, content.length), content]);
}

/** Shorter keys have a smaller first byte; equal lengths compare by content. */
function byEncoding(a: string, b: string): number {
  return Buffer.compare(text(a), text(b));
}

function header(major: number, count: number): Buffer {
  const type = major << 5;
  if (count < 24) return Buffer.from([type | count]);
  if (count < 0x100) return Buffer.from([type | 24, count]);
  const out = Buffer.alloc(count < 0x10000 ? 3 : count < 0x100000000 ? 5 : 9);
  out[0] = type | (out.length === 3 ? 25 : out.length === 5 ? 26 : 27);
  if (out.length === 3) out.writeUInt16BE(count, 1);
  else if (out.length === 5) out.writeUInt32BE(count, 1);
  else out.writeBigUInt64BE(BigInt(count), 1);
  return out;
}

const number = (value: number): Buffer =>
  Number.isInteger(value)
    ? value < 0
      ? header(1, -1 - value)
      : header(0, value)
    : Buffer.from(library!.encode(value));

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
  if (typeof value === 'bigint') return Number(value);
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
