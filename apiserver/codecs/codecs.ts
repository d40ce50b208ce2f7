// Objects to bytes and back: the one place that knows media type × form × API version.
// Handlers call readObject for bodies and the encode functions for answers; none of them touches JSON itself.
// Reads: mediaTypes.ts, negotiate.ts, forms.ts, ../decode.ts.

import { deepCopy } from '../../apimachinery/deepCopy.ts';
import type { StructNode } from '../../apimachinery/schema.ts';
import { badRequest, notAcceptable, unsupportedMediaType } from '../../apimachinery/status.ts';
import type { KubeObject, ListMeta } from '../../apimachinery/types.ts';
import { type Decoded, DecodeError, decode } from '../decode.ts';
import { comparePaths, keyProblems } from '../jsonText.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';
import type { Cached, CacheEvent } from '../storage/cached.ts';
import { isConfidential, redacted } from './confidential.ts';
import { checkKind, checkTexts, isCustom, missingKind, otherVersion, splitVersion } from './expectedType.ts';
import { columnDefinitions, type IncludeObject, partialMetadata, table, tableRow } from './forms.ts';
import { isSplit, knownSpec, putSpec, rememberSpec, type Split, splitSpec } from './knownSpecs.ts';
import { type LongValue, writeLong } from './lists.ts';
import { jsonMedia, type MediaType, mediaTypeOf, mediaTypesWith, parseJsonText } from './mediaTypes.ts';
import type { Encoding } from './negotiate.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** What a body must be: the kind that is expected at its path; an empty apiVersion takes any. */
export interface Expected {
  kind: string;
  apiVersion: string;
  /** Other versions that may be given: their fields are the same. */
  also?: readonly string[];
  node: StructNode;
  /** Instead of decoding by `node`: the kind's own. */
  decode?: Kind['decode'];
}

/** The media type of a body; a missing Content-Type is JSON. `cbor` is the gate CBORServingAndStorage. Throws 415. */
export function bodyMedia(contentType: string | undefined, cbor = false): MediaType {
  const media = contentType ? mediaTypeOf(contentType, cbor) : jsonMedia;
  if (media) return media;
  const names = mediaTypesWith(cbor).map((m) => m.name);
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${names.join(', ')}`,
  );
}

/**
 * A body as an object of the expected kind: types checked, unknown and duplicate fields refused, warned of or passed over.
 * A body without kind and apiVersion is taken for the expected one.
 */
export function readObject(
  body: Buffer | undefined,
  media: MediaType,
  expected: Expected,
  validation: FieldValidation,
  warn: (text: string) => void,
): any {
  const text = media === jsonMedia ? (body?.toString('utf8') ?? '') : undefined;
  const split = text === undefined ? undefined : splitSpec(text);
  const spec = split && knownSpec(expected.node, split);
  if (spec) {
    const object = readWithSpec(split, spec, expected);
    if (object) return object;
  }
  const problems: string[] = [];
  let value: any;
  try {
    value = text === undefined ? media.parse(body ?? Buffer.alloc(0), problems) : parseJsonText(text, problems);
  } catch (error) {
    throw unrecognized(expected, body, typeUnread(media, (error as Error).message));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unrecognized(expected, body, notAnObject(value));
  if (isCustom(expected)) checkNamesType(value, expected, body ?? Buffer.alloc(0), validation);
  const decoded = decodeBody(value, expected);
  if (split && !problems.length && !decoded.unknown.length) rememberSpec(expected.node, split, decoded.object);
  if (validation === 'Ignore') return decoded.object;
  const all = oddities(body, media, expected, problems, decoded.unknown);
  if (all.length && validation === 'Strict')
    throw cannotBeHandled(expected, `strict decoding error: ${strictText(all)}`);
  for (const text of all) warn(text);
  return decoded.object;
}

/** A body whose spec is known, when the rest of it is right; undefined: it is read as a whole, which says what is wrong. */
function readWithSpec({ rest }: Split, spec: unknown, expected: Expected): any {
  try {
    const problems: string[] = [];
    const value = parseJsonText(rest, problems) as any;
    if (problems.length || !isSplit(value) || (isCustom(expected) && !(value.kind && value.apiVersion)))
      return undefined;
    delete value.spec;
    const { object, unknown } = decodeValue(value, expected);
    if (unknown.length) return undefined;
    putSpec(object, spec);
    return object;
  } catch {
    return undefined;
  }
}

function checkNamesType(value: any, expected: Expected, body: Buffer, validation: FieldValidation): void {
  checkTexts(value);
  if (!value.kind && validation === 'Ignore') throw cannotBeHandled(expected, missingKind(JSON.stringify(value)));
  if (!value.kind) throw unrecognized(expected, body, missingKind(body.toString()));
  if (!value.apiVersion) throw otherVersion('', expected);
}

/** The type is read before the rest: what keeps it from being read is said of that. */
const typeUnread = (media: MediaType, why: string) =>
  media === jsonMedia ? `couldn't get version/kind; json parse error: ${why}` : why;

function notAnObject(value: unknown): string {
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const type =
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
  return value === null
    ? "Object 'Kind' is missing in 'null'"
    : `couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type ${type}`;
}

/** As much of a body as an error shows: its text where it begins like an object, else its bytes. */
const shownBytes = 30;

function unrecognized(expected: Expected, body: Buffer | undefined, why: string) {
  const { kind } = expected;
  if (isConfidential(expected))
    return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${redacted})`);
  const head = body?.subarray(0, shownBytes) ?? Buffer.alloc(0);
  const text = head.length === 0 ? '<empty>' : head.toString(head[0] === 0x7b ? 'utf8' : 'hex');
  const more = (body?.length ?? 0) > shownBytes ? ' ...' : '';
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${text}${more})`);
}

