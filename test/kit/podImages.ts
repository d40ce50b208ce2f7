// The images of tests' pods, made from Debian's packages, since no registry need be reachable: pause from catatonit, busybox.
// Reads: /usr/bin/catatonit and /bin/busybox, both static. Writes: archives for `ctr images import`.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeImageArchive } from '../../compose/imageArchive.ts';

const applets =
  'sh cat ls sleep httpd echo hostname id kill true false touch nc mount ip seq date head printf grep nslookup tar wc stty'.split(
    ' ',
  );

/** Why there is no image for pods; undefined when there is. */
export function noBusybox(file = '/bin/busybox'): string | undefined {
  if (!existsSync(file)) return 'busybox is missing: apt install busybox-static';
  // An ELF file that needs an interpreter needs libraries, too.
  const needsLibraries = readFileSync(file).subarray(0, 4096).includes('/ld-linux');
  return needsLibraries ? 'busybox needs shared libraries: apt install busybox-static' : undefined;
}

function archiveOf(archive: string, name: string, entrypoint: string[], fill: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  try {
    for (const dir of ['bin', 'tmp', 'etc']) mkdirSync(join(folder, dir));
    fill(folder);
    writeImageArchive({ archive, name, folder, entrypoint });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const writePauseArchive = (archive: string, name: string): void =>
  archiveOf(archive, name, ['/bin/catatonit', '-P'], (folder) =>
    copyFileSync('/usr/bin/catatonit', join(folder, 'bin/catatonit')),
  );

/** `/bin/sh` and what tests call. */
export const writeBusyboxArchive = (archive: string, name: string): void =>
  archiveOf(archive, name, [], (folder) => {
    copyFileSync('/bin/busybox', join(folder, 'bin/busybox'));
    for (const applet of applets) symlinkSync('busybox', join(folder, 'bin', applet));
  });
