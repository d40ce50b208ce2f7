// Objects to bytes: the one place that knows media type × form × API version of answers. Bodies are read by readObject.ts.
// Handlers call the encode functions; none of them touches JSON itself.
// Reads: mediaTypes.ts, negotiate.ts, forms.ts.
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import { notAcceptable } from '../../apimachinery/status.ts';
import type { KubeObject, ListMeta } from '../../apimachinery/types.ts';
import type { Served } from '../kinds/registry.ts';
import type { Cached, CacheEvent } from '../storage/cached.ts';
import { columnDefinitions, type IncludeObject, partialMetadata, table, tableRow } from './forms.ts';
import { type LongValue, writeLong } from './lists.ts';
import type { Encoding } from './negotiate.ts';

/** An object in a served version, from the stored bytes. */
export const servedObject = (served: Served, cached: Cached): KubeObject =>
  served.kind.storedAs ? served.kind.storedAs.fromStored(deepCopy(cached.object())) : cached.object();

export interface FormOptions {
  include: IncludeObject;
  now: number;
}

/** One object as the body of an answer. */
export function encodeCached(cached: Cached, served: Served, e: Encoding, options: FormOptions): Buffer {
  if (e.form === 'object' && e.media.sendsJson && !served.kind.storedAs && !e.pretty) return ended(cached.bytes, e);
  return encodeObject(servedObject(served, cached), served, e, options);
}

export function encodeObject(
  object: KubeObject,
  served: Pick<Served, 'kind'>,
  e: Encoding,
  options: FormOptions,
): Buffer {
  return writeValue(formOf(object, served, e, options, true), e);
}

function formOf(
  object: KubeObject,
  served: Pick<Served, 'kind'>,
  e: Encoding,
  options: FormOptions,
  withColumns: boolean,
): unknown {
  switch (e.form) {
    case 'object':
      return object;
    case 'Table': {
      const metadata = { resourceVersion: object.metadata.resourceVersion };
      return table(
        served.kind,
        [tableRow(served.kind, object, options.include, e.formVersion, options.now)],
        metadata,
        e.formVersion,
        withColumns,
      );
    }
    case 'PartialObjectMetadataList':
      throw notAcceptable(
        `you requested PartialObjectMetadataList, but the requested object is not a list (*${served.kind.version}.${served.kind.kind})`,
      );
    default:
      return partialMetadata(object, e.formVersion);
  }
}

export const writeValue = (value: unknown, e: Encoding): Buffer =>
  e.pretty ? Buffer.from(JSON.stringify(value, null, 2)) : ended(e.media.write(value), e);

const lineFeed = Buffer.from('\n');
/** An answer's JSON ends with a line feed, as Go's encoder ends it; text for eyes does not, nor does what stands within an event. */
export const ended = (bytes: Buffer, e: Encoding): Buffer =>
  e.media.sendsJson && !e.pretty ? Buffer.concat([bytes, lineFeed]) : bytes;

const comma = Buffer.from(',');
const commaBrace = Buffer.from(',{');
const brace = Buffer.from('{');
const listEnd = Buffer.from(']}\n');

/** A list as pieces to be sent one after the other; objects that are sent as JSON are never parsed for it. */
export function encodeList(
  items: Iterable<Cached>,
  metadata: ListMeta,
  served: Served,
  e: Encoding,
  options: FormOptions,
): Iterator<Buffer> {
  const direct = e.form === 'object' && e.media.sendsJson && !e.pretty && !served.kind.storedAs;
  if (direct) return cachedPieces(items, metadata, served);
  const { rowOrder } = served.kind;
  const shown = rowOrder && e.form === 'Table' ? [...items].sort((a, b) => rowOrder(a.object(), b.object())) : items;
  return writeLong({ ...listShape(metadata, served, e, options), items: shown }, e.media, e.pretty);
}

function* cachedPieces(items: Iterable<Cached>, metadata: ListMeta, served: Served): Generator<Buffer> {
  yield Buffer.from(
    `{"kind":"${listKindOf(served)}","apiVersion":"${served.apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`,
  );
  const skip = served.bareItems ? typePrefix(served).length : 0;
  let first = true;
  for (const item of items) {
    if (skip && startsWithType(item.bytes, skip)) {
      yield first ? brace : commaBrace;
      yield item.bytes.subarray(skip);
    } else {
      if (!first) yield comma;
      yield item.bytes;
    }
    first = false;
  }
  yield listEnd;
}

const typePrefix = (served: Served) => `{"kind":"${served.home.kind.kind}","apiVersion":"${served.home.apiVersion}",`;
/** Canonical bytes continue with metadata behind the type. */
const startsWithType = (bytes: Buffer, skip: number) =>
  bytes[skip] === 0x22 && bytes[skip - 1] === 0x2c && bytes[skip + 1] === 0x6d;

function listShape(
  metadata: ListMeta,
  served: Served,
  e: Encoding,
  options: FormOptions,
): Omit<LongValue<Cached>, 'items'> {
  const { kind, apiVersion } = served;
  if (e.form === 'Table')
    return {
      kind: 'Table',
      apiVersion: e.formVersion,
      metadata,
      columnDefinitions: columnDefinitions(kind),
      itemsKey: 'rows',
      item: (of) => tableRow(kind, servedObject(served, of), options.include, e.formVersion, options.now),
    };
  if (e.form === 'PartialObjectMetadata')
    throw notAcceptable(
      `you requested PartialObjectMetadata, but the requested object is a list (*${kind.version}.${listKindOf(served)})`,
    );
  if (e.form === 'PartialObjectMetadataList')
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: e.formVersion,
      metadata,
      itemsKey: 'items',
      item: (of) => partialMetadata(servedObject(served, of), e.formVersion),
    };
  const item = (of: Cached) => servedObject(served, of);
  const bare = (of: Cached) => {
    const { kind: _k, apiVersion: _v, ...rest } = item(of);
    return rest;
  };
  return {
    kind: listKindOf(served),
    apiVersion,
    metadata,
    itemsKey: 'items',
    item: served.bareItems ? bare : item,
    whole: true,
  };
}

const listKindOf = (served: Served) => served.kind.listKind ?? `${served.kind.kind}List`;

/** One watch event, made once for all watchers of the same kind of stream. `as` is the type that this watcher sees. */
export function encodeEvent(
  event: CacheEvent,
  as: string,
  cached: Cached,
  served: Served,
  e: Encoding,
  options: FormOptions,
  first: boolean,
): Buffer {
  const shared = e.form === 'Table' ? `${e.id}|${options.include}|${first}` : e.id;
  const id = `${as}|${served.apiVersion}|${cached.revision}|${shared}`;
  let bytes = e.media.varies ? undefined : event.forms.get(id);
  if (!bytes) {
    bytes = frameCached(as, cached, served, e, options, first);
    event.forms.set(id, bytes);
  }
  return bytes;
}

export function frameCached(
  as: string,
  cached: Cached,
  served: Served,
  e: Encoding,
  options: FormOptions,
  first: boolean,
): Buffer {
  if (e.form === 'object' && e.media.sendsJson && !served.kind.storedAs) return e.media.watch!.frame(as, cached.bytes);
  const value = formOf(servedObject(served, cached), served, e, options, first);
  return e.media.watch!.frame(as, e.media.write(value));
}
