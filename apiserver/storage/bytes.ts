// Between the bytes in the store and the bytes that clients get: they differ by metadata.resourceVersion, which the store knows.
// Writing puts kind, apiVersion and metadata first, so that reading can splice the version in without parsing.
// Mirrors: apiserver/pkg/storage/etcd3 (encode, decode) and storage/api_object_versioner.go. Used by watchCache.ts and the writers.
import { parseWithBigIntegers } from '../../apimachinery/bigIntegers.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Revision } from './store.ts';

const kindMark = Buffer.from('{"kind":"');
const apiVersionMark = Buffer.from('","apiVersion":"');
const metadataMark = Buffer.from('","metadata":{');
const versionMark = Buffer.from('"resourceVersion"');

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * The stored form of an object: canonical order, no resourceVersion, no empty selfLink. The object is not changed.
 * `contents`: what contentsOf gives for it, where that is known.
 */
export function encodeStored(object: KubeObject, contents = contentsOf(object)): Buffer {
  const { kind, apiVersion, metadata } = object;
  const { resourceVersion: _, selfLink, ...meta } = metadata;
  const head = JSON.stringify({ kind, apiVersion, metadata: selfLink ? { ...meta, selfLink } : meta });
  return Buffer.from(contents === '{}' ? head : `${head.slice(0, -1)},${contents.slice(1)}`);
}

/** The JSON of all of an object but its type and metadata. */
export function contentsOf(object: KubeObject): string {
  const { kind: _k, apiVersion: _a, metadata: _m, ...rest } = object;
  return JSON.stringify(rest);
}

/**
 * The stored bytes with `"resourceVersion":"N"` as metadata's first member, in memory of their own.
 * What is not in canonical form (someone used etcdctl) is parsed and written anew; throws SyntaxError when it is no JSON object.
 */
export function served(value: Uint8Array, revision: Revision): Buffer {
  const bytes = toBuffer(value);
  const at = metadataStart(bytes);
  if (at < 0 || holdsVersion(bytes, at)) return served(canonical(bytes), revision);
  return insertVersion(bytes, at, revision);
}

/** The same for bytes that encodeStored has made here: they need no look at whether they hold a version. */
export function servedEncoded(value: Buffer, revision: Revision): Buffer {
  const at = metadataStart(value);
  return at < 0 ? served(value, revision) : insertVersion(value, at, revision);
}

function insertVersion(bytes: Buffer, at: number, revision: Revision): Buffer {
  const comma = bytes[at] === closeBrace ? '' : ',';
  return splice(bytes, at, at, `"resourceVersion":"${revision}"${comma}`);
}

/** Served bytes with another resourceVersion: what a DELETED event carries. */
export function withRevision(bytes: Buffer, revision: Revision): Buffer {
  const from = metadataStart(bytes) + versionMark.length + ':"'.length;
  return splice(bytes, from, bytes.indexOf(quote, from), String(revision));
}

export const toBuffer = (value: Uint8Array): Buffer =>
  Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);

/** `bytes` with what is between `from` and `to` replaced by ASCII `text`; never a slice of a shared pool. */
function splice(bytes: Buffer, from: number, to: number, text: string): Buffer {
  const out = Buffer.allocUnsafeSlow(bytes.length - (to - from) + text.length);
  bytes.copy(out, 0, 0, from);
  out.write(text, from, 'latin1');
  bytes.copy(out, from + text.length, to);
  return out;
}

/** The index behind `"metadata":{` of canonical bytes, -1 for others. */
function metadataStart(bytes: Buffer): number {
  if (!has(bytes, kindMark, 0)) return -1;
  const kindEnd = endOfWord(bytes, kindMark.length);
  if (!has(bytes, apiVersionMark, kindEnd)) return -1;
  const versionEnd = endOfWord(bytes, kindEnd + apiVersionMark.length);
  if (!has(bytes, metadataMark, versionEnd)) return -1;
  const at = versionEnd + metadataMark.length;
  return bytes[at] === quote || bytes[at] === closeBrace ? at : -1;
}

function has(bytes: Buffer, mark: Buffer, at: number): boolean {
  for (let i = 0; i < mark.length; i++) if (bytes[at + i] !== mark[i]) return false;
  return true;
}

/** The index of the quote that ends the word at `from`; of the backslash when there is one before it, which is not canonical. */
function endOfWord(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== quote && bytes[at] !== backslash) at++;
  return at;
}

/** Does metadata itself have a resourceVersion already? Deeper ones (an Event's involvedObject) do not count. */
function holdsVersion(bytes: Buffer, start: number): boolean {
  for (let found = bytes.indexOf(versionMark, start); found >= 0; found = bytes.indexOf(versionMark, found + 1)) {
    const depth = depthAt(bytes, start, found);
    if (depth === 0) return false;
    if (depth === 1) return true;
  }
  return false;
}

/** How many braces enclose `end`, counted from inside metadata (1); 0 once metadata has been left; -1 inside a string. */
function depthAt(bytes: Buffer, start: number, end: number): number {
  let depth = 1;
  let inString = false;
  for (let at = start; at < end && depth > 0; at++) {
    const c = bytes[at];
    if (c === backslash) at++;
    else if (c === quote) inString = !inString;
    else if (!inString && c === openBrace) depth++;
    else if (!inString && c === closeBrace) depth--;
  }
  return inString && depth > 0 ? -1 : depth;
}

function canonical(bytes: Buffer): Buffer {
  const object = parseWithBigIntegers(bytes.toString('utf8')) as any;
  if (typeof object?.kind !== 'string' || typeof object.apiVersion !== 'string' || !isMap(object.metadata))
    throw new SyntaxError('not a Kubernetes object');
  return plainNames(encodeStored(object));
}

const isMap = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON.stringify escapes only what it must; a kind that needs escaping names nothing and would never be canonical. */
function plainNames(bytes: Buffer): Buffer {
  if (metadataStart(bytes) < 0) throw new SyntaxError('not a Kubernetes object');
  return bytes;
}
