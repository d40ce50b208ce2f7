// The few messages that we exchange with etcd, between objects and protobuf: written by hand, since each write costs one of each.
// Mirrors: etcd's api/etcdserverpb/rpc.proto and api/mvccpb/kv.proto, whose field numbers stand here. Used by etcdMember.ts.
import { Writer } from '../codecs/protobuf/writer.ts';
import { Fields } from './protobufFields.ts';
import type { Companion, Revision } from './store.ts';

export interface KeyValue {
  key: Buffer;
  value: Buffer;
  /** Of the last write to the key. */
  revision: Revision;
}

export interface RangeRequest {
  key: string | Buffer;
  end?: Buffer;
  limit?: number;
  /** The snapshot; absent: the newest. */
  at?: Revision;
  keysOnly?: boolean;
  countOnly?: boolean;
}

export interface RangeAnswer {
  revision: Revision;
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

/** Compare-and-swap of one key: what the store does. */
export interface SwapRequest {
  key: string;
  /** The key's revision must be this one; 0: it must be absent. */
  expect: Revision;
  /** Absent: the key is removed. */
  value?: Uint8Array;
  lease?: bigint;
  with?: Companion;
}

/** `held`: what was there instead. */
export type SwapAnswer = { revision: Revision } | { held: KeyValue | undefined };

export interface WatchEvent extends KeyValue {
  removed: boolean;
}

export interface WatchAnswer {
  revision: Revision;
  created: boolean;
  cancelled: boolean;
  cancelReason: string;
  /** Not 0: what was asked for has been compacted up to here. */
  compacted: Revision;
  /** More of the last revision comes in the next answer. */
  fragment: boolean;
  events: WatchEvent[];
}

// --- written from the end to the front ---

/** A message with gRPC's five bytes before it. */
function framed(write: (w: Writer) => void): Buffer {
  const w = new Writer();
  write(w);
  const { size } = w;
  for (let shift = 0; shift < 32; shift += 8) w.byte((size >>> shift) & 0xff);
  w.byte(0);
  return w.bytes();
}

function bytesField(w: Writer, field: number, value: Uint8Array): void {
  const before = w.size;
  w.raw(value);
  w.close(before, field);
}

function keyField(w: Writer, field: number, key: string | Buffer): void {
  if (typeof key === 'string') w.string(field, key);
  else bytesField(w, field, key);
}

function numberField(w: Writer, field: number, value: number | bigint): void {
  if (!value) return;
  w.int(value);
  w.varint(field * 8);
}

function messageField(w: Writer, field: number, write: () => void): void {
  const before = w.size;
  write();
  w.close(before, field);
}

function range(w: Writer, r: RangeRequest): void {
  numberField(w, 9, r.countOnly ? 1 : 0);
  numberField(w, 8, r.keysOnly ? 1 : 0);
  numberField(w, 4, r.at ?? 0);
  numberField(w, 3, r.limit ?? 0);
  if (r.end) bytesField(w, 2, r.end);
  keyField(w, 1, r.key);
}

function put(w: Writer, key: string, value: Uint8Array, lease: bigint): void {
  numberField(w, 3, lease);
  bytesField(w, 2, value);
  keyField(w, 1, key);
}

export const encodeRange = (request: RangeRequest): Buffer => framed((w) => range(w, request));

export const encodeDeleteRange = (key: Buffer, end: Buffer): Buffer =>
  framed((w) => {
    bytesField(w, 2, end);
    bytesField(w, 1, key);
  });

export const encodeCompact = (revision: Revision): Buffer => framed((w) => numberField(w, 1, revision));

export const encodeLeaseGrant = (ttl: number): Buffer => framed((w) => numberField(w, 1, ttl));

/** TxnRequest: fields 1 compare, 2 success, 3 failure. */
export function encodeSwap({ key, expect, value, lease = 0n, with: companion }: SwapRequest): Buffer {
  return framed((w) => {
    messageField(w, 3, () => messageField(w, 1, () => keyField(w, 1, key)));
    if (companion) messageField(w, 2, () => messageField(w, 2, () => put(w, companion.key, companion.value, 0n)));
    messageField(w, 2, () => {
      if (value) messageField(w, 2, () => put(w, key, value, lease));
      else messageField(w, 3, () => keyField(w, 1, key));
    });
    messageField(w, 1, () => {
      // A member of a oneof: written even when it is zero.
      w.varint(expect);
      w.varint(6 * 8);
      keyField(w, 3, key);
      numberField(w, 2, modRevision);
    });
  });
}

/** Compare.CompareTarget. */
const modRevision = 2;

/** All keys, from behind `from` on. */
export const encodeWatchCreate = (from: Revision): Buffer =>
  framed((w) =>
    messageField(w, 1, () => {
      numberField(w, 8, 1);
      numberField(w, 3, from + 1);
      // A key of one zero byte up to an end of one zero byte: all keys.
      bytesField(w, 2, zero);
      bytesField(w, 1, zero);
    }),
  );

export const zero: Buffer = Buffer.from([0]);

// --- read ---

/** ResponseHeader: of it only the revision matters. */
function revisionOf(header: Fields): Revision {
  while (header.next()) if (header.field === 3) return header.number;
  return 0;
}

const empty: Buffer = Buffer.alloc(0);

function keyValue(f: Fields): KeyValue {
  let key = empty;
  let value = empty;
  let revision = 0;
  while (f.next()) {
    if (f.field === 1) key = f.value;
    else if (f.field === 3) revision = f.number;
    else if (f.field === 5) value = f.value;
  }
  return { key, value, revision };
}

function rangeAnswer(f: Fields): RangeAnswer {
  const answer: RangeAnswer = { revision: 0, kvs: [], more: false, count: 0 };
  while (f.next()) {
    if (f.field === 1) answer.revision = revisionOf(f.message);
    else if (f.field === 2) answer.kvs.push(keyValue(f.message));
    else if (f.field === 3) answer.more = f.number === 1;
    else if (f.field === 4) answer.count = f.number;
  }
  return answer;
}

export const decodeRange = (bytes: Buffer): RangeAnswer => rangeAnswer(new Fields(bytes));

export function decodeSwap(bytes: Buffer): SwapAnswer {
  const f = new Fields(bytes);
  let revision = 0;
  let succeeded = false;
  let held: KeyValue | undefined;
  while (f.next()) {
    if (f.field === 1) revision = revisionOf(f.message);
    else if (f.field === 2) succeeded = f.number === 1;
    // Of what succeeded nothing is asked back; a failure's one answer is the range's.
    else if (f.field === 3 && !succeeded) {
      const op = f.message;
      while (op.next()) if (op.field === 1) held = rangeAnswer(op.message).kvs[0];
    }
  }
  return succeeded ? { revision } : { held };
}

export function decodeLeaseGrant(bytes: Buffer): bigint {
  const f = new Fields(bytes);
  while (f.next()) if (f.field === 2) return f.big;
  return 0n;
}

function event(f: Fields): WatchEvent {
  let removed = false;
  let kv: KeyValue = { key: empty, value: empty, revision: 0 };
  while (f.next()) {
    if (f.field === 1) removed = f.number === 1;
    else if (f.field === 2) kv = keyValue(f.message);
  }
  return { ...kv, removed };
}

export function decodeWatch(bytes: Buffer): WatchAnswer {
  const f = new Fields(bytes);
  const answer: WatchAnswer = {
    revision: 0,
    created: false,
    cancelled: false,
    cancelReason: '',
    compacted: 0,
    fragment: false,
    events: [],
  };
  while (f.next()) {
    if (f.field === 1) answer.revision = revisionOf(f.message);
    else if (f.field === 3) answer.created = f.number === 1;
    else if (f.field === 4) answer.cancelled = f.number === 1;
    else if (f.field === 5) answer.compacted = f.number;
    else if (f.field === 6) answer.cancelReason = f.text;
    else if (f.field === 7) answer.fragment = f.number === 1;
    else if (f.field === 11) answer.events.push(event(f.message));
  }
  return answer;
}
