// Files that are there whole or not at all: written beside, flushed, renamed.
// Used for keys, certificates, kubeconfigs and the state file of `up`.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

function write(file: string, text: string, mode: number): void {
  if (same(file, text)) return;
  const beside = `${file}.${process.pid}.tmp`;
  const fd = openSync(beside, 'w', mode);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(beside, file);
}

function same(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'utf8') === text;
  } catch {
    return false;
  }
}

/** Readable by its owner alone. */
export const writePrivate = (file: string, text: string): void => write(file, text, 0o600);
export const writePublic = (file: string, text: string): void => write(file, text, 0o644);
