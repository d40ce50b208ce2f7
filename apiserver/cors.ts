// Which web pages may call this server from a browser: an answer tells the browser, and what it asks beforehand is answered here.
// Reads: --cors-allowed-origins. Mirrors: staging/src/k8s.io/apiserver/pkg/server/filters/cors.go. Called by: server.ts, before anybody is authenticated.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { compilePattern } from '../cel/re2.ts';
import { UsageError } from '../component-base/flags.ts';

/** Writes the headers; true when the request is answered with them. */
export type Cors = (request: IncomingMessage, response: ServerResponse) => boolean;

const allowed = {
  'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE, PATCH',
  'access-control-allow-headers':
    'Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since',
  'access-control-expose-headers': 'Date',
  'access-control-allow-credentials': 'true',
};

/** `origins` are regular expressions; none: undefined. Throws UsageError. */
export function corsOf(origins: readonly string[]): Cors | undefined {
  if (!origins.length) return undefined;
  const patterns = origins.map(patternOf);
  return (request, response) => {
    const { origin } = request.headers;
    if (!origin || !patterns.some((pattern) => pattern.test(origin))) return false;
    response.setHeader('access-control-allow-origin', origin);
    for (const [name, value] of Object.entries(allowed)) response.setHeader(name, value);
    if (request.method !== 'OPTIONS') return false;
    response.statusCode = 204;
    response.end();
    return true;
  };
}

/** One that says neither where the host begins nor where it ends would let in `evil-example.com.evil`. */
function patternOf(origin: string) {
  if (!origin) throw new UsageError('empty value in --cors-allowed-origins, it must be a list of regular expressions.');
  const invalid = (why: string) =>
    new UsageError(`--cors-allowed-origins has an invalid regular expression: ${why}; write //example\\.com(:|$).`);
  if (!/\^|\/\//.test(origin) || !/[$:]/.test(origin))
    throw invalid(`"${origin}" does not pin to start/end of host in the origin header`);
  try {
    return compilePattern(origin);
  } catch (error) {
    throw invalid((error as Error).message);
  }
}
