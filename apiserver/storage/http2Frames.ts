// HTTP/2's frames: written in one go a turn of the loop, cut out of what is received, header blocks put together again.
// Mirrors: RFC 9113, sections 4 and 6. Used by http2Connection.ts.
import type { Socket } from 'node:net';

export const type = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
} as const;
export const flag = { end: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
export const setting = { tableSize: 1, push: 2, concurrent: 3, window: 4, frameSize: 5 } as const;

const headBytes = 9;
/** The server may send frames of this size, and takes them at least. */
export const maxFrame = 16_384;
const maxHeaderBlock = 1024 * 1024;

export interface FrameWriter {
  frame(kind: number, flags: number, id: number, payload: Buffer): void;
  /** A frame that holds one number. */
  number(kind: number, id: number, value: number): void;
}

/** `first` goes before all frames. */
export function createFrameWriter(socket: Socket, first: Buffer): FrameWriter {
  let out: Buffer[] = [];

  /** What is written in one turn of the loop goes out together: under load many requests share a system call, here and at the server. */
  function send(...parts: Buffer[]): void {
    if (out.length === 0) setImmediate(flush);
    out.push(...parts);
  }

  function flush(): void {
    const bytes = Buffer.concat(out);
    out = [];
    if (socket.writable) socket.write(bytes);
  }

  function frame(kind: number, flags: number, id: number, payload: Buffer): void {
    const head = Buffer.allocUnsafe(headBytes);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = kind;
    head[4] = flags;
    head.writeUInt32BE(id, 5);
    send(head, payload);
  }

  send(first);
  return {
    frame,
    number(kind, id, value) {
      const payload = Buffer.allocUnsafe(4);
      payload.writeUInt32BE(value);
      frame(kind, 0, id, payload);
    },
  };
}

export interface Frame {
  kind: number;
  flags: number;
  id: number;
  /** Without padding; of headers: the whole block. A view of what was received. */
  payload: Buffer;
  /** As it counts for flow control. */
  size: number;
}

/** `take` is given each frame; the result is to be given what is received. Throws at what no server should send. */
export function createFrameReader(take: (frame: Frame) => void): (chunk: Buffer) => void {
  let rest: Buffer | undefined;
  /** Headers whose end has not come. */
  let block: { first: Frame; parts: Buffer[]; size: number } | undefined;

  function cut(kind: number, flags: number, id: number, payload: Buffer): void {
    if ((kind === type.continuation) !== (block !== undefined)) throw new Error('a header block that is not whole');
    const padded = flags & flag.padded && (kind === type.data || kind === type.headers);
    const frame = { kind, flags, id, payload: padded ? unpadded(payload) : payload, size: payload.length };
    if (kind === type.headers) takeHeaders(frame);
    else if (kind === type.continuation) addToBlock(frame);
    else take(frame);
  }

  function takeHeaders(frame: Frame): void {
    if (frame.flags & flag.priority) frame.payload = frame.payload.subarray(5);
    block = { first: frame, parts: [], size: 0 };
    addToBlock(frame);
  }

  function addToBlock({ flags, payload }: Frame): void {
    const { first, parts } = block!;
    parts.push(payload);
    block!.size += payload.length;
    if (block!.size > maxHeaderBlock) throw new Error('headers that are too long');
    if (!(flags & flag.endHeaders)) return;
    block = undefined;
    if (parts.length > 1) first.payload = Buffer.concat(parts);
    take(first);
  }

  return (chunk) => {
    const bytes = rest ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= headBytes) {
      const size = bytes.readUIntBE(at, 3);
      if (size > maxFrame) throw new Error('a frame that is too large');
      const end = at + headBytes + size;
      if (bytes.length < end) break;
      const id = bytes.readUInt32BE(at + 5) & 0x7fffffff;
      cut(bytes[at + 3]!, bytes[at + 4]!, id, bytes.subarray(at + headBytes, end));
      at = end;
    }
    rest = at < bytes.length ? bytes.subarray(at) : undefined;
  };
}

const unpadded = (payload: Buffer): Buffer => payload.subarray(1, Math.max(1, payload.length - payload[0]!));
