// Cuts a watch's bytes into events, one JSON object a line, each byte looked at once.
// Mirrors: apimachinery/pkg/util/framer and client-go rest/watch.
// Read by: transport.ts. Pure but for the stream it reads.
import type { KubeObject, WatchEvent } from '../apimachinery/types.ts';

const newline = 0x0a;

/** The lines of a byte stream. A line over many chunks is joined once, when its end has come. */
export async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let waiting: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const tail = chunk.subarray(start, end);
      const line = waiting.length ? Buffer.concat([...waiting, tail]) : tail;
      waiting = [];
      start = end + 1;
      if (line.length) yield text(line);
    }
    if (start < chunk.length) waiting.push(chunk.subarray(start));
  }
  if (waiting.length) yield text(Buffer.concat(waiting));
}

const text = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');

/** The events of a watch. A last line that was cut off is dropped: its event comes again after the resume. */
export async function* watchEvents<T extends KubeObject>(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<WatchEvent<T>> {
  for await (const line of lines(chunks)) {
    const event = parse<T>(line);
    if (!event) return;
    yield event;
  }
}

function parse<T extends KubeObject>(line: string): WatchEvent<T> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
