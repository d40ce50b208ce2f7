// Certificates and keys that are exchanged while the server runs, as certificate managers do it: read anew when a file changes, kept when the
// new ones are of no use. Mirrors: apiserver/pkg/server/dynamiccertificates. Reads: the files. Called by: run.ts. Next: keyFiles.ts names them.
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../component-base/logger.ts';
import { fingerprintsOf } from './authentication/requestHeader.ts';

/** Of one certificate with its key, or of authorities: what must change together. */
export interface LiveFiles {
  /** Who reads a text from here reads the newest. */
  texts: Record<string, string | undefined>;
  /** By the names of `texts`; empty: that one is not a file's. */
  paths: Record<string, string>;
}

/** How soon a change is seen, in milliseconds. Files are asked for, not listened to: volumes exchange them behind links. */
const interval = 1000;

/** Keeps `texts` as the files are and tells of each change. Returns what ends it. */
export function followFiles({ texts, paths }: LiveFiles, changed: () => void, log: Logger): () => void {
  const files = Object.entries(paths).filter(([, path]) => path);
  const look = () => {
    try {
      const next = Object.fromEntries(files.map(([name, path]) => [name, readFileSync(path, 'utf8')]));
      if (files.every(([name]) => next[name] === texts[name])) return;
      check(next);
      Object.assign(texts, next);
      changed();
    } catch (error) {
      log.warn({ files: files.map(([, path]) => path), error: (error as Error).message }, 'not taken, the former stay');
    }
  };
  for (const [, path] of files) watchFile(path, { interval, persistent: false }, look);
  return () => {
    for (const [, path] of files) unwatchFile(path, look);
  };
}

/** Throws when a certificate and its key do not belong together, or where no authority is. */
function check({ key, ...rest }: Record<string, string>): void {
  if (key !== undefined) createSecureContext({ key, cert: rest['cert'] });
  else for (const pem of Object.values(rest)) if (!fingerprintsOf(pem).size) throw new Error('no certificate in it');
}
