// One process at a time has the embedded store: a lock that the kernel drops when the process dies, however it dies.
// Kept in a file of its own beside the data, since the data file is shared by this process's reader and its writer thread.
// Used by embedded.ts before it opens anything else.
import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Makes the files at `path` (0600) when absent and takes the lock; gives what releases it. Throws when another process holds it. */
export function lockEmbeddedFile(path: string): () => void {
  for (const file of [path, `${path}-lock`]) {
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  }
  const lock = new DatabaseSync(`${path}-lock`);
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw error;
  }
  return () => lock.close();
}