/** What Go's typed decoder tells of JSON as it reads it; of YAML and of custom resources the duplicates come first. */
function oddities(
  body: Buffer | undefined,
  media: MediaType,
  expected: Expected,
  duplicates: string[],
  unknown: string[],
): string[] {
  if (media === jsonMedia && duplicates.length && expected.node.native)
    return keyProblems(body!.toString('utf8'), unknown);
  const inOrder = media === jsonMedia && expected.node.native ? unknown : unknown.toSorted(comparePaths);
  return [...duplicates, ...inOrder.map((path) => `unknown field "${path}"`)];
}

/** The lines of a YAML error stand in one text, as its parser gives them. */
function strictText(problems: readonly string[]): string {
  const lines = problems.filter((p) => p.startsWith('line '));
  const others = problems.slice(lines.length);
  return [...(lines.length ? [yamlErrorText(lines)] : []), ...others].join(', ');
}

/** `lines` as `line 7: key "name" already set in map`. */
export const yamlErrorText = (lines: readonly string[]): string =>
  `yaml: unmarshal errors:\n${lines.map((line) => `  ${line}`).join('\n')}`;

function decodeBody(value: any, expected: Expected): Decoded {
  try {
    return decodeValue(value, expected);
  } catch (error) {
    if (error instanceof DecodeError) throw cannotBeHandled(expected, error.message);
    throw error;
  }
}

/** The same for a value that is parsed already, such as a patched object. Throws DecodeError, or 400 for another kind or version. */
export function decodeValue(value: any, expected: Expected): Decoded {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    const why =
      value === null
        ? 'unexpected end of JSON input'
        : `json: cannot unmarshal ${found} into Go value of type v1.${expected.kind}`;
    throw new DecodeError(why);
  }
  if (isCustom(expected) && !value.kind) throw new DecodeError(missingKind(JSON.stringify(value)));
  checkKind(value, expected);
  value.kind = expected.kind;
  value.apiVersion = expected.apiVersion;
  return expected.decode?.(value) ?? decode(value, expected.node);
}

const cannotBeHandled = (e: Expected, why: string) =>
  badRequest(`${e.kind} in version "${splitVersion(e.apiVersion)[1]}" cannot be handled as a ${e.kind}: ${why}`);

// ---- answers ----

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
