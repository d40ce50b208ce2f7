// Sends an answer that comes in many small pieces: a short one whole, a long one in chunks that wait for the client.
// Called by list.ts. A client that stops reading holds no more than one chunk of memory.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Answer, ApiRequest } from '../request.ts';
import { acceptsGzip, gzipHeaders, gzipLevel } from './compress.ts';

const chunkBytes = 512 * 1024;
/** Milliseconds that the writing of pieces may take before others get their turn. */
const turn = 10;

/** Resolves when it is known how the answer goes out: whole, or in chunks; what fails until then can still be told as a Status. */
export async function sendPieces(req: ApiRequest, type: string, pieces: Iterator<Buffer>): Promise<Answer> {
  let first = gather(pieces);
  while (!first.done && first.bytes.length < chunkBytes) {
    await new Promise(setImmediate);
    const next = gather(pieces);
    first = { bytes: Buffer.concat([first.bytes, next.bytes]), done: next.done };
  }
  if (first.done) return { code: 200, type, body: first.bytes };
  const gzip = acceptsGzip(req);
  return {
    code: 200,
    type,
    headers: gzip ? gzipHeaders() : {},
    stream: (response) => (gzip ? pumpGzip(response, first, pieces) : pump(response, first, pieces)),
  };
}

interface Chunk {
  bytes: Buffer;
  done: boolean;
}

function gather(pieces: Iterator<Buffer>): Chunk {
  const parts: Buffer[] = [];
  let size = 0;
  const end = performance.now() + turn;
  for (;;) {
    const next = pieces.next();
    if (next.done) return { bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts, size), done: true };
    parts.push(next.value);
    size += next.value.length;
    if (size >= chunkBytes || performance.now() > end) return { bytes: Buffer.concat(parts, size), done: false };
  }
}

/** Between chunks other requests get their turn, and a slow client is waited for. */
async function pump(response: ServerResponse, first: Chunk, pieces: Iterator<Buffer>): Promise<void> {
  let chunk = first;
  for (;;) {
    if (response.destroyed) return;
    const flowing = response.write(chunk.bytes);
    if (chunk.done) break;
    if (flowing) await new Promise(setImmediate);
    else await drained(response, response);
    chunk = gather(pieces);
  }
  response.end();
}

async function pumpGzip(response: ServerResponse, first: Chunk, pieces: Iterator<Buffer>): Promise<void> {
  const gzip = createGzip({ level: gzipLevel });
  gzip.pipe(response);
  let chunk = first;
  for (;;) {
    if (response.destroyed) return void gzip.destroy();
    const flowing = gzip.write(chunk.bytes);
    if (chunk.done) break;
    if (flowing) await new Promise(setImmediate);
    else await drained(gzip, response);
    chunk = gather(pieces);
  }
  gzip.end();
}

async function drained(stream: Writable, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  try {
    await Promise.race([
      once(stream, 'drain', { signal: gone.signal }),
      once(response, 'close', { signal: gone.signal }),
    ]);
  } finally {
    gone.abort();
  }
}
