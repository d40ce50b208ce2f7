// How a document goes out: JSON or protobuf as the client accepts, an ETag, and 304 for who has it.
// Used by v2.ts and v3.ts. Mirrors: the handlers of kube-openapi (pkg/handler, pkg/handler3).
import { createHash } from 'node:crypto';
import type { Answer, ApiRequest } from '../request.ts';

export type Format = 'json' | 'protobuf';

/** What a client accepts, the better first; undefined: none of ours. The old name of protobuf has an at sign in it, which no media type may. */
export function formatFor(req: ApiRequest, version: 'v2' | 'v3'): Format | undefined {
  const accept = String(req.headers.accept ?? '') || '*/*';
  const clauses = accept.split(',').map((clause) => {
    const [name = '', ...parameters] = clause.split(';').map((s) => s.trim());
    const q = parameters.find((p) => p.startsWith('q='));
    return { name, q: q ? Number(q.slice(2)) : 1 };
  });
  for (const { name } of clauses.sort((a, b) => b.q - a.q)) {
    if (name === 'application/json' || name === 'application/*' || name === '*/*') return 'json';
    if (
      name === typeOf('protobuf', version) ||
      name === `application/com.github.proto-openapi.spec.${version}@v1.0+protobuf`
    )
      return 'protobuf';
  }
  return undefined;
}

export const typeOf = (format: Format, version: 'v2' | 'v3'): string =>
  format === 'json' ? 'application/json' : `application/com.github.proto-openapi.spec.${version}.v1.0+protobuf`;

export const notAcceptable: Answer = { code: 406, type: '', body: '' };

export const hashOf = (parts: Iterable<Buffer | string>): string => {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').toUpperCase();
};

export function answerDocument(
  req: ApiRequest,
  type: string,
  body: Buffer | string,
  hash: string,
  caching: Record<string, string> = {},
): Answer {
  const headers = { etag: `"${hash}"`, vary: 'Accept', ...caching };
  if (req.headers['if-none-match'] === `"${hash}"`) return { code: 304, type, body: '', headers };
  return { code: 200, type, body, headers };
}

/** The making of a document leaves others their turn now and then. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
