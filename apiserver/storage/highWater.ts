// How far the revisions of an embedded store have come, noted in a file beside it: a data file that was put back from a backup is older
// than the note. Clients still hold versions from after the backup; the store must not give those out again for something else.
// Reads and writes: the note. Used by embedded.ts. Mirrors: what `etcdutl snapshot restore --bump-revision --mark-compacted` is for.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../apimachinery/clock.ts';
import type { Revision } from './store.ts';

/** The note is so old at most, and more than this many writes are not made in that time. */
const intervalMs = 1_000;
const gap = 1_000_000;

export interface HighWater {
  /** The revision to go on from, and to count everything before it as compacted, when the data is older than the note; else undefined. */
  afterRestore(revision: Revision): Revision | undefined;
  /** The store has come to `revision`; noted soon. */
  reached(revision: Revision): void;
  close(): void;
}

export function openHighWater(file: string, clock: Clock): HighWater {
  const noted = read(file);
  let newest = noted;
  let timer: { cancel(): void } | undefined;

  function write(): void {
    timer = undefined;
    try {
      writeFileSync(`${file}.new`, String(newest), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch {
      // The disk is full, or the folder gone: the next one will do.
    }
  }

  return {
    afterRestore: (revision) => (revision < noted ? noted + gap : undefined),
    reached(revision) {
      newest = revision;
      timer ??= clock.setTimeout(write, intervalMs);
    },
    close() {
      if (!timer) return;
      timer.cancel();
      write();
    },
  };
}

function read(file: string): Revision {
  try {
    const revision = Number(readFileSync(file, 'utf8'));
    return Number.isSafeInteger(revision) ? revision : 0;
  } catch {
    return 0;
  }
}
