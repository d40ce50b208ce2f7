// Kubernetes' protobuf media type: the envelope with its magic prefix around a message by its kind.
// Reads: protobuf/messages.ts (plans). Mirrors: apimachinery/pkg/runtime/serializer/protobuf and its framer.
// A row of mediaTypes.ts; what is read goes through ../decode.ts like any JSON. Next: protobuf/encode.ts, protobuf/decode.ts.
import type { KubeObject, ListMeta } from '../../apimachinery/types.ts';
import { parseJson } from '../jsonText.ts';
import { NotWritable } from './notWritable.ts';
import { byteFields, decodeMessage } from './protobuf/decode.ts';
import { encodeMessage } from './protobuf/encode.ts';
import { type Message, messageOf } from './protobuf/messages.ts';
import { Writer } from './protobuf/writer.ts';

const magic = Buffer.from('k8s\0');
const none = Buffer.alloc(0);
const writer = new Writer();

/** Throws a SyntaxError when the body is no message of a kind that is known. */
export function readProtobuf(body: Buffer): unknown {
  if (body.length < 4 || !body.subarray(0, 4).equals(magic))
    throw new SyntaxError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  try {
    // Unknown { typeMeta = 1 { apiVersion = 1, kind = 2 }, raw = 2, contentEncoding = 3, contentType = 4 }
    const envelope = byteFields(body.subarray(4));
    const type = byteFields(envelope.get(1) ?? none);
    const [apiVersion = '', kind = ''] = [type.get(1)?.toString('utf8'), type.get(2)?.toString('utf8')];
    const bytes = envelope.get(2) ?? none;
    if (envelope.get(4)?.toString('latin1') === 'application/json') return parseJson(bytes.toString('utf8'));
    const found = messageOf(apiVersion, kind);
    if (!found) throw new SyntaxError(`no kind "${kind}" is registered for version "${apiVersion}"`);
    return { kind, apiVersion, ...(decodeMessage(bytes, found) as object) };
  } catch (error) {
    throw error instanceof SyntaxError ? error : new SyntaxError((error as Error).message);
  }
}

/** An object in its envelope. Throws NotWritable for a kind that has no message. */
export function writeProtobuf(value: any): Buffer {
  // Documents of the legacy group are of no version.
  const { kind, apiVersion = '' } = value;
  const found = writable(apiVersion, kind);
  writer.reset();
  endEnvelope();
  const before = writer.size;
  encodeMessage(value, found, writer);
  beginEnvelope(before, apiVersion, kind);
  return writer.bytes();
}

function writable(apiVersion: string, kind: string): Message {
  const found = messageOf(apiVersion, kind);
  if (!found)
    throw new NotWritable(
      `object ${kind} in version "${apiVersion}" does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message`,
    );
  return found;
}

/** What comes behind the object: content encoding and type, both empty. */
function endEnvelope(): void {
  writer.string(4, '');
  writer.string(3, '');
}

/** What comes before an object that began when the writer's size was `before`. */
function beginEnvelope(before: number, apiVersion: string, kind: string): void {
  writer.close(before, 2);
  beginType(apiVersion, kind);
}

function beginType(apiVersion: string, kind: string): void {
  const before = writer.size;
  writer.string(2, kind);
  writer.string(1, apiVersion);
  writer.close(before, 1);
  writer.raw(magic);
}

/** One event of a watch: four bytes of length, then a WatchEvent without an envelope, whose object is in its own. */
export function frameProtobuf(event: string, object: Uint8Array): Buffer {
  writer.reset();
  writer.raw(object);
  writer.close(0, 1);
  writer.close(0, 2);
  writer.string(1, event);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(writer.size);
  writer.raw(length);
  return writer.bytes();
}

/** One item of a list, with the field's tag before it. */
export function writeListItem(value: KubeObject, apiVersion: string, listKind: string): Buffer {
  const items = writable(apiVersion, listKind).fields.find((f) => f.name === 'items')!;
  writer.reset();
  encodeMessage(value, items.message!, writer);
  writer.close(0, items.id);
  return writer.bytes();
}

/**
 * What stands before and behind the items of a list whose items take `itemBytes` together. The list's metadata is in `head`, unless the
 * message numbers it behind the items.
 */
export function listEnvelope(
  metadata: ListMeta,
  apiVersion: string,
  listKind: string,
  itemBytes: number,
): { head: Buffer; tail: Buffer } {
  const { fields } = writable(apiVersion, listKind);
  const [meta, items] = ['metadata', 'items'].map((name) => fields.find((f) => f.name === name)!);
  writer.reset();
  encodeMessage(metadata, meta!.message!, writer);
  writer.close(0, meta!.id);
  const metaBytes = writer.bytes();
  const first = meta!.id < items!.id;
  writer.reset();
  endEnvelope();
  if (!first) writer.raw(metaBytes);
  const tail = writer.bytes();
  writer.reset();
  if (first) writer.raw(metaBytes);
  writer.varint(itemBytes + metaBytes.length);
  writer.varint(2 * 8 + 2);
  beginType(apiVersion, listKind);
  return { head: writer.bytes(), tail };
}
