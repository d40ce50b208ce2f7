// The body of a request as one Buffer, up to a limit. Called by server.ts before the filters.
// fastify's own reader would do the same with a content-type parser, a copy and five more calls for each request.
import type { IncomingMessage } from 'node:http';

const without = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Calls `done` once: with the body, undefined where the method has none, or 'too large'. Never when the client goes away before the end.
 * A body of one chunk is handed on as it came.
 */
export function requestBody(
  raw: IncomingMessage,
  maxBytes: number,
  done: (body: Buffer | undefined | 'too large') => void,
): void {
  if (without.has(raw.method!)) {
    done(undefined);
    return;
  }
  if (Number(raw.headers['content-length']) > maxBytes) {
    done('too large');
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  raw.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else if (size - chunk.length <= maxBytes) done('too large');
  });
  raw.on('end', () => {
    if (size <= maxBytes) done(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size));
  });
  // Nobody is there any more to be told.
  raw.on('error', () => {});
}
