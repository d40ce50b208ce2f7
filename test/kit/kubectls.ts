// The kubectl binaries of this machine, oldest first: the one on the PATH, and versioned ones (`kubectl.1.29`) that lie in the same
// folders or beside what a launcher on the PATH leads to.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Kubectl {
  path: string;
  minor: number;
}

export const kubectlMissing = 'kubectl 1.27 or later must be on the PATH: see https://kubernetes.io/docs/tasks/tools/';

export function kubectls(): Kubectl[] {
  const onPath = (process.env['PATH'] ?? '').split(':').filter((dir) => dir && existsSync(dir));
  const folders = new Set(onPath);
  for (const dir of onPath)
    for (const name of ['kubectl', 'gcloud'])
      if (existsSync(join(dir, name))) folders.add(dirname(realpathSync(join(dir, name))));
  const found = new Map<number, Kubectl>();
  for (const path of candidates(folders)) {
    const minor = minorOf(path);
    if (minor !== undefined && minor >= 27 && !found.has(minor)) found.set(minor, { path, minor });
  }
  return [...found.values()].sort((a, b) => a.minor - b.minor);
}

function candidates(folders: Iterable<string>): string[] {
  const out: string[] = [];
  for (const dir of folders) {
    for (const name of readdirSync(dir))
      if (/^kubectl(\.1\.\d+)?$/.test(name) && isProgram(join(dir, name))) out.push(join(dir, name));
  }
  // Versioned ones first: a plain kubectl may be a launcher that chooses among them.
  return out.sort((a, b) => Number(b.includes('kubectl.')) - Number(a.includes('kubectl.')));
}

const isProgram = (path: string) => statSync(path).isFile() && (statSync(path).mode & 0o111) !== 0;

function minorOf(path: string): number | undefined {
  try {
    const text = execFileSync(path, ['version', '--client', '-o', 'json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 20_000,
    });
    return Number.parseInt(JSON.parse(text).clientVersion.minor, 10);
  } catch {
    return undefined;
  }
}
