// Answers above upstream's threshold are compressed for clients that take gzip; watches never are.
// Used by server.ts for whole answers and by sendPieces.ts for long ones.
// Mirrors: endpoints/handlers/responsewriters/writers.go (defaultGzipThresholdBytes, defaultGzipContentEncodingLevel).
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Answer, ApiRequest } from '../request.ts';

/** Bytes; answers up to this size go out as they are. */
export const gzipBytes = 128 * 1024;
export const gzipLevel = constants.Z_BEST_SPEED;
const inBackground = promisify(gzip);

export const acceptsGzip = (req: ApiRequest): boolean =>
  String(req.headers['accept-encoding'] ?? '')
    .split(',')
    .some((token) => token.split(';', 1)[0]!.trim() === 'gzip');

/** The headers of a compressed answer; others may have named what it varies by already. */
export const gzipHeaders = (headers: Record<string, string> = {}): Record<string, string> => ({
  ...headers,
  'content-encoding': 'gzip',
  vary: headers['vary'] ? `${headers['vary']}, Accept-Encoding` : 'Accept-Encoding',
});

/** Is it whole, long, and for a client that takes it compressed? */
export const shouldCompress = (req: ApiRequest, answer: Answer): boolean =>
  !('stream' in answer) && answer.body.length > gzipBytes && !answer.headers?.['content-encoding'] && acceptsGzip(req);

export async function compressed(answer: Answer): Promise<Answer> {
  if ('stream' in answer) return answer;
  return {
    ...answer,
    body: await inBackground(answer.body, { level: gzipLevel }),
    headers: gzipHeaders(answer.headers),
  };
}
