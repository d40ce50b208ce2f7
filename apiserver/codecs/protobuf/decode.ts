// Protobuf into a JSON-like object: names as JSON has them, Go's special types in their JSON form, zeros left out where JSON leaves them out.
// Reads: the plan of the message (messages.ts). Mirrors: the Unmarshal functions of k8s.io/api's generated.pb.go. Used by ../protobuf.ts.

import { smallIntegers } from '../../../apimachinery/bigIntegers.ts';
import { parseJson } from '../../jsonText.ts';
import type { Field, Message, Special } from './messages.ts';

/** Where in a body the reading stands; `end` is that of the message being read. */
export interface Input {
  bytes: Buffer;
  pos: number;
  end: number;
}

/** Messages may nest; a body that nests deeper is no object of Kubernetes. */
const maxDepth = 200;

/** Throws a SyntaxError when the bytes are no such message. */
export function decodeMessage(bytes: Buffer, message: Message): unknown {
  return read({ bytes, pos: 0, end: bytes.length }, message, 0);
}

function read(input: Input, message: Message, depth: number): unknown {
  if (depth > maxDepth) throw new SyntaxError('proto: message nests too deeply');
  if (message.special === 'RawJson') return rawJson(firstBytes(input));
  const raw = readFields(input, message, depth);
  return message.special ? specials[message.special](raw, message) : raw;
}

function readFields(input: Input, message: Message, depth: number): Record<string, any> {
  const out: Record<string, any> = {};
  const { byId } = message;
  while (input.pos < input.end) {
    const tag = readVarint(input);
    const field = byId[Math.floor(tag / 8)];
    if (!field) skip(input, tag & 7);
    else if (field.map) readEntry(input, field, tag & 7, out, depth);
    else keep(readValue(input, field, tag & 7, depth), field, out);
  }
  return out;
}

const isZero = (value: unknown) => value === '' || value === 0 || value === false;

function keep(value: any, field: Field, out: Record<string, any>): void {
  // Raw JSON that is not set is null where it is one of a list, and away elsewhere.
  if (field.repeated) own<unknown[]>(out, field.name, []).push(value ?? null);
  else if (value === undefined || (field.omitZero && isZero(value))) return;
  // A struct that Go embeds has no name in JSON: its fields stand in the outer one.
  else if (!field.name) Object.assign(out, value);
  else out[field.name] = value;
}

function own<T>(out: Record<string, any>, name: string, fresh: T): T {
  if (!Object.hasOwn(out, name)) out[name] = fresh;
  return out[name];
}

function readEntry(input: Input, field: Field, wire: number, out: Record<string, any>, depth: number): void {
  const inner = slice(input, wire);
  let key = '';
  let value: unknown;
  while (inner.pos < inner.end) {
    const tag = readVarint(inner);
    if (tag === 10) key = readString(inner, 2);
    else if (Math.floor(tag / 8) === 2) value = readValue(inner, field, tag & 7, depth);
    else skip(inner, tag & 7);
  }
  if (value === undefined) value = field.scalar === 'string' || field.scalar === 'bytes' ? '' : field.scalar ? 0 : null;
  const entries = own<Record<string, unknown>>(out, field.name, {});
  if (key === '__proto__') throw new SyntaxError('the key "__proto__" is not allowed');
  entries[key] = value;
}

function readValue(input: Input, field: Field, wire: number, depth: number): unknown {
  switch (field.scalar) {
    case undefined:
      return read(slice(input, wire), field.message!, depth + 1);
    case 'string':
      return readString(input, wire);
    case 'bytes': {
      const { bytes, pos, end } = slice(input, wire);
      return bytes.toString('base64', pos, end);
    }
    case 'double':
      expectWire(wire, 1);
      return advance(input, 8).readDoubleLE(0);
    case 'bool':
      expectWire(wire, 0);
      return readVarint(input) !== 0;
    case 'int32':
      expectWire(wire, 0);
      return Number(BigInt.asIntN(32, BigInt(readSigned(input))));
    default:
      expectWire(wire, 0);
      return readSigned(input);
  }
}

function expectWire(found: number, expected: number): void {
  if (found !== expected) throw new SyntaxError(`proto: wrong wireType = ${found}`);
}

function slice(input: Input, wire: number): Input {
  expectWire(wire, 2);
  const length = readVarint(input);
  const pos = input.pos;
  if (!(length <= input.end - pos)) throw new SyntaxError('unexpected EOF');
  input.pos = pos + length;
  return { bytes: input.bytes, pos, end: pos + length };
}

