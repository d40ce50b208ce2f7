// The frames of SPDY/3.1 as bytes and as values. Pure; the header blocks inside are headerBlock.ts's.
// Mirrors: the SPDY protocol, draft 3.1, as moby/spdystream writes it. Used by: connection.ts.
// SPDY lives on in Kubernetes alone (exec, attach, port-forward), and npm's library for it is abandoned: hence a small one of our own.

export const frameType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;
export const flagFin = 1;
export const rstStatus = { protocolError: 1, invalidStream: 2, refusedStream: 3, cancel: 5, internalError: 6 } as const;

const version = 3;
export const headBytes = 8;
/** Of a control frame: what a header block or a list of settings may take. */
export const longestControl = 64 * 1024;

export interface FrameHead {
  /** Control frames have a type, data frames a stream. */
  type: number | undefined;
  stream: number;
  flags: number;
  length: number;
}

/** The first eight bytes of a frame. Throws on another version. */
export function readHead(bytes: Buffer): FrameHead {
  const first = bytes.readUInt32BE(0);
  const flags = bytes[4]!;
  const length = bytes.readUIntBE(5, 3);
  if (first >>> 31 === 0) return { type: undefined, stream: first, flags, length };
  if (((first >>> 16) & 0x7fff) !== version) throw new Error(`SPDY version ${(first >>> 16) & 0x7fff} is not spoken`);
  if (length > longestControl) throw new Error(`a control frame of ${length} bytes is too long`);
  return { type: first & 0xffff, stream: 0, flags, length };
}

export function controlFrame(type: number, flags: number, ...payload: Buffer[]): Buffer {
  const head = Buffer.alloc(headBytes);
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  head.writeUInt32BE((0x80000000 | (version << 16) | type) >>> 0, 0);
  head[4] = flags;
  head.writeUIntBE(length, 5, 3);
  return Buffer.concat([head, ...payload]);
}

/** A data frame's head alone: the data follow as they are. */
export function dataHead(stream: number, flags: number, length: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(stream, 0);
  head[4] = flags;
  head.writeUIntBE(length, 5, 3);
  return head;
}

export function words(...values: number[]): Buffer {
  const out = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    out.writeUInt32BE(value >>> 0, i * 4);
  });
  return out;
}

/** Stream id in the payload of most control frames. */
export const streamOf = (payload: Buffer): number => {
  if (payload.length < 4) throw new Error('a control frame is cut short');
  return payload.readUInt32BE(0) & 0x7fffffff;
};

/** `streamtype: error`; values that come several times are joined by NUL. */
export type SpdyHeaders = Record<string, string>;

export function writePairs(headers: SpdyHeaders): Buffer {
  const parts = [words(Object.keys(headers).length)];
  for (const [name, value] of Object.entries(headers)) {
    const [n, v] = [Buffer.from(name.toLowerCase()), Buffer.from(value)];
    parts.push(words(n.length), n, words(v.length), v);
  }
  return Buffer.concat(parts);
}

/** Throws on a block that is cut short. */
export function readPairs(block: Buffer): SpdyHeaders {
  let at = 0;
  const number = () => {
    if (at + 4 > block.length) throw new Error('a header block is cut short');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = () => {
    const length = number();
    if (at + length > block.length) throw new Error('a header block is cut short');
    at += length;
    return block.toString('utf8', at - length, at);
  };
  const headers: SpdyHeaders = Object.create(null);
  const count = number();
  for (let i = 0; i < count; i++) {
    const name = text();
    headers[name.toLowerCase()] = text();
  }
  return headers;
}
