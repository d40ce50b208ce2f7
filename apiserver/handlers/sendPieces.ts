// Sends an answer that comes in many small pieces: a short one whole, a long one in chunks that wait for the client.
// Called by list.ts. A client that stops reading holds no more than one chunk of memory.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { Answer, ApiRequest } from '../request.ts';

const chunkBytes = 512 * 1024;
/** Upstream compresses answers above this size for clients that accept gzip. */
const gzipBytes = 128 * 1024;

export function sendPieces(req: ApiRequest, type: string, pieces: Iterator<Buffer>): Answer {
  const first = gather(pieces);
  if (first.done && !(first.bytes.length > gzipBytes && acceptsGzip(req)))
    return { code: 200, type, body: first.bytes };
  const gzip = acceptsGzip(req);
  return {
    code: 200,
    type,
    headers: gzip ? { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } : {},
    stream: (response) => (gzip ? pumpGzip(response, first, pieces) : pump(response, first, pieces)),
  };
}

const acceptsGzip = (req: ApiRequest) => /\bgzip\b/.test(String(req.headers['accept-encoding'] ?? ''));

interface Chunk {
  bytes: Buffer;
  done: boolean;
}

function gather(pieces: Iterator<Buffer>): Chunk {
  const parts: Buffer[] = [];
  let size = 0;
  for (;;) {
    const next = pieces.next();
    if (next.done) return { bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts, size), done: true };
    parts.push(next.value);
    size += next.value.length;
    if (size >= chunkBytes) return { bytes: Buffer.concat(parts, size), done: false };
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
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  gzip.pipe(response);
  let chunk = first;
  for (;;) {
    if (response.destroyed) return void gzip.destroy();
    const flowing = gzip.write(chunk.bytes);
    if (chunk.done) break;
    if (!flowing) await drained(gzip, response);
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
