// The body of a request as one Buffer, up to a limit. Called by server.ts behind the filters, but for requests whose handler streams it.
// fastify's own reader would do the same with a content-type parser, a copy and five more calls for each request.
import type { IncomingMessage } from 'node:http';

const without = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Undefined at once where the method has no body; 'gone' when the client went away before its end. A body of one chunk is handed on as it came. */
export function requestBody(
  raw: IncomingMessage,
  maxBytes: number,
): Promise<Buffer | 'too large' | 'gone'> | 'too large' | undefined {
  if (without.has(raw.method!)) return undefined;
  if (Number(raw.headers['content-length']) > maxBytes) return 'too large';
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    raw.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else if (size - chunk.length <= maxBytes) resolve('too large');
    });
    raw.on('end', () => {
      if (size <= maxBytes) resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
    });
    raw.on('error', () => {});
    // After the end this says nothing any more.
    raw.on('close', () => resolve('gone'));
  });
}
