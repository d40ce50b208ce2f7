// A container image without a builder: a folder becomes an archive that `ctr images import` and `docker load` take.
// Reads: the folder. Writes: one tar (docker's archive format, one layer). Makes the pause image in the Dockerfile, and tests' pod images.
// Run as a program: imageArchive.ts <archive> <name:tag> <folder> [entrypoint…].
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ImageOptions {
  /** The archive to write. */
  archive: string;
  /** `example.org/busybox:1`: with its tag. */
  name: string;
  /** What the image holds, as it shall lie below `/`. */
  folder: string;
  entrypoint?: readonly string[];
}

const goArchitectures: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64' };
/** The same folder makes the same bytes. */
const reproducible = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Needs GNU tar; throws with what it said. */
export function writeImageArchive(o: ImageOptions): void {
  const work = mkdtempSync(join(tmpdir(), 'image-'));
  try {
    const tar = (out: string, from: string) => execFileSync('tar', [...reproducible, '-C', from, '-cf', out, '.']);
    tar(join(work, 'layer.tar'), o.folder);
    const config = {
      created: '1970-01-01T00:00:00Z',
      architecture: goArchitectures[process.arch] ?? process.arch,
      os: 'linux',
      config: { Entrypoint: o.entrypoint ?? [], Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(join(work, 'layer.tar'))}`] },
    };
    const manifest = [{ Config: 'config.json', RepoTags: [o.name], Layers: ['layer.tar'] }];
    writeFileSync(join(work, 'config.json'), JSON.stringify(config));
    writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest));
    tar(o.archive, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const [archive = '', name = '', folder = '', ...entrypoint] = process.argv.slice(2);
  writeImageArchive({ archive, name, folder, entrypoint });
}
