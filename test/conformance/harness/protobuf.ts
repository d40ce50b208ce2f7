// Typed clients speak protobuf: the object of an answer by its content type, and the frames of a watch.
// Objects go through the server's codec, which is held to upstream's own bytes by its tests: it writes as Go clients do, zeros and all.
// Mirrors: apimachinery/pkg/runtime/serializer/protobuf, seen from the client. Used by resource.ts and watch.ts.
import protobuf from 'protobufjs';
import { readProtobuf, writeProtobuf } from '../../../apiserver/codecs/protobuf.ts';
import type { Reply, Stream } from './connection.ts';
import type { Event } from './watch.ts';

export { writeProtobuf };
export const protobufType = 'application/vnd.kubernetes.protobuf';

export const objectOf = (reply: Reply): any =>
  String(reply.headers['content-type'] ?? '').startsWith(protobufType) ? readProtobuf(reply.bytes) : reply.json;

/** Frames of a protobuf watch: a 4-byte length, then a WatchEvent whose object is an envelope of its own. */
export function readProtobufFrames(stream: Stream['stream'], take: (event: Event) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const frame = rest.subarray(4, 4 + rest.readUInt32BE(0));
      rest = rest.subarray(4 + frame.length);
      const [type = Buffer.alloc(0), extension = Buffer.alloc(0)] = bytesFields(frame);
      const [raw = Buffer.alloc(0)] = bytesFields(extension);
      take({ type: type.toString('utf8'), object: readProtobuf(raw), frame });
    }
  });
}

/** The values of fields 1, 2, … of a message that has only fields of bytes. */
function bytesFields(message: Buffer): Buffer[] {
  const reader = protobuf.Reader.create(message);
  const out: Buffer[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    out[(tag >>> 3) - 1] = Buffer.from(reader.bytes());
  }
  return out;
}
