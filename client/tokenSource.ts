// The bearer token of a request: fixed, read from a file that someone rotates, or asked for by a function.
// Mirrors: client-go transport/token_source.go (a file is read again after a minute).
// Used by: transport.ts; serviceAccountClient.ts gives a function.
import { readFile } from 'node:fs/promises';
import type { Clock } from '../apimachinery/clock.ts';

export interface TokenSource {
  /** The token to send now; undefined to send none. */
  token(): Promise<string | undefined>;
  /** The server said 401 to what `token` gave: do not give that again if another can be had. */
  refused?(): void;
}

const rereadAfter = 60_000;

export const fixedToken = (value: string | undefined): TokenSource => ({ token: async () => value });

/** A file that cannot be read for a moment leaves the last token in use. */
export function fileToken(path: string, clock: Clock): TokenSource {
  let value: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    async token() {
      if (clock.now() - readAt < rereadAfter) return value;
      const text = await readFile(path, 'utf8').catch(() => undefined);
      if (text?.trim()) {
        value = text.trim();
        readAt = clock.now();
      }
      return value;
    },
    refused() {
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}
