// What hostPath.type asks of the path on the node: that it is there, of a kind, or that it be made.
// Reads and writes: the node's files. Mirrors: pkg/volume/hostpath/host_path.go. Next: volumeManager.ts.
import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

type Check = { is: (s: Stats) => boolean; what: string };
const checks: Record<string, Check> = {
  Directory: { is: (s) => s.isDirectory(), what: 'a directory' },
  DirectoryOrCreate: { is: (s) => s.isDirectory(), what: 'a directory' },
  File: { is: (s) => s.isFile(), what: 'a file' },
  FileOrCreate: { is: (s) => s.isFile(), what: 'a file' },
  Socket: { is: (s) => s.isSocket(), what: 'a socket file' },
  CharDevice: { is: (s) => s.isCharacterDevice(), what: 'a character device' },
  BlockDevice: { is: (s) => s.isBlockDevice(), what: 'a block device' },
};

/** Throws the text of FailedMount. */
export async function prepareHostPath(path: string, type = ''): Promise<void> {
  const check = checks[type];
  if (!check) return;
  let found = await stat(path).catch(() => undefined);
  if (!found && type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
  if (!found && type === 'FileOrCreate') await createFile(path);
  found ??= await stat(path).catch(() => undefined);
  if (!found || !check.is(found)) throw new Error(`hostPath type check failed: ${path} is not ${check.what}`);
}

async function createFile(path: string): Promise<void> {
  if (!(await stat(dirname(path)).catch(() => undefined))) return;
  const file = await open(path, 'a', 0o644);
  await file.close();
}
