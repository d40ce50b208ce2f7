// A directory or file inside a volume, mounted alone; symbolic links must not lead out of the volume.
// Reads and writes: the volume. Mirrors: pkg/volume/util/subpath/subpath_linux.go and kubelet_pods.go (makeMounts).
// Next: container/mounts.ts.
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';

/** Throws with upstream's text for a path that is absolute or climbs. */
export function checkSubPath(subPath: string): void {
  if (isAbsolute(subPath)) throw new Error(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split('/').includes('..'))
    throw new Error(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
}

/** The real path of `subPath` in `volume`, made as a directory when it is not there. */
export async function prepareSubPath(volume: string, subPath: string, mode: number): Promise<string> {
  const root = await realpath(volume);
  const wanted = join(root, subPath);
  if (!(await lstat(wanted).catch(() => undefined))) await makeDirectories(root, subPath, mode);
  const real = await realpath(wanted);
  if (!within(root, real)) throw new Error(`subpath "${wanted}" not within volume path "${root}"`);
  return real;
}

/** One level at a time, so that a link half-way is seen before anything is made behind it. */
async function makeDirectories(root: string, subPath: string, mode: number): Promise<void> {
  let current = root;
  for (const part of subPath.split('/').filter((p) => p && p !== '.')) {
    current = join(current, part);
    await mkdir(current, { mode }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    current = await realpath(current);
    if (!within(root, current)) throw new Error(`subpath "${join(root, subPath)}" not within volume path "${root}"`);
  }
}

const within = (root: string, path: string): boolean => path === root || path.startsWith(root + sep);