function advance(input: Input, length: number): Buffer {
  if (length > input.end - input.pos) throw new SyntaxError('unexpected EOF');
  input.pos += length;
  return input.bytes.subarray(input.pos - length, input.pos);
}

function readString(input: Input, wire: number): string {
  const { bytes, pos, end } = slice(input, wire);
  return end - pos <= 24
    ? (shortAscii(bytes, pos, end) ?? bytes.toString('utf8', pos, end))
    : bytes.toString('utf8', pos, end);
}

/** A call out of JavaScript costs more than a loop over a short word. */
function shortAscii(bytes: Buffer, from: number, to: number): string | undefined {
  let text = '';
  for (let at = from; at < to; at++) {
    const code = bytes[at]!;
    if (code > 0x7f) return undefined;
    text += String.fromCharCode(code);
  }
  return text;
}

/** A number without sign; above 2^53 it loses its last digits, as JSON's numbers do here. */
function readVarint(input: Input): number {
  let value = 0;
  for (let scale = 1, i = 0; i < 10; i++, scale *= 128) {
    if (input.pos >= input.end) throw new SyntaxError('unexpected EOF');
    const byte = input.bytes[input.pos++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
  throw new SyntaxError('proto: integer overflow');
}

/** An int64: ten bytes when it is negative; a BigInt when a number cannot hold it. */
function readSigned(input: Input): number | bigint {
  const from = input.pos;
  const value = readVarint(input);
  if (input.pos - from < 8) return value;
  let exact = 0n;
  for (let at = input.pos - 1; at >= from; at--) exact = (exact << 7n) | BigInt(input.bytes[at]! & 0x7f);
  return smallIntegers(BigInt.asIntN(64, exact)) as number | bigint;
}

function skip(input: Input, wire: number): void {
  if (wire === 0) readVarint(input);
  else if (wire === 1) advance(input, 8);
  else if (wire === 2) slice(input, 2);
  else if (wire === 5) advance(input, 4);
  else throw new SyntaxError(`proto: illegal wireType ${wire}`);
}

const specials: Record<Special, (fields: Record<string, any>, message: Message) => unknown> = {
  Quantity: (f) => f['string'] ?? '0',
  Time: (f) => time(f, false),
  MicroTime: (f) => time(f, true),
  Duration: (f) => `${(f['duration'] ?? 0) / 1e9}s`,
  IntOrString: (f) => (f['type'] === 1 ? (f['strVal'] ?? '') : (f['intVal'] ?? 0)),
  RawJson: () => undefined,
  Items: (f) => f['items'] ?? [],
  OrArray: (f) => f['jSONSchemas'] ?? f['schema'],
  OrBool: (f) => f['schema'] ?? f['allows'] ?? false,
  OrStringArray: (f) => f['property'] ?? f['schema'],
};

const rawJson = (bytes: Buffer | undefined) => (bytes?.length ? parseJson(bytes.toString('utf8')) : undefined);

/** The first field of a message that holds bytes and little else; undefined when it is not there. */
function firstBytes(input: Input): Buffer | undefined {
  let found: Buffer | undefined;
  while (input.pos < input.end) {
    const tag = readVarint(input);
    if (tag === 10) found = bytesOf(slice(input, 2));
    else skip(input, tag & 7);
  }
  return found;
}

const bytesOf = ({ bytes, pos, end }: Input) => bytes.subarray(pos, end);

/** The fields of a message that are bytes, by number: how an envelope is read without a copy of what is in it. */
export function byteFields(bytes: Buffer): Map<number, Buffer> {
  const input: Input = { bytes, pos: 0, end: bytes.length };
  const found = new Map<number, Buffer>();
  while (input.pos < input.end) {
    const tag = readVarint(input);
    if ((tag & 7) === 2) found.set(Math.floor(tag / 8), bytesOf(slice(input, 2)));
    else skip(input, tag & 7);
  }
  return found;
}

function time(f: Record<string, any>, micro: boolean): string | undefined {
  const { seconds = 0, nanos = 0 } = f;
  if (seconds === 0 && nanos === 0) return undefined;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new SyntaxError('proto: time out of range');
  const whole = date.toISOString().slice(0, 19);
  return micro ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${whole}Z`;
}
