// A long answer (a list, a Table) as pieces that are sent one after the other: one item at a time is parsed and written.
// Reads: media types' own list forms. Called by codecs.ts; the pieces go to handlers/sendPieces.ts, which takes a few milliseconds' worth at
// a time. Mirrors: the streaming collection encoders of apimachinery/pkg/runtime/serializer/{json,protobuf}.
import type { ListMeta } from '../../apimachinery/types.ts';
import { listCbor } from './cbor.ts';
import type { MediaType } from './mediaTypes.ts';
import { listEnvelope, writeListItem } from './protobuf.ts';
import { writtenItems, writtenOnce } from './writtenItems.ts';

export interface LongValue<T> {
  kind: string;
  apiVersion: string;
  metadata: ListMeta;
  /** A Table's, which stand before its rows. */
  columnDefinitions?: unknown[];
  itemsKey: 'items' | 'rows';
  items: Iterable<T>;
  /** One item as it stands in the list; the same each time. */
  item(of: T): any;
  /** Items are whole objects, whose size in protobuf is worth remembering. */
  whole?: boolean;
}

export function writeLong<T extends object>(value: LongValue<T>, media: MediaType, pretty: boolean): Iterator<Buffer> {
  if (media.needsMessage) return protobufPieces(value);
  if (media.name === 'application/cbor') return cborPieces(value);
  return media.sendsJson ? jsonPieces(value, pretty) : yamlPieces(value, media);
}

const restOf = <T>({ kind, apiVersion, metadata, columnDefinitions }: LongValue<T>) => ({
  kind,
  apiVersion,
  metadata,
  ...(columnDefinitions ? { columnDefinitions } : {}),
});

function* jsonPieces<T>(value: LongValue<T>, pretty: boolean): Generator<Buffer> {
  const indent = pretty ? 2 : undefined;
  const [line, deeper] = pretty ? ['\n  ', '\n    '] : ['', ''];
  const head = JSON.stringify(restOf(value), null, indent).replace(/\s*\}$/, '');
  yield Buffer.from(`${head},${line}"${value.itemsKey}":${pretty ? ' ' : ''}[`);
  let empty = true;
  for (const of of value.items) {
    const text = JSON.stringify(value.item(of), null, indent);
    yield Buffer.from(`${empty ? '' : ','}${deeper}${pretty ? text.replaceAll('\n', deeper) : text}`);
    empty = false;
  }
  yield Buffer.from(`${empty ? '' : line}]${pretty ? '\n}' : '}\n'}`);
}

/** Keys in alphabetical order, as go-yaml writes them. */
function* yamlPieces<T>(value: LongValue<T>, media: MediaType): Generator<Buffer> {
  const rest: Record<string, unknown> = restOf(value);
  for (const key of [...Object.keys(rest), value.itemsKey].sort()) {
    if (key !== value.itemsKey) {
      yield media.write({ [key]: rest[key] });
      continue;
    }
    let empty = true;
    for (const of of value.items) {
      const item = media.write([value.item(of)]);
      yield empty ? Buffer.concat([Buffer.from(`${key}:\n`), item]) : item;
      empty = false;
    }
    if (empty) yield Buffer.from(`${key}: []\n`);
  }
}

function cborPieces<T>(value: LongValue<T>): Generator<Buffer> {
  const items = [...value.items];
  function* each() {
    for (const of of items) yield value.item(of);
  }
  return listCbor(restOf(value), value.itemsKey, items.length, each());
}

/** Lists up to this size are written once and kept until they are sent; of longer ones only the sizes are. */
const keptBytes = 2 * 1024 * 1024;
const nothing = Buffer.alloc(0);

/** The length of the whole stands before the items, so long lists are written twice. */
function* protobufPieces<T extends object>(value: LongValue<T>): Generator<Buffer> {
  const { kind, apiVersion, metadata } = value;
  const remembered = value.whole ? writtenItems(apiVersion) : writtenOnce();
  const items = [...value.items];
  const write = (of: T) => remembered.bytes(of, () => writeListItem(value.item(of), apiVersion, kind));
  let kept: Buffer[] | undefined = [];
  let total = 0;
  for (const of of items) {
    const size = kept ? undefined : remembered.size(of);
    if (size !== undefined) {
      total += size;
      continue;
    }
    const bytes = write(of);
    total += bytes.length;
    if (total > keptBytes) kept = undefined;
    kept?.push(bytes);
    // Nothing to send yet, but a moment at which the sender may let others run.
    yield nothing;
  }
  const { head, tail } = listEnvelope(metadata, apiVersion, kind, total);
  yield head;
  if (kept) yield* kept;
  else for (const of of items) yield write(of);
  yield tail;
}
