// Cuts gRPC's messages out of the chunks in which a stream brings them: each has five bytes before it, a flag and its length.
// Used by grpcChannel.ts. Who writes messages (etcdMessages.ts) puts those bytes there.

/** Before a message: not compressed, its length in four bytes. */
const headBytes = 5;

export interface MessageCutter {
  /** The messages that `chunk` completes. They are views of it where it holds them whole. */
  add(chunk: Buffer): Buffer[];
}

export function createMessageCutter(): MessageCutter {
  let parts: Buffer[] = [];
  let size = 0;
  /** Bytes that the parts need to be looked at again. */
  let needed = headBytes;

  return {
    add(chunk) {
      parts.push(chunk);
      size += chunk.length;
      if (size < needed) return [];
      const bytes = parts.length === 1 ? chunk : Buffer.concat(parts, size);
      const messages: Buffer[] = [];
      let at = 0;
      needed = headBytes;
      while (bytes.length - at >= headBytes) {
        if (bytes[at] !== 0) throw new Error('a compressed message, which nobody asked for');
        const end = at + headBytes + bytes.readUInt32BE(at + 1);
        if (end > bytes.length) {
          needed = end - at;
          break;
        }
        messages.push(bytes.subarray(at + headBytes, end));
        at = end;
      }
      size = bytes.length - at;
      parts = size ? [bytes.subarray(at)] : [];
      return messages;
    },
  };
}
