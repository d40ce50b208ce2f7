// Puts a set of files into a directory so that a reader sees all of the old or all of the new, never a mix.
// The files lie in `..<timestamp>`; `..data` points there and is swapped by one rename; visible names point through it.
// Writes: the directory. Mirrors: pkg/volume/util/atomic_writer.go. Next: volumeManager.ts.
import { randomBytes } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';

export interface FileEntry {
  data: Buffer;
  /** Permission bits. */
  mode: number;
}
/** Paths relative to the volume, with `/` between their parts. */
export type Payload = Map<string, FileEntry>;

const dataLink = '..data';

/** True when anything changed on disk. `prepare` may set owners in the new directory before it is seen. */
export async function writeAtomically(
  target: string,
  payload: Payload,
  prepare?: (directory: string) => Promise<void>,
  now: () => number = Date.now,
): Promise<boolean> {
  for (const path of payload.keys()) checkPath(path);
  const old = await readlink(join(target, dataLink)).catch(() => undefined);
  const oldDirectory = old === undefined ? undefined : join(target, old);
  if (oldDirectory && (await isSame(oldDirectory, payload))) {
    await linkNames(target, payload);
    return false;
  }
  const stamp = `..${new Date(now()).toISOString().slice(0, 19).replaceAll('-', '_').replace('T', '_').replaceAll(':', '_')}`;
  const fresh = `${stamp}.${randomBytes(5).toString('hex')}`;
  await writeFiles(join(target, fresh), payload);
  await prepare?.(join(target, fresh));
  const next = join(target, '..data_tmp');
  await rm(next, { force: true });
  await symlink(fresh, next);
  await rename(next, join(target, dataLink));
  await linkNames(target, payload);
  await dropNames(target, payload);
  if (oldDirectory) await rm(oldDirectory, { recursive: true, force: true });
  return true;
}

function checkPath(path: string): void {
  const bad = (why: string) => new Error(`invalid path "${path}": ${why}`);
  if (path === '') throw bad('must not be empty');
  if (posix.isAbsolute(path)) throw bad('must be relative path');
  if (path.split('/').includes('..')) throw bad(`must not contain '..'`);
  if (path.startsWith('..')) throw bad(`must not start with '..'`);
}

async function writeFiles(directory: string, payload: Payload): Promise<void> {
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o755);
  for (const [path, { data, mode }] of payload) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, data);
    // The umask must not take bits away.
    await chmod(file, mode);
  }
}

/** Same names, same bytes, same permissions? Then nothing is to be done. */
async function isSame(directory: string, payload: Payload): Promise<boolean> {
  const names = await filesUnder(directory);
  if (names.length !== payload.size) return false;
  for (const name of names) {
    const wanted = payload.get(name);
    if (!wanted) return false;
    const file = join(directory, name);
    if (!(await readFile(file)).equals(wanted.data)) return false;
    if (((await stat(file)).mode & 0o777 & ~0o070) !== (wanted.mode & ~0o070)) return false;
  }
  return true;
}

async function filesUnder(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((e) => e.isFile()).map((e) => posix.relative(directory, join(e.parentPath, e.name)));
}

const topNames = (payload: Payload): Set<string> => new Set([...payload.keys()].map((p) => p.split('/')[0]!));

async function linkNames(target: string, payload: Payload): Promise<void> {
  for (const name of topNames(payload)) {
    const link = join(target, name);
    if (await lstat(link).catch(() => undefined)) continue;
    await symlink(join(dataLink, name), link);
  }
}

async function dropNames(target: string, payload: Payload): Promise<void> {
  const keep = topNames(payload);
  for (const name of await readdir(target)) {
    if (!name.startsWith('..') && !keep.has(name)) await rm(join(target, name), { force: true });
  }
}
